"""Who works on what: claiming, heartbeats, and taking tasks back from the dead. All inside a serialised transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.processes import is_dead
from jobs.types import ClaimedTask, Limits
from library.models import Job, Project, Task


def claim(
    session: Session, worker: str, limit: int, kinds: Collection[str] | None, limits: Limits
) -> list[ClaimedTask]:
    """Lease up to `limit` waiting tasks of one job to `worker`.

    Oldest job first, but what has crashed waits behind everything that has not, and a task that must run alone
    comes alone, before the untouched ones, so that a culprit is found while few are suspected.
    """
    waiting = select(Task, Job).join(Job, Job.id == Task.job_id).where(Task.state == "queued")
    if kinds is not None:
        waiting = waiting.where(Job.kind.in_(list(kinds)))
    first = session.execute(waiting.order_by(Task.crashes, Task.alone.desc(), Task.id).limit(1)).first()
    if first is None:
        return []
    task, job = first
    tasks: Sequence[Task] = [task]
    if not task.alone and limit > 1:
        company = select(Task).where(Task.job_id == job.id, Task.state == "queued", Task.alone.is_(False))
        tasks = session.scalars(company.order_by(Task.id).limit(limit)).all()
    now = time.time()
    for leased in tasks:
        leased.state = "running"
        leased.attempts += 1
        leased.lease_owner = worker
        leased.lease_until = now + limits.lease_seconds
        leased.started_at = now
        leased.finished_at = None
    before = job.state
    counts = settle(session, job)
    announce(session, job, before, counts)
    for leased in tasks:
        emit(session, job, "task_started", counts, leased.id, index=leased.index, label=leased.label)
    project = session.get_one(Project, job.project_id).name
    return [_claimed(leased, job, project, worker) for leased in tasks]


def held(session: Session, tasks: Collection[ClaimedTask]) -> set[int]:
    """Ids of those tasks that are still this worker's: not cancelled, not taken away."""
    query = select(Task.id, Task.lease_owner, Task.attempts).where(
        Task.id.in_([task.id for task in tasks]), Task.state == "running"
    )
    mine = {(task.id, task.owner, task.attempts) for task in tasks}
    return {row[0] for row in session.execute(query) if tuple(row) in mine}


def heartbeat(session: Session, worker: str, task_ids: Collection[int], limits: Limits) -> None:
    """Lengthen the leases of running tasks."""
    session.execute(
        update(Task)
        .where(Task.id.in_(list(task_ids)), Task.state == "running", Task.lease_owner == worker)
        .values(lease_until=time.time() + limits.lease_seconds)
    )


def release(session: Session, tasks: Collection[ClaimedTask], *, alone: bool = False) -> int:
    """Put tasks back into the queue; `alone`: something broke while they ran together. Returns how many."""
    mine = held(session, tasks)
    rows = session.scalars(select(Task).where(Task.id.in_(mine))).all()
    for row in rows:
        _requeue(row)
        row.alone = row.alone or alone
    _settle_all(session, {row.job_id for row in rows})
    return len(rows)


def release_dead(session: Session, limits: Limits) -> int:
    """Take back what dead or silent workers hold; returns how many tasks.

    A crash is counted only against a task that was its worker's only one. Company makes all of them suspects, which
    from then on run alone. A worker that lives but was silent for too long (a sleeping laptop) makes no suspects.
    """
    rows = session.scalars(select(Task).where(Task.state == "running").order_by(Task.id)).all()
    by_owner: dict[str, list[Task]] = {}
    for row in rows:
        by_owner.setdefault(row.lease_owner or "", []).append(row)
    now = time.time()
    failed: list[Task] = []
    taken: list[Task] = []
    for owner, tasks in by_owner.items():
        dead = owner == "" or is_dead(owner)
        lost = [task for task in tasks if dead or (task.lease_until or 0.0) < now]
        for task in lost:
            died = dead or not _same_host_alive(owner)
            if died and len(tasks) == 1:
                task.crashes += 1
            task.alone = task.alone or died
            if task.crashes >= limits.max_crashes:
                _set_aside(task)
                failed.append(task)
            else:
                _requeue(task)
            taken.append(task)
    _settle_all(session, {task.job_id for task in taken}, failed)
    return len(taken)


def _same_host_alive(owner: str) -> bool:
    from jobs.processes import worker_id

    return owner.rsplit(":", 2)[0] == worker_id().rsplit(":", 2)[0] and not is_dead(owner)


def _requeue(task: Task) -> None:
    task.state = "queued"
    task.lease_owner = None
    task.lease_until = None
    task.started_at = None


def _set_aside(task: Task) -> None:
    task.state = "failed"
    task.error = f"Set aside: it brought the program down {task.crashes} times. Retry it if you changed something."
    task.lease_owner = None
    task.lease_until = None
    task.finished_at = time.time()


def _settle_all(session: Session, job_ids: Collection[int], failed: Sequence[Task] = ()) -> None:
    for job_id in sorted(job_ids):
        job = session.get_one(Job, job_id)
        before = job.state
        counts = settle(session, job)
        for task in failed:
            if task.job_id == job_id:
                emit(session, job, "task_failed", counts, task.id, index=task.index, error=task.error)
        announce(session, job, before, counts)


def _claimed(task: Task, job: Job, project: str, worker: str) -> ClaimedTask:
    return ClaimedTask(
        id=task.id,
        job_id=task.job_id,
        index=task.index,
        label=task.label,
        state="running",
        attempts=task.attempts,
        crashes=task.crashes,
        error=None,
        result=task.result,
        asset_id=task.asset_id,
        kind=job.kind,
        project=project,
        batch_id=job.batch_id,
        owner=worker,
        payload=task.payload,
    )
