"""Pictures to start from: image to image for any loaded model (SDEdit, Meng et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
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


def start_picture(canvas: Image.Image, request: GenerationRequest) -> Image.Image:
    """What a request starts from, in the size that its model paints, in the colours that its change asks for.

    Args:
        canvas: the version whole, RGBA; see `place`.
    """
    size = (request.width, request.height)
    pixelated = request.style == "pixel" or max(canvas.size) <= 128
    if canvas.size != size:
        longest = max(size)
        scaled = resize_pixels(canvas, longest) if pixelated else canvas
        if not pixelated or max(scaled.size) < longest:
            factor = longest / max(canvas.size)
            scaled = resize(canvas, (max(1, round(canvas.width * factor)), max(1, round(canvas.height * factor))))
        fitted = Image.new("RGBA", size)
        fitted.paste(scaled, ((size[0] - scaled.width) // 2, (size[1] - scaled.height) // 2))
        canvas = fitted
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
