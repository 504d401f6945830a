"""What a handler sees of the queue while it works on the tasks it was given."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from jobs.store import JobStore
from jobs.types import ClaimedTask, JobEvent

CANCEL_CHECK_SECONDS = 0.5  # how old the answer to "was it cancelled by another process?" may be; this one tells
PROGRESS_SECONDS = 0.1  # between two progress events of a job
COUNTS_SECONDS = 1.0  # how old the counts in them may be when another process works on the same job


class Handler(Protocol):
    """Does the work of one kind of job."""

    kind: str  # of the jobs it works on
    lane: str  # handlers of one lane share one thread
    batch: int  # most tasks that it wants at once

    def tidy(self) -> None:
        """Clean up after workers that died; called before the first claim and whenever tasks were taken back."""

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        """Finish or fail each task through the context; skip those that `context.cancelled`.

        An error raised with one task open fails it; with several open they run again, each by itself. A
        GameForgeError fails all that are open, because its sentence tells what the user must mend first.
        """


class TaskContext:
    """The tasks of one claim. `finish` and `fail` may be called from other threads than the handler's."""

    def __init__(self, store: JobStore, tasks: Sequence[ClaimedTask], stop: threading.Event) -> None:
        self._store = store
        self._open = {task.id: task for task in tasks}
        self._stop = stop
        self._checked_at = 0.0
        self._checked_mark = -1
        self._progress_at = 0.0
        self._counts: dict[str, int] = {}
        self._counted_at = 0.0
        self._counted_mark = -1
        self._lost: set[int] = set()

    @property
    def open(self) -> list[ClaimedTask]:
        """Tasks neither finished, failed nor lost."""
        return [task for task in tuple(self._open.values()) if task.id not in self._lost]

    @property
    def stopping(self) -> bool:
        """The worker is asked to stop; what is not finished goes back into the queue."""
        return self._stop.is_set()

    def cancelled(self, task: ClaimedTask) -> bool:
        """Should work on it end? True when the user stopped it, it was taken away, or the worker stops."""
        if self.stopping:
            return True
        now, mark = time.monotonic(), self._store.bus.change_mark
        if mark != self._checked_mark or now - self._checked_at > CANCEL_CHECK_SECONDS:
            held = self._store.held(list(self._open.values()))
            self._lost |= set(self._open) - held
            self._checked_at, self._checked_mark = now, mark
        return task.id in self._lost

    def progress(
        self, tasks: Sequence[ClaimedTask], step: int, steps: int, *, always: bool = False, **extra: Any
    ) -> None:
        """Tell subscribers that these tasks reached `step` of `steps`; at most ten times a second, unless `always`.

        `extra` (JSON) goes along in the event's data.
        """
        now = time.monotonic()
        if not tasks or (not always and now - self._progress_at < PROGRESS_SECONDS):
            return
        self._progress_at = now
        first = tasks[0]
        data = {
            **self._counts_of(first.job_id, now),
            "step": step,
            "steps": steps,
            "task_ids": [task.id for task in tasks],
            **extra,
        }
        self._store.bus.publish(JobEvent(0, first.job_id, first.id, "task_progress", data, time.time()))

    def _counts_of(self, job_id: int, now: float) -> dict[str, int]:
        """As of the last commit of this process: painting does not wait for a query after each step."""
        mark = self._store.bus.mark
        if mark != self._counted_mark or now - self._counted_at > COUNTS_SECONDS:
            self._counts = self._store.counts(job_id)
            self._counted_at, self._counted_mark = now, mark
        return self._counts

    def finish(
        self,
        task: ClaimedTask,
        write: Callable[[Session], dict[str, Any]],
        publish: Callable[[], None] | None = None,
    ) -> bool:
        """`JobStore.finish`; False when it came too late."""
        kept = self._store.finish(task, write, publish)
        self._open.pop(task.id, None)
        return kept

    def finish_all(
        self,
        tasks: Sequence[ClaimedTask],
        write: Callable[[Session, Sequence[ClaimedTask]], Sequence[dict[str, Any]]],
        publish: Callable[[Sequence[ClaimedTask]], None] | None = None,
    ) -> list[ClaimedTask]:
        """`JobStore.finish_all`; those that did not come too late."""
        kept = self._store.finish_all(tasks, write, publish)
        for task in tasks:
            self._open.pop(task.id, None)
        return kept

    def fail(self, task: ClaimedTask, error: str, detail: str = "") -> bool:
        """`JobStore.fail`; False when it came too late."""
        kept = self._store.fail(task, error, detail)
        self._open.pop(task.id, None)
        return kept
