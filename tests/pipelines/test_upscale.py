"""Enlarging: no new colours in pixel art, alpha and seams survive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from errors import BadRequest, NotReady
from pipelines.tileable import seam
from pipelines.upscale import Upscaler, is_pixel_art, scale2x, upscale


@pytest.fixture
def sprite() -> Image.Image:
    image = Image.new("RGBA", (24, 20))
    draw = ImageDraw.Draw(image)
    draw.ellipse((2, 2, 20, 17), fill=(200, 80, 40, 255), outline=(40, 20, 10, 255))
    draw.line((5, 4, 12, 15), fill=(250, 230, 120, 255))
    return image


def colours(image: Image.Image) -> set[bytes]:
    return {row.tobytes() for row in np.asarray(image.convert("RGBA")).reshape(-1, 4)}


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("method", ["auto", "pixels", "scale2x"])
def test_pixel_art_gets_no_new_colour(sprite: Image.Image, factor: int, method: str) -> None:
    large, used = upscale(sprite, factor, method=method)  # type: ignore[arg-type]
    assert large.size == (24 * factor, 20 * factor)
    assert colours(large) <= colours(sprite)
    assert used in ("scale2x", "pixels")


def test_scale2x_follows_its_rule() -> None:
    """The example of its author: a diagonal step is rounded, everything else is repeated."""
    a, b = (0, 0, 0, 255), (255, 255, 255, 255)
    small = np.array([[a, b], [b, b]], np.uint8)
    large = scale2x(np.pad(small, ((1, 1), (1, 1), (0, 0)), "edge"))[2:6, 2:6, 0]
    assert large.tolist() == [[0, 0, 255, 255], [0, 255, 255, 255], [255] * 4, [255] * 4]
    plain = np.full((3, 4, 4), 7, np.uint8)
    assert (scale2x(plain) == 7).all()


@pytest.mark.parametrize("method", ["auto", "smooth"])
@pytest.mark.parametrize("factor", [2, 4])
def test_tiles_still_tile(method: str, factor: int) -> None:
    y, x = np.mgrid[:32, :32]
    wave = np.stack([128 + 100 * np.sin(2 * np.pi * (k * x + y) / 32) for k in (1, 2, 3)], -1)
    tile = Image.fromarray(np.dstack([wave.astype(np.uint8), np.full((32, 32), 255, np.uint8)]))
    large, _ = upscale(tile, factor, method=method, tileable=True)  # type: ignore[arg-type]
    assert seam(large) <= seam(tile) + 0.02
    assert np.asarray(large)[..., 3].min() == 255


def test_soft_pictures_get_no_halo() -> None:
    image = Image.new("RGBA", (300, 300))
    ImageDraw.Draw(image).ellipse((40, 40, 260, 260), fill=(250, 250, 250, 255))
    assert not is_pixel_art(image)
    large, used = upscale(image, 2)
    pixels = np.asarray(large)
    assert used == "smooth" and pixels[pixels[..., 3] > 16][:, :3].min() > 240


@pytest.mark.parametrize(("factor", "method"), [(0, "auto"), (5, "auto"), (-2, "auto"), (2, "magic")])
def test_what_there_is_not(sprite: Image.Image, factor: int, method: str) -> None:
    with pytest.raises(BadRequest):
        upscale(sprite, factor, method=method)  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match="Take a smaller factor"):
        upscale(Image.new("RGBA", (5000, 10)), 2)
    with pytest.raises(NotReady, match="There is no upscaling model"):
        upscale(sprite, 2, method="model")


def test_files_that_are_no_upscaler(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="is not there"):
        Upscaler(tmp_path / "none.safetensors").load()
    (tmp_path / "model.pth").write_bytes(b"x")
    with pytest.raises(NotReady, match="no .safetensors file"):
        Upscaler(tmp_path / "model.pth").load()
    pytest.importorskip("spandrel")
    (tmp_path / "broken.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(NotReady, match="is damaged or no upscaling model"):
        Upscaler(tmp_path / "broken.safetensors").load()
