"""Find and hand out what the library holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest
from library.filters import Wanted
from library.views import AssetState
from tools.context import ToolContext
from tools.references import Reference, numbers_of, resolve
from tools.results import Artifact, artifact, count_of

if TYPE_CHECKING:
    from jobs.types import JobView

SHOWN = 100  # assets of one answer
CLOSEST = 12  # assets that a search by meaning shows
MEANT, SAME = 0.18, 0.55  # least cosine for a description, and for a single word (a dragon is no camel)
_STATES: dict[AssetState, str] = {
    "approved": r"\b(?:approved|accepted)\b",
    "rejected": r"\brejected\b",
    "new": r"\b(?:pending|unreviewed|to review|a?waiting(?: for)?(?: review)?|review)\b",
}
_ONLY = re.compile(
    r"\b(?:only|just)\s+"
    r"((?:the|its|his|her|their|this|that)\s+[\w' -]+?|where the mask is[\w ]*|(?:inside|under|in) the mask)"
    r"(?=\s+(?:to|into|in|as|with|should|a|an|is|be|becomes?)\b|\s*(?:[,.;:]|$))",
    re.I,
)
_FILLER = re.compile(
    r"\b(?:all|any|anything|everything|every|the|a|an|of|for|with|in|from|that|is|are|my|our|we|have|still|already"
    r"|so far"
    r"|assets?|images?|pictures?|sprites?|icons?|props?|library|show|find|list|search|last|week|month"
    r"|today|yesterday)\b",
    re.I,
)


@tool(response_format="content_and_artifact", parse_docstring=True)
def search_assets(query: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Find images in the project's library.

    Args:
        query: Words for what they show, and "approved", "rejected" or "pending review" when that matters.
    """
    context: ToolContext = runtime.context
    if not query.strip():
        raise BadRequest("Say what to look for in the library.")
    words = query.lower()
    state: AssetState | None = None
    for name, pattern in _STATES.items():
        if re.search(pattern, words):
            state, words = name, re.sub(pattern, " ", words)
            break
    if not re.search(r"\w", query):
        return f'Nothing in the library matches "{query}".', artifact()
    terms = re.findall(r"[\w'-]+", _FILLER.sub(" ", words))
    wanted: Wanted = {"project": context.project, "state": state}
    named: Wanted = {**wanted, "text": " ".join(terms)}
    assets = context.library.assets(**named, limit=SHOWN)
    count = len(assets) if len(assets) < SHOWN else context.library.count(**named)
    closest = False
    if not assets and terms and context.library.meaning is not None:
        least = MEANT if len(terms) > 1 else SAME
        found = context.library.meaning.find(" ".join(terms), limit=CLOSEST, least=least, **wanted)
        assets, closest = [asset for asset, _ in found], bool(found)
    if not assets:
        return f'Nothing in the library matches "{query}".', artifact()
    ids = [asset.id for asset in assets]
    subjects = list(dict.fromkeys(asset.subject for asset in assets))
    names = ", ".join(subjects[:12]) + (" and more" if len(subjects) > 12 else "")
    text = f"Found {count_of(count, 'image')}: {names}."
    if closest:
        text = f"No image is called that. The closest in meaning: {names}."
    if count > SHOWN:
        text += f" The newest {SHOWN} are shown."
    return text, artifact({"type": "assets", "assets": ids}, gallery={"assets": ids})


@tool(response_format="content_and_artifact", parse_docstring=True)
def regenerate_assets(
    assets: list[Reference], runtime: ToolRuntime[Any, Any], change: str | None = None, variants: int = 1
) -> tuple[str, Artifact]:
    """Make images of the last gallery anew, changed as the user says.

    Args:
        assets: Numbers under the images, or "all".
        change: What should be different ("darker", "with a red hat").
        variants: How many new versions of each.
    """
    from jobs.remake import is_new_seed, submit_remake

    context: ToolContext = runtime.context
    chosen = resolve(assets, context)
    if change and (part := only_part(change)):
        return _edited(runtime, chosen, part, change, variants)
    made = submit_remake(
        chosen,
        change=change,
        variants=variants,
        store=context.jobs,
        library=context.library,
        project=context.project,
        settings=context.settings,
        small_model=context.engine.info().small,
        conversation_id=context.conversation_id,
        seconds_per_image=context.engine.seconds_per_image(),
    )
    how = "from a new seed" if is_new_seed(change) else f'from the picture itself: "{change}"'
    versions = f" {variants} new versions each," if variants > 1 else ""
    text = f"Redoing {numbers_of(chosen, context)},{versions} {how} (job {made.job.id}). The old version stays."
    return _started(runtime, made.job, f"{text} {made.note}".strip())


@tool(response_format="content_and_artifact", parse_docstring=True)
def upscale_assets(assets: list[Reference], runtime: ToolRuntime[Any, Any], factor: int = 2) -> tuple[str, Artifact]:
    """Enlarge images of the last gallery.

    Args:
        assets: Numbers under the images, or "all".
        factor: How many times larger, 2 or 4.
    """
    from jobs.upscaling import submit_upscale

    context: ToolContext = runtime.context
    chosen = resolve(assets, context)
    job = submit_upscale(
        chosen,
        factor,
        store=context.jobs,
        library=context.library,
        project=context.project,
        settings=context.settings,
        conversation_id=context.conversation_id,
    )
    return _started(runtime, job, f"Enlarging {numbers_of(chosen, context)} {factor} times (job {job.id}).")


def only_part(change: str) -> str | None:
    """What of a picture a change is about: "blade" of "only the blade, in red"; None: the whole picture."""
    match = _ONLY.search(change)
    return match[1].strip() if match else None


def _edited(
    runtime: ToolRuntime[Any, Any], chosen: list[int], part: str, change: str, variants: int
) -> tuple[str, Artifact]:
    """With an attached mask only what it shows changes; without one the user is told where to draw it."""
    from jobs.edit import submit_edit

    context: ToolContext = runtime.context
    numbers = numbers_of(chosen, context)
    if len(chosen) != 1 or len(context.attachments) != 1:
        where = f"Open image {numbers}, choose Edit part, and paint" if len(chosen) == 1 else "Open each, and paint"
        raise BadRequest(
            f'I cannot see which pixels are "{part}". {where} over it; then only that changes. '
            f"Or attach a picture of the same shape that is white there and black elsewhere."
        )
    words = _ONLY.sub(" ", change).strip(" ,.;:") or change
    made = submit_edit(
        chosen[0],
        context.attachments[0].read_bytes(),
        words,
        variants=variants,
        store=context.jobs,
        library=context.library,
        project=context.project,
        settings=context.settings,
        small_model=context.engine.info().small,
        conversation_id=context.conversation_id,
    )
    text = f'Changing only what the mask shows of {numbers}: "{words}" (job {made.job.id}). The old version stays.'
    return _started(runtime, made.job, f"{text} {made.note}".strip())


def _started(runtime: ToolRuntime[Any, Any], job: JobView, text: str) -> tuple[str, Artifact]:
    """Numbers go on to mean the gallery that was shown: its assets get new versions."""
    part = {"type": "job", "job_id": job.id, "batch_id": job.batch_id, "total": job.total}
    runtime.stream_writer({"kind": "job", "data": {key: value for key, value in part.items() if key != "type"}})
    return text, artifact(part)
