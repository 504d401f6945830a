"""Ask the design documents."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import NotReady
from tools.results import Artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def query_design_docs(question: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Look something up in the project's design documents: rules, numbers, story, characters, levels.

    Args:
        question: The user's question.
    """
    raise NotReady("This version cannot read design documents yet, so that question stays open.")
