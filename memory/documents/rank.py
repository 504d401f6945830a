"""From a question to ranked passages: BM25 and vectors fused by reciprocal rank (Cormack et al. 2009), then looked at.

The second look weighs what the ranks hide: how much of the question's rare words a passage and its best statement hold,
and how near that statement is in meaning. Its weights are fitted on questions of the test data (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memory.documents.expects import Expected
from memory.documents.index import Entry, ProjectIndex, neighbours
from memory.documents.words import alternatives

if TYPE_CHECKING:
    import numpy as np

RRF = 60  # the constant of reciprocal rank fusion
CANDIDATES = 30  # of each search
SYNONYM_BM25 = 0.3
NAMED = 1.0  # for passages of a document that the question names
LOOKED_AT = 24  # fused candidates that get the second look

# Order of `Candidate.features`
NAMES = ("rrf", "bm25", "cosine", "sentence", "covered", "headed", "said", "pairs", "number")
WEIGHTS = (0.8, 0.4, 2.5, 2.6, 1.4, 1.0, 0.5, 0.3, 0.3)


@dataclass
class Candidate:
    entry: Entry
    features: tuple[float, ...]
    score: float
    statements: list[str]
    likeness: np.ndarray  # cosine of each statement, float32 [n]
    coverage: list[float]  # share (by idf) of the question's words in each statement, heading included


@dataclass
class Question:
    text: str
    words: list[str]  # stems as the documents spell them
    vector: np.ndarray
    subject: tuple[str, ...]  # the words, each once, without those that only name a document or a kind of value
    wanted: Expected
    named: frozenset[int]  # documents that it names


def fuse(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """id -> sum over rankings of 1 / (RRF + rank)."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + 1.0 / (RRF + rank)
    return scores


def candidates(
    index: ProjectIndex, question: Question, near: Sequence[tuple[int, float]]
) -> tuple[list[tuple[int, float]], dict[int, float], np.ndarray]:
    """(fused [(place, rrf)], cosine by place, bm25 scores)."""
    import numpy as np

    others = sorted({other for word in question.words for other in alternatives(word)} - set(question.words))
    scores = index.bm25(question.words) + SYNONYM_BM25 * index.bm25(others)
    top = [int(place) for place in np.argsort(-scores, kind="stable")[:CANDIDATES] if scores[place] > 0]
    cosine = {index.place[one]: likeness for one, likeness in near if one in index.place}
    fused = fuse([top, list(cosine)])
    ordered = sorted(fused.items(), key=lambda item: -item[1])
    return ordered, cosine, scores


def second_look(
    index: ProjectIndex,
    question: Question,
    fused: Sequence[tuple[int, float]],
    cosine: dict[int, float],
    scores: np.ndarray,
    sentence_vectors: dict[int, bytes],
    weights: Sequence[float] = WEIGHTS,
) -> list[Candidate]:
    """Candidates, best first."""
    import numpy as np

    distinct = question.subject  # a title that is named stands before every passage of its document
    best_bm25 = float(scores.max()) if len(scores) else 0.0
    best_rrf = fused[0][1] if fused else 1.0
    pairs = neighbours(question.words)
    found = []
    for place, rrf in fused[:LOOKED_AT]:
        entry = index.entries[place]
        said, head = entry.said, entry.headed
        rows = _rows(sentence_vectors.get(entry.row.id, b""), len(question.vector))
        likeness = rows @ question.vector if len(rows) == len(said) and len(said) else np.zeros(len(said), np.float32)
        if place not in cosine and entry.row.id in index.row_of:
            cosine[place] = float(index.vectors[index.row_of[entry.row.id]] @ question.vector)
        coverage = [index.share(distinct, words | head) for words in entry.said_words]
        bare = [index.share(distinct, words) for words in entry.said_words]
        features = (
            rrf / best_rrf,
            float(scores[place]) / best_bm25 if best_bm25 else 0.0,
            cosine.get(place, 0.0),
            float(likeness.max()) if len(likeness) else 0.0,
            index.share(distinct, entry.words),
            index.share(distinct, head),
            max(bare, default=0.0),
            len(pairs & entry.pairs) / len(pairs) if pairs else 0.0,
            float(question.wanted.measured and any(c.isdigit() for c in entry.row.text)),
        )
        score = sum(weight * feature for weight, feature in zip(weights, features, strict=True))
        score += NAMED * (entry.row.document_id in question.named)
        found.append(Candidate(entry, features, score, said, likeness, coverage))
    return sorted(found, key=lambda candidate: -candidate.score)


def _rows(data: bytes, dimension: int) -> np.ndarray:
    """Statement vectors, float32 [n, dimension]."""
    import numpy as np

    return np.frombuffer(data, np.float16).reshape(-1, dimension).astype(np.float32)
