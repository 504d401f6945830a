"""Routes that start new versions, and how far a set's images lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import BaseModel, Field

from errors import BadRequest
from pipelines.uploads import MEGABYTE
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


class AnimateIn(BaseModel):
    asset: int | None = Field(None, description="whose current version moves; or name a `subject` to draw first")
    subject: str = Field("", max_length=500)
    kind: str = "character"
    motion: str = Field("walk", max_length=40, description="walk, idle, bob, hop, spin, shake or hit")
    frames: int | None = Field(None, description="2 to 24; left out: as many as the motion needs")
    fps: float | None = Field(None, description="frames per second, 1 to 60")
    redraw: float | None = Field(None, gt=0, le=1, description="the model paints over each frame with this strength")
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="of a subject's picture")
    project: str | None = None


class MotionOut(BaseModel):
    name: str
    what: str
    frames: int
    fps: float
    quality: str = Field(description="what it is not, else empty")


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

    @routes.post("/assets/{asset_id}/edit", summary="Paint part of an asset anew; the rest keeps its pixels")
    def edit(
        asset_id: int,
        mask: Annotated[UploadFile, File(description="an image of the same shape: white is what may change")],
        change: Annotated[str, Form(max_length=500, description='what should be there, or "erase"')],
        variants: Annotated[int, Form(ge=1)] = 1,
        strength: Annotated[float | None, Form(gt=0, le=1)] = None,
        project_name: Annotated[str | None, Form(alias="project")] = None,
    ) -> RemakeOut:
        from jobs.edit import submit_edit

        most = services.settings.max_upload_mb * MEGABYTE
        data = mask.file.read(most + 1)
        if len(data) > most:
            raise BadRequest(f"The mask is larger than {services.settings.max_upload_mb} MB. Give a smaller one.")
        made = submit_edit(
            asset_id,
            data,
            change,
            variants=variants,
            strength=strength,
            store=services.jobs,
            library=services.library,
            project=project(project_name),
            settings=services.settings,
            small_model=services.engine.info().small,
        )
        return RemakeOut(job=JobOut.model_validate(made.job), note=made.note)

    @routes.post("/assets/animate", summary="Make the frames of a motion of an asset, or of something new")
    def animate(wanted: AnimateIn) -> JobOut:
        from jobs.animate import submit_animation
        from pipelines.request import GenerationRequest

        source: Any = wanted.asset
        if source is None:
            if not wanted.subject.strip():
                raise BadRequest("Say what to animate: an asset, or a subject.")
            plan = services.planner.plan({"subject": wanted.subject, "count": 1, "kind": wanted.kind}, wanted.subject)
            made: GenerationRequest = plan.requests(services.settings.image_model)[0]
            source = made if wanted.seed is None else made.replaced(seed=wanted.seed)
        job = submit_animation(
            source,
            wanted.motion,
            frames=wanted.frames,
            fps=wanted.fps,
            redraw=wanted.redraw,
            store=services.jobs,
            library=services.library,
            project=project(wanted.project),
            seconds_per_image=services.engine.seconds_per_image(),
        )
        return JobOut.model_validate(job)

    @routes.get("/motions", summary="Motions that pictures can be put into")
    def motions() -> list[MotionOut]:
        from pipelines.animation import FPS, FRAMES, QUALITY, WHAT

        return [
            MotionOut(name=name, what=what, frames=FRAMES[name], fps=FPS[name], quality=QUALITY.get(name, ""))
            for name, what in WHAT.items()
        ]

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
