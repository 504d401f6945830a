"""A style pack's version as one zip, for other tools and other people."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from dataclasses import asdict
from pathlib import Path

from library.style_packs import PackVersionView, PackView, StylePacks


def export_zip(packs: StylePacks, pack: PackView, version: PackVersionView, scratch: Path) -> tuple[str, bytes]:
    """(file name, bytes): the LoRA in diffusers' and kohya's key names, references with captions, metrics, a read-me.

    An imported LoRA is handed out as it came. Raises NotFound when a file is gone.
    """
    from pipelines.lora_file import convert_to_kohya

    stem = re.sub(r"[^\w-]+", "-", pack.name).strip("-")
    buffer = io.BytesIO()
    lora = packs.lora_path(version.lora)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.write(lora, f"{stem}.safetensors")
        if version.origin == "trained":
            kohya = scratch / f"{uuid.uuid4().hex}.safetensors"
            kohya.parent.mkdir(parents=True, exist_ok=True)
            try:
                convert_to_kohya(lora, kohya)
                archive.write(kohya, f"{stem}-kohya.safetensors")
            finally:
                kohya.unlink(missing_ok=True)
        for place, reference in enumerate(version.files.get("references", []), start=1):
            archive.write(packs.pictures.path(reference["sha256"]), f"references/{place:03d}.png")
            archive.writestr(f"references/{place:03d}.txt", reference["caption"])
        record = {"name": pack.name, "trigger": pack.trigger, **asdict(version)}
        archive.writestr("pack.json", json.dumps(record, indent=1, ensure_ascii=False))
        archive.writestr("README.txt", _readme(pack, version, stem))
    return f"{stem}-{version.number}.zip", buffer.getvalue()


def _readme(pack: PackView, version: PackVersionView, stem: str) -> str:
    lines = [
        f"Style pack {pack.name}, version {version.number}",
        "",
        f"Trigger: {pack.trigger or 'none'}",
        f"Base model: {version.base.get('name', 'unknown')}",
        version.metrics.get("sentence", ""),
        "",
        f"diffusers: pipe.load_lora_weights(folder, weight_name='{stem}.safetensors')",
    ]
    if version.origin == "trained":
        lines.append(f"{stem}-kohya.safetensors has the key names of kohya-ss/sd-scripts.")
    return "\n".join(lines) + "\n"
