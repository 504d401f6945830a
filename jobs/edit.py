"""Edit by mask: part of a picture anew, as a new version beside the old one. The rest keeps its very pixels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PIL import Image
from sqlalchemy import select

from errors import BadRequest
from jobs.generation import KIND, check_count
from jobs.remake import SHAPE_NOTE, Remake, changed, check_change, lineage, request_of
from jobs.store import JobStore
from jobs.types import TaskSpec
from library.library import Library
from library.models import Task, Version
from pipelines.request import MAX_SEED
from settings import Settings

if TYPE_CHECKING:
    from library.views import AssetView

STRENGTH = 0.9  # under a mask something else may be wanted; what is around it holds it together


def submit_edit(
    asset_id: int,
    mask: bytes,
    change: str,
    *,
    variants: int = 1,
    strength: float | None = None,
    store: JobStore,
    library: Library,
    project: str,
    settings: Settings,
    small_model: bool,
    conversation_id: int | None = None,
) -> Remake:
    """Queue new versions of an asset in which only what lies under the mask changes.

    `mask` is an image file of the shape of the asset's current version: white, or painted on transparent ground, is
    what may change. "erase" empties it. Every other pixel of the new version equals the old one's.

    Raises:
        BadRequest: an unusable mask, no words or too many, too many variants, a strength outside 0..1.
        NotFound: there is no such asset, or its file is damaged.
        ResourceError: the queue or the disk is full.
    """
    from pipelines.colours import read_recolouring
    from pipelines.masked import is_erasure

    change = " ".join(change.split())
    if not change:
        raise BadRequest('Say what should be under the mask, as in "a red gem", or "erase".')
    check_change(change, strength)
    check_count(variants, settings.max_assets_per_batch)
    asset = library.asset(asset_id)
    erase = is_erasure(change)
    recolours = not erase and bool(read_recolouring(change))
    if strength is None and not recolours and not small_model:
        strength = STRENGTH
    sha256 = keep_mask(library, asset, mask)
    base = request_of(asset, settings.image_model)
    made = changed(base, asset, change, strength, small_model).replaced(mask=sha256)
    if erase:
        made = made.replaced(prompt=base.prompt, negative_prompt=base.negative_prompt)
    parent, newest = lineage(library, asset)
    left, top = asset.metadata.get("offset") or (0, 0)
    box = [int(left), int(top), asset.width, asset.height]  # what of the whole picture the version shows
    place = {"batch_id": asset.batch_id, "number": asset.number, "parents": [parent], "origin": "edited", "box": box}
    tasks = []
    for index in range(1 if erase else variants):
        request = made.replaced(seed=(newest + index) % (MAX_SEED + 1)) if index else made
        tasks.append(TaskSpec(asset.subject, {"request": request.to_dict(), "place": {**place, "change": change}}))
    title = f"Edit part of {asset.number}: {change}"
    job = store.create(project, KIND, title[:80], tasks, conversation_id=conversation_id)
    return Remake(job, SHAPE_NOTE if small_model and not (erase or recolours) else "")


def keep_mask(library: Library, asset: AssetView, data: bytes) -> str:
    """Store the mask in the size of the asset's whole picture (before it was trimmed); returns its sha256."""
    from jobs.remake import whole_picture
    from pipelines.masked import mask_bytes, read_mask

    mask = read_mask(data, (asset.width, asset.height))
    canvas = whole_picture(library, asset.version).size
    offset = asset.metadata.get("offset") or (0, 0)
    whole = Image.new("L", canvas)
    whole.paste(mask, (int(offset[0]), int(offset[1])))
    key = f"probe-mask-{uuid.uuid4().hex}"
    sha256 = library.storage.stage(key, mask_bytes(whole))
    library.storage.publish(key, sha256)
    return sha256


def masks_in_use(library: Library) -> Iterable[str]:
    """sha256 of the masks that versions and open tasks name, for `library check`."""
    with library.database.reading() as session:
        details = session.scalars(select(Version.details).where(Version.origin == "edited")).all()
        waiting = session.scalars(select(Task.payload).where(Task.state.in_(("queued", "running")))).all()
    for record in (*details, *waiting):
        request = record.get("request")
        if isinstance(request, dict) and request.get("mask"):
            yield request["mask"]
