"""Ask the design documents."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import NotReady
from memory.documents.types import Answer
from tools.context import ToolContext
from tools.results import Artifact, artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def query_design_docs(question: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Look something up in the project's design documents: rules, numbers, story, characters, levels.

    Args:
        question: The user's question.
    """
    context: ToolContext = runtime.context
    if context.documents is None:
        raise NotReady("Documents cannot be read here.")
    answer = context.documents.answer(context.project, question, context.asked_before)
    parts = answer_parts(answer)
    for part in parts:
        data = {key: value for key, value in part.items() if key != "type"}
        runtime.stream_writer({"kind": part["type"], "data": data})
    return answer.text, artifact(*parts)


def answer_parts(answer: Answer) -> list[dict[str, Any]]:
    """A `citation` for each passage that the answer rests on, `nearest` with what else comes close."""
    parts = [{"type": "citation", **passage.citation()} for passage in answer.citations]
    if answer.nearest:
        passages = [passage.citation() for passage in answer.nearest]
        parts.append({"type": "nearest", "answered": answer.answered, "passages": passages})
    return parts
