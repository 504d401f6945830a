"""What a PNG tells about how it was made: readable by the usual tools, and enough to make it again.

Two text chunks: `parameters` in the form that AUTOMATIC1111's web UI introduced and most viewers read, and `gameforge`,
a JSON object {"version": 1, "request": {...}, "model": {...}, "extra": {...}}.
"""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from pipelines.engine import ModelInfo
from pipelines.request import GenerationRequest
from pipelines.sampling import sampler_label

FORMAT_VERSION = 1
KEY = "gameforge"


def parameters_text(request: GenerationRequest, info: ModelInfo) -> str:
    """Prompt, negative prompt and settings as three (or two) lines.

    Line breaks in prompts become spaces: readers tell the parts apart by lines.
    """
    lines = [_one_line(request.prompt)]
    if request.negative_prompt:
        lines.append(f"Negative prompt: {_one_line(request.negative_prompt)}")
    fields: dict[str, Any] = {
        "Steps": request.steps,
        "Sampler": sampler_label(request.sampler),
        "CFG scale": f"{request.guidance if request.guidance is not None else info.guidance:g}",
        "Seed": request.seed,
        "Size": f"{request.width}x{request.height}",
        "Model hash": info.hash,
        "Model": info.name.replace(",", " "),
        "Version": "GameForge",
    }
    if request.tileable:
        fields["Tiling"] = "True"
    if request.style_packs:
        packs = "; ".join(f"{use.pack.replace(',', ' ')}: {use.weight:g}" for use in request.style_packs)
        fields["Style packs"] = packs
    lines.append(", ".join(f"{name}: {value}" for name, value in fields.items() if value != ""))
    return "\n".join(lines)


def write_png(
    image: Image.Image, request: GenerationRequest, info: ModelInfo, extra: dict[str, Any] | None = None
) -> bytes:
    """Encode a finished image with its origin. Equal arguments give equal bytes: no time, no host name."""
    text = PngInfo()
    text.add_itxt("parameters", parameters_text(request, info))
    data = {
        "version": FORMAT_VERSION,
        "request": request.to_dict(),
        "model": {"id": info.id, "name": info.name, "hash": info.hash},
        "extra": extra or {},
    }
    text.add_itxt(KEY, json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
    buffer = io.BytesIO()
    # Painted sprites take 7/8 of the size and 2/3 of the time that zlib's usual strategy (level 3) needs.
    image.save(buffer, "PNG", pnginfo=text, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def read_metadata(source: str | Path | bytes) -> dict[str, Any] | None:
    """Our JSON object from a PNG, or None when it has none (another program's file, or it was stripped)."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(stream) as image:
            image.load()  # text chunks may follow the pixels
            text = getattr(image, "text", {}).get(KEY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    try:
        data = json.loads(text) if text else None
    except ValueError:
        return None
    return data if isinstance(data, dict) and isinstance(data.get("request"), dict) else None


def read_png(source: str | Path | bytes) -> GenerationRequest | None:
    """The request that made a PNG, or None when it does not tell."""
    data = read_metadata(source)
    if data is None:
        return None
    try:
        return GenerationRequest.from_dict(data["request"])
    except (TypeError, ValueError):
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())
