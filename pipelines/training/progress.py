"""A run tells what it does in a JSON-lines file that anybody may read while it is written."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRESS_FILE = "progress.jsonl"


class Progress:
    """Appends one JSON object a line: {"kind": "phase" | "step" | "sample" | "done" | "failed", "at", ...}."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / PROGRESS_FILE

    def write(self, kind: str, **values: Any) -> None:
        line = json.dumps({"kind": kind, "at": round(time.time(), 2), **values}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def rewind(self, step: int) -> None:
        """A run that goes on from `step` writes later steps anew: those of its dead predecessor go."""
        if not self._path.exists():
            return
        kept = [entry for entry in read_progress(self._path.parent) if entry.get("step", 0) <= step]
        partial = self._path.with_suffix(".tmp")
        lines = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in kept)
        partial.write_text(lines, encoding="utf-8")
        partial.replace(self._path)


def read_progress(folder: Path) -> Iterator[dict[str, Any]]:
    """What was written so far; a last line that is being written is left out."""
    try:
        text = (folder / PROGRESS_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.split("\n")[:-1]:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
