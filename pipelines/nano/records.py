"""One captioned training image and the helpers that bring any sprite to the model's 64 x 64 RGBA square."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from PIL import Image

SIZE = 64
STYLES = ("pixel", "3d", "flat")


@dataclass
class Record:
    """What is known of one image. `name` is the concept ("treasure chest"), lower case, no digits.

    `exemplar` is False for images that teach the model what sprites look like but whose name does not say what is
    in the picture; they never serve as a starting point for a prompt.
    """

    key: str
    name: str
    style: str
    kinds: list[str]
    source: str
    licence: str
    tags: list[str] = field(default_factory=list)
    flip: bool = True
    exemplar: bool = True
    heldout: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def clean_name(raw: str) -> str:
    """'grass_flowers_red3' -> 'grass flowers red'; digits, variant letters and separators go."""
    text = re.sub(r"[_\-.]+", " ", raw.lower())
    text = re.sub(r"(?<=[a-z])\d+[a-z]?\b", "", text)
    text = re.sub(r"\b\d+[a-z]?\b", "", text)
    return re.sub(r"\s+", " ", text).strip()


def coverage(image: Image.Image) -> float:
    """Share of pixels that are more than half opaque, 0..1."""
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    return float((alpha > 127).mean())


def trim(image: Image.Image) -> Image.Image:
    """Cut the transparent border off; a fully transparent image comes back unchanged."""
    image = image.convert("RGBA")
    box = image.getchannel("A").point([255 * (value > 8) for value in range(256)]).getbbox()
    return image.crop(box) if box else image


def clear_hidden(image: Image.Image) -> Image.Image:
    """Paint fully transparent pixels black so that colour under alpha 0 never reaches the autoencoder."""
    data = np.array(image.convert("RGBA"))
    data[data[..., 3] == 0] = 0
    return Image.fromarray(data, "RGBA")


def centre(image: Image.Image, size: int = SIZE) -> Image.Image:
    """Put an image that fits onto the middle of a transparent square of `size` pixels."""
    square = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def fit_pixel_art(image: Image.Image, size: int = SIZE) -> Image.Image:
    """Trim pixel art and enlarge it by the largest whole number that fits; larger art is area-averaged down."""
    image = trim(image)
    longest = max(image.size)
    if longest > size:
        scale = size / longest
        shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(shape, Image.Resampling.BOX)
        alpha = np.array(image)
        alpha[..., 3] = np.where(alpha[..., 3] > 110, 255, 0)
        image = Image.fromarray(alpha, "RGBA")
    else:
        factor = size // longest
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    return clear_hidden(centre(image, size))


def fit_smooth(image: Image.Image, size: int = SIZE, margin: int = 1) -> Image.Image:
    """Trim a rendered icon and scale it smoothly (premultiplied alpha) into the square with a small margin."""
    image = trim(image)
    scale = (size - 2 * margin) / max(image.size)
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.convert("RGBa").resize(shape, Image.Resampling.LANCZOS).convert("RGBA")
    return clear_hidden(centre(small, size))


def to_pixel_art(image: Image.Image, cells: int = 32, colours: int = 20) -> Image.Image:
    """Redraw a rendered icon as outlined pixel art on a `cells` grid, doubled to the model's size.

    The image is area-averaged to the grid, its alpha made hard, its colours reduced to a palette (median cut) and the
    silhouette given a one-cell dark outline, which is how hand-made sprites of this size read against any ground.
    """
    inner = cells - 2
    image = trim(image)
    scale = inner / max(image.size)
    shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = centre(image.convert("RGBa").resize(shape, Image.Resampling.BOX).convert("RGBA"), cells)
    data = np.array(small)
    solid = data[..., 3] > 115
    palette = Image.fromarray(data[..., :3], "RGB").quantize(colours, Image.Quantize.MEDIANCUT).convert("RGB")
    out = np.zeros((cells, cells, 4), np.uint8)
    out[solid, :3] = np.asarray(palette)[solid]
    out[solid, 3] = 255
    grown = solid.copy()
    grown[1:] |= solid[:-1]
    grown[:-1] |= solid[1:]
    grown[:, 1:] |= solid[:, :-1]
    grown[:, :-1] |= solid[:, 1:]
    edge = grown & ~solid
    tint = out[solid, :3].mean(axis=0) * 0.18 if solid.any() else np.zeros(3)
    out[edge, :3] = tint.astype(np.uint8)
    out[edge, 3] = 255
    factor = SIZE // cells
    return Image.fromarray(out, "RGBA").resize((cells * factor, cells * factor), Image.Resampling.NEAREST)


def first_sprite(sheet: Image.Image, cell: tuple[int, int] | None = None) -> Image.Image:
    """First picture of a sprite sheet: a cell of known size, or else the first run of non-empty rows and columns."""
    sheet = sheet.convert("RGBA")
    if cell:
        return sheet.crop((0, 0, min(cell[0], sheet.width), min(cell[1], sheet.height)))
    alpha = np.asarray(sheet)[..., 3] > 8
    top, bottom = _first_run(alpha.max(axis=1))
    left, right = _first_run(alpha[top:bottom].max(axis=0))
    return sheet.crop((left, top, right, bottom))


def _first_run(filled: np.ndarray) -> tuple[int, int]:
    where = np.flatnonzero(filled)
    if not len(where):
        return 0, len(filled)
    start = int(where[0])
    gaps = np.flatnonzero(~filled[start:])
    return start, start + int(gaps[0]) if len(gaps) else len(filled)
