"""Hand out what the library holds as files for a game engine."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime, tool

from errors import NotReady
from tools.references import Reference
from tools.results import Artifact


@tool(response_format="content_and_artifact", parse_docstring=True)
def export_assets(assets: list[Reference], format: str, runtime: ToolRuntime[Any, Any]) -> tuple[str, Artifact]:
    """Hand out images as files for a game engine.

    Args:
        assets: Numbers under the images, "all", "approved" or "batch 12".
        format: png, webp, spritesheet, texturepacker, phaser, pixi, godot, unity or aseprite.
    """
    raise NotReady("This version cannot export yet. The images lie as PNG files in the library's folder.")
