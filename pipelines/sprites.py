"""From a painted picture to a sprite: cut out, clean alpha, trim, resize, palette. All numpy and PIL.

Sizes are (width, height) in px. Colours are resized premultiplied by alpha, so that hidden colours under transparent
pixels never bleed into an edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image

from pipelines.request import GenerationRequest
from pipelines.tileable import FAINT_SEAM, VISIBLE_SEAM, make_seamless, seam

FAINT = 8  # alpha (0..255) up to which nobody sees a pixel
NEARLY_SOLID = 247
HARD_EDGE = 128  # pixel art has no half-transparent pixels
SPARSE = 0.01  # share of the canvas below which something probably went wrong
_LEVELS = np.arange(256, dtype=np.uint8)
_HARD_ALPHA = np.where(_LEVELS >= HARD_EDGE, 255, 0).astype(np.uint8)
_CLEAN_ALPHA = np.where(_LEVELS <= FAINT, 0, np.where(_LEVELS >= NEARLY_SOLID, 255, _LEVELS)).astype(np.uint8)
WRAP_REACH = 4  # px of the result that a Lanczos filter looks beyond the edge, and one more
FLAT_KINDS = ("texture", "tile", "background")
EMPTY_WARNING = "The picture came out empty. Try another seed or other words."
SPARSE_WARNING = "Hardly anything is left of the picture after the cut-out. Compare it with the uncut original."
SEAM_WARNING = "The edges do not meet quite: the seam may show. Try another seed."


@dataclass(frozen=True)
class Finished:
    """A sprite (RGBA) and where it lay: `offset` of its top left corner in a canvas of size `canvas`."""

    image: Image.Image
    uncut: Image.Image | None
    offset: tuple[int, int]
    canvas: tuple[int, int]
    seam: float | None
    warnings: tuple[str, ...]


def finish(picture: Image.Image, request: GenerationRequest, native_alpha: bool) -> Finished:
    """Everything between the decoder and the library, as the request asks."""
    pixelated = request.style == "pixel"
    if request.tileable or not request.transparent:
        return _finish_opaque(picture, request, pixelated)
    uncut, warnings = None, []
    if native_alpha:
        image = picture.convert("RGBA")
    else:
        from pipelines.cutout import cut_out

        uncut = picture.convert("RGB")
        image, warnings = cut_out(uncut)
    image = clean_alpha(image, hard=pixelated)
    canvas = image.size
    image, offset = trim(image)
    if offset is None:
        offset, warnings = (0, 0), [*warnings, EMPTY_WARNING]
    elif _coverage(image) * image.width * image.height < SPARSE * canvas[0] * canvas[1]:
        warnings = [*warnings, SPARSE_WARNING]
    if request.size is not None:
        image, offset, canvas = _to_size(image, offset, canvas, request.size, pixelated)
    if request.colors is not None:
        image = reduce_palette(image, request.colors)
    return Finished(image, uncut, offset, canvas, None, tuple(warnings))


def _finish_opaque(picture: Image.Image, request: GenerationRequest, pixelated: bool) -> Finished:
    image = flatten(picture, fill=request.tileable or request.kind in FLAT_KINDS)
    if request.tileable and seam(image) > FAINT_SEAM:
        image = make_seamless(image)
    if request.size is not None:
        if request.tileable and not pixelated:
            image = resize_wrapped(image, _scaled(image.size, request.size / max(image.size)))
        else:
            image = _resize_longest(image, request.size, pixelated)
    if request.colors is not None:
        image = reduce_palette(image, request.colors)
    measured = seam(image) if request.tileable else None
    warnings = (SEAM_WARNING,) if measured is not None and measured > VISIBLE_SEAM else ()
    return Finished(image, None, (0, 0), image.size, measured, warnings)


def clean_alpha(image: Image.Image, *, hard: bool = False) -> Image.Image:
    """Make nearly invisible pixels invisible and nearly solid ones solid; `hard` leaves nothing in between.

    Colours under invisible pixels become black, so that equal-looking sprites have equal bytes.
    """
    pixels = np.array(image.convert("RGBA"))
    pixels[..., 3] = (_HARD_ALPHA if hard else _CLEAN_ALPHA)[pixels[..., 3]]
    pixels.view(np.uint32)[pixels[..., 3:] == 0] = 0  # a pixel's four bytes at once
    return Image.fromarray(pixels)


def trim(image: Image.Image) -> tuple[Image.Image, tuple[int, int] | None]:
    """Cut empty margins off. Returns the sprite and its offset; an empty image comes back whole, with None."""
    box = image.getchannel("A").getbbox()
    if box is None:
        return image, None
    return image.crop(box), (box[0], box[1])


def pad(image: Image.Image, margin: int) -> Image.Image:
    """Add `margin` transparent px on every side."""
    out = Image.new("RGBA", (image.width + 2 * margin, image.height + 2 * margin))
    out.paste(image, (margin, margin))
    return out


def flatten(image: Image.Image, *, fill: bool) -> Image.Image:
    """An opaque RGBA image: transparent places take the picture's own mean colour (`fill`) or white."""
    if image.mode != "RGBA":
        return image.convert("RGB").convert("RGBA")
    pixels = np.asarray(image, np.float64)
    alpha = pixels[..., 3:] / 255
    colour = np.full(3, 255.0)
    if fill and alpha.sum() > 0:
        colour = (pixels[..., :3] * alpha).sum((0, 1)) / alpha.sum()
    flat = pixels[..., :3] * alpha + colour * (1 - alpha)
    return Image.fromarray(np.rint(flat).astype(np.uint8)).convert("RGBA")


def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resample without a halo: premultiplied, Lanczos down and up."""
    if image.size == size:
        return image
    pixels = np.asarray(image.convert("RGBA"), np.float32)
    alpha = pixels[..., 3] / 255
    planes = [pixels[..., channel] * alpha for channel in range(3)] + [pixels[..., 3]]
    small = [np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS)) for plane in planes]
    new_alpha = np.clip(small[3], 0, 255)
    with np.errstate(divide="ignore", invalid="ignore"):
        colours = np.stack([np.where(new_alpha > 0.5, plane / (new_alpha / 255), 0) for plane in small[:3]], -1)
    out = np.concatenate([colours, new_alpha[..., None]], -1)
    return clean_alpha(Image.fromarray(np.rint(np.clip(out, 0, 255)).astype(np.uint8)))


def resize_wrapped(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resample an opaque texture as if it went on beyond its edges, so that it still tiles."""
    reach = tuple(min(side, WRAP_REACH * ceil(side / new)) for side, new in zip(image.size, size, strict=True))
    around = np.pad(np.asarray(image), ((reach[1],) * 2, (reach[0],) * 2, (0, 0)), "wrap")
    box = (reach[0], reach[1], reach[0] + image.width, reach[1] + image.height)
    return Image.fromarray(around).resize(size, Image.Resampling.LANCZOS, box=box)


def resize_pixels(image: Image.Image, longest: int) -> Image.Image:
    """Resize pixel art by a whole factor (or 1 / a whole factor) so that its longest side is at most `longest`."""
    side = max(image.size)
    if side <= longest:
        factor = longest // side
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    step = ceil(side / longest)
    start = step // 2  # the middle of each block; a block cut off at the edge still gives a pixel
    pixels = np.asarray(image)
    rows = np.minimum(np.arange(0, image.height, step) + start, image.height - 1)
    columns = np.minimum(np.arange(0, image.width, step) + start, image.width - 1)
    return Image.fromarray(pixels[rows][:, columns])


def reduce_palette(image: Image.Image, colors: int) -> Image.Image:
    """At most `colors` (2..256) different colours among the visible pixels; alpha stays as it is."""
    pixels = np.array(image.convert("RGBA"))
    visible = pixels[..., 3] > 0
    if not visible.any():
        return image
    strip = Image.fromarray(pixels[visible][None, :, :3])
    reduced = strip.quantize(max(2, min(256, colors)), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    pixels[visible, :3] = np.asarray(reduced.convert("RGB"))[0]
    return Image.fromarray(pixels)


def _coverage(image: Image.Image) -> float:
    return float(np.asarray(image.getchannel("A"), np.float32).mean() / 255)


def _resize_longest(image: Image.Image, longest: int, pixelated: bool) -> Image.Image:
    if pixelated:
        return resize_pixels(image, longest)
    return resize(image, _scaled(image.size, longest / max(image.size)))


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _to_size(
    image: Image.Image, offset: tuple[int, int], canvas: tuple[int, int], longest: int, pixelated: bool
) -> tuple[Image.Image, tuple[int, int], tuple[int, int]]:
    """Resize a trimmed sprite so that its longest side is `longest`, and its place in the canvas with it.

    Pixel art only changes by whole factors; what is missing to `longest` is added as an even transparent margin.
    """
    before = max(image.size)
    image = _resize_longest(image, longest, pixelated)
    factor = max(image.size) / before
    offset = (round(offset[0] * factor), round(offset[1] * factor))
    canvas = _scaled(canvas, factor)
    missing = longest - max(image.size)
    if missing:
        wide = image.width >= image.height
        margin = (missing // 2, 0) if wide else (0, missing // 2)
        size = (longest, image.height) if wide else (image.width, longest)
        padded = Image.new("RGBA", size)
        padded.paste(image, margin)
        image, offset = padded, (offset[0] - margin[0], offset[1] - margin[1])
    return image, offset, canvas
