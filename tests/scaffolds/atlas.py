"""Sprites in plain colours, exported by the product's own export and found again on its shelf."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from pipelines.atlas.export import export_files
from pipelines.atlas.sprites import ExportOptions, Sprite
from scaffolds.atlases import exported_atlases
from scaffolds.types import Atlas

COLOURS = {"Marsh Lantern": (255, 0, 255, 255), "Eel Jerky": (0, 255, 0, 255), "Tide Chart": (255, 255, 0, 255)}


def exported(shelf: Path, format: str = "phaser", name: str = "props") -> list[Atlas]:
    """One picture for each name, 48 px wide, 32 of them filled: exports are trimmed to that."""
    sprites = []
    for subject, colour in COLOURS.items():
        image = Image.new("RGBA", (48, 48))
        image.paste(colour, (8, 8, 40, 40))
        sprites.append(Sprite(subject, image))
    folder = shelf / f"{len(format):016x}" / "files"
    for file, data in export_files(sprites, ExportOptions(format=format, name=name)).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    return exported_atlases(shelf, set(COLOURS))
