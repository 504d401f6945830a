"""What a word piece can be: outside, or the beginning or inside of a request of a tool, and of a slot within it; a
subject's piece also has a kind of picture.
"""

from __future__ import annotations

from agent.router.classifier import TOOLS
from pipelines.request import KINDS

SLOTS = (
    "count", "subject", "kind", "size", "transparent", "tileable", "style_pack", "style", "approve", "reject", "assets",
    "change", "factor", "format", "name", "question", "requirements", "engine", "query", "tags",
)  # fmt: skip
OUTSIDE = 0


def begin(number: int) -> int:
    return 1 + 2 * number


def inside(number: int) -> int:
    return 2 + 2 * number


REQUEST_LABELS = 1 + 2 * len(TOOLS)
SLOT_LABELS = 1 + 2 * len(SLOTS)
KIND_LABELS = len(KINDS)
