"""Ask about jobs and stop them."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import NotFound
from tools.context import ToolContext
from tools.results import Artifact, artifact

_OPEN = ("queued", "running")


@tool(response_format="content_and_artifact", parse_docstring=True)
def job_status(runtime: ToolRuntime[Any, Any], job: int | None = None) -> tuple[str, Artifact]:
    """Tell how far a job is.

    Args:
        job: Number of the job; without it, the newest of this conversation, else of the project.
    """
    view = _job(runtime.context, job, only_open=False)
    text = f"Job {view.id} ({view.title}): {view.state}, {view.done} of {view.total} done"
    if view.failed:
        text += f", {view.failed} failed"
    if view.canceled:
        text += f", {view.canceled} stopped"
    if view.state in _OPEN and view.seconds_left is not None:
        text += f", about {max(1, round(view.seconds_left))} s left"
    part = {"type": "job", "job_id": view.id, "batch_id": view.batch_id, "total": view.total}
    return text + ".", artifact(part)


@tool(response_format="content_and_artifact", parse_docstring=True)
def cancel_job(runtime: ToolRuntime[Any, Any], job: int | None = None) -> tuple[str, Artifact]:
    """Stop a job. What is finished stays.

    Args:
        job: Number of the job; without it, the newest that is running in this conversation, else in the project.
    """
    context: ToolContext = runtime.context
    view = _job(context, job, only_open=True)
    if view.state not in _OPEN:
        return f"Job {view.id} is {view.state} already.", artifact()
    context.jobs.cancel(view.id)
    return f"Stopped job {view.id}: {view.done} of {view.total} were done and stay in the library.", artifact()


def _job(context: ToolContext, job: int | None, *, only_open: bool) -> Any:
    """Raises NotFound."""
    if job is not None:
        return context.jobs.get(job)
    jobs = context.jobs.list(project=context.project, limit=200)
    wanted = [view for view in jobs if not only_open or view.state in _OPEN]
    own = [view for view in wanted if view.conversation_id == context.conversation_id]
    newest = sorted(own or wanted, key=lambda view: view.id)[-1:]
    if not newest:
        raise NotFound("No job is running." if only_open else "There has not been any job yet.")
    return newest[0]
