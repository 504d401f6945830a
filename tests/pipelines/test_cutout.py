"""Cut-outs of composites whose true alpha and colours are known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.cutout import cut_out
from pipelines.request import GenerationRequest
from pipelines.sprites import finish

SIZE = 128


def scene(background: str, noise: float = 0.01) -> tuple[Image.Image, np.ndarray, np.ndarray]:
    """A two-coloured ring with a hole and a white highlight. Returns the picture, true alpha and true colours."""
    big = 4 * SIZE
    mask, colours = Image.new("L", (big, big)), Image.new("RGB", (big, big), (180, 60, 40))
    draw = ImageDraw.Draw(mask)
    draw.ellipse([value * big for value in (0.15, 0.15, 0.85, 0.85)], fill=255)
    draw.ellipse([value * big for value in (0.4, 0.5, 0.6, 0.7)], fill=0)
    paint = ImageDraw.Draw(colours)
    paint.rectangle([0, big // 2, big, big], fill=(40, 90, 200))
    paint.ellipse([value * big for value in (0.45, 0.3, 0.5, 0.35)], fill=(252, 252, 252))
    alpha = np.asarray(mask.resize((SIZE, SIZE), Image.Resampling.BOX), np.float64) / 255
    solid = np.asarray(colours.resize((SIZE, SIZE), Image.Resampling.BOX), np.float64) / 255
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    grounds = {
        "grey": np.full((SIZE, SIZE, 3), 0.82),
        "white": np.ones((SIZE, SIZE, 3)),
        "gradient": np.stack([0.8 + 0.1 * x, 0.75 - 0.12 * y, 0.7 + 0.1 * x * y], -1),
    }
    picture = alpha[..., None] * solid + (1 - alpha[..., None]) * grounds[background]
    picture += np.random.default_rng(0).normal(0, noise, picture.shape)
    return Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)), alpha, solid


@pytest.mark.parametrize("background", ["grey", "white", "gradient"])
def test_alpha_and_edge_colours_are_recovered(background: str) -> None:
    picture, alpha, colours = scene(background)
    image, warnings = cut_out(picture)
    out = np.asarray(image, np.float64) / 255
    edge = (alpha > 0.1) & (alpha < 0.98)
    assert np.abs(out[..., 3] - alpha).mean() < 0.002
    assert np.abs(out[..., 3] - alpha)[edge].mean() < 0.03
    contaminated = np.abs(np.asarray(picture, np.float64) / 255 - colours)[edge].mean()
    assert np.abs(out[..., :3] - colours)[edge].mean() < contaminated / 5
    assert not warnings


def test_enclosed_holes_open_and_highlights_stay() -> None:
    for background in ("grey", "white"):
        picture, alpha, _ = scene(background)
        out = np.asarray(cut_out(picture)[0].getchannel("A"))
        assert out[int(0.6 * SIZE), SIZE // 2] == 0
        assert out[int(0.325 * SIZE), int(0.475 * SIZE)] == 255


def test_an_object_at_the_border_is_kept() -> None:
    picture, _, _ = scene("grey")
    touching = picture.crop((0, 0, SIZE, int(0.7 * SIZE))).resize((SIZE, SIZE))
    alpha = np.asarray(cut_out(touching)[0].getchannel("A"), np.float64) / 255
    assert alpha[-1, int(0.25 * SIZE) : int(0.38 * SIZE)].min() > 0.95
    assert alpha[0].max() < 0.05


def test_a_busy_background_is_told() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
    _, warnings = cut_out(noise)
    assert warnings and "not plain" in warnings[0]


def test_a_plain_picture_comes_out_empty_and_says_so() -> None:
    request = GenerationRequest(prompt="fog", seed=1)
    done = finish(Image.new("RGB", (64, 64), (200, 200, 200)), request, native_alpha=False)
    assert done.uncut is not None and done.uncut.size == (64, 64)
    assert any("empty" in warning for warning in done.warnings)


def test_the_uncut_original_is_kept() -> None:
    picture, _, _ = scene("grey")
    done = finish(picture, GenerationRequest(prompt="ring", seed=1), native_alpha=False)
    assert done.uncut is not None and done.uncut.tobytes() == picture.tobytes()
    assert done.image.width < SIZE and done.offset[0] > 10 and done.canvas == (SIZE, SIZE)
