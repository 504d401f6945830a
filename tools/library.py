"""Find and hand out what the library holds."""

from __future__ import annotations

import re
from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest, NotReady
from library.views import AssetState
from tools.context import ToolContext
from tools.references import Reference
from tools.results import Artifact, artifact, count_of

SHOWN = 100  # assets of one answer
_STATES: dict[AssetState, str] = {
    "approved": r"\b(?:approved|accepted)\b",
    "rejected": r"\brejected\b",
    "new": r"\b(?:pending|unreviewed|to review|a?waiting(?: for)?(?: review)?|review)\b",
}
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
    terms = [_stem(word) for word in re.findall(r"[\w'-]+", _FILLER.sub(" ", words))]
    found = None
    for term in terms or [""]:
        some = context.library.assets(project=context.project, state=state, text=term or None, limit=100_000)
        ids = {asset.id for asset in some}
        found = some if found is None else [asset for asset in found if asset.id in ids]
    assets = found or []
    if not assets:
        return f'Nothing in the library matches "{query}".', artifact()
    shown = assets[:SHOWN]
    ids = [asset.id for asset in shown]
    subjects = list(dict.fromkeys(asset.subject for asset in shown))
    names = ", ".join(subjects[:12]) + (" and more" if len(subjects) > 12 else "")
    text = f"Found {count_of(len(assets), 'image')}: {names}."
    if len(assets) > SHOWN:
        text += f" The newest {SHOWN} are shown."
    return text, artifact({"type": "assets", "assets": ids}, gallery={"assets": ids})


def _stem(word: str) -> str:
    """Words are searched as parts of names, so a plural must not hide the singular."""
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word


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
    raise NotReady("This version cannot redo single images yet. Ask for the subject again to get new versions of it.")


@tool(response_format="content_and_artifact", parse_docstring=True)
def upscale_assets(assets: list[Reference], runtime: ToolRuntime[Any, Any], factor: int = 2) -> tuple[str, Artifact]:
    """Enlarge images of the last gallery.

    Args:
        assets: Numbers under the images, or "all".
        factor: How many times larger, 2 or 4.
    """
    raise NotReady("This version cannot upscale images yet. Ask for a larger size when you have them made.")
