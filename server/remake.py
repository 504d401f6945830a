"""Routes that start new versions, and how far a set's images lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.schemas import JobOut

if TYPE_CHECKING:
    from services import Services


class RemakeIn(BaseModel):
    assets: list[int] = Field(min_length=1, max_length=1000)
    change: str | None = Field(None, max_length=500, description="what should be different; left out: a new seed")
    variants: int = Field(1, ge=1, description="new versions of each")
    strength: float | None = Field(None, gt=0, le=1, description="how far it may leave the picture")
    project: str | None = None


class RemakeOut(BaseModel):
    job: JobOut
    note: str = Field(description="what this image model cannot do, else empty")


class UpscaleIn(BaseModel):
    assets: list[int] = Field(min_length=1, max_length=1000)
    factor: int = Field(2, description="2, 3, 4 or 8")
    method: str = Field("auto", description="auto, pixels, scale2x, smooth or model")
    project: str | None = None


class DriftOut(BaseModel):
    """How far an asset lies from the middle of its set. Distances are in units of the set's own spread."""

    asset: int
    values: dict[str, float] = Field(description="palette, box, outline and style, as measured")
    distances: dict[str, float] = Field(description="the same as robust z-scores")
    outlier: bool
    why: str


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["review"])

    def project(name: str | None) -> str:
        return name or services.settings.project

    @routes.post("/assets/regenerate", summary="Make new versions: from a new seed, or from the picture with a change")
    def regenerate(wanted: RemakeIn) -> RemakeOut:
        from jobs.remake import submit_remake

        made = submit_remake(
            wanted.assets,
            change=wanted.change,
            variants=wanted.variants,
            strength=wanted.strength,
            store=services.jobs,
            library=services.library,
            project=project(wanted.project),
            settings=services.settings,
            small_model=services.engine.info().small,
            seconds_per_image=services.engine.seconds_per_image(),
        )
        return RemakeOut(job=JobOut.model_validate(made.job), note=made.note)

    @routes.post("/assets/upscale", summary="Enlarge assets; the large ones become their versions")
    def upscale(wanted: UpscaleIn) -> JobOut:
        from jobs.upscaling import submit_upscale

        job = submit_upscale(
            wanted.assets,
            wanted.factor,
            wanted.method,
            store=services.jobs,
            library=services.library,
            project=project(wanted.project),
            settings=services.settings,
        )
        return JobOut.model_validate(job)

    @routes.get("/sets/drift", summary="How well the approved assets of a batch, tag or collection fit together")
    def drift(
        batch: int | None = None,
        tag: str | None = None,
        collection: str | None = None,
        state: Annotated[str, Query(description="which of them")] = "approved",
        project: str | None = None,
    ) -> list[DriftOut]:
        from jobs.drift import measure_set

        wanted: dict[str, Any] = {"batch_id": batch, "tag": tag, "collection": collection, "project": project}
        return [DriftOut.model_validate(row) for row in measure_set(services.library, state=state, **wanted)]

    return routes
