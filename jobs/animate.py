"""Animations as durable jobs: one task a frame, all frames from one picture, each a numbered asset of one batch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from errors import BadRequest, GameForgeError
from jobs.context import TaskContext
from jobs.remake import request_of, whole_picture
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView, TaskSpec
from library.library import Library
from library.models import Asset
from pipelines.animation import MOST_FRAMES, Cycle, animate, check_motion, motion_named
from pipelines.request import GenerationRequest

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.engine import ImageEngine

KIND = "animate"


def submit_animation(
    source: int | GenerationRequest,
    motion: str,
    *,
    frames: int | None = None,
    fps: float | None = None,
    redraw: float | None = None,
    store: JobStore,
    library: Library,
    project: str,
    request: str = "",
    conversation_id: int | None = None,
    seconds_per_image: float | None = None,
) -> JobView:
    """Queue the frames of a motion: of an asset's current version (`source` is its id), or of a picture made for it.

    The frames become a batch of their own, "knight walk 1" and so on, which exports know as one animation. With
    `redraw` (0..1, a strength) the model paints over each frame, all from the same seed.

    Raises:
        BadRequest: no such motion, or a number of frames, a speed or a strength that cannot be.
        NotFound: there is no such asset.
        ResourceError: the queue is full.
    """
    motion = motion_named(motion)
    count, speed = check_motion(motion, frames, fps)
    if redraw is not None and not 0 < redraw <= 1:
        raise BadRequest("Strength must lie between 0 (excluded) and 1.")
    if isinstance(source, int):
        asset = library.asset(source)
        frame = asset.metadata.get("animation")  # a knight's step is still a picture of a knight
        subject = frame["tag"].removesuffix(f" {frame['motion']}") if frame else asset.subject
        base = {"asset_id": asset.id, "sha256": asset.version}
    else:
        subject, base = source.subject or source.prompt, {"request": source.to_dict()}
    tag = f"{subject[:200]} {motion}"
    payload = {**base, "motion": motion, "frames": count, "fps": speed, "tag": tag, "redraw": redraw}
    tasks = [TaskSpec(f"{tag} {number}", {**payload, "frame": number}) for number in range(1, count + 1)]
    animation = {"motion": motion, "frames": count, "fps": speed, "tag": tag}
    spec: dict[str, Any] = {"animation": animation}
    if seconds_per_image is not None and not isinstance(source, int):
        spec["seconds_per_task"] = seconds_per_image / count
    with store.transaction() as session:
        batch_id = library.create_batch(project, request or f"{count} frames: {tag}", {"animation": animation}, session)
        return store.add(
            session, project, KIND, f"{count} frames: {tag}"[:80], tasks, spec=spec, batch_id=batch_id,
            conversation_id=conversation_id,
        )  # fmt: skip


class AnimateHandler:
    """Frames are cheap; the one picture behind them may have to be painted first, and is painted once a claim."""

    kind = KIND
    lane = "gpu"
    batch = MOST_FRAMES

    def __init__(self, engine: ImageEngine, library: Library) -> None:
        self.engine = engine
        self.library = library

    def tidy(self) -> None:
        self.library.recover()

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        self.library.storage.check_writable()
        made: dict[str, tuple[Cycle, GenerationRequest | None] | GameForgeError] = {}
        for task in tasks:
            if context.cancelled(task):
                continue
            payload = task.payload
            source = payload.get("sha256") or GenerationRequest.from_dict(payload["request"]).key
            key = f"{source} {payload['motion']} {payload['frames']} {payload.get('redraw')}"
            if key not in made:
                context.progress([task], 0, 1)
                try:
                    made[key] = self._cycle(task, context)
                except GameForgeError as error:
                    made[key] = error
            cycle = made[key]
            if context.cancelled(task):
                continue
            if isinstance(cycle, GameForgeError):
                context.fail(task, cycle.message, cycle.detail)
            else:
                self._keep(task, *cycle, context)

    def _cycle(self, task: ClaimedTask, context: TaskContext) -> tuple[Cycle, GenerationRequest | None]:
        payload = task.payload
        request: GenerationRequest | None = None
        if "sha256" in payload:
            picture = whole_picture(self.library, payload["sha256"])
        else:
            picture, request = self._painted(GenerationRequest.from_dict(payload["request"]), task, context)
        cycle = animate(picture, payload["motion"], payload["frames"])
        if payload.get("redraw") is None:
            return cycle, request
        model = self.engine.info().id
        wanted = request or request_of(self.library.asset(payload["asset_id"]), model)
        return self._redrawn(cycle, wanted.replaced(strength=payload["redraw"]), task, context), request

    def _redrawn(self, cycle: Cycle, wanted: GenerationRequest, task: ClaimedTask, context: TaskContext) -> Cycle:
        """Each frame painted over from the same seed: an edit whose mask is everything, so that places stay."""
        from PIL import Image

        from pipelines.engine import GenerationFailure

        frames = list(cycle.frames)
        requests = [wanted.replaced(init=str(index), mask="all", change=None) for index in range(len(frames))]
        for made in self.engine.generate(
            requests,
            on_step=lambda event: context.progress([task], event.step, event.steps),
            cancelled=lambda _: context.cancelled(task),
            pictures=lambda request: cycle.frames[int(request.init or 0)],
            masks=lambda request: Image.new("L", cycle.frames[0].size, 255),
        ):
            if isinstance(made, GenerationFailure):
                raise BadRequest(made.error)
            frames[made.index] = made.image
        return Cycle(tuple(frames), cycle.pivot)

    def _painted(
        self, request: GenerationRequest, task: ClaimedTask, context: TaskContext
    ) -> tuple[Image.Image, GenerationRequest]:
        """The picture behind a job's frames. Stopped before it is there: an empty one, of which no frame is kept."""
        from PIL import Image

        from pipelines.engine import GenerationFailure

        for made in self.engine.generate(
            [request],
            on_step=lambda event: context.progress([task], event.step, event.steps),
            cancelled=lambda _: context.cancelled(task),
        ):
            if isinstance(made, GenerationFailure):
                raise BadRequest(made.error)
            return made.image, made.request
        return Image.new("RGBA", (1, 1)), request

    def _keep(self, task: ClaimedTask, cycle: Cycle, request: GenerationRequest | None, context: TaskContext) -> None:
        from pipelines.colours import main_colour

        library, payload, key = self.library, task.payload, f"{task.id}-{task.attempts}"
        frame = cycle.frames[payload["frame"] - 1]
        out = io.BytesIO()
        frame.save(out, "PNG")
        sha256 = library.storage.stage(key, out.getvalue())
        named = {name: payload[name] for name in ("motion", "frame", "frames", "fps", "tag")}
        details: dict[str, Any] = {
            "animation": named, "duration_ms": round(1000 / payload["fps"]), "pivot": list(cycle.pivot),
            "offset": [0, 0], "canvas": list(frame.size),
        }  # fmt: skip
        if request is not None:
            details["made_from"] = {**request.to_dict(), "style_packs": [asdict(use) for use in request.style_packs]}

        def write(session: Session) -> dict[str, Any]:
            source = session.get(Asset, payload["asset_id"]) if "asset_id" in payload else None
            before = _version(session, source, payload.get("sha256"))
            asset_id = library.add_version(
                session,
                task_id=task.id,
                batch_id=task.batch_id or 0,
                number=payload["frame"],
                sha256=sha256,
                subject=task.label,
                prompt=request.prompt if request else (before.prompt if before else ""),
                seed=request.seed if request else (before.seed if before else 0),
                width=frame.width,
                height=frame.height,
                kind=request.kind if request else (source.kind if source else "character"),
                model=request.model if request else (before.model if before else ""),
                style_pack=before.style_pack if before else None,
                metadata=details,
                staged_key=key,
                origin="animated",
                colour=main_colour(frame),
                parents=[before.id] if before else (),
            )
            return {"asset": library.asset_in(session, asset_id).as_dict()}

        if not context.finish(task, write, lambda: library.publish(key, sha256)):
            library.discard(key)


def _version(session: Session, asset: Asset | None, sha256: str | None) -> Any:
    from library.models import Version

    if asset is None:
        return None
    return session.scalars(select(Version).where(Version.asset_id == asset.id, Version.sha256 == sha256)).first()
