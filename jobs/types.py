"""Words and values of the queue, JSON-ready where they leave the process. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from settings import Settings

JobState = Literal["queued", "running", "done", "failed", "canceled"]
TaskState = JobState
STATES: tuple[JobState, ...] = ("queued", "running", "done", "failed", "canceled")
OPEN: tuple[JobState, ...] = ("queued", "running")
CLOSED: tuple[JobState, ...] = ("done", "failed", "canceled")

EventKind = Literal[
    "job_queued",
    "job_started",
    "job_done",
    "job_failed",
    "job_canceled",
    "task_started",
    "task_progress",
    "task_done",
    "task_failed",
    "task_canceled",
    "assets_changed",
]


@dataclass(frozen=True)
class Limits:
    """Bounds of the queue; see the settings of the same names."""

    max_queued_tasks: int = 2000
    lease_seconds: float = 15.0
    max_crashes: int = 3

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(settings.max_queued_tasks, settings.lease_seconds, settings.max_crashes)


@dataclass(frozen=True)
class TaskSpec:
    """A task to be: what the page calls it, and what its handler needs (JSON)."""

    label: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class JobView:
    id: int
    project: str
    kind: str
    title: str
    state: JobState
    total: int  # tasks
    done: int
    failed: int
    canceled: int
    running: int
    batch_id: int | None
    conversation_id: int | None
    error: str | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    seconds_left: float | None  # of this job's own work; None: unknown, or nothing left

    @property
    def finished(self) -> bool:
        return self.state in CLOSED

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class TaskView:
    id: int
    job_id: int
    index: int  # 0-based place in the job
    label: str
    state: TaskState
    attempts: int
    crashes: int
    error: str | None
    result: dict[str, Any]
    asset_id: int | None
    number: int  # under which the page shows it: its asset's in its batch, or its own place from 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ClaimedTask(TaskView):
    """A task in the hands of a worker. `attempts` tells this run of it from earlier and later ones."""

    kind: str
    project: str
    batch_id: int | None
    owner: str
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job, or (`assets_changed`, with job 0) to assets that people reviewed.

    `id` is 0 for the transient `task_progress`.
    """

    id: int
    job_id: int
    task_id: int | None
    kind: EventKind
    data: dict[str, Any]
    at: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
