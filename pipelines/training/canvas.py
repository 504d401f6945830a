"""Puts a reference picture on the canvas that the model paints on, and makes the recoloured copies of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.sprites import resize, trim

if TYPE_CHECKING:
    from PIL import Image

MARGIN = 2  # px of 64 that stay empty around a sprite
GROUND = (211, 211, 211)  # behind sprites for models without alpha: the light grey of their prompts
BUCKET_STEP = 64  # px; sides of the buckets are multiples of it
WIDEST = 2.0  # aspect ratio
EVEN = 14  # of 255: how much one colour may differ from itself, in a JPEG


def bucket(width: int, height: int, resolution: int) -> tuple[int, int]:
    """Size of about `resolution` squared pixels with nearly the picture's aspect ratio, sides multiples of 64."""
    if resolution <= 2 * BUCKET_STEP:
        return resolution, resolution
    ratio = max(1 / WIDEST, min(WIDEST, width / height))
    columns = max(1, round(resolution * ratio**0.5 / BUCKET_STEP))
    rows = max(1, round(resolution**2 / (columns * BUCKET_STEP) / BUCKET_STEP))
    return columns * BUCKET_STEP, rows * BUCKET_STEP


def on_canvas(image: Image.Image, size: tuple[int, int], *, alpha: bool) -> Image.Image:
    """The picture in the middle of a canvas of `size` px: RGBA with its alpha kept, or RGB flattened on light grey.

    Sprites (pictures with transparency) are trimmed and scaled to fill; opaque pictures are scaled and cropped.
    """
    from PIL import Image as Images

    width, height = size
    if alpha:
        image = without_ground(image)
    if image.getchannel("A").getextrema()[0] == 255:
        factor = max(width / image.width, height / image.height)
        big = _scaled(image, max(width, round(image.width * factor)), max(height, round(image.height * factor)))
        left, top = (big.width - width) // 2, (big.height - height) // 2
        out = big.crop((left, top, left + width, top + height))
        return out if alpha else out.convert("RGB")
    sprite = _unscaled(trim(image)[0])
    room = (width * (1 - 2 * MARGIN / 64), height * (1 - 2 * MARGIN / 64))
    factor = min(room[0] / sprite.width, room[1] / sprite.height)
    if factor >= 1 and max(sprite.size) <= 160:
        factor = max(1, int(factor))  # pixel art grows by whole numbers
    small = _scaled(sprite, max(1, round(sprite.width * factor)), max(1, round(sprite.height * factor)))
    out = Images.new("RGBA", size)
    out.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
    if alpha:
        return out
    ground = Images.new("RGBA", size, (*GROUND, 255))
    ground.alpha_composite(out)
    return ground.convert("RGB")


def without_ground(image: Image.Image) -> Image.Image:
    """An opaque picture of a thing on one colour (a JPEG on white) becomes a sprite; others stay as they are.

    Only what hangs together with the border goes: a white eye stays white.
    """
    from PIL import Image as Images
    from scipy import ndimage

    pixels = np.array(image.convert("RGBA"))
    if pixels[..., 3].min() < 255:
        return image
    colours = pixels[..., :3].astype(int)
    edge = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(1) <= EVEN).mean() < 0.98:
        return image
    labelled: Any = ndimage.label(np.abs(colours - ground).max(-1) <= 2 * EVEN)
    labels = labelled[0]
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.isin(labels, border[border > 0])
    if not 0.05 < outside.mean() < 0.97:
        return image
    pixels[outside] = 0
    return Images.fromarray(pixels)


def _scaled(image: Image.Image, width: int, height: int) -> Image.Image:
    from PIL import Image as Images

    if width >= image.width and width % image.width == 0 and height % image.height == 0:
        return image.resize((width, height), Images.Resampling.NEAREST)
    return resize(image, (width, height))


def _unscaled(image: Image.Image) -> Image.Image:
    """Pixel art that was saved enlarged goes back to one pixel per pixel, so that all references have one grain."""
    pixels = np.asarray(image)
    for block in range(16, 1, -1):
        if image.width % block or image.height % block or min(image.size) // block < 8:
            continue
        small = pixels[block // 2 :: block, block // 2 :: block]
        if np.array_equal(np.repeat(np.repeat(small, block, 0), block, 1), pixels):
            from PIL import Image as Images

            return Images.fromarray(small.copy())
    return image


def recoloured(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same thing in another look: other hues, other contrast, sometimes without its fine texture and outline.

    A LoRA that is shown such a copy and asked for the original learns what the look adds, whatever it starts from.
    """
    from PIL import Image as Images
    from PIL import ImageFilter

    pixels = np.asarray(image.convert("RGBA"), np.float32) / 255
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    if rng.random() < 0.5:
        colour = _without_outline(colour, alpha[..., 0] > 0.5, int(rng.integers(1, 4)))
    if rng.random() < 0.5:
        radius = float(rng.uniform(0.5, 1.3))
        soft = Images.fromarray(np.rint(np.concatenate([colour * alpha, alpha], -1) * 255).astype(np.uint8))
        blurred = np.asarray(soft.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255
        colour = np.clip(blurred[..., :3] / np.maximum(blurred[..., 3:], 0.05), 0, 1)
    grey = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    chroma = colour - grey[..., None]
    turn = rng.uniform(0, 2 * np.pi)
    axis = np.ones(3, np.float32) / np.sqrt(3)
    cross = np.cross(np.eye(3, dtype=np.float32), axis)
    rotation = np.cos(turn) * np.eye(3) + np.sin(turn) * cross + (1 - np.cos(turn)) * np.outer(axis, axis)
    saturation = rng.choice([0.0, rng.uniform(0.3, 1.0), rng.uniform(1.0, 2.5)], p=[0.15, 0.4, 0.45])
    chroma = chroma @ rotation.T.astype(np.float32) * saturation
    tint = rng.normal(0, 0.12, 3).astype(np.float32)
    tint -= tint.mean()
    grey = np.clip(grey, 0, 1) ** float(np.exp(rng.normal(0, 0.45)))
    grey = 0.5 + (grey - 0.5) * float(np.exp(rng.normal(0, 0.25))) + float(rng.normal(0, 0.08))
    out = np.concatenate([np.clip(grey[..., None] + chroma + tint, 0, 1), alpha], -1)
    made = Images.fromarray(np.rint(out * 255).astype(np.uint8))
    return made if image.mode == "RGBA" else made.convert("RGB")


def _without_outline(colour: np.ndarray, visible: np.ndarray, width: int) -> np.ndarray:
    """The outermost `width` px take the colour that lies next to them inside."""
    from scipy import ndimage

    inside: Any = ndimage.binary_erosion(visible, iterations=width)
    if visible.all() or not inside.any():
        return colour
    nearest: Any = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    rows, columns = nearest
    return np.where(visible[..., None], colour[rows, columns], colour)
