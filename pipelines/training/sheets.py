"""Finds the sprites of a sheet: islands of visible pixels on a transparent or one-coloured ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

SMALLEST_SHEET = 48  # px
MOST_SPRITES = 256
_LEAST = 4  # of alike islands: fewer is one thing with loose parts
_ALIKE = 2.2  # the largest is at most so many times as wide and high as the middle one


def cut_sheet(image: Image.Image) -> list[Image.Image]:
    """The sprites of a sheet, row by row; a list of one, the image itself, when it is not a sheet.

    A sheet is at least 48 px wide or high and holds four or more islands of about the same size.
    """
    from scipy import ndimage

    if max(image.size) < SMALLEST_SHEET:
        return [image]
    pixels = np.asarray(image.convert("RGBA"))
    visible = pixels[..., 3] > 16
    if visible.all():
        visible = _not_ground(pixels)
    if visible is None or not visible.any():
        return [image]
    reach = max(1, max(image.size) // 256)
    labelled: Any = ndimage.label(ndimage.binary_dilation(visible, iterations=reach), np.ones((3, 3)))
    labels, count = labelled
    if not _LEAST <= count <= MOST_SPRITES:
        return [image]
    boxes = [box for box in ndimage.find_objects(labels) if box is not None]
    sides = np.array([(box[0].stop - box[0].start, box[1].stop - box[1].start) for box in boxes], float)
    middle = np.median(sides, axis=0)
    large = [box for box, side in zip(boxes, sides, strict=True) if (side >= 0.4 * middle).all() and side.min() >= 8]
    if len(large) < _LEAST or (sides.max(0) > _ALIKE * middle).any():
        return [image]
    large.sort(key=lambda box: (round(box[0].start / max(1.0, middle[0])), box[1].start))
    sprites = []
    for rows, columns in large:
        part = image.convert("RGBA").crop((columns.start, rows.start, columns.stop, rows.stop))
        sprites.append(part.crop(part.getchannel("A").getbbox() or (0, 0, *part.size)))
    return sprites


def _not_ground(pixels: np.ndarray) -> np.ndarray | None:
    """Visible pixels of an opaque sheet: those unlike the colour that the whole border has."""
    edge = np.concatenate([pixels[0, :, :3], pixels[-1, :, :3], pixels[:, 0, :3], pixels[:, -1, :3]]).astype(int)
    ground = np.median(edge, axis=0)
    if (np.abs(edge - ground).max(1) <= 12).mean() < 0.98:
        return None
    return np.abs(pixels[..., :3].astype(int) - ground).max(-1) > 24
