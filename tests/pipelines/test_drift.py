"""What stands out of a set is marked, and nothing else."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from pipelines.drift import measure, to_lab


def gem(colour: tuple[int, int, int], side: int = 20, outline: tuple[int, int, int] = (60, 20, 20)) -> Image.Image:
    image = Image.new("RGBA", (48, 48))
    edge = (48 - side) // 2
    ImageDraw.Draw(image).ellipse(
        (edge, edge, edge + side, edge + side), fill=(*colour, 255), outline=(*outline, 255), width=2
    )
    return image


def test_outliers_by_colour_and_by_size() -> None:
    rng = np.random.default_rng(7)
    family = [gem((190 + int(rng.integers(12)), 60, 50), 20 + int(rng.integers(3))) for _ in range(8)]
    assert [row.outlier for row in measure(family)] == [False] * 8

    found = measure([*family, gem((40, 60, 220)), gem((195, 60, 50), 42)])
    assert [row.outlier for row in found] == [False] * 8 + [True, True]
    assert "colours" in found[8].why and "size" in found[9].why
    assert found[9].values["box"] > 0.8


def test_small_sets_and_empty_pictures() -> None:
    assert measure([]) == []
    assert [row.outlier for row in measure([gem((200, 0, 0)), gem((0, 0, 200), 40)])] == [False, False]
    assert len(measure([Image.new("RGBA", (8, 8))] * 3)) == 3


def test_lab_of_known_colours() -> None:
    """White, sRGB red and sRGB blue as in Lindbloom's tables (D65)."""
    lab = to_lab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8))
    assert np.allclose(lab, [[100, 0, 0], [53.24, 80.09, 67.2], [32.3, 79.19, -107.86]], atol=0.3)
