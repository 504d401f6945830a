"""Write starter code."""

from __future__ import annotations

from typing import Any, Literal

from langchain.tools import ToolRuntime, tool

from errors import NotReady
from tools.results import Artifact

Engine = Literal["godot", "unity", "phaser", "pygame", "bevy", "generic"]


@tool(response_format="content_and_artifact", parse_docstring=True)
def scaffold_code(requirements: str, engine: Engine, runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Write starter code for a game system.

    Args:
        requirements: What the code should do.
        engine: godot, unity, phaser, pygame, bevy or generic.
    """
    raise NotReady("This version cannot write game code yet. It makes images and keeps them in the library.")
