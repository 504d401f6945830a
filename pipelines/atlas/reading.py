"""Sprites out of sheets: cut by a grid, or by the JSON of TexturePacker, Phaser's multi-atlas or Aseprite."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from errors import BadRequest

MOST_FRAMES = 20_000
LARGEST_SIDE = 16384


@dataclass(frozen=True)
class Found:
    """A sprite cut out of a sheet. `tag` and `duration` (ms) where the sheet tells them."""

    name: str
    image: Image.Image
    sheet: str
    tag: str | None = None
    duration: int | None = None


@dataclass(frozen=True)
class Grid:
    """Cells of a sheet in px. Empty cells are left out."""

    width: int
    height: int
    margin: int = 0
    spacing: int = 0


def grid_of(text: str, margin: int = 0, spacing: int = 0) -> Grid:
    """ "32x32" or "32". Raises BadRequest."""
    parts = text.lower().replace("×", "x").split("x")
    numbers = [int(part) for part in parts if part.strip().isdigit()]
    if len(numbers) != len(parts) or not 1 <= len(numbers) <= 2 or not all(0 < n <= LARGEST_SIDE for n in numbers):
        raise BadRequest(f"A grid is the size of a cell, as 32x32; {text!r} is none.")
    if margin < 0 or spacing < 0:
        raise BadRequest("Margin and spacing of a grid are 0 or more pixels.")
    return Grid(numbers[0], numbers[-1], margin, spacing)


def cut_grid(image: Image.Image, grid: Grid, name: str) -> list[Found]:
    """Row by row. Raises BadRequest when not one cell fits."""
    image = image.convert("RGBA")
    found = []
    rows = range(grid.margin, image.height - grid.height + 1, grid.height + grid.spacing)
    columns = range(grid.margin, image.width - grid.width + 1, grid.width + grid.spacing)
    if not rows or not columns:
        raise BadRequest(f"{name} is {image.width} x {image.height} px: no cell of {grid.width} x {grid.height} fits.")
    if len(rows) * len(columns) > MOST_FRAMES:
        raise BadRequest(
            f"{name} has {len(rows) * len(columns):,} cells; {MOST_FRAMES:,} at most can be imported at once."
        )
    stem = Path(name).stem
    for place, (y, x) in enumerate((y, x) for y in rows for x in columns):
        cell = image.crop((x, y, x + grid.width, y + grid.height))
        if cell.getchannel("A").getbbox() is not None:
            found.append(Found(f"{stem} {place}", cell, name))
    return found


def sheets_of(data: Any) -> list[tuple[str, list[dict[str, Any]]]]:
    """(image, frames) of an atlas' JSON, each frame with its "filename"; empty when this is no atlas."""
    if not isinstance(data, dict):
        return []
    if isinstance(data.get("textures"), list):
        return [(page["image"], _listed(page.get("frames"))) for page in data["textures"] if _is_page(page)]
    meta = data.get("meta")
    if isinstance(meta, dict) and isinstance(meta.get("image"), str) and "frames" in data:
        return [(meta["image"], _listed(data["frames"]))]
    return []


def _is_page(page: Any) -> bool:
    return isinstance(page, dict) and isinstance(page.get("image"), str)


def _listed(frames: Any) -> list[dict[str, Any]]:
    if isinstance(frames, dict):
        return [{"filename": name, **frame} for name, frame in frames.items() if isinstance(frame, dict)]
    return [frame for frame in frames if isinstance(frame, dict)] if isinstance(frames, list) else []


def cut_atlas(data: Any, image: Image.Image, frames: list[dict[str, Any]], file: str) -> list[Found]:
    """Every frame as it was before it was packed: turned back, its trimmed margins around it.

    Raises:
        BadRequest: a frame does not lie in the image, or a number is missing.
    """
    if len(frames) > MOST_FRAMES:
        raise BadRequest(f"{file} has {len(frames):,} frames; {MOST_FRAMES:,} at most can be imported at once.")
    tags = _tags(data)
    found = []
    for place, frame in enumerate(frames):
        name = str(frame.get("filename", place))
        try:
            whole = _whole(image, frame)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadRequest(
                f"{file}: the frame {name[:60]!r} does not fit its image. Export the atlas again."
            ) from error
        duration = frame.get("duration")
        tag, number = tags.get(place, (None, 0))
        found.append(
            Found(
                f"{tag[0]} {number}" if tag and tag[1] > 1 else tag[0] if tag else _plain(name),
                whole,
                file,
                tag[0] if tag else None,
                duration if isinstance(duration, int) else None,
            )
        )
    return found


def _plain(name: str) -> str:
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    return stem.rsplit(".", 1)[0] if stem.lower().endswith((".png", ".webp", ".aseprite", ".ase")) else stem


def _tags(data: dict[str, Any]) -> dict[int, tuple[tuple[str, int], int]]:
    """((name, frames of the tag), number in it) by place of the frame."""
    meta = data.get("meta")
    listed = meta.get("frameTags") if isinstance(meta, dict) else None
    tags: dict[int, tuple[tuple[str, int], int]] = {}
    for tag in listed if isinstance(listed, list) else []:
        try:
            first, last, name = int(tag["from"]), int(tag["to"]), str(tag["name"])
        except (KeyError, TypeError, ValueError):
            continue
        for number, place in enumerate(range(first, min(last, MOST_FRAMES) + 1)):
            tags.setdefault(place, ((name, last - first + 1), number))
    return tags


def _whole(image: Image.Image, frame: dict[str, Any]) -> Image.Image:
    box = frame["frame"]
    x, y, w, h = (int(box[key]) for key in ("x", "y", "w", "h"))
    rotated = bool(frame.get("rotated"))
    across, down = (h, w) if rotated else (w, h)
    if x < 0 or y < 0 or w < 1 or h < 1 or x + across > image.width or y + down > image.height:
        raise ValueError("outside")
    part = image.crop((x, y, x + across, y + down))
    if rotated:
        part = part.transpose(Image.Transpose.ROTATE_90)
    if not frame.get("trimmed"):
        return part
    size, place = frame["sourceSize"], frame["spriteSourceSize"]
    width, height, left, top = int(size["w"]), int(size["h"]), int(place["x"]), int(place["y"])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE) or left + w > width or top + h > height:
        raise ValueError("outside")
    whole = Image.new("RGBA", (width, height))
    whole.paste(part, (left, top))
    return whole


def read_json(path: Path) -> Any:
    """The content of a JSON file, or None when it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return None
