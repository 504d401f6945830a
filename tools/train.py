"""Learn a look."""

from __future__ import annotations

from typing import Any, Literal

from langchain.tools import ToolRuntime, tool

from errors import NotReady
from tools.results import Artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def create_style_pack(
    name: str,
    runtime: ToolRuntime[Any, Any],
    preset: Literal["fast", "balanced", "quality"] = "balanced",
    trigger: str | None = None,
) -> tuple[str, Artifact]:
    """Train a style pack from the images attached to the message, to draw new images in their look.

    Args:
        name: What to call it.
        preset: fast, balanced or quality.
        trigger: Word that calls the style up in prompts; only when the user gives one.
    """
    raise NotReady("This version cannot train style packs yet. Name a look in the request instead, such as pixel art.")
