"""`gameforge doctor`: what is there, where it comes from, and whether it works."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from errors import GameForgeError
from settings import Settings

LOW_DISK_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    text: str
    required: bool = True  # False: its absence does not make anything configured fail


def doctor(args: argparse.Namespace, settings: Settings) -> int:
    checks = list(run_checks(settings))
    if args.json:
        print(json.dumps([asdict(check) for check in checks], ensure_ascii=False))
    else:
        for check in checks:
            mark = "ok  " if check.ok else ("FAIL" if check.required else "-   ")
            print(f"{mark} {check.name:<16} {check.text}")
    return 1 if any(check.required and not check.ok for check in checks) else 0


def run_checks(settings: Settings) -> Iterator[Check]:
    for name, probe in (
        ("home", home_text),
        ("disk", disk_text),
        ("database", database_text),
        ("storage", storage_text),
        ("broker", broker_text),
        ("embedder", embedder_text),
    ):
        yield checked(name, probe, settings)
    yield from image_checks(settings)
    yield from language_checks(settings)


def checked(name: str, probe: Callable[[Settings], str], settings: Settings) -> Check:
    try:
        return Check(name, True, probe(settings))
    except GameForgeError as error:
        return Check(name, False, error.message)


def home_text(settings: Settings) -> str:
    from services import prepare_home

    prepare_home(settings)
    return str(settings.home)


def disk_text(settings: Settings) -> str:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 2**30:.1f} GiB free in {folder}"
    if free < LOW_DISK_BYTES:
        raise GameForgeError(f"{text}: that is little. Free at least 2 GiB.")
    return text


def database_text(settings: Settings) -> str:
    from library.db import Database

    database = Database(settings.resolved_database_url)
    try:
        database.migrate()
        return database.engine.url.render_as_string(hide_password=True)
    finally:
        database.dispose()


def storage_text(settings: Settings) -> str:
    from library.storage import Storage

    Storage(settings.resolved_storage_url).check_writable()
    return settings.resolved_storage_url


def broker_text(settings: Settings) -> str:
    if settings.broker_url:
        raise GameForgeError(
            "GAMEFORGE_BROKER_URL is set, but this version works without a broker. Unset it; "
            "to add workers, run `gameforge worker` against the same database."
        )
    return "none: worker threads in this process, queue in the database"


def embedder_text(settings: Settings) -> str:
    from memory.embedder import builtin_folder

    if settings.embedding_model == "builtin":
        return f"all-MiniLM-L6-v2 in {builtin_folder()}"
    if Path(settings.embedding_model).exists():
        return settings.embedding_model
    return f"{settings.embedding_model} (from the model hub on first use)"


def image_checks(settings: Settings) -> Iterator[Check]:
    from pipelines.engine import ImageEngine

    info = ImageEngine(settings.image_model, settings.device, settings.image_batch).info()
    yield Check("device", True, f"{info.device}, {info.dtype}")
    text = f"{info.name} from {info.source}, licence {info.license}"
    yield Check("image model", info.ready, text if info.ready else f"{text}: {info.reason}")


def language_checks(settings: Settings) -> Iterator[Check]:
    from agent.models import chat_models
    from agent.router import Router
    from memory.embedder import Embedder

    models = chat_models(settings, lambda: Router.load(Embedder()), settings.home)
    try:
        models.check()
        for status in models.status():
            text = f"{status['name']} from {status['source']}"
            required = status["kind"] != "local model" or settings.local_llm_path is not None
            yield Check(status["kind"], status["ready"], text if status["ready"] else status["reason"], required)
    finally:
        models.close()
