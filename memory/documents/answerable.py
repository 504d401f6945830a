"""Do the passages answer the question, or are they only about the same things?

A logistic model over what the search knows; weights fitted on the tuning half of the test questions, checked on the
other half (docs/decisions). Likeness alone does not tell: on-topic questions without an answer come as near as others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from memory.documents.index import ProjectIndex
from memory.documents.rank import Candidate, Question, support

NAMES = ("bias", "statement", "cosine", "covered", "said", "unknown", "rarest", "together", "number")
WEIGHTS = (-2.17, 2.12, 0.0, 1.43, 0.88, -2.94, 0.63, 1.72, -1.67)


def features(asked: Question, ranked: Sequence[Candidate], index: ProjectIndex) -> tuple[float, ...]:
    """Of the question with its best passages, each about 0 to 1, in the order of NAMES."""
    top = ranked[:3]
    words = list(dict.fromkeys(asked.words))
    total = sum(index.idf(word) for word in words) or 1.0
    known = frozenset(index.frequency)
    unknown = sum(index.idf(word) * (1.0 - support(word, known)) for word in words) / total
    rarest = max(words, key=index.idf, default="")
    best = top[0]
    together = max(
        (float(one.likeness[i]) * one.coverage[i] for one in top for i in range(len(one.statements))), default=0.0
    )
    digits = any(
        any(c.isdigit() for c in statement)
        for statement, covered in zip(best.statements, best.coverage, strict=True)
        if covered >= max(best.coverage, default=0.0) * 0.8
    )
    return (
        1.0,
        max((float(one.likeness.max()) for one in top if len(one.likeness)), default=0.0),
        max(one.features[2] for one in top),
        max(one.features[4] for one in top),
        max((max(one.coverage, default=0.0) for one in top), default=0.0),
        unknown,
        max(support(rarest, one.entry.words) for one in top),
        together,
        float(asked.wants_number and not digits),
    )


def likelihood(asked: Question, ranked: Sequence[Candidate], index: ProjectIndex) -> float:
    """0 to 1; answers are given from `answer.ANSWERED_FROM`."""
    value = sum(w * f for w, f in zip(WEIGHTS, features(asked, ranked, index), strict=True))
    return 1.0 / (1.0 + math.exp(-value))
