"""Pictures to start from: image to image for any loaded model (SDEdit, Meng et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from PIL import Image

from pipelines.colours import read_recolouring, recolour_image
from pipelines.request import GenerationRequest
from pipelines.sprites import flatten, resize, resize_pixels

GROUND = (211, 211, 211)  # what stands behind a cut-out picture for models without an alpha channel
MODERATE, LITTLE, MUCH = 0.55, 0.35, 0.75  # strengths; see `read_strength`


def place(sprite: Image.Image, offset: Sequence[int], canvas: Sequence[int]) -> Image.Image:
    """The sprite where it lay in its canvas before it was trimmed."""
    whole = Image.new("RGBA", (int(canvas[0]), int(canvas[1])))
    whole.paste(sprite.convert("RGBA"), (int(offset[0]), int(offset[1])))
    return whole


@dataclass(frozen=True)
class Placement:
    """Where a canvas lies in what a model paints: its `size` there and its top left corner."""

    size: tuple[int, int]
    offset: tuple[int, int]


def is_pixelated(size: tuple[int, int], request: GenerationRequest) -> bool:
    return request.style == "pixel" or max(size) <= 128


def placement(size: tuple[int, int], request: GenerationRequest) -> Placement:
    """For a canvas of `size`: pixel art grows by whole factors, everything is in the middle."""
    wanted = (request.width, request.height)
    if size == wanted:
        return Placement(size, (0, 0))
    longest = max(wanted)
    if is_pixelated(size, request):
        times, step = longest // max(size), ceil(max(size) / longest)
        pixels = (size[0] * times, size[1] * times) if times else (ceil(size[0] / step), ceil(size[1] / step))
        if max(pixels) == longest:
            return Placement(pixels, _middle(pixels, wanted))
    factor = longest / max(size)
    scaled = (max(1, round(size[0] * factor)), max(1, round(size[1] * factor)))
    return Placement(scaled, _middle(scaled, wanted))


def fitted(canvas: Image.Image, request: GenerationRequest) -> Image.Image:
    """The canvas in the size that the model paints; see `placement`."""
    place = placement(canvas.size, request)
    if place.size == canvas.size == (request.width, request.height):
        return canvas
    whole = is_pixelated(canvas.size, request)
    scaled = resize_pixels(canvas, max(request.width, request.height)) if whole else canvas
    if scaled.size != place.size:
        scaled = resize(canvas, place.size)
    out = Image.new("RGBA", (request.width, request.height))
    out.paste(scaled, place.offset)
    return out


def _middle(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    return (room[0] - size[0]) // 2, (room[1] - size[1]) // 2


def start_picture(canvas: Image.Image, request: GenerationRequest) -> Image.Image:
    """What a request starts from, in the size that its model paints, in the colours that its change asks for.

    Args:
        canvas: the version whole, RGBA; see `place`.
    """
    canvas = fitted(canvas, request)
    change = read_recolouring(request.change or "")
    return recolour_image(canvas, change, tileable=request.tileable) if change else canvas


def picture_tensor(pictures: Sequence[Image.Image], channels: int) -> Any:
    """float32 [n, channels, h, w] in -1..1; three channels see the picture on a light ground."""
    import torch

    rows = []
    for picture in pictures:
        if channels == 3:
            ground = Image.new("RGBA", picture.size, (*GROUND, 255))
            picture = flatten(Image.alpha_composite(ground, picture.convert("RGBA")), fill=False).convert("RGB")
        rows.append(np.asarray(picture, np.float32))
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2) / 127.5 - 1


def read_strength(change: str) -> float:
    """How far a change in words may lead away from the picture, 0..1."""
    text = f" {change.lower()} "
    if any(word in text for word in (" slightly ", " a bit ", " a little ", " subtle ", " touch ")):
        return LITTLE
    if any(word in text for word in (" completely ", " totally ", " very different", " much ", " instead ")):
        return MUCH
    return MODERATE
