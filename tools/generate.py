"""Make images."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from jobs.plan import AssetPlan, Kind
from tools.context import ToolContext
from tools.results import Artifact, artifact, count_of


@tool(response_format="content_and_artifact", parse_docstring=True)
def generate_assets(
    subject: str,
    kind: Kind,
    runtime: ToolRuntime[Any, Any],
    count: int = 1,
    variants: int = 1,
    style: str | None = None,
    style_pack: str | None = None,
    size: int | None = None,
    transparent: bool = True,
    tileable: bool = False,
    seed: int | None = None,
) -> tuple[str, Artifact]:
    """Make new game images: props, items, icons, characters, tiles, textures, UI parts, backgrounds, effects.

    Args:
        subject: What to draw, without the count ("desert", "rusty sword", "crates and barrels").
        kind: prop, item, icon, character, tile, texture, ui, background or effect.
        count: How many different things.
        variants: How many versions of each thing.
        style: A look that the user asked for ("pixel art", "watercolor"); only when asked for.
        style_pack: Name of a trained style pack; only when the user names one.
        size: Longest side in pixels; only when the user says it.
        transparent: False only when the user wants a background.
        tileable: True for textures whose edges must wrap around.
        seed: Only when the user gives one.
    """
    from jobs.generation import submit

    context: ToolContext = runtime.context
    state = runtime.state if isinstance(runtime.state, dict) else {}
    planned = (state.get("plans") or {}).get(runtime.tool_call_id or "")
    if planned is not None:
        plan = AssetPlan.model_validate(planned)
    else:
        arguments = {
            "subject": subject, "kind": kind, "count": count, "variants": variants, "style": style,
            "style_pack": style_pack, "size": size, "transparent": transparent, "tileable": tileable, "seed": seed,
        }  # fmt: skip
        plan = context.planner.plan(arguments, context.request or subject)
    job = submit(
        plan,
        store=context.jobs,
        library=context.library,
        project=context.project,
        conversation_id=context.conversation_id,
        settings=context.settings,
        seconds_per_image=context.engine.seconds_per_image(),
        packs=context.packs.uses if context.packs is not None else None,
    )
    part = {"type": "job", "job_id": job.id, "batch_id": job.batch_id, "total": job.total}
    runtime.stream_writer({"kind": "job", "data": {key: value for key, value in part.items() if key != "type"}})
    return f"Making {count_of(job.total, 'image')} now (job {job.id}).", artifact(part, gallery={"job_id": job.id})
