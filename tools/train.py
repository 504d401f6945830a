"""Learn a look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from langchain.tools import ToolRuntime, tool

from errors import BadRequest, NotReady
from tools.context import ToolContext
from tools.results import Artifact, artifact

if TYPE_CHECKING:
    from jobs.packs import PackDesk, Prepared

ATTACH = "Attach 3 to 100 images in one look, and say for example: make a style pack called Dustbowl from these."
_APPROVED = re.compile(r"\b(?:approved|accepted)\b", re.I)
_IMPROVE = re.compile(
    r"\b(?:improve|retrain|update|refine|continue|train .* (?:again|further|more)"
    r"|(?:next|new|another|second) version)\b",
    re.I,
)
_REJECTED = re.compile(r"\b(?:reject(?:ed|s|ions)?|disliked)\b", re.I)
_CUT = re.compile(r"\b(?:cut|split|slice)\b.*\bsheets?\b|\bsheets?\b.*\b(?:cut|split|slice)", re.I)


@tool(response_format="content_and_artifact", parse_docstring=True)
def create_style_pack(
    runtime: ToolRuntime[Any, Any],
    name: str = "",
    preset: Literal["fast", "balanced", "quality"] = "balanced",
    trigger: str | None = None,
) -> tuple[str, Artifact]:
    """Train a style pack from the images attached to the message, to draw new images in their look.

    Args:
        name: What to call it.
        preset: fast, balanced or quality.
        trigger: Word that calls the style up in prompts; only when the user gives one.
    """
    context: ToolContext = runtime.context
    desk = desk_of(context)
    prepared = prepare({"name": name, "preset": preset, "trigger": trigger}, context)
    job = desk.submit(context.project, prepared, context.conversation_id)
    part = {"type": "job", "job_id": job.id, "batch_id": None, "total": job.total}
    runtime.stream_writer({"kind": "job", "data": {key: value for key, value in part.items() if key != "type"}})
    notes = " ".join(prepared.found.notes())
    text = f"Training the style pack {prepared.name} on {len(prepared.found.pictures)} images now (job {job.id})."
    use = f'When it is done, say for example "8 props in {prepared.name} style".'
    return " ".join(part for part in (text, notes, use) if part), artifact(part)


def prepare(args: dict[str, Any], context: ToolContext) -> Prepared:
    """What the call would train; also asked before the user is asked.

    Raises:
        BadRequest: no images, no name, or something about them is wrong.
    """
    desk, name = desk_of(context), str(args.get("name") or "").strip()
    preset = str(args.get("preset") or "balanced")
    existing = desk.packs.named(context.project, name) if name else None
    improves = bool(_IMPROVE.search(context.request) or (_APPROVED.search(context.request) and not context.attachments))
    if improves and not context.attachments:
        pack = existing or desk.packs.find(context.project, name or context.request)
        against = _REJECTED.search(context.request) is not None
        return desk.improve(context.project, pack, preset=preset, against_rejected=against)
    if not context.attachments:
        refused = " ".join(context.refused)
        raise BadRequest(f"{refused} {ATTACH}".strip())
    if not name:  # "make a style pack from these"
        taken = {pack.name for pack in desk.packs.list(context.project)}
        name = next(free for number in range(1, 1000) if (free := f"Style {number}") not in taken)
    names = dict(zip((str(path) for path in context.attachments), context.attachment_names, strict=False))
    if improves and existing is not None:
        return desk.improve(context.project, existing, preset=preset, extra=context.attachments, extra_names=names)
    prepared = desk.prepare(
        context.project,
        name,
        context.attachments,
        preset=preset,
        trigger=args.get("trigger"),
        names=names,
        cut_sheets=bool(_CUT.search(context.request)),
    )
    prepared.found.refused[:0] = context.refused
    return prepared


def desk_of(context: ToolContext) -> PackDesk:
    if context.packs is None:
        raise NotReady("Style packs are not available here.")
    return context.packs
