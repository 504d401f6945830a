"""Sprites in plain colours as an exported multi-atlas."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from scaffolds.atlases import exported_atlases
from scaffolds.types import Atlas

COLOURS = {"Marsh Lantern": (255, 0, 255, 255), "Eel Jerky": (0, 255, 0, 255), "Tide Chart": (255, 255, 0, 255)}


def exported(shelf: Path) -> list[Atlas]:
    """One picture for each name, 48 px wide, 32 of them filled: trimmed to that, as exports are."""
    page = Image.new("RGBA", (128, 64))
    frames = []
    for number, (name, colour) in enumerate(COLOURS.items()):
        box = {"x": 2 + 36 * number, "y": 2, "w": 32, "h": 32}
        page.paste(colour, (box["x"], 2, box["x"] + 32, 34))
        place = {"x": 8, "y": 8, "w": 32, "h": 32}
        frame = {"filename": name.lower().replace(" ", "_"), "frame": box, "rotated": False, "trimmed": True}
        frames.append({**frame, "spriteSourceSize": place, "sourceSize": {"w": 48, "h": 48}})
    folder = shelf / "0123456789abcdef" / "files"
    folder.mkdir(parents=True)
    page.save(folder / "props.png")
    size = {"w": page.width, "h": page.height}
    texture = {"image": "props.png", "format": "RGBA8888", "size": size, "scale": 1, "frames": frames}
    (folder / "props.json").write_text(json.dumps({"textures": [texture]}))
    return exported_atlases(shelf, set(COLOURS))
