"""Jobs that enlarge assets: each result is a new version that keeps the verdict of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from errors import BadRequest, GameForgeError
from jobs.context import TaskContext
from jobs.generation import check_count
from jobs.remake import request_of
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView, TaskSpec
from library.library import Library
from library.models import Asset
from library.views import AssetView
from settings import Settings

if TYPE_CHECKING:
    from pipelines.engine import ImageEngine
    from pipelines.upscale import Upscaler

KIND = "upscale"


def submit_upscale(
    asset_ids: Sequence[int],
    factor: int = 2,
    method: str = "auto",
    *,
    store: JobStore,
    library: Library,
    project: str,
    settings: Settings,
    conversation_id: int | None = None,
) -> JobView:
    """Queue the enlargement of assets. Raises BadRequest (factor, method, size, count), NotFound, ResourceError."""
    from pipelines.upscale import check

    if not asset_ids:
        raise BadRequest("Say which images to upscale.")
    check_count(len(asset_ids), settings.max_assets_per_batch)
    assets = [library.asset(asset_id) for asset_id in dict.fromkeys(asset_ids)]
    for asset in assets:
        check(factor, method, (asset.width, asset.height))
    tasks = [
        TaskSpec(
            asset.subject,
            {
                "asset_id": asset.id,
                "sha256": asset.version,
                "factor": factor,
                "method": method,
                "place": {"batch_id": asset.batch_id, "number": asset.number},
            },
        )
        for asset in assets
    ]
    title = f"Upscale {', '.join(str(asset.number) for asset in assets[:8])} {factor}x"
    return store.create(project, KIND, title, tasks, conversation_id=conversation_id)


class UpscaleHandler:
    """One task at a time: each is short, and a model needs the device's memory for itself."""

    kind = KIND
    lane = "gpu"
    batch = 4

    def __init__(self, engine: ImageEngine, library: Library, upscaler: Upscaler | None = None) -> None:
        self.engine = engine
        self.library = library
        self.upscaler = upscaler

    def tidy(self) -> None:
        self.library.recover()

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        self.library.storage.check_writable()
        for task in tasks:
            if context.cancelled(task):
                continue
            context.progress([task], 0, 1)
            try:
                self._enlarge(task, context)
            except GameForgeError as error:
                context.fail(task, error.message, error.detail)

    def _enlarge(self, task: ClaimedTask, context: TaskContext) -> None:
        from PIL import Image

        from pipelines.colours import main_colour
        from pipelines.metadata import write_png
        from pipelines.upscale import upscale

        library, payload = self.library, task.payload
        asset = library.asset(payload["asset_id"])
        source, parent = self._source(asset, payload["sha256"])
        request = request_of(source, source.model)
        with Image.open(library.version_path(source.version)) as image:
            picture = image.convert("RGBA")
        factor = payload["factor"]
        pixelated = True if request.style == "pixel" and max(picture.size) <= 256 else None
        large, method = upscale(
            picture,
            factor,
            method=payload["method"],
            pixelated=pixelated,
            tileable=request.tileable,
            model=self.upscaler,
        )
        place = {
            "offset": [factor * value for value in source.metadata.get("offset") or (0, 0)],
            "canvas": [factor * value for value in source.metadata.get("canvas") or picture.size],
        }
        how = {"factor": factor, "method": method, "of": source.version}
        if method == "model" and self.upscaler is not None:
            how["model"] = self.upscaler.name
        key = f"{task.id}-{task.attempts}"
        sha256 = library.storage.stage(key, write_png(large, request, self.engine.info(), {**place, "upscale": how}))

        def write(session: Session) -> dict[str, Any]:
            asset_id = library.add_version(
                session,
                task_id=task.id,
                batch_id=asset.batch_id,
                number=asset.number,
                sha256=sha256,
                subject=asset.subject,
                prompt=source.prompt,
                seed=source.seed,
                width=large.width,
                height=large.height,
                kind=asset.kind,
                model=source.model,
                style_pack=source.style_pack,
                metadata={**source.metadata, **place, "upscale": how, "request": request.to_dict()},
                staged_key=key,
                origin="upscaled",
                colour=main_colour(large),
                parents=[parent],
            )
            return {"asset": library.asset_in(session, asset_id).as_dict()}

        if not context.finish(task, write, lambda: library.publish(key, sha256)):
            library.discard(key)

    def _source(self, asset: AssetView, sha256: str) -> tuple[AssetView, int]:
        """The asset in the version that was meant when the job was queued, and that version's id."""
        from library.history import versions

        found = [version for version in versions(self.library, asset.id) if version.sha256 == sha256]
        if not found or asset.version == sha256:
            with self.library.database.reading() as session:
                current = session.scalar(select(Asset.current_version_id).where(Asset.id == asset.id))
            return asset, current or 0
        version = found[-1]
        from dataclasses import replace

        fields = {name: getattr(version, name) for name in ("prompt", "seed", "width", "height", "model", "style_pack")}
        return replace(asset, version=sha256, metadata=version.metadata, **fields), version.id
