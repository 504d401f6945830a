"""Put pictures into motion."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest
from jobs.animate import submit_animation
from pipelines.animation import QUALITY, WHAT, motion_named
from tools.context import ToolContext
from tools.references import Reference, numbers_of, resolve
from tools.results import Artifact, artifact

LIVING = ("walk", "idle", "hop", "hit")


@tool(response_format="content_and_artifact", parse_docstring=True)
def animate_assets(
    motion: str,
    runtime: ToolRuntime[Any, Any],
    subject: str | None = None,
    assets: list[Reference] | None = None,
    frames: int | None = None,
    fps: float | None = None,
) -> tuple[str, Artifact]:
    """Make the frames of an animation, of a shown image or of something new.

    Args:
        motion: walk, idle, bob, hop, spin, shake or hit.
        subject: What to draw and animate ("knight"), when no shown image is meant.
        assets: The number of one image of the last gallery.
        frames: How many frames; only when the user says it.
        fps: Frames per second; only when the user says it.
    """
    context: ToolContext = runtime.context
    motion = motion_named(motion)
    source: Any
    if assets:
        chosen = resolve(assets, context)
        if len(chosen) != 1:
            raise BadRequest('Say which one image to animate, as in "animate 3 as a walk".')
        source, name = chosen[0], f"image {numbers_of(chosen, context)}"
    elif subject:
        kind = "character" if motion in LIVING else "item"
        plan = context.planner.plan({"subject": subject, "count": 1, "kind": kind}, subject)
        request = plan.requests(context.settings.image_model)[0]
        source, name = request, request.subject
    else:
        raise BadRequest('Say what to animate, as in "a 6-frame walk cycle of a knight" or "animate 3 as a walk".')
    job = submit_animation(
        source,
        motion,
        frames=frames,
        fps=fps,
        store=context.jobs,
        library=context.library,
        project=context.project,
        request=context.request,
        conversation_id=context.conversation_id,
        seconds_per_image=context.engine.seconds_per_image(),
    )
    part = {"type": "job", "job_id": job.id, "batch_id": job.batch_id, "total": job.total}
    runtime.stream_writer({"kind": "job", "data": {key: value for key, value in part.items() if key != "type"}})
    text = f"{job.total} frames of {name}: it {WHAT[motion]} (job {job.id})."
    text = f"{text} {QUALITY.get(motion, '')}".strip()
    text += ' Play it under the frames; "export all for Phaser" gives it with its tag and speed.'
    return text, artifact(part, gallery={"job_id": job.id})
