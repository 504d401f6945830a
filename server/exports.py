"""Routes of exports: make one, fetch its zip; and of what an asset was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from jobs.exports import chosen, provenance, run_export, shelved
from pipelines.atlas.sprites import FORMATS, ExportOptions

if TYPE_CHECKING:
    from services import Services


class ExportIn(BaseModel):
    """What to export, for what. Sizes in px; see the command `gameforge export --help`."""

    assets: list[int] | Literal["all", "approved"] = Field(description="ids, or all or approved ones of the project")
    format: str = "png"
    project: str | None = None
    name: str = Field("atlas", max_length=200, description="of the sheets and their data files")
    trim: bool = True
    rotate: bool | None = Field(None, description="null: where the format can say so")
    padding: int = 2
    extrude: int = 1
    page: int = Field(2048, description="longest side of a sheet")
    power_of_two: bool = False
    lossy: int | None = Field(None, description="WebP quality 1..100; null: lossless")
    columns: int = 0
    fps: float = 8.0
    point: bool = True
    strip: bool = Field(False, description="leave out prompts, seeds and models")


class ExportedFileOut(BaseModel):
    name: str
    bytes: int


class ExportOut(BaseModel):
    id: str
    name: str
    format: str
    assets: int
    files: list[ExportedFileOut]
    url: str = Field(description="the zip with all files")
    bytes: int = Field(description="size of the zip")


class FormatOut(BaseModel):
    name: str
    what: str


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["exports"])
    library, shelf = services.library, services.settings.home / "exports"

    @routes.get("/exports/formats", summary="Formats to export in")
    def formats() -> list[FormatOut]:
        return [FormatOut(name=name, what=what) for name, what in FORMATS.items()]

    @routes.post("/exports", summary="Export assets for a game engine")
    def export(wanted: ExportIn) -> ExportOut:
        fields = wanted.model_dump(exclude={"assets", "project"})
        options = ExportOptions(**fields)
        assets = chosen(library, wanted.project or services.settings.project, wanted.assets)
        made = run_export(library, assets, options, shelf, model=services.engine.info())
        return ExportOut(
            id=made.id,
            name=made.name,
            format=made.format,
            assets=made.assets,
            files=[ExportedFileOut(name=file.name, bytes=file.bytes) for file in made.files],
            url=f"/api/exports/{made.id}.zip",
            bytes=made.zip.stat().st_size,
        )

    @routes.get("/exports/{export_id}.zip", summary="The zip of an export", response_class=FileResponse)
    def fetch(export_id: Annotated[str, Path(max_length=64)]) -> FileResponse:
        path = shelved(shelf, export_id)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    @routes.get("/assets/{asset_id}/provenance", summary="What an asset was made from: model, licence, prompt, parents")
    def card(asset_id: int) -> dict[str, Any]:
        return provenance(library, library.asset(asset_id), services.engine.info())

    return routes
