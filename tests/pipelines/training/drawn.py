"""Small pictures in one look, drawn by code: flat shapes in a few warm colours with a thick dark outline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.models import make_tiny_sdxl

WARM = ((214, 120, 52), (178, 74, 38), (236, 178, 98), (140, 62, 40))
OUTLINE = (24, 12, 10, 255)


def draw(number: int, size: int = 64) -> Image.Image:
    """A different shape for each number, always in the same look."""
    rng = np.random.default_rng((3, number))
    image = Image.new("RGBA", (size, size))
    pen = ImageDraw.Draw(image)
    colour = (*WARM[(number + number // 4) % len(WARM)], 255)
    inner = (*WARM[(number + number // 4 + 1) % len(WARM)], 255)
    box = [int(v * size) for v in (*rng.uniform(0.08, 0.25, 2), *rng.uniform(0.7, 0.92, 2))]
    kind = number % 4
    width = max(2, size // 16)
    if kind == 0:
        pen.ellipse(box, fill=colour, outline=OUTLINE, width=width)
    elif kind == 1:
        pen.rectangle(box, fill=colour, outline=OUTLINE, width=width)
    elif kind == 2:
        points = [(box[0], box[3]), ((box[0] + box[2]) // 2, box[1]), (box[2], box[3])]
        pen.polygon(points, fill=colour, outline=OUTLINE, width=width)
    else:
        pen.rounded_rectangle(box, radius=size // 6, fill=colour, outline=OUTLINE, width=width)
    centre = [(box[0] + box[2]) // 2, (box[1] + box[3]) // 2]
    reach = max(2, int(rng.uniform(0.06, 0.14) * size))
    pen.ellipse([centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach], fill=inner)
    return image


def save_drawn(folder: Path, count: int, size: int = 64) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("barrel", "lamp", "tent", "crate", "wheel", "door", "hat", "rock", "drum", "stove", "saddle", "bell")
    files = []
    for number in range(count):
        files.append(folder / f"{names[number % len(names)]}-{number:02d}.png")
        draw(number, size).save(files[-1])
    return files


def quick_base(folder: Path) -> Path:
    """A tiny SDXL whose pictures take two steps without guidance: trainings paint many."""
    make_tiny_sdxl(folder, rgba=True)
    card = {"name": "Tiny", "steps": 2, "guidance": 1.0}
    (folder / "nano.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
