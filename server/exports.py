"""Routes of exports (make one, fetch its zip), of imports, and of what an asset was made from."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from errors import BadRequest
from jobs.exports import chosen, left_out, provenance, run_export, shelved
from jobs.imports import import_art
from pipelines.atlas.reading import grid_of
from pipelines.atlas.sprites import FORMATS, ExportOptions
from pipelines.credentials import Credentials
from scaffolds.shelf import chosen_folder
from server.schemas import AssetOut

if TYPE_CHECKING:
    from services import Services


class ExportIn(BaseModel):
    """What to export, for what. Sizes in px; see the command `gameforge export --help`."""

    assets: list[int] | Literal["all", "approved"] = Field(description="ids, or all or approved ones of the project")
    format: str = "png"
    project: str | None = None
    name: str = Field("atlas", max_length=200, description="of the sheets and their data files")
    trim: bool = True
    rotate: bool | None = Field(None, description="turn images to save room; null: for pixi only")
    padding: int = 2
    extrude: int = 1
    page: int = Field(2048, description="longest side of a sheet")
    power_of_two: bool = False
    lossy: int | None = Field(None, description="WebP quality 1..100; null: lossless")
    columns: int = 0
    fps: float = 8.0
    point: bool = True
    strip: bool = Field(False, description="leave out prompts, seeds and models")
    rejected: bool = Field(False, description="with all: the rejected ones, too")
    sign: bool = Field(False, description="C2PA credentials, with the certificate of the settings")
    folder: str | None = Field(None, max_length=1000, description="an existing folder to write the files into as well")
    replace: bool = Field(False, description="files in the folder that no export wrote may be replaced")


class ExportedFileOut(BaseModel):
    name: str
    bytes: int


class KeptOut(BaseModel):
    id: str
    name: str
    files: list[ExportedFileOut]
    url: str = Field(description="the zip with all files")
    bytes: int = Field(description="size of the zip")


class ExportOut(KeptOut):
    format: str
    assets: int
    left_out: int = Field(0, description="rejected ones that were not exported")
    folder: str | None = Field(None, description="where the files were written")
    changed: list[str] = Field(default_factory=list, description="files in the folder that were written anew")
    removed: list[str] = Field(default_factory=list, description="files of the export before that are gone")


class ImportOut(BaseModel):
    batch: int
    assets: list[AssetOut]
    skipped: list[str] = Field(description="a sentence for each file that was left out")


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
        fields = wanted.model_dump(exclude={"assets", "project", "rejected", "folder", "replace", "sign"})
        options = ExportOptions(**fields)
        which = (library, wanted.project or services.settings.project, wanted.assets)
        folder = chosen_folder(wanted.folder, services.settings.resolved_save_root) if wanted.folder else None
        credentials = None
        if wanted.sign:
            credentials = Credentials.read(services.settings.sign_certificates, services.settings.sign_key)
        made = run_export(
            library,
            chosen(*which, rejected=wanted.rejected),
            options,
            shelf,
            folder=folder,
            replace_files=wanted.replace,
            credentials=credentials,
            model=services.engine.info(),
        )
        return ExportOut(
            id=made.id,
            name=made.name,
            format=made.format,
            assets=made.assets,
            files=[ExportedFileOut(name=file.name, bytes=file.bytes) for file in made.files],
            url=f"/api/exports/{made.id}.zip",
            bytes=made.zip.stat().st_size,
            left_out=left_out(*which, rejected=wanted.rejected),
            folder=str(folder) if folder is not None else None,
            changed=[file.name for file in made.files if file.state == "new"] if folder is not None else [],
            removed=list(made.removed),
        )

    @routes.get("/exports/{export_id}.zip", summary="The zip of an export", response_class=FileResponse)
    def fetch(export_id: Annotated[str, Path(max_length=64)]) -> FileResponse:
        path = shelved(shelf, export_id)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    @routes.get("/exports/{export_id}", summary="The files of an export that is kept")
    def kept(export_id: Annotated[str, Path(max_length=64)]) -> KeptOut:
        path = shelved(shelf, export_id)
        with zipfile.ZipFile(path) as archive:
            files = [ExportedFileOut(name=item.filename, bytes=item.file_size) for item in archive.infolist()]
        url = f"/api/exports/{export_id}.zip"
        return KeptOut(id=export_id, name=path.stem, files=files, url=url, bytes=path.stat().st_size)

    @routes.post("/imports", summary="Take own sprites, sheets and atlases into the library")
    def import_files(
        files: Annotated[list[UploadFile], File(description="images, and the JSON of atlases among them")],
        grid: Annotated[str | None, Form(description="size of the cells of sheets, as 32x32")] = None,
        margin: Annotated[int, Form()] = 0,
        spacing: Annotated[int, Form()] = 0,
        kind: Annotated[str, Form()] = "prop",
        project: Annotated[str | None, Form()] = None,
    ) -> ImportOut:
        settings = services.settings
        cells = grid_of(grid, margin, spacing) if grid else None
        if len(files) > settings.max_upload_files:
            raise BadRequest(f"{len(files)} files are too many: upload at most {settings.max_upload_files} at once.")
        with tempfile.TemporaryDirectory(prefix="import-", dir=settings.home) as folder:
            paths = [_keep(file, FilePath(folder)) for file in files]
            made = import_art(library, paths, project or settings.project, settings, grid=cells, kind=kind)
        assets = [AssetOut.of(library.asset(asset_id)) for asset_id in made.assets]
        return ImportOut(batch=made.batch_id, assets=assets, skipped=list(made.skipped))

    @routes.get("/assets/{asset_id}/provenance", summary="What an asset was made from: model, licence, prompt, parents")
    def card(asset_id: int) -> dict[str, Any]:
        return provenance(library, library.asset(asset_id), services.engine.info())

    return routes


def _keep(file: UploadFile, folder: FilePath) -> FilePath:
    """The upload under its own name's last part, beside the others: an atlas names its images."""
    name = FilePath((file.filename or "upload").replace("\\", "/")).name.lstrip(".") or "upload"
    path = folder / name[-120:]
    if path.exists():
        raise BadRequest(f"Two files are called {name}. Upload them one after the other.")
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)
    return path
