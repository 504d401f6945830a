"""Jobs that make images: from a plan to tasks, and from tasks to versions in the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from errors import BadRequest, GameForgeError
from jobs.context import TaskContext
from jobs.plan import AssetPlan
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView, TaskSpec
from library.library import UNCUT, Library
from pipelines.request import GenerationRequest, StylePackUse
from settings import Settings

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.engine import GeneratedImage, ImageEngine, ModelInfo, StepEvent

KIND = "generate"
PREFERRED_BATCH = 32
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
        job_id = store.add(
            session,
            project,
            KIND,
            _title(plan.request),
            tasks,
            spec=spec,
            batch_id=batch_id,
            conversation_id=conversation_id,
        )
    return store.get(job_id)


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

        info: ModelInfo | None = None
        saves: list[Future[None]] = []
        with ThreadPoolExecutor(1, "jobs-save") as saver:  # the device paints on while files and rows are written
            starts: dict[str, Any] = {}
            if any(request.init is not None for request in requests):
                starts["pictures"] = self._picture
            for outcome in self.engine.generate(requests, on_step=on_step, cancelled=cancelled, **starts):
                task = tasks[outcome.index]
                if isinstance(outcome, GenerationFailure):
                    context.fail(task, outcome.error)
                else:
                    info = info or self.engine.info()  # asked once the model is loaded and its hash known
                    saves.append(saver.submit(self._keep, task, outcome, info, context))
                for save in saves:
                    if save.done():
                        save.result()  # a full disk ends the painting, too
        for save in saves:
            save.result()

    def _picture(self, request: GenerationRequest) -> Image.Image:
        """What a request starts from. Raises NotFound."""
        from jobs.remake import whole_picture

        return whole_picture(self.library, request.init or "")

    def _keep(self, task: ClaimedTask, made: GeneratedImage, info: ModelInfo, context: TaskContext) -> None:
        from pipelines.colours import main_colour

        library, key = self.library, f"{task.id}-{task.attempts}"
        place = {"offset": list(made.offset), "canvas": list(made.canvas), "batch_size": made.batch_size}
        slot = task.payload.get("place") or {}  # where the version belongs, when its asset exists
        metadata = {**place, "seconds": made.seconds, "seam": made.seam, "warnings": list(made.warnings)}
        try:
            sha256, uncut = self._stage(key, made, info, place)
        except GameForgeError:
            library.discard(key)
            raise
        if uncut is not None:
            metadata["uncut"] = uncut
        if slot.get("change"):
            metadata["change"] = slot["change"]

        def write(session: Session) -> dict[str, Any]:
            request = made.request
            fields = {**request.to_dict(), "style_packs": [asdict(use) for use in request.style_packs]}
            asset_id = library.add_version(
                session,
                task_id=task.id,
                batch_id=slot.get("batch_id") or _batch_of(task),
                number=slot.get("number") or task.index + 1,
                sha256=sha256,
                subject=request.subject or request.prompt,
                prompt=request.prompt,
                seed=request.seed,
                width=made.image.width,
                height=made.image.height,
                kind=request.kind,
                model=request.model,
                style_pack=", ".join(use.pack for use in request.style_packs) or None,
                metadata={**metadata, "request": fields},
                staged_key=key,
                uncut_sha256=uncut,
                origin=slot.get("origin") or "generated",
                colour=main_colour(made.image),
                parents=slot.get("parents") or (),
            )
            return {"asset": library.asset_in(session, asset_id).as_dict()}

        if not context.finish(task, write, lambda: library.publish(key, sha256, uncut)):
            library.discard(key)

    def _stage(self, key: str, made: GeneratedImage, info: ModelInfo, place: dict[str, Any]) -> tuple[str, str | None]:
        from pipelines.metadata import write_png

        storage = self.library.storage
        sha256 = storage.stage(key, write_png(made.image, made.request, info, place))
        if made.uncut is None:
            return sha256, None
        return sha256, storage.stage(key + UNCUT, write_png(made.uncut, made.request, info, {"uncut": True}))


def _batch_of(task: ClaimedTask) -> int:
    if task.batch_id is None:
        raise ValueError(f"task {task.id} belongs to no batch")
    return task.batch_id


def _title(request: str) -> str:
    title = " ".join(request.split())
    return title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + "…"
