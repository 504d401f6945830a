"""Write starter code."""

from __future__ import annotations

from typing import Annotated, Any

from langchain.tools import ToolRuntime, tool
from pydantic import Field

from errors import NotReady
from scaffolds.engines import ENGINES
from scaffolds.service import Request
from scaffolds.shelf import Kept
from scaffolds.types import Passage
from tools.context import ToolContext
from tools.results import Artifact, artifact, count_of
from tools.save import without_saving

# A free string, so that an engine without scaffolds is answered with a sentence that names those there are.
EngineName = Annotated[str, Field(json_schema_extra={"enum": list(ENGINES)})]


@tool(response_format="content_and_artifact", parse_docstring=True)
def scaffold_code(
    requirements: str, runtime: ToolRuntime[Any, Any], engine: EngineName | None = None
) -> tuple[str, Artifact]:
    """Write starter code for a game system.

    Args:
        requirements: What the code should do, with the numbers and names that the user gave.
        engine: godot, unity, phaser, pygame, bevy or generic; leave it out when the user names none.
    """
    context: ToolContext = runtime.context
    if context.scaffolder is None:
        raise NotReady("No code can be written here: the scaffolds were not set up.")
    requirements, _ = without_saving(requirements)
    words, folder = without_saving(context.request)
    kept = context.scaffolder.scaffold(
        Request(requirements, engine, context.project, words),
        tell=lambda text: runtime.stream_writer({"kind": "status", "data": {"text": text}}),
        stopped=context.stopped,
    )
    part = files_part(kept)
    runtime.stream_writer({"kind": "files", "data": {key: value for key, value in part.items() if key != "type"}})
    cited = [{"type": "citation", **passage.citation()} for passage in passages_of(kept)]
    for citation in cited:
        runtime.stream_writer(
            {"kind": "citation", "data": {key: value for key, value in citation.items() if key != "type"}}
        )
    offer = f'\n\nTo save these files, say "save it to {folder}".' if folder else ""
    return sentence(kept) + offer, artifact(*cited, part)


def passages_of(kept: Kept) -> list[Passage]:
    """Passages that names or numbers were taken from, each once."""
    found = {fact.passage: None for fact in kept.scaffold.facts if fact.passage}
    return list(found)


def files_part(kept: Kept) -> dict[str, Any]:
    """The message part of a scaffold: {"type": "files", "scaffold", "files": [{"path", "name", ...}]}."""
    return {"type": "files", "scaffold": kept.id, "files": file_records(kept)}


def file_records(kept: Kept) -> list[dict[str, Any]]:
    return [
        {
            "path": str(kept.path(file.name)),
            "name": file.name,
            "lines": file.text.count("\n"),
            "errors": [problem.sentence() for problem in file.problems],
        }
        for file in kept.scaffold.files
    ] + [
        {"path": str(kept.path(media.name)), "name": media.name, "lines": 0, "errors": []}
        for media in kept.scaffold.media
    ]


def sentence(kept: Kept) -> str:
    """What was made, where its names and numbers come from, what is not covered, and how to wire it."""
    scaffold = kept.scaffold
    files, engine = scaffold.files, ENGINES[scaffold.engine]
    broken = [file.name for file in files if file.problems]
    checked = sum(bool(file.checked_by) for file in files)
    lead = f"{scaffold.title} for {engine.name}: {count_of(len(files), 'file')}"
    if broken:
        lead += f", of which {', '.join(broken)} {'does' if len(broken) == 1 else 'do'} not parse"
    elif checked:
        lead += ", all parsed without errors" if checked == len(files) else f", {checked} of them parsed without errors"
    rows = [f"{lead}. This is a suggestion: nothing is saved to your project until you say so."]
    if scaffold.facts:
        rows.append("**Names and numbers**\n" + _bullets(fact_rows(kept)))
    if scaffold.notes:
        rows.append("**Notes**\n" + _bullets(scaffold.notes))
    if scaffold.wiring:
        rows.append("**Wiring**\n" + _bullets(scaffold.wiring))
    return "\n\n".join(rows)


def fact_rows(kept: Kept) -> list[str]:
    """One row for each source and kind: items of one passage stand together."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for fact in kept.scaffold.facts:
        place = f"[{fact.passage.place}]" if fact.passage else "your request"
        if fact.label in ("item", "enemy", "quest", "recipe", "line"):
            grouped.setdefault((f"{fact.label}s", place), []).append(fact.value)
        else:
            quote = f": “{fact.quote}”" if fact.passage else ""
            grouped.setdefault((fact.label, f"{place}{quote}"), []).append(fact.value)
    return [f"{label}: {_some(values)} ({place})" for (label, place), values in grouped.items()]


def _some(values: list[str], most: int = 12) -> str:
    values = list(dict.fromkeys(values))
    rest = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + rest


def _bullets(rows: Any) -> str:
    return "\n".join(f"- {_literal(row)}" for row in rows)


def _literal(text: str) -> str:
    """Words of documents are data: no link, emphasis or code in them takes effect."""
    return text.replace("](", "] (").replace("`", "'").replace("*", "")
