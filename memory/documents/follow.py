"""Questions that go on with the one before: "and for bosses?", "what does she drop?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memory.documents.words import terms

if TYPE_CHECKING:
    from memory.documents.memory import DocumentMemory

MOST = 3  # questions that are looked back over

_LEAD = re.compile(
    r"^\s*(?:(?:and|but|or|also|so|ok|okay|then)\b[\s,]*)*(?:(?:what|how) about\b\s*)?(?:the same\s+)?"
    r"(?:(?:for|with|in|on|at|of|about)\b\s*)?",
    re.I,
)
_ASKS = re.compile(
    r"\b(?:what|how|who|whom|whose|where|when|which|why|do|does|did|is|are|was|were|can|could|may|will|has|have|had)\b",
    re.I,
)
_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|she|his|him|her|hers|that one|this one|those|these)\b"
    r"|(?<!is )(?<!are )(?<!was )(?<!were )\bthere\b",
    re.I,
)


def resolved(memory: DocumentMemory, project: str, question: str, before: Sequence[str]) -> str:
    """The question with what it leaves to the ones before it (newest last), else the question itself."""
    before = before[-MOST:]
    if not before:
        return question
    new = _LEAD.sub("", question).strip(" ?.!")
    if new and new != question.strip(" ?.!") and not _ASKS.search(new):
        return _about(memory, project, new, resolved(memory, project, before[-1], before[:-1]))
    points = _POINTS.search(question)
    if points and not terms(question[: points.start()]):  # nothing is named before "it"
        return _of_the_same(memory, project, question, resolved(memory, project, before[-1], before[:-1]))
    return question


def _about(memory: DocumentMemory, project: str, new: str, earlier: str) -> str:
    """The earlier question, asked about something else."""
    subject = _subject(memory, project, earlier)
    words = earlier.strip(" ?.!").split()
    gone = [place for place, word in enumerate(words) if subject.intersection(terms(word))]
    if not gone:  # what it was about is not found in so many words: a name is
        gone = [place for place, word in enumerate(words) if place and word[:1].isupper()]
    if not gone:
        return f"{new}? {' '.join(words)} {new}?"
    kept = [new if place == gone[0] else word for place, word in enumerate(words) if place not in gone[1:]]
    return f"{' '.join(kept)}?"


def _of_the_same(memory: DocumentMemory, project: str, question: str, earlier: str) -> str:
    """The new question, about what the earlier one was about."""
    subject = _heading(memory, project, earlier)
    names = [word for word in earlier.strip(" ?.!").split()[1:] if word[:1].isupper()]
    about = " ".join(dict.fromkeys([*names, *subject.split()]))
    return f"{question.strip(' ?.!')} {about}?" if about else question


def _heading(memory: DocumentMemory, project: str, question: str) -> str:
    """Of the passage that answers best: what the question is about, in the document's own words."""
    ranked = memory.ranked(project, question)[1]
    return ranked[0].entry.row.heading.split(" > ")[-1] if ranked else ""


def _subject(memory: DocumentMemory, project: str, question: str) -> frozenset[str]:
    """Stems of the question that name the thing it is about: what the heading above its answer says, too."""
    asked, ranked, index = memory.ranked(project, question)
    if not ranked:
        return frozenset()
    under = ranked[0].entry.under
    return frozenset(word for word in asked.subject if index.support(word, under) > 0.3)
