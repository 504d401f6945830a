"""LoRAs of other tools become style packs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

from errors import BadRequest, NotFound
from jobs.store import JobStore
from library.style_packs import PackView, StylePacks, check_name
from pipelines.sources import ModelSource

MEGABYTE = 1024 * 1024
MAX_LORA_MB = 2048


def import_lora(
    jobs: JobStore,
    packs: StylePacks,
    source: ModelSource,
    check_free: Callable[[str], None],
    project: str,
    path: Path,
    name: str | None = None,
    trigger: str | None = None,
) -> PackView:
    """A LoRA from another tool becomes a pack.

    Raises:
        UserFixable: a pickle, or made for another base than `source`.
        BadRequest: damaged, no LoRA, too large, or the name cannot be used.
        ResourceError: the disk is full; nothing is kept.
    """
    from pipelines.lora_file import check_base, read_facts

    if not path.is_file():
        raise NotFound(f"There is no file {path.name}.")
    size = path.stat().st_size
    if size > MAX_LORA_MB * MEGABYTE:
        raise BadRequest(f"{path.name} is too large: {size // MEGABYTE} MB, {MAX_LORA_MB} MB are allowed.")
    facts = read_facts(path)
    wanted = name or facts.title or path.stem
    wanted = " ".join(re.sub(r"[^\w '&.+()-]+|_", " ", wanted).split())[:40].strip() if name is None else wanted
    check_name(wanted)
    config = source.configs.get("unet")
    if config is not None:
        check_base(facts, config, wanted, source.name)
    check_free(wanted)
    key = f"probe-{uuid.uuid4().hex}"
    lora = packs.files.stage(key, path.read_bytes())
    packs.files.publish(key, lora)
    base = {"id": facts.base_id, "name": facts.base_name or source.name, "hash": facts.base_hash,
            "architecture": facts.architecture}  # fmt: skip
    word = trigger if trigger is not None else facts.trigger
    with jobs.transaction() as session:
        pack_id = packs.reserve(session, project, wanted, word)
        packs.add_version(
            session, pack_id, lora=lora, origin="imported", base=base,
            settings={"rank": facts.rank, "file": path.name}, metrics={},
            files={"references": [], "comparison": []},
        )  # fmt: skip
    return packs.get(pack_id)
