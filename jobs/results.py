"""How tasks end, exactly once. Inside a serialised transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.types import ClaimedTask
from library.models import Job, Task


def owned(session: Session, tasks: Sequence[ClaimedTask]) -> dict[int, Task]:
    """The tasks' rows by id, without those that were cancelled or taken away since they were claimed."""
    rows = session.scalars(select(Task).where(Task.id.in_([task.id for task in tasks]), Task.state == "running"))
    claims = {(task.id, task.owner, task.attempts) for task in tasks}
    return {row.id: row for row in rows if (row.id, row.lease_owner, row.attempts) in claims}


def set_done(session: Session, rows: Sequence[Task], results: Sequence[dict[str, Any]]) -> None:
    """End tasks of one claim: each with its result, and an event that tells of it."""
    seconds = (time.time() - _work_began(session, rows[0])) / len(rows)
    for row, result in zip(rows, results, strict=True):
        asset = result.get("asset")
        if asset is not None:
            row.asset_id = asset["id"]
        row.result = {name: value for name, value in result.items() if name != "asset"}
        row.seconds = seconds
        row.state = "done"
    _close(session, rows, results)


def set_failed(session: Session, row: Task, error: str, detail: str) -> None:
    row.error, row.detail = error, detail or None
    row.state = "failed"
    _close(session, [row], [{"error": error}])


def _work_began(session: Session, row: Task) -> float:
    """When the task before it in the same claim ended: so the tasks' seconds add up to the time worked."""
    query = select(func.max(Task.finished_at)).where(Task.job_id == row.job_id, Task.started_at == row.started_at)
    return max(session.scalar(query) or 0.0, row.started_at or 0.0)


def _close(session: Session, rows: Sequence[Task], data: Sequence[dict[str, Any]]) -> None:
    now = time.time()
    for row in rows:
        row.finished_at = now
        row.lease_owner = row.lease_until = None
    job = session.get_one(Job, rows[0].job_id)
    before = job.state
    counts = settle(session, job)
    for place, (row, told) in enumerate(zip(rows, data, strict=True), start=1):
        # Each event counts up by one, as if the tasks had ended one after the other.
        later = len(rows) - place
        so_far = replace(counts, running=counts.running + later, **{row.state: getattr(counts, row.state) - later})
        kind = "task_done" if row.state == "done" else "task_failed"
        emit(session, job, kind, so_far, row.id, index=row.index, label=row.label, **told)
    announce(session, job, before, counts)
