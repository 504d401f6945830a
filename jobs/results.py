"""How a task ends, exactly once. Inside a serialised transaction."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.types import ClaimedTask
from library.models import Job, Task


def owned(session: Session, task: ClaimedTask) -> Task | None:
    """The task's row, unless it was cancelled or taken away since it was claimed."""
    return session.scalar(
        select(Task).where(
            Task.id == task.id,
            Task.state == "running",
            Task.lease_owner == task.owner,
            Task.attempts == task.attempts,
        )
    )


def set_done(session: Session, row: Task, result: dict[str, Any]) -> None:
    asset = result.get("asset")
    if asset is not None:
        row.asset_id = asset["id"]
    row.result = {name: value for name, value in result.items() if name != "asset"}
    row.seconds = time.time() - _work_began(session, row)
    row.state = "done"
    _close(session, row, result)


def set_failed(session: Session, row: Task, error: str, detail: str) -> None:
    row.error, row.detail = error, detail or None
    row.state = "failed"
    _close(session, row, {"error": error})


def _work_began(session: Session, row: Task) -> float:
    """When the task before it in the same claim ended: so the tasks' seconds add up to the time worked."""
    query = select(func.max(Task.finished_at)).where(Task.job_id == row.job_id, Task.started_at == row.started_at)
    return max(session.scalar(query) or 0.0, row.started_at or 0.0)


def _close(session: Session, row: Task, data: dict[str, Any]) -> None:
    row.finished_at = time.time()
    row.lease_owner = row.lease_until = None
    job = session.get_one(Job, row.job_id)
    before = job.state
    counts = settle(session, job)
    kind = "task_done" if row.state == "done" else "task_failed"
    emit(session, job, kind, counts, row.id, index=row.index, label=row.label, **data)
    announce(session, job, before, counts)
