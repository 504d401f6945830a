"""Do the passages answer the question, or are they only about the same things?

A logistic model over what the search knows and over whether a statement holds the kind of value that is asked for
(`expects.py`). Likeness alone does not tell: on-topic questions without an answer come as near as others. How the
weights were fitted and what they reach: docs/decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from memory.documents.expects import holds
from memory.documents.index import ProjectIndex
from memory.documents.rank import WEIGHTS as RANK_WEIGHTS
from memory.documents.rank import Candidate, Question

LOOKED_AT = 5  # best passages
NAMES = ("bias", "margin", "score", "unknown", "least", "rarest", "covered", "unsaid", "likeness", "together", "gap")
WEIGHTS = (-5.821, 0.639, 1.98, -1.1, 1.186, 0.35, 1.528, -0.611, 2.992, 3.004, -1.653)


def features(asked: Question, ranked: Sequence[Candidate], index: ProjectIndex) -> tuple[float, ...]:
    """Of the question with its best passages, each about 0 to 1, in the order of NAMES."""
    top = ranked[:LOOKED_AT]
    words = asked.subject
    unknown = sum(index.idf(word) * (1.0 - index.support(word, index.known_words)) for word in words)
    wanted = asked.wanted
    found = [
        (
            float(one.likeness[i]),
            index.share(words, said | one.entry.headed),
            holds(wanted, one.statements[i], one.entry.under),
            one,
            i,
        )
        for one in top
        for i, said in enumerate(one.entry.said_words)
    ]
    fitting = [item for item in found if item[2]]
    best = max(found, key=lambda item: item[0] + item[1], default=None)
    in_best = best[3].entry.said_words[best[4]] | best[3].entry.headed if best else frozenset()
    rest = [one.score for one in ranked[4:12]]
    rarest = max(words, key=index.idf, default="")
    return (
        1.0,
        ranked[0].score - (sum(rest) / len(rest) if rest else 0.5 * ranked[0].score),
        ranked[0].score / sum(RANK_WEIGHTS),
        unknown / (sum(index.idf(word) for word in words) or 1.0),
        min((max(index.support(word, one.entry.words) for one in top) for word in words), default=0.0),
        max(index.support(rarest, one.entry.words) for one in top),
        max(index.share(words, one.entry.words) for one in top),
        sum(index.support(word, in_best) == 0.0 for word in words) / max(1, len(words)),
        max((item[0] for item in fitting), default=0.0),
        max((item[0] * item[1] for item in fitting), default=0.0),
        max((item[0] + item[1] for item in found), default=0.0)
        - max((item[0] + item[1] for item in fitting), default=0.0),
    )


def likelihood(asked: Question, ranked: Sequence[Candidate], index: ProjectIndex) -> float:
    """0 to 1; answers are given from `answer.ANSWERED_FROM`."""
    value = sum(w * f for w, f in zip(WEIGHTS, features(asked, ranked, index), strict=True))
    return 1.0 / (1.0 + math.exp(-value))
