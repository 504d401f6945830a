"""Answers from the passages' own sentences, each with its passage; or the word that the documents do not say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memory.documents.answerable import likelihood
from memory.documents.expects import holds
from memory.documents.follow import resolved
from memory.documents.rank import Candidate, Question
from memory.documents.types import Answer, Claim

if TYPE_CHECKING:
    from memory.documents.memory import DocumentMemory

MAX_CLAIMS = 3
NEAREST = 4  # further passages that are offered
LONG = 420  # characters of an answer to a broad question
FITS = 0.25  # what the right kind of value counts beside likeness and coverage
SHORT_OF_BEST = 0.9  # another passage's statement joins the answer from this share of the best one's score
ANSWERED_FROM = 0.355  # likelihood

_BROAD = re.compile(
    r"\b(?:say|says|said|tell|about|describe|explain|overview|summary|how (?:do|does|are|is) .{2,60} work"
    r"|rules? (?:of|for))\b",
    re.I,
)
_POINTS_BACK = re.compile(r"^(?:it|its|they|their|them|he|his|she|her|this|these|that|those|both|there|then)\b", re.I)
NONE_YET = "There are no documents in this project yet. Drop your design documents into the page or run `ingest`."


def answer(memory: DocumentMemory, project: str, question: str, before: Sequence[str]) -> Answer:
    asked, ranked, index = memory.ranked(project, question)
    if not ranked:
        return Answer(False, NONE_YET, question=question)
    sure = likelihood(asked, ranked, index)
    whole = resolved(memory, project, question, before)
    if whole != question:
        followed, followed_ranked, _ = memory.ranked(project, whole)
        surely = likelihood(followed, followed_ranked, index)
        if surely >= ANSWERED_FROM or sure < ANSWERED_FROM:
            asked, ranked, sure = followed, followed_ranked, surely
    passages = [memory.passage(one) for one in ranked]
    if sure < ANSWERED_FROM:
        nearest = tuple(passages[:NEAREST])
        names = "; ".join(dict.fromkeys(passage.place for passage in nearest[:3]))
        text = f"The documents do not say. What comes nearest: {names}."
        return Answer(False, text, (), nearest, asked.text)
    claims = [Claim(text, memory.passage(one)) for text, one in _claims(asked, ranked)]
    cited = {claim.passage.id for claim in claims}
    text = _joined(claims)
    return Answer(True, text, tuple(claims), tuple(p for p in passages if p.id not in cited)[:NEAREST], asked.text)


def _claims(asked: Question, ranked: Sequence[Candidate]) -> list[tuple[str, Candidate]]:
    best = ranked[0]
    scores = [statement_scores(asked, candidate) for candidate in ranked[:3]]
    if not best.statements:
        return [(best.entry.row.text, best)]
    if _BROAD.search(asked.text):
        return [(text, best) for text in _stretch(best, scores[0])]
    top = max(range(len(scores[0])), key=lambda i: scores[0][i])
    better = _fits_better(asked, ranked, scores, top)
    if better is not None:
        return [(_in_context(better[0], better[1]), better[0])]
    claims = [(_in_context(best, top), best)]
    second = sorted(range(len(scores[0])), key=lambda i: -scores[0][i])[1:2]
    if second and scores[0][second[0]] >= SHORT_OF_BEST * scores[0][top] and len(claims[0][0]) < LONG // 2:
        claims.append((_in_context(best, second[0]), best))
    for candidate, some in zip(ranked[1:3], scores[1:], strict=False):
        if not some:
            continue
        place = max(range(len(some)), key=lambda i: some[i])
        if some[place] >= scores[0][top] * SHORT_OF_BEST and len(claims) < MAX_CLAIMS:
            claims.append((_in_context(candidate, place), candidate))
    seen: set[str] = set()
    return [one for one in claims if not (one[0] in seen or seen.add(one[0]))]


def _fits_better(
    asked: Question, ranked: Sequence[Candidate], scores: Sequence[Sequence[float]], top: int
) -> tuple[Candidate, int] | None:
    """A statement of another passage with the kind of value that is asked for, where the best passage has none."""
    wanted, best = asked.wanted, ranked[0]
    if wanted.kind == "any" or any(holds(wanted, text, best.entry.under) for text in best.statements):
        return None
    others = [
        (scores[at][i], one, i)
        for at, one in enumerate(ranked[1 : len(scores)], start=1)
        for i, text in enumerate(one.statements)
        if holds(wanted, text, one.entry.under)
    ]
    found = max(others, key=lambda item: item[0], default=None)
    return found[1:] if found is not None and found[0] >= scores[0][top] else None


def statement_scores(asked: Question, candidate: Candidate) -> list[float]:
    """Of each statement: near in meaning, the question's words in it, and the kind of value that is asked for."""
    return [
        float(candidate.likeness[i])
        + candidate.coverage[i]
        + FITS * holds(asked.wanted, statement, candidate.entry.under)
        for i, statement in enumerate(candidate.statements)
    ]


def _stretch(candidate: Candidate, scores: Sequence[float]) -> list[str]:
    """Statements in their order, as many as stay short, around the best one."""
    top = max(range(len(scores)), key=lambda i: scores[i])
    first, last = top, top
    length = len(candidate.statements[top])
    while last + 1 < len(scores) and length + len(candidate.statements[last + 1]) < LONG and last - first < 4:
        last += 1
        length += len(candidate.statements[last])
    while first > 0 and length + len(candidate.statements[first - 1]) < LONG and last - first < 4:
        first -= 1
        length += len(candidate.statements[first])
    return candidate.statements[first : last + 1]


def _in_context(candidate: Candidate, place: int) -> str:
    """A statement that points back ("It costs ...") is quoted with the one before it, or under its heading."""
    text = candidate.statements[place]
    if _POINTS_BACK.match(text):
        if place > 0 and len(candidate.statements[place - 1]) < LONG // 2:
            return f"{candidate.statements[place - 1]} {text}"
        if candidate.entry.row.heading:
            return f"{candidate.entry.row.heading.split(' > ')[-1]}: {text}"
    return text


def _joined(claims: Sequence[Claim]) -> str:
    """Claims of one passage share a citation."""
    parts: list[str] = []
    for index, claim in enumerate(claims):
        said = claim.text if claim.text[-1:] in ".!?:" else f"{claim.text}."
        parts.append(said)
        if index + 1 == len(claims) or claims[index + 1].passage.id != claim.passage.id:
            parts.append(f"[{claim.passage.place}]")
    return " ".join(parts)
