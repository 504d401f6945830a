from __future__ import annotations

import numpy as np
from PIL import Image

from pipelines.training.canvas import bucket, on_canvas, recoloured
from pipelines.training.style_distance import identity, style_distance, to_lab
from tests.pipelines.training.drawn import draw


def cold(image: Image.Image) -> Image.Image:
    """The same thing in blue, without its outline."""
    pixels = np.asarray(image).copy()
    dark = pixels[..., :3].max(-1) < 40
    pixels[..., :3] = pixels[..., 2::-1]
    pixels[dark & (pixels[..., 3] > 0)] = (150, 190, 240, 255)
    return Image.fromarray(pixels)


def test_one_look_is_near_and_another_is_far() -> None:
    references, alike = [draw(n) for n in range(8)], [draw(n) for n in range(20, 28)]
    others = [cold(image) for image in alike]
    near, far = style_distance(references, alike), style_distance(references, others)
    assert near.total < 0.5 * far.total
    assert near.palette < far.palette and near.outline < far.outline
    assert style_distance(references, references).total == 0


def test_identity_is_blind_to_colour_and_sees_other_shapes() -> None:
    plain = [draw(n) for n in range(8)]
    assert identity(plain, [cold(image) for image in plain]) >= 0.75
    assert identity(plain, [*plain[1:], plain[0]]) <= 0.25


def test_lab_of_known_colours() -> None:
    lab = to_lab(np.array([[255.0, 255, 255], [255, 0, 0], [0, 0, 0]]))
    assert np.allclose(lab, [[100, 0, 0], [53.24, 80.09, 67.2], [0, 0, 0]], atol=0.1)


def test_canvas_keeps_alpha_or_flattens_on_the_ground_of_the_prompts() -> None:
    sprite = draw(1, 16)
    kept, flat = on_canvas(sprite, (64, 64), alpha=True), on_canvas(sprite, (64, 64), alpha=False)
    assert kept.mode == "RGBA" and kept.getpixel((0, 0)) == (0, 0, 0, 0)
    assert flat.mode == "RGB" and flat.getpixel((0, 0)) == (211, 211, 211)
    assert len(set(np.asarray(kept).reshape(-1, 4)[:, 3].tolist())) == 2  # pixel art grew by whole numbers


def test_a_jpeg_on_white_becomes_a_sprite_and_white_inside_stays() -> None:
    import io

    sprite = draw(0)
    ground = Image.new("RGBA", sprite.size, "white")
    ground.alpha_composite(sprite)
    ground.paste((255, 255, 255, 255), (30, 30, 34, 34))
    buffer = io.BytesIO()
    ground.convert("RGB").save(buffer, "JPEG", quality=95)
    made = np.asarray(on_canvas(Image.open(buffer).convert("RGBA"), (64, 64), alpha=True))
    assert made[0, 0, 3] == 0 and made[32, 32, 3] == 255
    scene = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).convert("RGBA")
    assert np.asarray(on_canvas(scene, (64, 64), alpha=True))[..., 3].min() == 255


def test_enlarged_pixel_art_has_the_grain_of_the_original() -> None:
    small = draw(3, 24)
    large = small.resize((240, 240), Image.Resampling.NEAREST)
    assert np.array_equal(
        np.asarray(on_canvas(small, (64, 64), alpha=True)), np.asarray(on_canvas(large, (64, 64), alpha=True))
    )


def test_buckets_hold_the_area() -> None:
    assert bucket(300, 100, 64) == (64, 64)
    width, height = bucket(1600, 900, 1024)
    assert width % 64 == height % 64 == 0 and width > height
    assert abs(width * height / 1024**2 - 1) < 0.1


def test_recolouring_changes_colours_and_keeps_the_shape() -> None:
    image = draw(0)
    other = recoloured(image, np.random.default_rng(4))
    assert np.array_equal(np.asarray(image)[..., 3], np.asarray(other)[..., 3])
    assert not np.array_equal(np.asarray(image), np.asarray(other))
