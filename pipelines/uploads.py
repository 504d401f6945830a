"""Looks at a file that somebody uploaded before anything else touches it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from errors import BadRequest

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class ImageFacts:
    width: int
    height: int
    format: str  # "PNG", "JPEG", ...


def check_image(path: str | Path, max_pixels: int, max_bytes: int) -> ImageFacts:
    """Whether a file is an image that can be used. Size and dimensions are judged before a single pixel is decoded.

    Raises:
        BadRequest: one sentence that names the file and what is wrong with it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise BadRequest(f"{path.name} cannot be read. Upload it again.", detail=str(error)) from error
    if size > max_bytes:
        raise BadRequest(
            f"{path.name} is too large: {size / MEGABYTE:.0f} MB, {max_bytes / MEGABYTE:.0f} MB are allowed."
        )
    if size == 0:
        raise BadRequest(f"{path.name} is empty.")
    try:
        facts = _read_header(path)
        if facts.width * facts.height > max_pixels:
            raise BadRequest(
                f"{path.name} is too large: {facts.width} x {facts.height} pixels, "
                f"{max_pixels / 1e6:.0f} million pixels are allowed."
            )
        _decode_first_frame(path)
    except UnidentifiedImageError as error:
        names = ", ".join(FORMATS)
        raise BadRequest(f"{path.name} is not an image. Upload one of {names}.", detail=str(error)) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadRequest(f"{path.name} is damaged or incomplete. Save it again.", detail=str(error)) from error
    return facts


def open_image(path: str | Path) -> Image.Image:
    """First frame of a checked image as RGBA, upright as its camera data says."""
    from PIL import ImageOps

    with _no_size_warning(), Image.open(path, formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(_eight_bit(image))
        return upright.convert("RGBA")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey images would be clipped, not scaled, by a plain conversion."""
    import numpy as np

    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image, np.float64)
    return Image.fromarray(np.clip(np.rint(values / 257), 0, 255).astype(np.uint8))


@contextmanager
def _no_size_warning() -> Iterator[None]:
    """Pillow's own size warning is not needed where our limit applies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def _read_header(path: Path) -> ImageFacts:
    with _no_size_warning():
        try:
            with Image.open(path, formats=FORMATS) as image:
                return ImageFacts(image.width, image.height, image.format or "")
        except Image.DecompressionBombError:
            raise BadRequest(f"{path.name} has far too many pixels. Make it smaller first.") from None


def _decode_first_frame(path: Path) -> None:
    with _no_size_warning(), Image.open(path, formats=FORMATS) as image:
        image.load()
