"""Bookkeeping inside a transaction: counts, the job's state that follows from them, and the events that tell of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from jobs.types import CLOSED, EventKind, JobEvent, JobState, JobView
from library.models import Event, Job, Task

EMITTED = "gameforge_events"  # where a session remembers what `write_events` is to write


@dataclass(frozen=True)
class Counts:
    """Tasks of one job by state, and what is known of its speed."""

    queued: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    canceled: int = 0
    seconds_per_task: float | None = None  # measured over the finished tasks
    workers: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.running + self.done + self.failed + self.canceled

    def as_dict(self) -> dict[str, int]:
        """The counts that every event carries."""
        return {
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "canceled": self.canceled,
            "running": self.running,
        }

    def state(self, stopped: bool) -> JobState:
        """The job's state. `stopped`: the user stopped the job as a whole, not only single tasks of it."""
        if self.running or (self.queued and (self.done or self.failed)):
            return "running"
        if self.queued:
            return "queued"
        if stopped and self.canceled:
            return "canceled"
        if self.failed:
            return "failed"
        return "done" if self.done else "canceled"

    def seconds_left(self, expected: float | None) -> float | None:
        """From the speed measured in this job, else from `expected` seconds per task."""
        per_task = self.seconds_per_task if self.seconds_per_task is not None else expected
        left = self.queued + self.running
        return None if per_task is None or left == 0 else per_task * left / max(1, self.workers)


def counts_of(session: Session, job_ids: Iterable[int]) -> dict[int, Counts]:
    """Counts of several jobs by one query."""
    query = (
        select(
            Task.job_id,
            Task.state,
            func.count(),
            func.sum(Task.seconds),
            func.count(Task.seconds),
            func.count(func.distinct(Task.lease_owner)),
        )
        .where(Task.job_id.in_(list(job_ids)))
        .group_by(Task.job_id, Task.state)
    )
    collected: dict[int, dict[str, Any]] = {}
    for job_id, state, number, seconds, measured, workers in session.execute(query):
        entry = collected.setdefault(job_id, {})
        entry[state] = number
        if state == "done" and seconds is not None:
            entry["seconds_per_task"] = seconds / measured
        if state == "running":
            entry["workers"] = workers
    return {job_id: Counts(**entry) for job_id, entry in collected.items()}


def emit(session: Session, job: Job, kind: EventKind, counts: Counts, task_id: int | None = None, **data: Any) -> None:
    """Tell of a change in the transaction that makes it, which ends with `write_events`."""
    values = {"job_id": job.id, "task_id": task_id, "kind": kind, "data": {**counts.as_dict(), **data}}
    session.info.setdefault(EMITTED, []).append({**values, "at": time.time()})


def write_events(session: Session) -> list[JobEvent]:
    """Write what was told in this serialised transaction, in order, by one statement; they happen with its commit."""
    told: list[dict[str, Any]] = session.info.pop(EMITTED, [])
    if not told:
        return []
    session.flush()  # events of reviews come first
    session.connection().execute(insert(Event.metadata.tables["events"]), told)
    # Nobody else writes events before the commit, so the newest are ours: SQLite gives ids only row by row.
    ids = session.scalars(select(Event.id).order_by(Event.id.desc()).limit(len(told))).all()
    return [JobEvent(id=id, **values) for id, values in zip(reversed(ids), told, strict=True)]


def event_view(row: Event) -> JobEvent:
    return JobEvent(row.id, row.job_id or 0, row.task_id, cast(EventKind, row.kind), row.data, row.at)


def settle(session: Session, job: Job) -> Counts:
    """Set the job's state from its tasks and return their counts; tell of it with `announce`."""
    session.flush()
    counts = counts_of(session, [job.id]).get(job.id, Counts())
    now = time.time()
    state = counts.state(job.stopped_at is not None)
    if counts.running and job.started_at is None:
        job.started_at = now
    if state in CLOSED:
        job.finished_at = job.finished_at or now
        job.error = _failure(session, job, counts) if counts.failed else None
    else:
        job.finished_at = None
        job.error = None
    job.state = state
    return counts


def announce(session: Session, job: Job, before: str, counts: Counts) -> None:
    """Tell of a change of the job's state since `before`."""
    if job.state == before:
        return
    kinds: dict[str, EventKind] = {
        "queued": "job_queued",
        "running": "job_started",
        "done": "job_done",
        "failed": "job_failed",
        "canceled": "job_canceled",
    }
    extra: dict[str, Any] = {"error": job.error} if job.error else {}
    emit(session, job, kinds[job.state], counts, None, **extra)


def job_views(session: Session, rows: Sequence[Row[Job, str]]) -> list[JobView]:
    """Views of jobs (with their projects' names)."""
    counts = counts_of(session, [job.id for job, _ in rows])
    return [job_view(job, project, counts.get(job.id, Counts())) for job, project in rows]


def _failure(session: Session, job: Job, counts: Counts) -> str:
    query = select(Task.error).where(Task.job_id == job.id, Task.state == "failed").order_by(Task.index).limit(1)
    first = session.scalar(query) or "unknown error"
    return first if counts.total == 1 else f"{counts.failed} of {counts.total} failed. The first: {first}"


def job_view(job: Job, project: str, counts: Counts) -> JobView:
    expected = job.spec.get("seconds_per_task")
    return JobView(
        id=job.id,
        project=project,
        kind=job.kind,
        title=job.title,
        state=cast(JobState, job.state),
        total=counts.total,
        done=counts.done,
        failed=counts.failed,
        canceled=counts.canceled,
        running=counts.running,
        batch_id=job.batch_id,
        conversation_id=job.conversation_id,
        error=job.error,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        seconds_left=counts.seconds_left(float(expected) if expected is not None else None),
    )
