"""Routes of projects, batches, assets and their files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse, JSONResponse

from errors import NotFound
from library.filters import Wanted
from library.thumbnails import thumbnail
from library.views import AssetState, AssetView
from server.schemas import AssetOut, BatchOut, ProjectOut, version_url

if TYPE_CHECKING:
    from services import Services

A_YEAR = 365 * 24 * 3600
FOREVER = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}  # files are named by their content
UPLOAD = re.compile(r"[0-9a-f]{64}\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif)")


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["library"])
    library = services.library
    uploads, thumbnails = services.settings.home / "uploads", services.settings.home / "thumbnails"

    @routes.get("/projects", summary="List projects")
    def projects() -> list[ProjectOut]:
        return [ProjectOut.model_validate(project) for project in library.projects()]

    @routes.get(
        "/assets", summary="List assets: of a batch or job by number, else newest first", response_model=list[AssetOut]
    )
    def assets(
        project: str | None = None,
        batch: int | None = None,
        job: int | None = None,
        state: AssetState | None = None,
        text: Annotated[str | None, Query(max_length=200, description="words in subject, prompt or tags")] = None,
        kind: str | None = None,
        style_pack: str | None = None,
        tag: str | None = None,
        collection: str | None = None,
        colour: Annotated[str | None, Query(description="main colour, as red, blue, brown or white")] = None,
        origin: Annotated[str | None, Query(description="generated, regenerated, upscaled, edited, imported")] = None,
        size_from: Annotated[int | None, Query(ge=1, description="px, one side at least")] = None,
        size_to: Annotated[int | None, Query(ge=1, description="px, both sides at most")] = None,
        since: Annotated[float | None, Query(description="Unix seconds")] = None,
        until: float | None = None,
        deleted: Annotated[bool, Query(description="what is in the bin")] = False,
        meaning: Annotated[bool, Query(description="`text` is meant, not spelled: the closest first")] = False,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int | None, Query(description="continue after the asset with this id")] = None,
    ) -> Any:
        wanted: Wanted = {
            "project": project,
            "batch_id": batch,
            "job_id": job,
            "state": state,
            "kind": kind,
            "style_pack": style_pack,
            "tag": tag,
            "collection": collection,
            "colour": colour,
            "origin": origin,
            "size_from": size_from,
            "size_to": size_to,
            "since": since,
            "until": until,
            "deleted": deleted,
        }
        if meaning and text and library.meaning is not None:
            return _listed([asset for asset, _ in library.meaning.find(text, limit=limit, **wanted)])
        wanted["text"] = text
        return _listed(library.assets(limit=limit, before=before, **wanted))

    @routes.get("/assets/{asset_id}", summary="An asset in its current version")
    def asset(asset_id: int) -> AssetOut:
        return AssetOut.of(library.asset(asset_id))

    @routes.get("/batches", summary="List batches, newest first")
    def batches(project: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[BatchOut]:
        return [BatchOut.model_validate(batch) for batch in library.batches(project, limit)]

    @routes.get("/batches/{batch_id}", summary="What one request asked for, with its plan")
    def batch(batch_id: int) -> BatchOut:
        return BatchOut.model_validate(library.batch(batch_id))

    @routes.get("/versions/{sha256}.png", summary="The PNG of a version", response_class=FileResponse)
    def version(
        sha256: Annotated[str, Path(description="64 hex digits; of a version, or of its uncut original")],
        download: Annotated[bool, Query(description="offer it as a file to save")] = False,
        size: Annotated[int | None, Query(description="a small copy with this longer side: 64, 128, 256, 512")] = None,
    ) -> FileResponse:
        path = library.version_path(sha256) if size is None else thumbnail(library, sha256, size, thumbnails)
        return FileResponse(
            path,
            media_type="image/png",
            filename=f"{sha256[:12]}.png" if download else None,
            headers=FOREVER,
        )

    @routes.get("/uploads/{name}", summary="An image that was attached to a message", response_class=FileResponse)
    def upload(name: Annotated[str, Path(description="its sha256 and extension, as messages name it")]) -> FileResponse:
        if not UPLOAD.fullmatch(name) or not (uploads / name).is_file():
            raise NotFound("There is no such upload.")
        return FileResponse(uploads / name, headers=FOREVER)

    return routes


def _listed(assets: Sequence[AssetView]) -> JSONResponse:
    """What `list[AssetOut]` promises, without validating the library's own rows field by field: a third of the time."""
    shown = [{**asset.as_dict(), "url": version_url(asset.version)} for asset in assets]
    for fields in shown:
        del fields["path"]
    return JSONResponse(shown)
