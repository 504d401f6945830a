"""The queue. The database is the truth; every change is one transaction that also writes the events telling of it."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound, ResourceError
from jobs import control, leases, results
from jobs.events import EventBus, read_events
from jobs.ledger import Counts, counts_of, emit, job_view, job_views, settle, write_events
from jobs.queries import get_job, get_task, jobs_query, task_view, tasks_query
from jobs.types import OPEN, ClaimedTask, JobEvent, JobState, JobView, Limits, TaskSpec, TaskView
from library.db import Database
from library.models import Event, Job, Task
from library.projects import project_id

EVENTS_KEPT = 20_000  # newest rows that `prune_events` leaves


class JobStore:
    """Create, read, claim, finish, cancel and retry. Safe from many threads and processes at once."""

    def __init__(self, database: Database, limits: Limits, bus: EventBus) -> None:
        self.database = database
        self.limits = limits
        self.bus = bus
        self.settling = threading.Lock()  # held while results are committed and their files get their names

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A serialised transaction; subscribers wake after its commit."""
        with self.database.session() as session:
            self.database.serialise(session)
            yield session
            events = write_events(session)
        self.bus.committed(events)

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
        """Queue a job. `spec["seconds_per_task"]` may hold a first estimate of its speed.

        Raises BadRequest (no tasks) and ResourceError (the queue is full).
        """
        with self.transaction() as session:
            return self.add(
                session, project, kind, title, tasks, spec=spec, batch_id=batch_id, conversation_id=conversation_id
            )

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
    ) -> JobView:
        """`create` within a `transaction()`."""
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
        session.execute(
            insert(Task),
            [
                {"job_id": job.id, "index": index, "label": task.label, "payload": task.payload}
                for index, task in enumerate(tasks)
            ],
        )
        counts = settle(session, job)
        emit(session, job, "job_queued", counts, title=title)
        return job_view(job, project, counts)

    def get(self, job_id: int) -> JobView:
        """Raises NotFound."""
        with self.database.reading() as session:
            rows = session.execute(jobs_query().where(Job.id == job_id)).all()
            if not rows:
                raise NotFound(f"There is no job {job_id}.")
            return job_views(session, rows)[0]

    def list(
        self,
        *,
        project: str | None = None,
        state: JobState | None = None,
        active: bool = False,
        conversation_id: int | None = None,
        limit: int = 50,
        before: int | None = None,
    ) -> builtins.list[JobView]:
        """Newest first. `active`: only queued and running ones; `before` continues after the job with that id."""
        query = jobs_query(project=project, state=state, active=active, conversation_id=conversation_id, before=before)
        with self.database.reading() as session:
            return job_views(session, session.execute(query.limit(limit)).all())

    def tasks(self, job_id: int) -> builtins.list[TaskView]:
        """In the job's order. Raises NotFound."""
        with self.database.reading() as session:
            get_job(session, job_id)
            return [task_view(row) for row in session.scalars(tasks_query(job_id))]

    def task(self, task_id: int) -> TaskView:
        """Raises NotFound."""
        with self.database.reading() as session:
            return task_view(get_task(session, task_id))

    def payloads(self, job_id: int) -> builtins.list[dict[str, Any]]:
        """What the tasks' handler was given, in the job's order. Raises NotFound."""
        with self.database.reading() as session:
            get_job(session, job_id)
            return [row.payload for row in session.scalars(tasks_query(job_id))]

    def counts(self, job_id: int) -> dict[str, int]:
        """total, done, failed, canceled, running."""
        with self.database.reading() as session:
            return counts_of(session, [job_id]).get(job_id, Counts()).as_dict()

    def events(self, after: int = 0, job: int | None = None, limit: int = 1000) -> builtins.list[JobEvent]:
        """Durable events with ids above `after`, oldest first."""
        with self.database.reading() as session:
            return read_events(session, after, job, limit)

    # What users do

    def cancel(self, job_id: int) -> JobView:
        """Stop a job: what waits never runs, what runs stops at its next step. What is done stays. Raises NotFound."""
        with self.transaction() as session:
            control.stop_job(session, get_job(session, job_id))
        return self.get(job_id)

    def cancel_task(self, task_id: int) -> TaskView:
        """Stop one task; nothing happens to one that is finished. Raises NotFound."""
        with self.transaction() as session:
            task = get_task(session, task_id)
            if task.state in OPEN:
                control.stop_tasks(session, get_job(session, task.job_id), [task])
        return self.task(task_id)

    def cancel_all(self, project: str | None = None) -> int:
        """Stop every queued and running job (of a project); returns how many."""
        with self.transaction() as session:
            jobs = [job for job, _ in session.execute(jobs_query(project=project, active=True)).all()]
            for job in reversed(jobs):
                control.stop_job(session, job)
        return len(jobs)

    def retry(self, job_id: int) -> int:
        """Queue a job's failed and cancelled tasks again; returns how many. Raises NotFound, ResourceError."""
        with self.transaction() as session:
            job = get_job(session, job_id)
            rows = control.unfinished(session, job)
            self._check_room(session, len(rows))
            control.requeue(session, job, rows)
        return len(rows)

    # What workers do

    def next_kind(self, kinds: Collection[str] | None = None) -> str | None:
        """The kind of the task that `claim` would lease first; None when nothing (of `kinds`) waits."""
        with self.database.reading() as session:
            first = session.execute(leases.next_waiting(kinds)).first()
            return None if first is None else first[1].kind

    def claim(self, worker: str, limit: int, kinds: Collection[str] | None = None) -> builtins.list[ClaimedTask]:
        """Lease up to `limit` waiting tasks of one job (and of `kinds`, when given); empty when there are none."""
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
        """`finish_all` of one task; False when it was cancelled or taken away."""
        kept = self.finish_all(
            [task], lambda session, _: [write(session)], None if publish is None else lambda _: publish()
        )
        return bool(kept)

    def finish_all(
        self,
        tasks: Sequence[ClaimedTask],
        write: Callable[[Session, Sequence[ClaimedTask]], Sequence[dict[str, Any]]],
        publish: Callable[[Sequence[ClaimedTask]], None] | None = None,
    ) -> builtins.list[ClaimedTask]:
        """Write the results of tasks of one claim exactly once, and return those that were kept.

        Tasks that were cancelled or taken away are left out. `write` gets the others, adds its rows and returns their
        results in order, in the transaction that ends the tasks; a `result["asset"]` becomes the task's asset.
        `publish` runs after the commit and before subscribers hear of it.
        """
        with self.settling:
            with self.database.session() as session:
                self.database.serialise(session)
                began = results.owned(session, tasks)
                kept = [task for task in tasks if task.id in began]
                if not kept:
                    return []
                results.set_done(session, kept, write(session, kept), began[kept[0].id])
                events = write_events(session)
            try:
                if publish is not None:
                    publish(kept)
            finally:
                self.bus.committed(events)
        return kept

    def fail(self, task: ClaimedTask, error: str, detail: str = "") -> bool:
        """End a task with one sentence for the user and the technical rest. False as with `finish`."""
        with self.transaction() as session:
            held = task.id in results.owned(session, [task])
            if held:
                results.set_failed(session, task, error, detail)
        return held

    def release(self, tasks: Collection[ClaimedTask], *, alone: bool = False) -> int:
        """Put tasks back into the queue, to run by themselves when `alone`; returns how many were still held."""
        with self.transaction() as session:
            return leases.release(session, tasks, alone=alone)

    def recover(self) -> int:
        """Take back what dead or silent workers hold; returns how many tasks."""
        with self.database.reading() as session:
            if not leases.lost(session):
                return 0
        with self.transaction() as session:
            return leases.release_lost(session, self.limits)

    def prune_events(self, keep: int = EVENTS_KEPT) -> None:
        """Remove all but the newest `keep` events."""
        with self.database.session() as session:
            newest = session.scalar(select(func.max(Event.id))) or 0
            session.execute(delete(Event).where(Event.id <= newest - keep))

    def _check_room(self, session: Session, wanted: int) -> None:
        waiting = session.scalar(select(func.count()).select_from(Task).where(Task.state == "queued")) or 0
        if waiting + wanted > self.limits.max_queued_tasks:
            raise ResourceError(
                f"The queue is full: {waiting} tasks wait already and at most {self.limits.max_queued_tasks} may. "
                "Wait until some are done, stop a job, or ask for fewer."
            )
