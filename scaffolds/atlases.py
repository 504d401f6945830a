"""Atlases that the project exported: their names, frames and files, read from the shelf of exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scaffolds.naming import snake
from scaffolds.types import Atlas

MOST_FRAMES = 500
OWN_SHARE = 0.5  # an export holds pictures of one project: at least so many of its frames are called like its subjects


def exported_atlases(shelf: Path, subjects: set[str]) -> list[Atlas]:
    """The newest export of each kind (multi-atlas JSON, Godot textures) with the project's pictures, newest first."""
    if not shelf.is_dir() or not subjects:
        return []
    own = {snake(subject) for subject in subjects}
    found: dict[str, Atlas] = {}
    for folder in sorted(shelf.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True):
        files = folder / "files"
        for atlas in (*_multi_atlases(files), *_godot_textures(files)) if files.is_dir() else ():
            named = sum(_base(frame) in own for frame in atlas.frames)
            if atlas.kind not in found and named >= OWN_SHARE * len(atlas.frames):
                found[atlas.kind] = atlas
    return list(found.values())


def _base(frame: str) -> str:
    """Variants are numbered: cactus_2 shows a cactus."""
    name = snake(Path(frame).stem)
    head, _, tail = name.rpartition("_")
    return head if tail.isdigit() and head else name


def _multi_atlases(files: Path) -> Iterator[Atlas]:
    for path in sorted(files.glob("*.json")):
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
            textures = data["textures"]
            frames = tuple(frame["filename"] for texture in textures for frame in texture["frames"])
            images = [texture["image"] for texture in textures]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # other kinds of exports have JSON as well
        pictures = [(name, files / name) for name in [path.name, *images] if (files / name).is_file()]
        if frames and len(pictures) == 1 + len(images):
            parts = tuple((name, str(place)) for name, place in pictures)
            yield Atlas("phaser", path.stem, path.name, frames[:MOST_FRAMES], parts)


def _godot_textures(files: Path) -> Iterator[Atlas]:
    textures = sorted(path for path in files.rglob("*.tres"))
    if textures:
        parts = tuple(
            (path.relative_to(files).as_posix(), str(path)) for path in sorted(files.rglob("*")) if path.is_file()
        )
        frames = tuple(path.relative_to(files).as_posix() for path in textures[:MOST_FRAMES])
        yield Atlas("godot", next(iter(files.glob("*.png")), files).stem, "", frames, parts)
