"""Restyled copies of other pictures: nearer to the references in each part of the style distance, with shapes kept."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.training.lessons import restyled
from pipelines.training.style_distance import from_lab, identity, style_distance, to_lab
from tests.pipelines.training.drawn import draw


def green(number: int) -> Image.Image:
    """Another artist's things: pale, cool, without an outline."""
    rng = np.random.default_rng((8, number))
    image = Image.new("RGBA", (64, 64))
    pen = ImageDraw.Draw(image)
    box = [int(v) for v in (*rng.integers(6, 20, 2), *rng.integers(40, 60, 2))]
    shade = int(rng.integers(120, 240))
    (pen.ellipse if number % 2 else pen.rectangle)(box, fill=(90, shade, 200 - shade // 3, 255))
    pen.rectangle([28, 28, 36, 36], fill=(200, 240, 230, 255))
    return image


def test_copies_come_near_the_references_and_keep_their_shapes() -> None:
    references, contents = [draw(n) for n in range(8)], [green(n) for n in range(12)]
    made = restyled(contents, references, seed=1)
    before, after = style_distance(references, contents), style_distance(references, made)
    assert after.palette < 0.5 * before.palette and after.outline < 0.5 * before.outline
    assert after.total < 0.5 * before.total
    assert identity(contents, made) >= 0.9
    for one, other in zip(contents, made, strict=True):
        assert np.array_equal(np.asarray(one)[..., 3], np.asarray(other)[..., 3])
    assert [image.tobytes() for image in restyled(contents, references, seed=1)] == [image.tobytes() for image in made]


def test_what_is_lighter_stays_lighter() -> None:
    palette = ((15, 56, 15), (48, 98, 48), (139, 172, 15), (155, 188, 15))
    references = [Image.new("RGBA", (32, 32), (*colour, 255)) for colour in palette]
    greys = [Image.new("RGBA", (32, 32), (v, v, v, 255)) for v in (30, 90, 160, 230)]
    light = [to_lab(np.asarray(image)[..., :3].astype(float))[..., 0].mean() for image in restyled(greys, references)]
    assert light == sorted(light) and light[-1] - light[0] > 20


@pytest.mark.parametrize("references", [[Image.new("RGBA", (16, 16))], [Image.new("RGBA", (16, 16), "red")]])
def test_odd_references_do_no_harm(references: list[Image.Image]) -> None:
    contents = [green(0), Image.new("RGBA", (64, 64))]  # the second shows nothing
    made = restyled(contents, references)
    assert [image.size for image in made] == [(64, 64)] * 2 and made[1].getchannel("A").getbbox() is None


def test_lab_goes_there_and_back() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (500, 3)).astype(np.uint8)
    assert np.abs(from_lab(to_lab(rgb.astype(float))).astype(int) - rgb).max() <= 1
