"""Who works on what: claims, heartbeats, taking tasks back from the dead. Writes need a serialised transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.processes import fate
from jobs.types import ClaimedTask, Limits
from library.models import Job, Project, Task


def next_waiting(kinds: Collection[str] | None) -> Select[Task, Job]:
    """The task that is next.

    Oldest first, but what has crashed waits behind everything that has not, and a task that must run alone comes
    before the untouched ones, so that a culprit is found while few are suspected.
    """
    return _next_waiting(None if kinds is None else tuple(kinds))


@cache  # idle workers ask all the time, and building it takes as long as running it
def _next_waiting(kinds: tuple[str, ...] | None) -> Select[Task, Job]:
    query = select(Task, Job).join(Job, Job.id == Task.job_id).where(Task.state == "queued")
    if kinds is not None:
        query = query.where(Job.kind.in_(kinds))
    return query.order_by(Task.crashes, Task.alone.desc(), Task.id).limit(1)


def claim(
    session: Session, worker: str, limit: int, kinds: Collection[str] | None, limits: Limits
) -> list[ClaimedTask]:
    """Lease up to `limit` waiting tasks of one job to `worker`; one that must run alone comes alone."""
    first = session.execute(next_waiting(kinds)).first()
    if first is None:
        return []
    task, job = first
    tasks: Sequence[Task] = [task]
    if not task.alone and limit > 1:
        company = select(Task).where(Task.job_id == job.id, Task.state == "queued", Task.alone.is_(False))
        tasks = session.scalars(company.order_by(Task.id).limit(limit)).all()
    now = time.time()
    session.execute(
        update(Task)
        .where(Task.id.in_([leased.id for leased in tasks]))
        .values(
            state="running",
            alone=len(tasks) == 1,
            attempts=Task.attempts + 1,
            lease_owner=worker,
            lease_until=now + limits.lease_seconds,
            started_at=now,
            finished_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    before = job.state
    counts = settle(session, job)
    announce(session, job, before, counts)
    for leased in tasks:
        emit(session, job, "task_started", counts, leased.id, index=leased.index, label=leased.label)
    project = session.get_one(Project, job.project_id).name
    return [_claimed(leased, job, project, worker) for leased in tasks]


def held(session: Session, tasks: Collection[ClaimedTask]) -> set[int]:
    """Ids of those tasks that are still their claimer's: not cancelled, not taken away."""
    query = select(Task.id, Task.lease_owner, Task.attempts).where(
        Task.id.in_([task.id for task in tasks]), Task.state == "running"
    )
    theirs = {(task.id, task.owner, task.attempts) for task in tasks}
    return {row[0] for row in session.execute(query) if tuple(row) in theirs}


def heartbeat(session: Session, worker: str, task_ids: Collection[int], limits: Limits) -> None:
    """Lengthen the leases of running tasks."""
    session.execute(
        update(Task)
        .where(Task.id.in_(list(task_ids)), Task.state == "running", Task.lease_owner == worker)
        .values(lease_until=time.time() + limits.lease_seconds)
    )


def release(session: Session, tasks: Collection[ClaimedTask], *, alone: bool = False) -> int:
    """Put tasks back into the queue; `alone`: something broke while they ran together. Returns how many."""
    rows = session.scalars(select(Task).where(Task.id.in_(held(session, tasks)))).all()
    for row in rows:
        _requeue(row)
        row.alone = row.alone or alone
    _settle_jobs(session, rows)
    return len(rows)


def lost(session: Session) -> list[Task]:
    """Running tasks whose worker died or was silent for too long."""
    rows = session.scalars(select(Task).where(Task.state == "running").order_by(Task.id)).all()
    dead = {owner for owner in {row.lease_owner for row in rows} if owner is None or fate(owner) == "dead"}
    now = time.time()
    return [row for row in rows if row.lease_owner in dead or (row.lease_until or 0.0) < now]


def release_lost(session: Session, limits: Limits) -> int:
    """Take back what dead or silent workers hold; returns how many tasks.

    A crash is counted only against a task that ran alone. Company makes all of them suspects, which from then on run
    alone. A worker that lives but was silent for too long (a sleeping laptop) makes no suspects.
    """
    rows = lost(session)
    for row in rows:
        if row.lease_owner is not None and fate(row.lease_owner) != "alive":
            row.crashes += row.alone
            row.alone = True
        _requeue(row)
        if row.crashes >= limits.max_crashes:
            row.state = "failed"
            row.finished_at = time.time()
            row.error = (
                f"Set aside: it brought the program down {row.crashes} times. Retry it once you have changed something."
            )
    _settle_jobs(session, rows)
    return len(rows)


def _requeue(row: Task) -> None:
    row.state = "queued"
    row.lease_owner = row.lease_until = row.started_at = None


def _settle_jobs(session: Session, rows: Sequence[Task]) -> None:
    for job_id in sorted({row.job_id for row in rows}):
        job = session.get_one(Job, job_id)
        before = job.state
        counts = settle(session, job)
        for row in rows:
            if row.job_id == job_id and row.state == "failed":
                emit(session, job, "task_failed", counts, row.id, index=row.index, label=row.label, error=row.error)
        announce(session, job, before, counts)


def _claimed(row: Task, job: Job, project: str, worker: str) -> ClaimedTask:
    return ClaimedTask(
        id=row.id,
        job_id=row.job_id,
        index=row.index,
        label=row.label,
        state="running",
        attempts=row.attempts + 1,  # as it stood before the claim
        crashes=row.crashes,
        error=None,
        result=row.result,
        asset_id=row.asset_id,
        number=(row.payload.get("place") or {}).get("number") or row.index + 1,
        kind=job.kind,
        project=project,
        batch_id=job.batch_id,
        owner=worker,
        payload=row.payload,
    )
