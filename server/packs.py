"""Routes of style packs: list, train, follow, improve, import, export, versions, delete."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from errors import BadRequest
from jobs.packs import MAX_LORA_MB, MEGABYTE, Prepared, TrainingOptions, with_captions
from library.style_packs import PackView
from pipelines.training.settings import MAX_IMAGES, Preset
from server.schemas import JobOut, version_url

if TYPE_CHECKING:
    from services import Services


class PackOut(BaseModel):
    """A style pack; `versions` are newest first, `current` is the number of the one in use (null: none is ready)."""

    id: int
    project: str
    name: str
    trigger: str
    current: int | None
    job_id: int | None = Field(description="the training that waits or runs")
    created_at: float
    versions: list[dict[str, Any]]


class EstimateOut(BaseModel):
    sentence: str = Field(description="what it will take, and what was left out")
    name: str
    trigger: str
    settings: dict[str, Any]
    estimate: dict[str, Any]
    pictures: list[dict[str, Any]] = Field(description="name and caption of each accepted image")
    refused: list[str]
    doubles: list[str]
    sheets: dict[str, int]


class VersionIn(BaseModel):
    version: int = Field(ge=1)


class ImproveIn(BaseModel):
    preset: Preset = "balanced"
    against_rejected: bool = Field(
        default=False, description="also learn from the rejected images, as the losing side (Diffusion-DPO)"
    )


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["style packs"])
    desk, packs = services.packs, services.packs.packs

    def out(pack: PackView, active: dict[int, int] | None = None) -> PackOut:
        jobs = desk.active(pack.project) if active is None else active
        fields = pack.as_dict()
        fields["versions"] = [_with_urls(version) for version in fields["versions"]]
        return PackOut(**fields, job_id=jobs.get(pack.id))

    @routes.get("/style-packs", summary="List style packs by name")
    def style_packs(project: str | None = None) -> list[PackOut]:
        wanted = project or services.settings.project
        active = desk.active(wanted)
        return [out(pack, active) for pack in packs.list(wanted)]

    @routes.get("/style-packs/{pack_id}", summary="One style pack with its versions")
    def style_pack(pack_id: int) -> PackOut:
        return out(packs.get(pack_id))

    @routes.post("/style-packs/estimate", summary="Look at images and tell what a training would take")
    def look(
        images: Annotated[list[UploadFile], File(description="3 to 100 images")],
        name: Annotated[str, Form()],
        preset: Annotated[Preset, Form()] = "balanced",
        trigger: Annotated[str | None, Form()] = None,
        cut_sheets: Annotated[bool, Form()] = False,
        project: Annotated[str | None, Form()] = None,
    ) -> EstimateOut:
        with _Uploads(images, services.settings.max_upload_mb * MEGABYTE) as files:
            prepared = desk.prepare(
                project or services.settings.project, name, files, preset=preset, trigger=trigger, cut_sheets=cut_sheets
            )
        return _estimate(prepared)

    @routes.post("/style-packs", status_code=202, summary="Train a style pack; returns the job to follow")
    def train(
        images: Annotated[list[UploadFile], File(description="3 to 100 images")],
        name: Annotated[str, Form()],
        preset: Annotated[Preset, Form()] = "balanced",
        trigger: Annotated[str | None, Form()] = None,
        cut_sheets: Annotated[bool, Form()] = False,
        captions: Annotated[str | None, Form(description="JSON object: caption by image name")] = None,
        text_encoders: Annotated[bool, Form(description="adapt the text encoders, too (SDXL)")] = False,
        prior_images: Annotated[int, Form(description="the base's own pictures to train on as well")] = 0,
        project: Annotated[str | None, Form()] = None,
    ) -> JobOut:
        wanted = project or services.settings.project
        told = _captions(captions)
        with _Uploads(images, services.settings.max_upload_mb * MEGABYTE) as files:
            prepared = desk.prepare(
                wanted, name, files, preset=preset, trigger=trigger, cut_sheets=cut_sheets, captions=told,
                options=TrainingOptions(text_encoders, prior_images),
            )  # fmt: skip
            return JobOut.model_validate(desk.submit(wanted, with_captions(prepared, told)))

    @routes.post("/style-packs/import", status_code=201, summary="Import a LoRA (.safetensors) as a style pack")
    def import_lora(
        file: UploadFile, name: Annotated[str | None, Form()] = None, project: Annotated[str | None, Form()] = None
    ) -> PackOut:
        with _Uploads([file], MAX_LORA_MB * MEGABYTE) as files:
            return out(desk.import_lora(project or services.settings.project, files[0], name or None))

    @routes.post("/style-packs/{pack_id}/improve", status_code=202, summary="Train the next version on approved images")
    def improve(pack_id: int, wish: ImproveIn) -> JobOut:
        pack = packs.get(pack_id)
        against = wish.against_rejected
        prepared = desk.improve(pack.project, pack, preset=wish.preset, against_rejected=against)
        return JobOut.model_validate(desk.submit(pack.project, prepared))

    @routes.post("/style-packs/{pack_id}/use", summary="Use another version: roll back or forward")
    def use(pack_id: int, wish: VersionIn) -> PackOut:
        return out(packs.use_version(pack_id, wish.version))

    @routes.delete("/style-packs/{pack_id}", status_code=204, summary="Delete a style pack; `restore` undoes it")
    def delete(pack_id: int) -> Response:
        packs.delete(pack_id)
        return Response(status_code=204)

    @routes.post("/style-packs/{pack_id}/restore", summary="Undo a deletion")
    def restore(pack_id: int) -> PackOut:
        return out(packs.restore(pack_id))

    @routes.get("/style-packs/{pack_id}/export", summary="A version as a zip: LoRA, references, metrics")
    def export(pack_id: int, version: Annotated[int | None, Query(ge=1)] = None) -> Response:
        name, data = desk.export(pack_id, version)
        headers = {"Content-Disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"'}
        return Response(data, media_type="application/zip", headers=headers)

    @routes.get("/jobs/{job_id}/training", summary="How a training went so far: loss curve, samples, references")
    def training(job_id: int) -> dict[str, Any]:
        told = desk.progress(job_id)
        for sample in told["samples"]:
            sample["urls"] = [f"/api/jobs/{job_id}/training/{file}" for file in sample["files"]]
        for reference in told["references"]:
            reference["url"] = f"/api/jobs/{job_id}/training/{Path(reference['file']).name}"
        return told

    @routes.get("/jobs/{job_id}/training/{name}", summary="A sample or reference picture", response_class=FileResponse)
    def picture(job_id: int, name: str) -> FileResponse:
        return FileResponse(desk.run_picture(job_id, name), media_type="image/png")

    return routes


class _Uploads:
    """Uploaded files under their own names in a temporary folder, for as long as the block runs."""

    def __init__(self, uploads: Sequence[UploadFile], max_bytes: int) -> None:
        if len(uploads) > 3 * MAX_IMAGES:
            raise BadRequest(f"{len(uploads)} images are too many: a style pack learns from 3 to {MAX_IMAGES}.")
        self._uploads, self._max_bytes = uploads, max_bytes
        self._folder = tempfile.TemporaryDirectory(prefix="gameforge-upload-")

    def __enter__(self) -> list[Path]:
        files = []
        for number, upload in enumerate(self._uploads):
            folder = Path(self._folder.name) / str(number)
            folder.mkdir()
            name = Path((upload.filename or "image").replace("\\", "/")).name[:120] or "image"
            files.append(folder / name)
            with files[-1].open("wb") as target:
                if (upload.size or 0) > self._max_bytes:
                    target.truncate(upload.size)  # refused for its size, by name: nothing of it is copied
                else:
                    shutil.copyfileobj(upload.file, target)
        return files

    def __exit__(self, *problem: object) -> None:
        self._folder.cleanup()


def _captions(text: str | None) -> dict[str, str]:
    import json

    try:
        told = json.loads(text) if text else {}
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BadRequest("The captions must be a JSON object: caption by image name.")
    return {str(name): str(caption) for name, caption in told.items()}


def _estimate(prepared: Prepared) -> EstimateOut:
    found = prepared.found
    return EstimateOut(
        sentence=prepared.sentence,
        name=prepared.name,
        trigger=prepared.trigger,
        settings=prepared.settings.to_dict(),
        estimate=prepared.estimate.to_dict(),
        pictures=[{"name": picture.name, "caption": picture.caption} for picture in found.pictures],
        refused=found.refused,
        doubles=found.doubles,
        sheets=found.sheets,
    )


def _with_urls(version: dict[str, Any]) -> dict[str, Any]:
    files = version["files"]
    references = [{**ref, "url": version_url(ref["sha256"])} for ref in files.get("references", [])]
    comparison = [
        {"subject": pair["subject"], "without": version_url(pair["without"]), "with": version_url(pair["with"])}
        for pair in files.get("comparison", [])
    ]
    return {**version, "files": {**files, "references": references, "comparison": comparison}}
