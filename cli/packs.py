"""`gameforge train` and `gameforge packs`: style packs from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cli.progress import follow_job
from errors import BadRequest, ResourceError
from jobs.packs import TrainingOptions
from library.style_packs import PackView
from services import Services, build_services
from settings import Settings

IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}


def train(args: argparse.Namespace, settings: Settings) -> int:
    settings = _of_project(args, settings)
    services = build_services(settings)
    try:
        files = image_files(args.images)
        prepared = services.packs.prepare(
            settings.project,
            args.name,
            files,
            preset=args.preset,
            trigger=args.trigger,
            cut_sheets=args.cut_sheets,
            captions=told_captions(files),
            options=TrainingOptions(args.text_encoders, args.prior_images),
        )
        return _run(services, prepared, args.json)
    finally:
        services.close()


def packs(args: argparse.Namespace, settings: Settings) -> int:
    settings = _of_project(args, settings)
    services = build_services(settings)
    try:
        return _act(args, services)
    finally:
        services.close()


def _act(args: argparse.Namespace, services: Services) -> int:
    desk, project = services.packs, services.settings.project
    if args.action == "list":
        _show(desk.packs.list(project), args.json)
        return 0
    if not args.target:
        raise BadRequest(
            f"Say which, as in: packs {args.action} {'FILE.safetensors' if args.action == 'import' else 'NAME'}."
        )
    if args.action == "import":
        _show([desk.import_lora(project, Path(args.target), args.name)], args.json)
        return 0
    pack = desk.packs.find(project, args.target)
    if args.action == "improve":
        improved = desk.improve(project, pack, preset=args.preset, against_rejected=args.against_rejected)
        return _run(services, improved, args.json)
    if args.action == "export":
        name, data = desk.export(pack.id, args.version)
        target = args.out / name
        try:
            args.out.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise ResourceError(
                f"{target} cannot be written. Choose another folder with --out.", detail=str(error)
            ) from error
        print(json.dumps({"file": str(target)}) if args.json else target)
        return 0
    if args.action == "use":
        if args.version is None:
            raise BadRequest(f"Say which version, as in: packs use {pack.name} --version 1.")
        _show([desk.packs.use_version(pack.id, args.version)], args.json)
        return 0
    if not args.yes:
        if not sys.stdin.isatty():
            raise BadRequest(f"Deleting {pack.name} needs --yes.")
        if input(f"Delete the style pack {pack.name}? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    desk.packs.delete(pack.id)
    print(json.dumps({"deleted": pack.name}) if args.json else f"Deleted {pack.name}.")
    return 0


def _run(services: Services, prepared: Any, as_json: bool) -> int:
    """Train now and say what came of it."""
    print(prepared.sentence, file=sys.stderr)
    job = services.packs.submit(services.settings.project, prepared)
    services.worker.start()  # nothing else: the training process loads the model, not this one
    job = follow_job(services, job.id, quiet=as_json)
    pack = services.packs.packs.named(services.settings.project, prepared.name)
    if as_json:
        record = {"job": {"id": job.id, "state": job.state, "error": job.error}, "pack": pack and record_of(pack)}
        print(json.dumps(record, ensure_ascii=False))
    elif job.state == "done" and pack is not None and pack.version is not None:
        print(f"{pack.name}, version {pack.current}. {pack.version.metrics['sentence']}")
        print(f'Use it: generate "wooden barrel" --style-pack "{pack.name}"')
    if job.error:
        print(job.error, file=sys.stderr)
    return 0 if job.state == "done" else 1


def record_of(pack: PackView) -> dict[str, Any]:
    version = pack.version
    return {
        "id": pack.id,
        "name": pack.name,
        "trigger": pack.trigger,
        "version": pack.current,
        "versions": [v.number for v in pack.versions],
        "metrics": version.metrics if version else {},
        "base": version.base if version else {},
    }


def _show(found: list[PackView], as_json: bool) -> None:
    if as_json:
        print(json.dumps([record_of(pack) for pack in found], ensure_ascii=False))
        return
    if not found:
        print("No style packs yet. Make one: train IMAGE... --name NAME")
    for pack in found:
        state = f"version {pack.current} of {len(pack.versions)}" if pack.version else "not trained yet"
        sentence = pack.version.metrics.get("sentence", "") if pack.version else ""
        print(f"{pack.name:<24} {state:<18} {sentence}")


def image_files(paths: list[Path]) -> list[Path]:
    """Files as given, and the images of folders by name. Raises BadRequest for a path that does not exist."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)
        elif path.is_file():
            files.append(path)
        else:
            raise BadRequest(f"There is no file {path}.")
    return files


def told_captions(files: list[Path]) -> dict[str, str]:
    """Captions that lie beside their images as text files of the same name, as other trainers keep them."""
    told = {}
    for file in files:
        beside = file.with_suffix(".txt")
        if beside.is_file():
            words = " ".join(beside.read_text(encoding="utf-8", errors="replace")[:1000].split())[:200]
            if words:
                told[file.name] = words
    return told


def _of_project(args: argparse.Namespace, settings: Settings) -> Settings:
    return settings.model_copy(update={"project": args.project}) if args.project else settings
