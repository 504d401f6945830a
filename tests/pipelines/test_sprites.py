from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.request import GenerationRequest
from pipelines.sprites import clean_alpha, finish, flatten, pad, reduce_palette, resize, resize_pixels, trim


def sprite(size: int = 64, box: tuple[int, int, int, int] = (10, 20, 41, 50)) -> Image.Image:
    """A red disc on a transparent ground whose hidden colour is bright green."""
    image = Image.new("RGBA", (4 * size, 4 * size), (0, 255, 0, 0))
    ImageDraw.Draw(image).ellipse([4 * value for value in box], fill=(200, 30, 30, 255))
    alpha = image.getchannel("A").resize((size, size), Image.Resampling.BOX)
    out = Image.new("RGBA", (size, size), (200, 30, 30, 255))
    out.putalpha(alpha)
    hidden = np.array(out)
    hidden[hidden[..., 3] == 0, :3] = (0, 255, 0)
    return Image.fromarray(hidden)


def request(**changes: object) -> GenerationRequest:
    return GenerationRequest(prompt="disc", seed=1).replaced(**changes)


def test_trim_remembers_the_place() -> None:
    image = clean_alpha(sprite())
    trimmed, offset = trim(image)
    assert offset is not None and trimmed.size[0] < 40
    back = Image.new("RGBA", image.size)
    back.paste(trimmed, offset)
    assert back.tobytes() == image.tobytes()


def test_pad_adds_an_even_margin() -> None:
    padded = pad(Image.new("RGBA", (5, 3), "red"), 2)
    assert padded.size == (9, 7) and padded.getpixel((1, 1)) == (0, 0, 0, 0) and padded.getpixel((2, 2))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize("size", [(16, 16), (23, 40), (200, 200)])
def test_resize_bleeds_no_hidden_colour(size: tuple[int, int]) -> None:
    pixels = np.asarray(resize(sprite(), size), np.int32)
    visible = pixels[..., 3] > 30
    assert visible.any()
    assert pixels[visible][:, 1].max() < 60  # no green
    assert (pixels[pixels[..., 3] == 0] == 0).all()


def test_resize_keeps_the_covered_area() -> None:
    image = sprite()
    small = resize(image, (32, 32))
    before, after = (np.asarray(i.getchannel("A"), np.float64).mean() for i in (image, small))
    assert after == pytest.approx(before, rel=0.03)


@pytest.mark.parametrize(("longest", "expected"), [(96, (32, 24)), (128, (128, 96)), (31, (16, 12)), (8, (8, 6))])
def test_pixel_art_changes_by_whole_factors(longest: int, expected: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (24, 32, 4), np.uint8)
    out = resize_pixels(Image.fromarray(colours), longest)
    if longest == 96:
        expected = (96, 72)
    assert out.size == expected
    seen = {tuple(c) for c in np.asarray(out).reshape(-1, 4).tolist()}
    assert seen <= {tuple(c) for c in colours.reshape(-1, 4).tolist()}  # no mixed colours


def test_palette_reduction_leaves_alpha_and_limits_colours() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (32, 32, 4), np.uint8)
    image = Image.fromarray(pixels)
    out = np.asarray(reduce_palette(image, 8))
    assert len(np.unique(out[out[..., 3] > 0][:, :3], axis=0)) <= 8
    assert (out[..., 3] == pixels[..., 3]).all()
    empty = Image.new("RGBA", (4, 4))
    assert reduce_palette(empty, 8).tobytes() == empty.tobytes()


@pytest.mark.parametrize("style", [None, "pixel"])
@pytest.mark.parametrize("size", [20, 48, 100])
def test_the_finished_sprite_has_the_size_asked_for(style: str | None, size: int) -> None:
    done = finish(sprite(), request(style=style, size=size), native_alpha=True)
    assert max(done.image.size) == size
    assert not done.warnings
    if style == "pixel":
        assert set(np.unique(np.asarray(done.image)[..., 3])) <= {0, 255}
    centre = (done.offset[0] + done.image.width / 2, done.offset[1] + done.image.height / 2)
    assert centre[0] / done.canvas[0] == pytest.approx(25.5 / 64, abs=0.04)
    assert centre[1] / done.canvas[1] == pytest.approx(35 / 64, abs=0.04)


def test_an_empty_picture_is_told() -> None:
    done = finish(Image.new("RGBA", (64, 64), (9, 9, 9, 3)), request(size=32), native_alpha=True)
    assert done.image.size == (32, 32)
    assert "empty" in done.warnings[0]


def test_hardly_anything_left_is_told() -> None:
    image = Image.new("RGBA", (64, 64))
    image.putpixel((5, 5), (255, 0, 0, 255))
    done = finish(image, request(), native_alpha=True)
    assert done.image.size == (1, 1) and done.offset == (5, 5)
    assert "Hardly anything" in done.warnings[0]


def test_opaque_pictures_have_no_holes() -> None:
    texture = finish(sprite(), request(kind="texture", tileable=True, transparent=False), native_alpha=True)
    assert texture.image.getchannel("A").getextrema() == (255, 255)
    assert texture.seam is not None
    assert texture.image.getpixel((0, 0)) == (200, 30, 30, 255)  # filled with its own colour
    prop = finish(sprite(), request(transparent=False), native_alpha=True)
    assert prop.image.getpixel((0, 0)) == (255, 255, 255, 255)
    assert flatten(Image.new("RGB", (2, 2), "red"), fill=False).getpixel((0, 0)) == (255, 0, 0, 255)


def test_the_palette_of_a_request_is_applied() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (32, 32, 3), np.uint8)).convert("RGBA")
    done = finish(noise, request(colors=4), native_alpha=True)
    assert len(np.unique(np.asarray(done.image)[..., :3].reshape(-1, 3), axis=0)) <= 4
