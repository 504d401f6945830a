"""What rejections have in common: "you rejected glossy ones twice: matte?"."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import aliased

from library.models import Change, Project, Version

if TYPE_CHECKING:
    from library.library import Library

LEAST = 2  # rejected images of a look before it is said
RECENT = 2000  # decisions that are looked at
INSTEAD = {
    "glossy": "matte", "shiny": "matte", "matte": "glossy", "dark": "brighter", "bright": "darker", "blurry": "crisp",
    "noisy": "clean", "busy": "simple", "cluttered": "simple", "detailed": "simple", "simple": "detailed",
    "realistic": "stylized", "cartoony": "realistic", "cartoonish": "realistic", "saturated": "muted",
    "garish": "muted", "colorful": "muted", "colourful": "muted", "pale": "saturated", "muted": "saturated",
    "dull": "saturated",
    "smooth": "textured", "rounded": "angular", "round": "angular", "angular": "rounded", "spiky": "rounded",
    "outlined": "without outline", "cute": "serious", "scary": "friendly", "metallic": "matte", "grainy": "clean",
    "modern": "old", "futuristic": "medieval", "tiny": "larger", "thin": "thicker", "thick": "thinner",
}  # fmt: skip
_NOT = re.compile(r"\b(?:not|isn't|aren't|less|no longer|never|hardly)\s+(?:too\s+|so\s+|very\s+|enough\s+)?$", re.I)


@dataclass(frozen=True)
class Dislike:
    """A look that was rejected `times` and hardly ever approved, and what may be wanted instead."""

    word: str
    times: int
    instead: str

    @property
    def key(self) -> str:
        """What it is called where it can be left out."""
        return f"hint about {self.word}"

    @property
    def sentence(self) -> str:
        times = "twice" if self.times == 2 else f"{self.times} times"
        return f"You rejected {self.word} ones {times}: {self.instead}?"


def dislikes(library: Library, project: str) -> list[Dislike]:
    """Looks that the project's reviewers rejected, by their notes and by the prompts, most often rejected first.

    Decisions that were undone do not count, nor does a look of which a third was approved. One image counts once.
    """
    undone = aliased(Change)
    query = (
        select(Change.asset_id, Change.after, Change.note, Version.prompt)
        .join(Project, Project.id == Change.project_id)
        .join(Version, Version.id == Change.version_id)
        .where(
            Project.name == project,
            Change.field == "state",
            Change.after.in_(("approved", "rejected")),
            Change.undoes.is_(None),
            ~select(undone.id).where(undone.undoes == Change.step).exists(),
        )
        .order_by(Change.id.desc())
        .limit(RECENT)
    )
    rejected: dict[str, set[int]] = defaultdict(set)
    approved: dict[str, set[int]] = defaultdict(set)
    decided: set[int] = set()
    with library.database.reading() as session:
        for asset_id, state, note, prompt in session.execute(query):
            if asset_id in decided:
                continue  # only the last decision on an image says what is wanted
            decided.add(asset_id)
            words = looks(prompt) | (looks(note) if state == "rejected" else set())
            for word in words:
                (rejected if state == "rejected" else approved)[word].add(asset_id)
    found = [
        Dislike(word, len(ids), INSTEAD[word])
        for word, ids in rejected.items()
        if len(ids) >= LEAST and 2 * len(approved[word]) < len(ids)
    ]
    return sorted(found, key=lambda dislike: (-dislike.times, dislike.word))


def looks(text: str) -> set[str]:
    """Words for a look that the text uses, without those that it negates: "not too dark" complains of no darkness."""
    found = set()
    for match in re.finditer(r"[a-z]+", text.lower()):
        if match[0] in INSTEAD and not _NOT.search(text.lower()[: match.start()]):
            found.add(match[0])
    return found
