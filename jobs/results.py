"""How tasks end, exactly once. Inside a serialised transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from jobs.ledger import announce, emit, settle
from jobs.types import ClaimedTask
from library.models import Job, Task


def owned(session: Session, tasks: Sequence[ClaimedTask]) -> dict[int, float]:
    """When their claim began, by id, without those that were cancelled or taken away since."""
    query = select(Task.id, Task.lease_owner, Task.attempts, Task.started_at).where(
        Task.id.in_([task.id for task in tasks]), Task.state == "running"
    )
    claims = {(task.id, task.owner, task.attempts) for task in tasks}
    return {row.id: row.started_at or 0.0 for row in session.execute(query) if tuple(row)[:3] in claims}


def set_done(session: Session, tasks: Sequence[ClaimedTask], results: Sequence[dict[str, Any]], began: float) -> None:
    """End tasks of one claim, which `began` then: each with its result, and an event that tells of it."""
    seconds = (time.time() - _work_began(session, tasks[0].job_id, began)) / len(tasks)
    values = []
    for task, result in zip(tasks, results, strict=True):
        asset = result.get("asset")
        values.append(
            {
                "asset_id": task.asset_id if asset is None else asset["id"],
                "result": {name: value for name, value in result.items() if name != "asset"},
                "seconds": seconds,
            }
        )
    _end(session, tasks, "done", values, results)


def set_failed(session: Session, task: ClaimedTask, error: str, detail: str) -> None:
    _end(session, [task], "failed", [{"error": error, "detail": detail or None}], [{"error": error}])


def _work_began(session: Session, job_id: int, began: float) -> float:
    """When the task before it in the same claim ended: so the tasks' seconds add up to the time worked."""
    query = select(func.max(Task.finished_at)).where(Task.job_id == job_id, Task.started_at == began)
    return max(session.scalar(query) or 0.0, began)


def _end(
    session: Session,
    tasks: Sequence[ClaimedTask],
    state: str,
    values: Sequence[dict[str, Any]],
    told: Sequence[dict[str, Any]],
) -> None:
    """`values`: what changes in each task's row; `told`: what its event says of it."""
    common = {"state": state, "finished_at": time.time(), "lease_owner": None, "lease_until": None}
    table = Task.metadata.tables["tasks"]
    columns = {name: bindparam(name) for name in (*common, *values[0])}
    session.connection().execute(
        update(table).where(table.c.id == bindparam("task")).values(columns),
        [{"task": task.id, **common, **changes} for task, changes in zip(tasks, values, strict=True)],
    )
    job = session.get_one(Job, tasks[0].job_id)
    before = job.state
    counts = settle(session, job)
    for place, (task, data) in enumerate(zip(tasks, told, strict=True), start=1):
        # Each event counts up by one, as if the tasks had ended one after the other.
        later = len(tasks) - place
        so_far = replace(counts, running=counts.running + later, **{state: getattr(counts, state) - later})
        kind = "task_done" if state == "done" else "task_failed"
        emit(session, job, kind, so_far, task.id, index=task.index, label=task.label, **data)
    announce(session, job, before, counts)
