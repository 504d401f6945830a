"""Routes of jobs and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from jobs.types import JobState
from server.schemas import CountOut, JobDetailOut, JobOut, TaskOut

if TYPE_CHECKING:
    from services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["jobs"])
    store, assets = services.jobs, services.library

    def with_assets(job_id: int) -> list[TaskOut]:
        tasks = store.tasks(job_id)
        made = assets.made_by(job_id)
        return [TaskOut.of(task, made.get(task.id)) for task in tasks]

    @routes.get("/jobs", summary="List jobs, newest first")
    def jobs(
        project: str | None = None,
        state: JobState | None = None,
        active: Annotated[bool, Query(description="only queued and running ones")] = False,
        conversation: int | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        before: Annotated[int | None, Query(description="continue after the job with this id")] = None,
    ) -> list[JobOut]:
        found = store.list(
            project=project, state=state, active=active, conversation_id=conversation, limit=limit, before=before
        )
        return [JobOut.model_validate(job) for job in found]

    @routes.get("/jobs/{job_id}", summary="A job with its tasks and images")
    def job(job_id: int) -> JobDetailOut:
        return JobDetailOut(job=JobOut.model_validate(store.get(job_id)), tasks=with_assets(job_id))

    @routes.get("/jobs/{job_id}/tasks", summary="A job's tasks, in order")
    def tasks(job_id: int) -> list[TaskOut]:
        return with_assets(job_id)

    @routes.post("/jobs/cancel", summary="Stop every queued and running job")
    def cancel_all(project: Annotated[str | None, Query(description="only this project's")] = None) -> CountOut:
        return CountOut(count=store.cancel_all(project))

    @routes.post("/jobs/{job_id}/cancel", summary="Stop a job; what is done stays")
    def cancel(job_id: int) -> JobOut:
        return JobOut.model_validate(store.cancel(job_id))

    @routes.post("/jobs/{job_id}/retry", summary="Run a job's failed and cancelled tasks again")
    def retry(job_id: int) -> CountOut:
        return CountOut(count=store.retry(job_id))

    @routes.post("/tasks/{task_id}/cancel", summary="Stop one task; its neighbours go on")
    def cancel_task(task_id: int) -> TaskOut:
        task = store.cancel_task(task_id)
        return TaskOut.of(task, assets.made_by(task.job_id).get(task.id))

    return routes
