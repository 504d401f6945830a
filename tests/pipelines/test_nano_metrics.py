"""Figures of pictures: silhouettes, colours, likeness."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.nano.evaluator import rank_at
from pipelines.nano.metrics import (
    SAME_DRAWING,
    clean_share,
    clean_silhouette,
    colour_distance,
    colour_figures,
    distances,
    drawing,
    small,
    spread,
)


def disc(radius: int = 20, colour: tuple[int, int, int] = (200, 60, 40), shift: int = 0) -> np.ndarray:
    """A shaded disc with a dark stripe, uint8 [64, 64, 4]."""
    y, x = np.mgrid[:64, :64]
    inside = (x - 32 - shift) ** 2 + (y - 32) ** 2 < radius**2
    light = np.clip(1.2 - (y / 64), 0, 1) * np.where(abs(x - 32 - shift) < 4, 0.4, 1)
    image = np.zeros((64, 64, 4), np.uint8)
    image[..., :3] = light[..., None] * np.array(colour)
    image[..., 3] = 255 * inside
    return image


def test_a_silhouette_with_speckle_pinholes_or_haze_is_not_clean() -> None:
    clean = disc()
    speckled, pierced, hazy = clean.copy(), clean.copy(), clean.copy()
    speckled[2:4, 2:4, 3] = 255
    pierced[32, 32, 3] = 0
    hazy[24:40, 24:40, 3] = 128
    assert clean_silhouette(clean)
    assert not any(clean_silhouette(image) for image in (speckled, pierced, hazy, np.zeros_like(clean)))
    assert clean_share(np.stack([clean, speckled])) == 0.5


def test_a_recoloured_copy_is_the_same_drawing_and_another_shape_is_not() -> None:
    original = drawing(disc()[None])
    recoloured = drawing(disc(colour=(40, 90, 200))[None])
    moved = drawing(disc(shift=9)[None])
    smaller = drawing(disc(radius=12)[None])
    assert distances(original, recoloured)[0, 0] < SAME_DRAWING / 2
    assert min(distances(original, moved)[0, 0], distances(original, smaller)[0, 0]) > SAME_DRAWING


def test_colours() -> None:
    red, blue = disc()[None], disc(colour=(40, 60, 200))[None]
    assert colour_distance(red, red) == 0
    assert colour_distance(red, blue) > 0.2
    grey = colour_figures(disc(colour=(120, 120, 120))[None])
    assert grey["saturation_mean"] == 0 and colour_figures(red)["saturation_mean"] > 0.7


def test_spread_of_equal_pictures_is_nothing() -> None:
    same = small(np.stack([disc(), disc(), disc()])).reshape(3, -1)
    other = small(np.stack([disc(), disc(12), disc(28)])).reshape(3, -1)
    assert spread(same) == pytest.approx(0, abs=1e-3)
    assert spread(other) > 0.1


def test_rank_counts_better_captions() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.3], [0.3, 0.2, 0.1]])
    assert rank_at(scores, 1) == pytest.approx(1 / 3)
    assert rank_at(scores, 2) == pytest.approx(2 / 3)
    assert rank_at(scores, 3) == 1
