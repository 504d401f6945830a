"""Which requests are denoised together, and how many at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from pipelines.device import GIB, Device
from pipelines.request import GenerationRequest

SMALL_SIDE = 256  # px; below it a model counts as small
CPU_BATCH = {"small": 16, "large": 1}
FIRST_SHARE = 4  # the first micro-batch is this part of a full one
MAX_BATCH = 32
BYTES_PER_MEGAPIXEL = 2 * GIB  # activations of SDXL at 1024 x 1024 with guidance, half precision


@dataclass(frozen=True)
class Item:
    """A request with its place in the caller's list."""

    index: int
    request: GenerationRequest


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
    )


def group_items(items: Iterable[Item]) -> list[list[Item]]:
    """Split into lists that can share calls, in the order in which their first members came."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    for item in items:
        groups.setdefault(batch_key(item.request), []).append(item)
    return list(groups.values())


def full_batch(device: Device, free_bytes: int, width: int, height: int, wanted: int = 0) -> int:
    """How many images of width x height px to denoise together; `wanted` > 0 is taken as it is."""
    if wanted:
        return wanted
    small = max(width, height) <= SMALL_SIDE
    if device.kind == "cpu":
        return CPU_BATCH["small" if small else "large"]
    per_image = BYTES_PER_MEGAPIXEL * width * height / 1024**2
    return max(1, min(MAX_BATCH, int(0.8 * free_bytes / per_image)))


def next_batch(remaining: int, full: int, first: bool) -> int:
    """Size of the next micro-batch: a small one first, so that something is seen early, then even ones."""
    if first:
        return min(remaining, max(1, full // FIRST_SHARE))
    return ceil(remaining / ceil(remaining / full))
