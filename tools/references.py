"""Numbers and words for pictures ("3", "rest", "last 2", "batch 12") -> asset ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from errors import BadRequest, NotFound
from library.words import listed
from tools.context import ToolContext

Reference = int | str

_LAST = re.compile(r"last(?: (\d+))?$")
_BATCH = re.compile(r"batch\s*#?(\d+)$")


def resolve(references: Sequence[Reference], context: ToolContext, *, taken: Iterable[int] = ()) -> list[int]:
    """Asset ids in the order said, none twice. `rest` is the last gallery without `taken`.

    Raises:
        BadRequest: a number or word that the last gallery does not have.
        NotFound: that picture is not finished, or there is no such batch.
    """
    found: list[int] = []
    for reference in references:
        found += _resolve_one(reference, context, {*taken, *found})
    return list(dict.fromkeys(found))


def _resolve_one(reference: Reference, context: ToolContext, taken: set[int]) -> list[int]:
    text = str(reference).strip().lower().lstrip("#")
    if batch := _BATCH.match(text):
        return [asset.id for asset in context.library.assets(batch_id=int(batch[1]), limit=100_000)]
    gallery = context.gallery
    if not gallery:
        raise BadRequest("This conversation has not shown any images yet. Ask for some first, or search the library.")
    if re.fullmatch(r"-?\d+", text):
        return [_numbered(int(text), context)]
    if text in ("all", "everything", "both"):
        return list(gallery.assets.values())
    if text == "rest":
        return [asset for asset in gallery.assets.values() if asset not in taken]
    if text == "approved":
        shown = context.library.assets(ids=list(gallery.assets.values()), state="approved", limit=gallery.total)
        approved = {asset.id for asset in shown}
        return [asset for asset in gallery.assets.values() if asset in approved]
    if last := _LAST.match(text):
        count = int(last[1] or 1)
        return [_numbered(number, context) for number in range(max(1, gallery.total - count + 1), gallery.total + 1)]
    if text in ("odd", "even"):
        return [asset for number, asset in gallery.assets.items() if number % 2 == (text == "odd")]
    raise BadRequest(f'"{reference}" names no image. Use the numbers under the images, "all" or "rest".')


def _numbered(number: int, context: ToolContext) -> int:
    gallery = context.gallery
    if not 1 <= number <= gallery.total:
        shown = "1 image, number 1" if gallery.total == 1 else f"images 1 to {gallery.total}"
        raise BadRequest(f"There is no image {number}: the last gallery shows {shown}.")
    if number not in gallery.assets:
        raise NotFound(f"Image {number} is not there: it is still being made, failed or was stopped.")
    return gallery.assets[number]


def numbers_of(ids: Sequence[int], context: ToolContext) -> str:
    """The numbers that the user sees: "2", "1 and 3", "all 8"."""
    number = {asset: number for number, asset in context.gallery.assets.items()}
    if len(ids) == len(number) and len(ids) > 1:
        return f"all {len(ids)}"
    return listed(number.get(asset, asset) for asset in ids)
