"""What a tool hands back beside its sentence: parts for the page and the gallery that numbers now refer to."""

from __future__ import annotations

from typing import Any

Artifact = dict[str, Any]  # plain types only: it is kept in the chat's checkpoints


def artifact(*parts: dict[str, Any], gallery: dict[str, Any] | None = None) -> Artifact:
    """`parts` as the page shows them ({"type": "job", ...}); `gallery` is {"job_id": n} or {"assets": [ids]}."""
    return {"parts": list(parts), "gallery": gallery}


def count_of(number: int, noun: str) -> str:
    """ "1 image", "3 images"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
