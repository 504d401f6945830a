"""New versions of assets: from a new seed, or from the picture itself with a change in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from errors import BadRequest
from jobs.generation import KIND, check_count
from jobs.store import JobStore
from jobs.types import JobView, TaskSpec
from library.library import Library
from library.models import Asset, Version
from library.views import AssetView
from pipelines.request import MAX_SEED, GenerationRequest
from settings import Settings

MAX_CHANGE = 500
SMALL_STRENGTH = 1.0  # of the little that the small model may leave its start by
_AGAIN = re.compile(
    r"(?:(?:please|just|again|anew|once more|with|using|use|try|a|an|the|another|other|new|different|fresh|random"
    r"|seeds?|one|more|time|variants?|versions?|takes?)\W*)*",
    re.I,
)
_WITHOUT = re.compile(
    r"\b(?:without|no|remove|lose|drop|minus)\s+(?:the |a |an |any |its )?([^,;.]+?)(?=,|;|\.|\band\b|\bbut\b|$)", re.I
)
SHAPE_NOTE = (
    "The built-in model changes colour and light, but hardly shapes: for other shapes set GAMEFORGE_IMAGE_MODEL to an "
    "SDXL model."
)


@dataclass(frozen=True)
class Remake:
    """What was queued; `note` tells the user what this model cannot do."""

    job: JobView
    note: str = ""


def is_new_seed(change: str | None) -> bool:
    """Whether words such as "again, with a new seed" ask for nothing but another try."""
    return not change or _AGAIN.fullmatch(change.strip(" .!")) is not None


def check_change(change: str | None, strength: float | None) -> None:
    """Raises BadRequest: the change is too long, or the strength outside 0 (excluded) to 1."""
    if change is not None and len(change) > MAX_CHANGE:
        raise BadRequest(f"Say in at most {MAX_CHANGE} characters what should be different.")
    if strength is not None and not 0 < strength <= 1:
        raise BadRequest("Strength must lie between 0 (excluded) and 1.")


def submit_remake(
    asset_ids: Sequence[int],
    *,
    change: str | None = None,
    variants: int = 1,
    strength: float | None = None,
    store: JobStore,
    library: Library,
    project: str,
    settings: Settings,
    small_model: bool,
    conversation_id: int | None = None,
    seconds_per_image: float | None = None,
) -> Remake:
    """Queue new versions of assets, `variants` of each; they stand beside the old ones when they are done.

    Without a change (or with "a new seed") each starts anew from another seed; with one, from its current version with
    the same seed (further variants with new ones).

    Raises:
        BadRequest: none or too many, the change is too long, a strength outside 0..1.
        NotFound: an asset does not exist.
        ResourceError: the queue is full.
    """
    if not asset_ids:
        raise BadRequest("Say which images to redo.")
    if variants < 1:
        raise BadRequest(f"Ask for at least 1 new version; {variants} cannot be made.")
    check_change(change, strength)
    check_count(len(asset_ids) * variants, settings.max_assets_per_batch)
    change = None if is_new_seed(change) else " ".join((change or "").split())
    assets = [library.asset(asset_id) for asset_id in dict.fromkeys(asset_ids)]
    tasks = [
        task for asset in assets for task in _tasks(asset, change, variants, strength, library, settings, small_model)
    ]
    title = f"Redo {', '.join(str(asset.number) for asset in assets[:8])}{': ' + change if change else ''}"
    spec = {} if seconds_per_image is None else {"seconds_per_task": seconds_per_image}
    job = store.create(project, KIND, title[:80], tasks, spec=spec, conversation_id=conversation_id)
    from pipelines.colours import read_recolouring

    hard = change is not None and small_model and not read_recolouring(change)
    return Remake(job, SHAPE_NOTE if hard else "")


def _tasks(
    asset: AssetView,
    change: str | None,
    variants: int,
    strength: float | None,
    library: Library,
    settings: Settings,
    small_model: bool,
) -> list[TaskSpec]:
    base = request_of(asset, settings.image_model)
    parent, newest = lineage(library, asset)
    place = {"batch_id": asset.batch_id, "number": asset.number, "parents": [parent]}
    tasks = []
    for index in range(variants):
        if change is None:
            made = base.replaced(
                seed=(newest + 1 + index) % (MAX_SEED + 1), init=None, mask=None, change=None, strength=None
            )
        else:
            made = changed(base, asset, change, strength, small_model)
            if index:
                made = made.replaced(seed=(newest + index) % (MAX_SEED + 1))
        origin = "regenerated"
        tasks.append(
            TaskSpec(asset.subject, {"request": made.to_dict(), "place": {**place, "origin": origin, "change": change}})
        )
    return tasks


def changed(
    base: GenerationRequest, asset: AssetView, change: str, strength: float | None, small_model: bool
) -> GenerationRequest:
    """The request that starts from the asset's version and leads to what the words want."""
    from pipelines.colours import read_recolouring
    from pipelines.starts import LITTLE, read_strength

    without = [match.strip() for match in _WITHOUT.findall(change)]
    kept = _WITHOUT.sub(" ", change).strip(" ,;.")
    prompt = f"{base.prompt}, {kept}" if kept else base.prompt
    negative = ", ".join(part for part in (base.negative_prompt, *without) if part)
    if strength is None:
        if small_model:
            strength = 0.25 if read_recolouring(change) else SMALL_STRENGTH
        else:
            strength = LITTLE if read_recolouring(change) else read_strength(change)
    return base.replaced(prompt=prompt, negative_prompt=negative, init=asset.version, change=change, strength=strength)


def request_of(asset: AssetView, model: str) -> GenerationRequest:
    """The request behind an asset's current version, for `model`; what came from elsewhere gets one by its subject."""
    made = asset.metadata.get("request")
    if made is None:
        return GenerationRequest(
            prompt=asset.prompt or asset.subject,
            subject=asset.subject,
            seed=asset.seed % (MAX_SEED + 1),
            model=model,
            kind=asset.kind,
            size=max(asset.width, asset.height),
        )
    request = GenerationRequest.from_dict(made).replaced(mask=None)
    if request.model == model:
        return request
    fresh: dict[str, Any] = {"width": 0, "height": 0, "steps": 0, "guidance": None, "strength": None}
    return request.replaced(model=model, sampler="dpmpp_2m", **fresh)


def lineage(library: Library, asset: AssetView) -> tuple[int, int]:
    """The current version's id, and the highest seed among all versions of the asset's batch."""
    with library.database.reading() as session:
        current = session.scalar(select(Asset.current_version_id).where(Asset.id == asset.id)) or 0
        query = select(func.max(Version.seed)).join(Asset, Asset.id == Version.asset_id)
        newest = session.scalar(query.where(Asset.batch_id == asset.batch_id))
    return current, int(newest or 0)


def whole_picture(library: Library, sha256: str) -> Any:
    """The version's picture where it lay in its canvas before it was trimmed, RGBA. Raises NotFound."""
    from PIL import Image

    from pipelines.starts import place

    with library.database.reading() as session:
        details = session.scalar(select(Version.details).where(Version.sha256 == sha256).limit(1)) or {}
    with Image.open(library.version_path(sha256)) as image:
        sprite = image.convert("RGBA")
    canvas = details.get("canvas") or sprite.size
    offset = details.get("offset") or (0, 0)
    return place(sprite, offset, canvas)
