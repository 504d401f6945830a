"""Save starter code to a folder, after the user's yes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain.tools import ToolRuntime, tool

from errors import BadRequest, NotReady
from tools.context import ToolContext
from tools.results import Artifact, artifact, count_of

if TYPE_CHECKING:
    from scaffolds.service import Scaffolder
    from scaffolds.shelf import Kept, SavePlan

NAMES_SHOWN = 8
_REPLACE = re.compile(r"\b(?:replac|overwrit)\w*", re.I)
_NEVER = re.compile(r"\b(?:not|never|no|without|don'?t)\b[^.;]{0,20}\b(?:replac|overwrit)\w*", re.I)
_ALSO_SAVE = re.compile(
    r"[\s,;.]*\b(?:and\s+|then\s+)*(?:save|write|put|store|copy)\s+(?:it|them|that|all|everything|the\s+(?:code|files?))\s+"
    r"(?:all\s+)?(?:to|into|in|under)\s+(?:the\s+folder\s+)?(?P<folder>[~/.\w][^\s\"']*[/\\][^\s\"']*?)[\s.!]*$",
    re.I,
)


def without_saving(text: str) -> tuple[str, str | None]:
    """(a request for code without "and save it to FOLDER", that folder)."""
    found = _ALSO_SAVE.search(text)
    return (text[: found.start()], found["folder"]) if found else (text, None)


@tool(response_format="content_and_artifact", parse_docstring=True)
def save_scaffold(folder: str, runtime: ToolRuntime[Any, Any], replace: bool = False) -> tuple[str, Artifact]:
    """Save the starter code of this conversation to a folder. Only when the user asks for it and names the folder.

    Args:
        folder: The whole path, as the user wrote it.
        replace: True when the user says that files which are there may be replaced.
    """
    context: ToolContext = runtime.context
    kept, _ = prepare({"folder": folder, "replace": replace}, context)
    root = context.settings.resolved_save_root
    done = _scaffolder(context).shelf.save(kept, folder, root, replace=_may_replace(replace, context))
    written = [*done.new, *done.replaced]
    return f"Saved {count_of(len(written), 'file')} to {done.folder}: {_named(written)}.", artifact()


def prepare(args: dict[str, Any], context: ToolContext) -> tuple[Kept, str]:
    """The code that would be saved and the question that the user is asked before. Nothing is written.

    Raises:
        BadRequest: there is no code yet, the user did not name this folder, it cannot be used, or files in it differ
            and the user did not say that they may be replaced.
    """
    folder = str(args.get("folder") or "").strip()
    shelf = _scaffolder(context).shelf
    if context.scaffold is None:
        raise BadRequest(
            'There is no code in this conversation yet that could be saved; ask for some, as in "scaffold a shop in '
            'Godot". Images are kept by themselves.'
        )
    if not folder:
        raise BadRequest('Name the whole path of the folder, as in "save it to /home/me/game".')
    if folder not in context.request:  # a path comes from the user's own words, never from a document or a model
        raise BadRequest("Write the whole path of the folder in your message, and the code is saved there.")
    kept = shelf.get(context.scaffold)
    plan = shelf.plan_save(kept, folder, context.settings.resolved_save_root)
    if not plan.new and not plan.replaced:
        raise BadRequest(f"{plan.folder} has these files already; there is nothing to save.")
    if plan.replaced and not _may_replace(bool(args.get("replace")), context):
        raise BadRequest(
            f"{plan.folder} already has {_named(plan.replaced)} with other content. Nothing was written. "
            f'Say "save it to {folder} and replace them", or name another folder.'
        )
    return kept, _question(plan)


def _question(plan: SavePlan) -> str:
    told = []
    if plan.new:
        told.append(f"writes {count_of(len(plan.new), 'new file')} ({_named(plan.new)})")
    if plan.replaced:
        told.append(f"replaces {count_of(len(plan.replaced), 'file')} ({_named(plan.replaced)})")
    return f"This {' and '.join(told)} in {plan.folder}. Save?"


def _may_replace(replace: bool, context: ToolContext) -> bool:
    """Only the user's own words allow it."""
    return replace and bool(_REPLACE.search(context.request)) and not _NEVER.search(context.request)


def _named(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def _scaffolder(context: ToolContext) -> Scaffolder:
    if context.scaffolder is None:
        raise NotReady("No code can be written here: the scaffolds were not set up.")
    return context.scaffolder
