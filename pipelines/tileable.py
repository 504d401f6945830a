"""Textures whose edges wrap: circular padding while painting, and a measure of the seam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

VISIBLE_SEAM = 1.5
FAINT_SEAM = 1.0  # up to here an edge is left as it was painted
BAND_SHARE = 6  # the part of a side over which edges fade
FLAT = 1e-3  # a step (0..1) too small to be seen


@contextmanager
def circular_padding(*modules: Any, enabled: bool = True) -> Iterator[None]:
    """Let every padded 2-D convolution of `modules` see the opposite edge, and restore them in the end."""
    import torch

    changed: list[tuple[Any, str]] = []
    try:
        if enabled:
            for module in modules:
                for layer in module.modules():
                    if isinstance(layer, torch.nn.Conv2d) and any(layer._reversed_padding_repeated_twice):
                        changed.append((layer, layer.padding_mode))
                        layer.padding_mode = "circular"
        yield
    finally:
        for layer, mode in changed:
            layer.padding_mode = mode


def make_seamless(image: Image.Image) -> Image.Image:
    """Let the edges of an opaque texture meet, where painting alone did not: they fade into a shifted copy of itself.

    A shifted copy is continuous over the edge; of all shifts the one is taken whose content fits best. The fade
    keeps the contrast (Heitz and Neyret 2018), so no blurred cross shows.
    """
    from PIL import Image

    pixels = np.asarray(image.convert("RGB"), np.float32) / 255
    for axis in (1, 0):
        pixels = _join_edges(pixels.swapaxes(0, axis)).swapaxes(0, axis)
    out = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    return out.convert(image.mode)


def _join_edges(pixels: np.ndarray) -> np.ndarray:
    """Make rows wrap: the last row leads on to the first."""
    side = len(pixels)
    band = max(1, side // BAND_SHARE)
    border = np.r_[0:band, side - band : side]
    shifts = range(band, side - band + 1, max(1, side // 64))
    errors = [float(np.square(pixels[border] - pixels[(border - shift) % side]).mean()) for shift in shifts]
    shifted = np.roll(pixels, shifts[int(np.argmin(errors))], axis=0)
    distance = np.minimum(np.arange(side), np.arange(side)[::-1])
    own = np.clip(distance / band, 0, 1)[:, None, None].astype(np.float32)
    mean = pixels.mean((0, 1))
    mixed = own * (pixels - mean) + (1 - own) * (shifted - mean)
    return mean + mixed / np.sqrt(own**2 + (1 - own) ** 2)


def seam(image: Image.Image) -> float:
    """How hard the step over the wrapped edge is, beside the harder ones (upper tenth) of the steps inside.

    Up to about 1 it is seamless, above `VISIBLE_SEAM` the edge shows. The worse of both directions counts.
    """
    pixels = np.asarray(image.convert("RGB"), np.float32) / 255
    return max(_seam_along(pixels), _seam_along(pixels.swapaxes(0, 1)))


def _seam_along(pixels: np.ndarray) -> float:
    """The mean step from the last to the first row, as a multiple of a hard step between rows."""
    across = float(np.abs(pixels[-1] - pixels[0]).mean())
    steps = np.abs(np.diff(pixels, axis=0)).mean((1, 2))
    return max(across, FLAT) / max(float(np.quantile(steps, 0.9)), FLAT)
