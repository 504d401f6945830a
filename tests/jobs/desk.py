"""The parts that a job needs, put together as the application does, over the small engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.context import Handler
from jobs.events import EventBus
from jobs.generation import GenerationHandler, submit
from jobs.plan import AssetPlan, PlanItem
from jobs.store import JobStore
from jobs.types import JobView, Limits, TaskSpec
from jobs.worker import Worker
from library.db import Database
from library.library import Library
from library.storage import Storage
from settings import Settings
from tests.jobs.small_engine import SmallEngine


class Desk:
    """Everything over one home folder. Several may share a home, as several processes do."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = Settings(home=home, **settings)
        self.database = Database(self.settings.resolved_database_url)
        self.database.migrate()
        self.library = Library(self.database, Storage(self.settings.resolved_storage_url))
        self.bus = EventBus(self.database)
        self.store = JobStore(self.database, Limits.of(self.settings), self.bus)
        self._workers: list[Worker] = []

    def worker(self, engine: SmallEngine | None = None, batch: int = 8, **handlers: Handler) -> Worker:
        """A worker with the small engine (and other handlers), not started."""
        generation = GenerationHandler(engine or SmallEngine(), self.library, batch)  # type: ignore[arg-type]
        worker = Worker(self.store, {"generate": generation, **handlers})
        self._workers.append(worker)
        return worker

    def submit(self, *subjects: str, seed: int = 1, project: str = "default") -> JobView:
        """A job that makes one image of each subject."""
        items = [PlanItem(subject=subject) for subject in subjects]
        plan = AssetPlan(request=", ".join(subjects)[:60], items=items, seed=seed)
        return submit(plan, store=self.store, library=self.library, project=project, settings=self.settings)

    def queue(self, count: int, kind: str = "count", project: str = "default") -> JobView:
        """A job of plain tasks."""
        return self.store.create(project, kind, f"{count} tasks", [TaskSpec(f"t{n}", {"n": n}) for n in range(count)])

    def states(self, job: JobView) -> list[str]:
        return [task.state for task in self.store.tasks(job.id)]

    def files(self) -> list[Path]:
        return sorted((self.settings.home / "files").rglob("*.png"))

    def close(self) -> None:
        for worker in self._workers:
            worker.stop()
        self.bus.close()
        self.database.dispose()
