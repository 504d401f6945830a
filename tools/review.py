"""Approve and reject."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest, GameForgeError
from library.history import undo
from library.review import decide
from library.words import listed
from tools.context import ToolContext
from tools.references import Reference, numbers_of, resolve
from tools.results import Artifact, artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def review_assets(
    runtime: ToolRuntime[Any, Any],
    approve: list[Reference] | None = None,
    reject: list[Reference] | None = None,
    reset: list[Reference] | None = None,
) -> tuple[str, Artifact]:
    """Approve or reject images of the last gallery, or set them back to undecided.

    Args:
        approve: Numbers under the images, or "all" or "rest" (those not named elsewhere).
        reject: The same for those to turn down.
        reset: The same for those whose verdict is taken away.
    """
    context: ToolContext = runtime.context
    approve, reject, reset = approve or [], reject or [], reset or []
    if not approve and not reject and not reset:
        raise BadRequest('Say which images to approve or reject, as in "approve 1 and 3, reject the rest".')
    named = _named_elsewhere(runtime, context)
    # "rest" on one side is what the other side leaves over, so the side that names numbers is read first
    if "rest" in approve:
        rejected = resolve(reject, context)
        approved = resolve(approve, context, taken=[*rejected, *named])
    else:
        approved = resolve(approve, context)
        rejected = resolve(reject, context, taken=[*approved, *named])
    undecided = resolve(reset, context, taken=[*approved, *rejected, *named])
    both = (set(approved) & set(rejected)) | (set(undecided) & {*approved, *rejected})
    if both:
        numbers = sorted(number for number, asset in context.gallery.assets.items() if asset in both)
        raise BadRequest(f"{listed(numbers or sorted(both))} cannot have two verdicts at once. Say which.")
    states = dict.fromkeys(approved, "approved") | dict.fromkeys(rejected, "rejected") | dict.fromkeys(undecided, "new")
    decide(context.library, states, who="chat", note=context.request)
    said = [
        f"{verb} {numbers_of(ids, context)}" for verb, ids in (("approved", approved), ("rejected", rejected)) if ids
    ]
    if undecided:
        said.append(f"set {numbers_of(undecided, context)} back to undecided")
    part = {"type": "review", "approved": approved, "rejected": rejected}
    if undecided:
        part["reset"] = undecided
    sentence = listed(said) if said else "there was nothing left to review"
    return sentence[0].upper() + sentence[1:] + ".", artifact(part)


def _named_elsewhere(runtime: ToolRuntime[Any, Any], context: ToolContext) -> list[int]:
    """Images that the same message has redone or enlarged: "reject the rest" does not mean them."""
    state = runtime.state if isinstance(runtime.state, dict) else {}
    references = [
        reference
        for call in state.get("said") or []
        if call["name"] in ("regenerate_assets", "upscale_assets")
        for reference in call["args"].get("assets") or []
        if str(reference).strip("# ").isdigit()
    ]
    try:
        return resolve(references, context)
    except GameForgeError:  # the call itself says what is wrong with them
        return []


@tool(response_format="content_and_artifact", parse_docstring=True)
def undo_review(runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Take the last decision on images back: an approval, a rejection, a new version, a deletion, a tag."""
    context: ToolContext = runtime.context
    step = undo(context.library, project=context.project, who="chat")
    return f"{step.text[:1].upper()}{step.text[1:]}.", artifact({"type": "review", "undone": list(step.assets)})
