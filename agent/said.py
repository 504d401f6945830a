"""What the user said last: an open question is about it, and images may come a message before what to do with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langgraph.types import StateSnapshot


def last_said(state: StateSnapshot | None) -> tuple[str, list[dict[str, Any]]]:
    """Words and images of the user's last message."""
    transcript = (state.values if state is not None else {}).get("transcript", [])
    last = next((entry for entry in reversed(transcript) if entry["role"] == "user"), {"text": "", "parts": []})
    files = [file for part in last["parts"] if part["type"] == "files" for file in part["files"]]
    return last["text"], [file for file in files if "width" in file]  # documents have none


def last_scaffold(state: StateSnapshot | None) -> str | None:
    """Id of the starter code that the conversation showed last."""
    entries = (state.values if state is not None else {}).get("transcript", [])
    parts = [part for entry in entries for part in entry["parts"] if part["type"] == "files" and "scaffold" in part]
    return parts[-1]["scaffold"] if parts else None


def as_asked(state: StateSnapshot) -> dict[str, Any]:
    """Fields of a ToolContext as they were when the question that is open now was asked."""
    text, files = last_said(state)
    names, paths = tuple(file["name"] for file in files), tuple(Path(file["path"]) for file in files)
    return {"request": text, "attachments": paths, "attachment_names": names}
