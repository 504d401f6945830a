"""What users do to jobs: stop and retry. Inside a serialised transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.queries import tasks_query
from jobs.types import OPEN
from library.models import Job, Task


def stop_job(session: Session, job: Job) -> None:
    """What is finished stays as it is."""
    rows = session.scalars(tasks_query(job.id).where(Task.state.in_(OPEN))).all()
    if rows:
        job.stopped_at = time.time()
        stop_tasks(session, job, rows)


def stop_tasks(session: Session, job: Job, rows: Sequence[Task]) -> None:
    """Queued ones never run; a worker learns within a step that a running one is no longer its own."""
    for row in rows:
        row.state = "canceled"
        row.finished_at = time.time()
        row.lease_owner = row.lease_until = None
    before = job.state
    counts = settle(session, job)
    for row in rows:
        emit(session, job, "task_canceled", counts, row.id, index=row.index, label=row.label)
    announce(session, job, before, counts)


def unfinished(session: Session, job: Job) -> Sequence[Task]:
    """What `requeue` is for: failed and cancelled tasks."""
    return session.scalars(tasks_query(job.id).where(Task.state.in_(("failed", "canceled")))).all()


def requeue(session: Session, job: Job, rows: Sequence[Task]) -> None:
    """Let tasks run again with a clean record, but those that crashed by themselves."""
    for row in rows:
        row.state = "queued"
        row.alone = row.crashes > 0
        row.crashes = 0
        row.error = row.detail = row.started_at = row.finished_at = None
    if rows:
        job.stopped_at = None
        before = job.state
        announce(session, job, before, settle(session, job))
