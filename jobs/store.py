"""The queue. The database is the truth; every change is one transaction that also writes the events telling of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound, ResourceError
from jobs import leases
from jobs.events import EventBus, read_events
from jobs.ledger import Counts, announce, counts_of, emit, job_views, settle
from jobs.types import OPEN, STATES, ClaimedTask, JobEvent, JobState, JobView, Limits, TaskSpec, TaskState, TaskView
from library.db import Database
from library.models import Event, Job, Project, Task
from library.projects import project_id

EVENTS_KEPT = 50_000  # newest rows that `prune_events` leaves


class JobStore:
    """Create, read, claim, finish, cancel and retry. Safe from many threads and processes at once."""

    def __init__(self, database: Database, limits: Limits, bus: EventBus) -> None:
        self.database = database
        self.limits = limits
        self.bus = bus

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A serialised transaction; subscribers wake after its commit."""
        with self.database.session() as session:
            self.database.serialise(session)
            yield session
        self.bus.notify()

    # Making and reading

    def create(
        self,
        project: str,
        kind: str,
        title: str,
        tasks: Sequence[TaskSpec],
        *,
        spec: dict[str, Any] | None = None,
        batch_id: int | None = None,
        conversation_id: int | None = None,
    ) -> JobView:
        """Queue a job. Raises BadRequest (no tasks) and ResourceError (the queue is full)."""
        with self.transaction() as session:
            job_id = self.add(
                session, project, kind, title, tasks, spec=spec, batch_id=batch_id, conversation_id=conversation_id
            )
        return self.get(job_id)

    def add(
        self,
        session: Session,
        project: str,
        kind: str,
        title: str,
        tasks: Sequence[TaskSpec],
        *,
        spec: dict[str, Any] | None = None,
        batch_id: int | None = None,
        conversation_id: int | None = None,
    ) -> int:
        """The same within a `transaction()`; returns the job's id. `spec["seconds_per_task"]` is a first estimate."""
        if not tasks:
            raise BadRequest("A job needs at least one task.")
        self._check_room(session, len(tasks))
        job = Job(
            project_id=project_id(session, project),
            kind=kind,
            title=title,
            spec=spec or {},
            batch_id=batch_id,
            conversation_id=conversation_id,
        )
        session.add(job)
        session.flush()
        session.add_all(
            Task(job_id=job.id, index=index, label=task.label, payload=task.payload) for index, task in enumerate(tasks)
        )
        emit(session, job, "job_queued", settle(session, job), title=title)
        return job.id

    def get(self, job_id: int) -> JobView:
        """Raises NotFound."""
        with self.database.reading() as session:
            return self._view(session, job_id)

    def list(
        self,
        *,
        project: str | None = None,
        state: JobState | None = None,
        active: bool = False,
        conversation_id: int | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> list[JobView]:
        """Newest first. `active`: only queued and running ones; `before` continues after the job with that id."""
        query = _jobs().order_by(Job.id.desc()).limit(limit)
        if project is not None:
            query = query.where(Project.name == project)
        if state is not None:
            if state not in STATES:
                raise BadRequest(f"Jobs are {', '.join(STATES)}; there is no state {state!r}.")
            query = query.where(Job.state == state)
        if active:
            query = query.where(Job.state.in_(OPEN))
        if conversation_id is not None:
            query = query.where(Job.conversation_id == conversation_id)
        if before is not None:
            query = query.where(Job.id < before)
        with self.database.reading() as session:
            return job_views(session, session.execute(query).all())

    def tasks(self, job_id: int) -> list[TaskView]:
        """In the job's order. Raises NotFound."""
        with self.database.reading() as session:
            _get_job(session, job_id)
            return [_task_view(row) for row in session.scalars(_tasks_of(job_id))]

    def task(self, task_id: int) -> TaskView:
        """Raises NotFound."""
        with self.database.reading() as session:
            return _task_view(_get_task(session, task_id))

    def counts(self, job_id: int) -> dict[str, int]:
        """total, done, failed, canceled, running."""
        with self.database.reading() as session:
            return counts_of(session, [job_id]).get(job_id, Counts()).as_dict()

    def events(self, after: int = 0, job: int | None = None, limit: int = 1000) -> list[JobEvent]:
        """Durable events with ids above `after`, oldest first."""
        with self.database.reading() as session:
            return read_events(session, after, job, limit)

    # What users do

    def cancel(self, job_id: int) -> JobView:
        """Stop a job: what waits never runs, what runs stops at its next step. What is done stays. Raises NotFound."""
        with self.transaction() as session:
            self._cancel(session, _get_job(session, job_id))
        return self.get(job_id)

    def cancel_task(self, task_id: int) -> TaskView:
        """Stop one task; nothing happens to one that is finished. Raises NotFound."""
        with self.transaction() as session:
            task = _get_task(session, task_id)
            job = session.get_one(Job, task.job_id)
            self._cancel_tasks(session, job, [task] if task.state in OPEN else [])
        return self.task(task_id)

    def cancel_all(self, project: str | None = None) -> int:
        """Stop every queued and running job (of a project); returns how many."""
        query = _jobs().where(Job.state.in_(OPEN)).order_by(Job.id)
        if project is not None:
            query = query.where(Project.name == project)
        with self.transaction() as session:
            jobs = [job for job, _ in session.execute(query)]
            for job in jobs:
                self._cancel(session, job)
        return len(jobs)

    def retry(self, job_id: int) -> int:
        """Queue a job's failed and cancelled tasks again; returns how many. Raises NotFound, ResourceError."""
        with self.transaction() as session:
            job = _get_job(session, job_id)
            rows = session.scalars(_tasks_of(job_id).where(Task.state.in_(("failed", "canceled")))).all()
            self._check_room(session, len(rows))
            for row in rows:
                row.state = "queued"
                row.alone = row.crashes > 0
                row.crashes = 0
                row.error = row.detail = row.lease_owner = row.lease_until = None
                row.started_at = row.finished_at = None
            if rows:
                job.stopped_at = None
                before = job.state
                announce(session, job, before, settle(session, job))
        return len(rows)

    # What workers do

    def claim(self, worker: str, limit: int, kinds: Collection[str] | None = None) -> list[ClaimedTask]:
        """Lease up to `limit` waiting tasks of one job (and of `kinds`, when given); empty when there are none."""
        with self.database.reading() as session:
            if not session.scalar(select(func.count()).select_from(Task).where(Task.state == "queued")):
                return []
        with self.transaction() as session:
            return leases.claim(session, worker, limit, kinds, self.limits)

    def heartbeat(self, worker: str, task_ids: Collection[int]) -> None:
        """Keep the leases of these tasks for another `lease_seconds`."""
        with self.database.session() as session:
            self.database.serialise(session)
            leases.heartbeat(session, worker, task_ids, self.limits)

    def held(self, tasks: Collection[ClaimedTask]) -> set[int]:
        """Ids of those tasks that are still the claimer's; the others were cancelled or taken away."""
        with self.database.reading() as session:
            return leases.held(session, tasks)

    def finish(
        self,
        task: ClaimedTask,
        write: Callable[[Session], dict[str, Any]],
        publish: Callable[[], None] | None = None,
    ) -> bool:
        """Write a result exactly once: `write` adds its rows and returns it, in the transaction that ends the task.

        `result["asset"]`, when there is one, becomes the task's asset. `publish` runs after the commit and before
        subscribers hear of it. Returns False, and writes nothing, when the task was cancelled or taken away.
        """
        with self.database.session() as session:
            self.database.serialise(session)
            row = self._owned(session, task)
            if row is None:
                return False
            job = session.get_one(Job, row.job_id)
            result = write(session)
            asset = result.get("asset")
            row.asset_id = asset["id"] if asset else row.asset_id
            row.result = {name: value for name, value in result.items() if name != "asset"}
            self._close(session, row, "done")
            self._tell(session, job, row, index=row.index, label=row.label, **result)
        try:
            if publish is not None:
                publish()
        finally:
            self.bus.notify()
        return True

    def fail(self, task: ClaimedTask, error: str, detail: str = "") -> bool:
        """End a task with one sentence for the user and the technical rest. False as with `finish`."""
        with self.transaction() as session:
            row = self._owned(session, task)
            if row is None:
                return False
            row.error, row.detail = error, detail or None
            self._close(session, row, "failed")
            self._tell(session, session.get_one(Job, row.job_id), row, index=row.index, label=row.label, error=error)
        return True

    def release(self, tasks: Collection[ClaimedTask], *, alone: bool = False) -> int:
        """Put tasks back into the queue, to run by themselves when `alone`; returns how many were still held."""
        with self.transaction() as session:
            return leases.release(session, tasks, alone=alone)

    def recover(self) -> int:
        """Take back what dead or silent workers hold; returns how many tasks."""
        with self.database.reading() as session:
            if not session.scalar(select(func.count()).select_from(Task).where(Task.state == "running")):
                return 0
        with self.transaction() as session:
            return leases.release_dead(session, self.limits)

    def prune_events(self, keep: int = EVENTS_KEPT) -> int:
        """Remove all but the newest `keep` events; returns how many."""
        with self.database.session() as session:
            newest = session.scalar(select(func.max(Event.id))) or 0
            removed = session.execute(delete(Event).where(Event.id <= newest - keep))
            return int(getattr(removed, "rowcount", 0))

    # Inside transactions

    def _check_room(self, session: Session, wanted: int) -> None:
        waiting = session.scalar(select(func.count()).select_from(Task).where(Task.state == "queued")) or 0
        if waiting + wanted > self.limits.max_queued_tasks:
            raise ResourceError(
                f"The queue is full: {waiting} tasks wait already and at most {self.limits.max_queued_tasks} may. "
                "Wait until some are done, stop a job, or ask for fewer."
            )

    def _owned(self, session: Session, task: ClaimedTask) -> Task | None:
        return session.scalar(
            select(Task).where(
                Task.id == task.id,
                Task.state == "running",
                Task.lease_owner == task.owner,
                Task.attempts == task.attempts,
            )
        )

    def _close(self, session: Session, row: Task, state: TaskState) -> None:
        now = time.time()
        earlier = session.scalar(
            select(func.max(Task.finished_at)).where(Task.job_id == row.job_id, Task.started_at == row.started_at)
        )
        if state == "done":
            row.seconds = now - max(earlier or 0.0, row.started_at or now)
        row.state = state
        row.finished_at = now
        row.lease_owner = row.lease_until = None

    def _tell(self, session: Session, job: Job, row: Task, **data: Any) -> None:
        before = job.state
        counts = settle(session, job)
        kind = "task_done" if row.state == "done" else "task_failed"
        emit(session, job, kind, counts, row.id, **data)
        announce(session, job, before, counts)

    def _cancel(self, session: Session, job: Job) -> None:
        rows = session.scalars(_tasks_of(job.id).where(Task.state.in_(OPEN))).all()
        if rows:
            job.stopped_at = time.time()
        self._cancel_tasks(session, job, rows)

    def _cancel_tasks(self, session: Session, job: Job, rows: Sequence[Task]) -> None:
        if not rows:
            return
        for row in rows:
            row.state = "canceled"
            row.finished_at = time.time()
            row.lease_owner = row.lease_until = None
        before = job.state
        counts = settle(session, job)
        for row in rows:
            emit(session, job, "task_canceled", counts, row.id, index=row.index, label=row.label)
        announce(session, job, before, counts)

    def _view(self, session: Session, job_id: int) -> JobView:
        rows = session.execute(_jobs().where(Job.id == job_id)).all()
        if not rows:
            raise _missing_job(job_id)
        return job_views(session, rows)[0]


def _jobs() -> Select[Job, str]:
    return select(Job, Project.name).join(Project, Project.id == Job.project_id)


def _tasks_of(job_id: int) -> Select[Task]:
    return select(Task).where(Task.job_id == job_id).order_by(Task.index)


def _missing_job(job_id: int) -> NotFound:
    return NotFound(f"There is no job {job_id}.")


def _get_job(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise _missing_job(job_id)
    return job


def _get_task(session: Session, task_id: int) -> Task:
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    return task


def _task_view(row: Task) -> TaskView:
    return TaskView(
        id=row.id,
        job_id=row.job_id,
        index=row.index,
        label=row.label,
        state=cast(TaskState, row.state),
        attempts=row.attempts,
        crashes=row.crashes,
        error=row.error,
        result=row.result,
        asset_id=row.asset_id,
    )
