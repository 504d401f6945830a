"""Routes of decisions on assets: review, undo, history, versions, bin, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from library import history, review
from library.views import AssetState
from server.schemas import AssetOut, Out, ReviewIn, version_url

if TYPE_CHECKING:
    from services import Services


class StepOut(Out):
    """What was done in one go; `step` undoes it."""

    step: str
    who: str
    assets: tuple[int, ...]
    text: str
    undoes: str | None


class VersionOut(Out):
    id: int
    asset_id: int
    sha256: str
    url: str
    origin: str
    state: AssetState
    current: bool
    prompt: str
    seed: int
    width: int
    height: int
    model: str
    style_pack: str | None
    parents: tuple[str, ...] = Field(description="sha256 of the versions that it was made from")
    created_at: float
    metadata: dict[str, Any]


class ChangeOut(Out):
    id: int
    step: str
    asset_id: int
    version: str | None
    field: str
    before: str | None
    after: str | None
    who: str
    note: str
    undoes: str | None
    undone: bool
    at: float


class UndoIn(BaseModel):
    step: str | None = Field(None, description="the step to take back; without it the last one that stands")
    project: str | None = None
    who: str = Field("", max_length=100)
    only_own: bool = Field(False, description="without `step`: the last step of `who`")


class UseVersionIn(BaseModel):
    version: str = Field(description="sha256 of one of the asset's versions")
    who: str = Field("", max_length=100)
    note: str = Field("", max_length=1000)


class IdsIn(BaseModel):
    assets: list[int] = Field(min_length=1, max_length=1000)
    who: str = Field("", max_length=100)
    force: bool = Field(False, description="delete although something uses them")


class LabelIn(IdsIn):
    kind: str = "tag"
    add: list[str] = Field(default_factory=list, max_length=50)
    remove: list[str] = Field(default_factory=list, max_length=50)


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["review"])
    library = services.library

    def shown(step: Any) -> StepOut:
        return StepOut.model_validate(step)

    @routes.post("/assets/review", summary="Approve, reject or reset assets, all or none")
    def decide(decisions: ReviewIn) -> list[AssetOut]:
        review.decide(library, decisions.states, who=decisions.who, note=decisions.note, expected=decisions.expected)
        return [AssetOut.of(library.asset(asset_id)) for asset_id in decisions.states]

    @routes.post("/reviews/undo", summary="Take the last step back, or a certain one")
    def undo(wanted: UndoIn) -> StepOut:
        return shown(
            history.undo(library, project=wanted.project, who=wanted.who, step=wanted.step, only_own=wanted.only_own)
        )

    @routes.get("/reviews", summary="The audit trail, newest first")
    def changes(
        project: str | None = None,
        asset: int | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[ChangeOut]:
        found = history.history(library, asset_id=asset, project=project, limit=limit)
        return [ChangeOut.model_validate(change) for change in found]

    @routes.get("/assets/{asset_id}/history", summary="Who changed what of an asset, newest first")
    def asset_history(asset_id: int) -> list[ChangeOut]:
        return [ChangeOut.model_validate(change) for change in history.history(library, asset_id=asset_id)]

    @routes.get("/assets/{asset_id}/versions", summary="All versions of an asset, oldest first, with their parents")
    def versions(asset_id: int) -> list[VersionOut]:
        found = history.versions(library, asset_id)
        return [VersionOut.model_validate({**view.as_dict(), "url": version_url(view.sha256)}) for view in found]

    @routes.post("/assets/{asset_id}/current", summary="Make another version of an asset its current one")
    def use_version(asset_id: int, wanted: UseVersionIn) -> AssetOut:
        sha256 = review.check_sha256(wanted.version)
        review.use_version(library, asset_id, sha256, who=wanted.who, note=wanted.note)
        return AssetOut.of(library.asset(asset_id))

    @routes.post("/assets/bin", summary="Move assets to the bin, all or none")
    def delete(wanted: IdsIn) -> StepOut:
        return shown(review.bin_assets(library, wanted.assets, who=wanted.who, force=wanted.force))

    @routes.post("/assets/restore", summary="Take assets out of the bin")
    def restore(wanted: IdsIn) -> StepOut:
        return shown(review.restore_assets(library, wanted.assets, who=wanted.who))

    @routes.post("/assets/labels", summary="Add and remove tags or collections of assets")
    def labels(wanted: LabelIn) -> StepOut:
        return shown(
            review.label(library, wanted.assets, kind=wanted.kind, add=wanted.add, remove=wanted.remove, who=wanted.who)
        )

    return routes
