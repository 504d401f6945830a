"""Textures whose edges wrap: circular padding while painting, and a measure of the seam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

VISIBLE_SEAM = 2.0  # times the usual step between neighbouring pixels
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


def seam(image: Image.Image) -> float:
    """How much harder the step over the wrapped edge is than the usual step between neighbours.

    1 is seamless, above `VISIBLE_SEAM` the edge shows. The worse of both directions counts.
    """
    pixels = np.asarray(image.convert("RGB"), np.float32) / 255
    return max(_seam_along(pixels), _seam_along(pixels.swapaxes(0, 1)))


def _seam_along(pixels: np.ndarray) -> float:
    """Ratio of the mean step from the last to the first row to the mean step between rows, at the edge or anywhere."""
    across = float(np.abs(pixels[-1] - pixels[0]).mean())
    steps = np.abs(np.diff(pixels, axis=0)).mean((1, 2))
    usual = max(float(steps.mean()), float(steps[[0, -1]].mean()))
    return max(across, FLAT) / max(usual, FLAT)
