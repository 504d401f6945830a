"""Jobs that make images: from a plan to tasks, and from tasks to versions in the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from errors import BadRequest
from jobs.context import TaskContext
from jobs.plan import AssetPlan
from jobs.saver import Saver
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView, TaskSpec
from library.additions import NewVersion
from library.library import UNCUT, Library
from pipelines.request import GenerationRequest, StylePackUse
from settings import Settings

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.engine import GeneratedImage, ImageEngine, ModelInfo
    from pipelines.watch import StepEvent

KIND = "generate"
PREFERRED_BATCH = 32
_ENCODERS = ThreadPoolExecutor(2, "png-encode")  # has no threads before its first use
TITLE_CHARS = 80
StylePackUses = Callable[[str, Sequence[str], Sequence[float]], Sequence[StylePackUse]]  # project, names, weights


def estimate_seconds(plan: AssetPlan, engine: ImageEngine) -> float:
    """How long the plan's images will take on this machine."""
    return plan.total * engine.seconds_per_image()


def submit(
    plan: AssetPlan,
    *,
    store: JobStore,
    library: Library,
    project: str,
    conversation_id: int | None = None,
    settings: Settings,
    seconds_per_image: float | None = None,
    packs: StylePackUses | None = None,
) -> JobView:
    """Queue a plan: its batch and one task per image, in one transaction.

    `seconds_per_image` is the first guess of the time left, until the job's own speed is known. `packs` finds the style
    packs that the plan names and pins their versions. Raises BadRequest (too many images, or none), NotFound (no such
    style pack) and ResourceError (the queue is full).
    """
    check_count(plan.total, settings.max_assets_per_batch)
    uses = None
    if plan.style_packs and packs is not None:
        uses = packs(project, plan.style_packs, [use.weight for use in plan.pack_uses()])
    tasks = [
        TaskSpec(label=request.subject or request.prompt, payload={"request": request.to_dict()})
        for request in plan.requests(settings.image_model, uses)
    ]
    spec = {} if seconds_per_image is None else {"seconds_per_task": seconds_per_image}
    with store.transaction() as session:
        batch_id = library.create_batch(project, plan.request, plan.model_dump(mode="json"), session)
        return store.add(
            session,
            project,
            KIND,
            _title(plan.request),
            tasks,
            spec=spec,
            batch_id=batch_id,
            conversation_id=conversation_id,
        )


def check_count(count: int, limit: int) -> None:
    """Raises BadRequest unless 1 <= count <= limit."""
    if count < 1:
        raise BadRequest(f"Ask for at least 1 image; {count} cannot be made.")
    if count > limit:
        raise BadRequest(f"The batch limit is {limit}. Ask for {limit} or fewer, or split the request.")


class GenerationHandler:
    """Runs the image engine over the tasks of a claim and keeps each image as it arrives."""

    kind = KIND
    lane = "gpu"

    def __init__(self, engine: ImageEngine, library: Library, batch: int = 0) -> None:
        self.engine = engine
        self.library = library
        self.batch = batch or PREFERRED_BATCH

    def tidy(self) -> None:
        self.library.recover()

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        from pipelines.engine import GenerationFailure

        self.library.storage.check_writable()
        requests = [GenerationRequest.from_dict(task.payload["request"]) for task in tasks]

        def on_step(event: StepEvent) -> None:
            context.progress([tasks[index] for index in event.indices], event.step, event.steps)

        def cancelled(index: int) -> bool:
            return context.cancelled(tasks[index])

        starts: dict[str, Any] = {}
        if any(request.init is not None for request in requests):
            starts["pictures"] = self._picture
        if any(request.mask is not None for request in requests):
            starts["masks"] = self._mask

        def keep(made: Sequence[GeneratedImage]) -> None:
            self._keep([(tasks[image.index], image) for image in made], context)

        with Saver(keep) as saver:  # the device paints on while files and rows are written
            for outcome in self.engine.generate(requests, on_step=on_step, cancelled=cancelled, **starts):
                if isinstance(outcome, GenerationFailure):
                    context.fail(tasks[outcome.index], outcome.error)
                else:
                    saver.add(outcome)

    def _picture(self, request: GenerationRequest) -> Image.Image:
        """What a request starts from. Raises NotFound."""
        from jobs.remake import whole_picture

        return whole_picture(self.library, request.init or "")

    def _mask(self, request: GenerationRequest) -> Image.Image:
        """What of its start a request may change. Raises NotFound."""
        from PIL import Image

        with Image.open(self.library.version_path(request.mask or "")) as image:
            return image.convert("L")

    def _keep(self, made: Sequence[tuple[ClaimedTask, GeneratedImage]], context: TaskContext) -> None:
        """Files first, then the rows and the ends of the tasks in one transaction, then the files' names."""
        info = self.engine.info()  # the model is loaded, so its hash is known
        saved = {one.task.id: one for one in _ENCODERS.map(lambda pair: _Saved(pair[0], pair[1], info), made)}
        files = {key: data for one in saved.values() for key, data in one.files.items()}
        hashes = dict(zip(files, self.library.storage.stage_all(files), strict=True))

        def write(session: Session, kept: Sequence[ClaimedTask]) -> list[dict[str, Any]]:
            news = [saved[task.id].version(hashes) for task in kept]
            return [{"asset": view.as_dict()} for view in self.library.add_versions(session, news)]

        committed: list[ClaimedTask] = []

        def publish(kept: Sequence[ClaimedTask]) -> None:
            committed.extend(kept)
            for task in kept:
                for key in saved[task.id].files:
                    self.library.storage.publish(key, hashes[key])

        try:
            context.finish_all([task for task, _ in made], write, publish)
        finally:
            for id in saved.keys() - {task.id for task in committed}:
                self.library.discard(saved[id].key)


class _Saved:
    """One finished image as files and as a row."""

    def __init__(self, task: ClaimedTask, made: GeneratedImage, info: ModelInfo) -> None:
        from pipelines.metadata import write_png

        box = (task.payload.get("place") or {}).get("box")
        made = made if box is None else _within(made, box)
        self.task, self.made = task, made
        self.key = f"{task.id}-{task.attempts}"
        self.place = {"offset": list(made.offset), "canvas": list(made.canvas), "batch_size": made.batch_size}
        self.files = {self.key: write_png(made.image, made.request, info, self.place)}
        if made.uncut is not None:
            self.files[self.key + UNCUT] = write_png(made.uncut, made.request, info, {"uncut": True})

    def version(self, hashes: dict[str, str]) -> NewVersion:
        """`hashes`: sha256 by staging key."""
        from pipelines.colours import main_colour

        made, request = self.made, self.made.request
        slot = self.task.payload.get("place") or {}  # where the version belongs, when its asset exists
        uncut = hashes.get(self.key + UNCUT)
        fields = {**request.to_dict(), "style_packs": [asdict(use) for use in request.style_packs]}
        metadata = {**self.place, "seconds": made.seconds, "seam": made.seam, "warnings": list(made.warnings)}
        if uncut is not None:
            metadata["uncut"] = uncut
        if slot.get("change"):
            metadata["change"] = slot["change"]
        return NewVersion(
            task_id=self.task.id,
            batch_id=slot.get("batch_id") or _batch_of(self.task),
            number=slot.get("number") or self.task.index + 1,
            sha256=hashes[self.key],
            subject=request.subject or request.prompt,
            prompt=request.prompt,
            seed=request.seed,
            width=made.image.width,
            height=made.image.height,
            kind=request.kind,
            model=request.model,
            style_pack=", ".join(use.pack for use in request.style_packs) or None,
            metadata={**metadata, "request": fields},
            staged_key=self.key,
            uncut_sha256=uncut,
            origin=slot.get("origin") or "generated",
            colour=main_colour(made.image),
            parents=slot.get("parents") or (),
        )


def _within(made: GeneratedImage, box: Sequence[int]) -> GeneratedImage:
    """The part of a whole picture that the version before showed: x, y, width, height."""
    left, top, width, height = box
    return replace(made, image=made.image.crop((left, top, left + width, top + height)), offset=(left, top))


def _batch_of(task: ClaimedTask) -> int:
    if task.batch_id is None:
        raise ValueError(f"task {task.id} belongs to no batch")
    return task.batch_id


def _title(request: str) -> str:
    title = " ".join(request.split())
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + "…"
