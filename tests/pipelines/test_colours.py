"""Changes of colour and light in words, and what they do to pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.colours import Recolouring, colour_name, main_colour, read_recolouring, recolour_image


@pytest.fixture
def pot() -> Image.Image:
    """A clay pot with a dark outline and a highlight, on nothing."""
    image = Image.new("RGBA", (48, 48))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 40, 40), fill=(60, 30, 15, 255))
    draw.ellipse((10, 10, 38, 38), fill=(190, 110, 60, 255))
    draw.ellipse((16, 14, 22, 20), fill=(240, 200, 160, 255))
    return image


def mean(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image, np.float64)
    return pixels[pixels[..., 3] > 0][:, :3].mean(0)


@pytest.mark.parametrize(
    ("words", "sign"),
    [("darker", -1), ("much darker", -1), ("too bright", -1), ("less bright", -1), ("brighter", 1),
     ("a bit lighter", 1), ("less dark", 1)],
)  # fmt: skip
def test_light(pot: Image.Image, words: str, sign: int) -> None:
    change = mean(recolour_image(pot, read_recolouring(words))) - mean(pot)
    assert (change * sign > 8).all()


def test_much_is_more_and_a_bit_is_less(pot: Image.Image) -> None:
    words = ("much darker", "darker", "slightly darker")
    much, plain, little = (mean(recolour_image(pot, read_recolouring(text)))[0] for text in words)
    assert much < plain < little < mean(pot)[0]


@pytest.mark.parametrize(
    ("words", "channel"), [("bluer", 2), ("greener", 1), ("redder", 0), ("more blue", 2), ("cooler", 2)]
)
def test_tints_go_where_they_should_and_keep_the_drawing(pot: Image.Image, words: str, channel: int) -> None:
    made = recolour_image(pot, read_recolouring(words))
    before, after = mean(pot), mean(made)
    assert after[channel] / after.sum() > before[channel] / before.sum() + 0.03
    luma = np.array([0.299, 0.587, 0.114])
    assert abs(after @ luma - before @ luma) < 12
    assert made.getchannel("A").tobytes() == pot.getchannel("A").tobytes()


def test_a_glow_goes_around_the_figure(pot: Image.Image) -> None:
    made = np.asarray(recolour_image(pot, read_recolouring("with a bluer glow")))
    added = (made[..., 3] > 0) & (np.asarray(pot)[..., 3] == 0)
    assert added.any() and made[added][:, 2].mean() > made[added][:, 0].mean() + 80
    tile = recolour_image(pot, read_recolouring("blue glow"), tileable=True)
    assert tile.getchannel("A").tobytes() == pot.getchannel("A").tobytes()


@pytest.mark.parametrize("words", ["without the handle", "with a hat", "", "no blue parts", "facing left"])
def test_other_changes_ask_for_no_colour(words: str) -> None:
    assert read_recolouring(words) == Recolouring() and not read_recolouring(words)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [((200, 30, 30), "red"), ((110, 70, 40), "brown"), ((240, 150, 30), "orange"), ((40, 80, 200), "blue"),
     ((30, 160, 60), "green"), ((250, 250, 250), "white"), ((128, 128, 130), "gray"), ((10, 10, 12), "black"),
     ((250, 220, 60), "yellow"), ((150, 60, 200), "purple")],
)  # fmt: skip
def test_colour_names(rgb: tuple[int, int, int], name: str) -> None:
    assert colour_name(*rgb) == name


def test_main_colour(pot: Image.Image) -> None:
    assert main_colour(pot) in ("orange", "brown")
    assert main_colour(Image.new("RGBA", (8, 8))) is None
    assert main_colour(Image.new("RGB", (8, 8), "blue")) == "blue"
