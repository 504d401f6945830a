"""Which requests are denoised together, and how many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

from PIL import Image

from errors import UserFixable
from pipelines.device import GIB, Device
from pipelines.masked import Edit
from pipelines.request import GenerationRequest
from pipelines.starts import start_picture

SMALL_SIDE = 256  # px; up to here several images keep the caches of a CPU busy, above it one does
CPU_SMALL_ROWS = 32  # rows of the denoiser, two for an image with guidance; 32 measured 13 % faster than 16 twice
MAX_BATCH = 32
BYTES_PER_MEGAPIXEL = 2 * GIB  # activations of SDXL at 1024 x 1024 with guidance, half precision
SOON = 1.5  # seconds: what takes no longer is made in one go
FIRST_SECONDS = 0.5  # otherwise: until the first results show, or one alone
SECONDS = 20.0  # until further ones do
Pictures = Callable[[GenerationRequest], Image.Image]


@dataclass(frozen=True)
class Item:
    """A request with its place in the caller's list."""

    index: int
    request: GenerationRequest
    start: Image.Image | None = None  # what it starts from, in the size that the model paints
    edit: Edit | None = None  # only what its mask shows may change


def batch_key(request: GenerationRequest) -> tuple[object, ...]:
    """Requests with equal keys can share one pipeline call."""
    return (
        request.width,
        request.height,
        request.steps,
        request.guidance,
        request.sampler,
        request.style_packs,
        request.tileable,
        request.strength,
        request.init is not None,
        request.mask is not None,
    )


def group_items(items: Iterable[Item]) -> list[list[Item]]:
    """Split into lists that can share calls, in the order in which their first members came."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    for item in items:
        groups.setdefault(batch_key(item.request), []).append(item)
    return list(groups.values())


def full_batch(device: Device, free_bytes: int, request: GenerationRequest) -> int:
    """How many images like this one (a complete request) fit and run best together."""
    if device.kind == "cpu":
        rows = 2 if (request.guidance or 0) > 1 else 1
        return CPU_SMALL_ROWS // rows if max(request.width, request.height) <= SMALL_SIDE else 1
    per_image = BYTES_PER_MEGAPIXEL * request.width * request.height / 1024**2
    return max(1, min(MAX_BATCH, int(0.8 * free_bytes / per_image)))


def timely_batch(full: int, seconds_per_image: float, waiting: int, first: bool) -> int:
    """At most `full` of the `waiting` images, and few enough that somebody who watches sees something soon."""
    if first and waiting * seconds_per_image > SOON:
        return max(1, min(full, int(FIRST_SECONDS / seconds_per_image)))
    return max(1, min(full, int(SECONDS / seconds_per_image)))


def even_batch(remaining: int, most: int) -> int:
    """The size of the next micro-batch when `remaining` images are split evenly into portions of at most `most`."""
    return ceil(remaining / ceil(remaining / most))


def item_of(index: int, request: GenerationRequest, pictures: Pictures | None, masks: Pictures | None) -> Item:
    """A complete request with what it starts from. Raises UserFixable."""
    if request.init is None:
        return Item(index, request)
    if pictures is None or (request.mask is not None and masks is None):
        raise UserFixable("The picture that this image starts from is not at hand. Describe the image instead.")
    canvas = pictures(request)
    edit = Edit(canvas, masks(request)) if request.mask is not None and masks is not None else None
    return Item(index, request, start_picture(canvas, request), edit)
