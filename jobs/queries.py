"""Reading jobs and tasks within a transaction."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound
from jobs.types import OPEN, STATES, JobState, TaskState, TaskView
from library.models import Job, Project, Task


def jobs_query(
    *,
    project: str | None = None,
    state: JobState | None = None,
    active: bool = False,
    conversation_id: int | None = None,
    before: int | None = None,
) -> Select[Job, str]:
    """Jobs with their projects' names, newest first. Raises BadRequest for a state that does not exist."""
    query = select(Job, Project.name).join(Project, Project.id == Job.project_id).order_by(Job.id.desc())
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
    return query


def tasks_query(job_id: int) -> Select[Task]:
    """In the job's order."""
    return select(Task).where(Task.job_id == job_id).order_by(Task.index)


def get_job(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def get_task(session: Session, task_id: int) -> Task:
    task = session.get(Task, task_id)
    if task is None:
        raise NotFound(f"There is no task {task_id}.")
    return task


def task_view(row: Task) -> TaskView:
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
        number=(row.payload.get("place") or {}).get("number") or row.index + 1,
    )
