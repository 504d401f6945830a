"""Answers from the passages' own sentences, each with its passage; or the word that the documents do not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memory.documents.rank import Candidate
from memory.documents.types import Answer, Claim

if TYPE_CHECKING:
    from memory.documents.memory import DocumentMemory

MAX_CLAIMS = 3


def answer(memory: DocumentMemory, project: str, question: str, before: Sequence[str]) -> Answer:
    asked, ranked, _ = memory.ranked(project, question)
    if not ranked:
        return Answer(False, "There are no documents in this project yet.", question=asked.text)
    best = ranked[0]
    claims = [Claim(text, memory.passage(best)) for text in _best_statements(best)]
    text = " ".join(claim.text for claim in claims)
    return Answer(True, text, tuple(claims), tuple(memory.passage(one) for one in ranked[1:5]), asked.text)


def _best_statements(candidate: Candidate) -> list[str]:
    order = sorted(
        range(len(candidate.statements)),
        key=lambda i: -(float(candidate.likeness[i]) + candidate.coverage[i]),
    )[:2]
    return [candidate.statements[i] for i in sorted(order)]
