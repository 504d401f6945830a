"""Labelled messages for training the tagger: `data/labelled/*.jsonl`, the phrases of the classifier, and mixtures.

A line of a file: {"text", "calls": [{"tool", "span", "slots": {slot: [words, ...]}}]}; spans are stretches of the text,
in its order, a slot's words are stretches of the span. `"hostile": true` marks what asks for nothing good. A call for
pictures may have `"kinds"`: for each of its subjects the kinds that it may be filed under, the best one first.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.router.classifier import TOOLS
from agent.router.tagger.labels import SLOTS
from agent.router.text import clean
from pipelines.request import KINDS

LABELLED = Path(__file__).parents[1] / "data" / "labelled"


@dataclass
class Mark:
    start: int
    end: int
    number: int  # of TOOLS or SLOTS
    kinds: tuple[int, ...] = ()  # of KINDS, for a subject whose kinds are known


@dataclass
class Sample:
    """`slots` None: the slots are not known and are not learned from."""

    text: str
    requests: list[Mark] = field(default_factory=list)
    slots: list[Mark] | None = field(default_factory=list)
    hostile: bool = False


def labelled(folder: Path = LABELLED) -> dict[str, list[Sample]]:
    """Samples by file name.

    Raises:
        ValueError: a label is not in its text.
    """
    out: dict[str, list[Sample]] = {}
    for file in sorted(folder.glob("*.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines()
        out[file.name] = [parse(line) for line in lines if line.strip()]
    return out


def parse(line: str) -> Sample:
    turn = json.loads(line)
    text = clean(turn["text"])
    sample, at = Sample(text, hostile=bool(turn.get("hostile"))), 0
    assert sample.slots is not None
    for call in turn["calls"]:
        span = clean(call["span"])
        start = text.find(span, at)
        if start < 0:
            raise ValueError(f"{span!r} is not in {text!r}")
        at = start + len(span)
        sample.requests.append(Mark(start, at, TOOLS.index(call["tool"])))
        taken: list[tuple[int, int]] = []
        said = [(words, slot, kinds) for slot in call["slots"] for words, kinds in _said(call, slot)]
        said.sort(key=lambda item: -len(item[0]))  # long ones first: "3" may stand in them
        for words, slot, kinds in said:
            place = _place(span, clean(words), taken)
            if place is not None:
                taken.append(place)
                sample.slots.append(Mark(start + place[0], start + place[1], SLOTS.index(slot), kinds))
    return sample


def _said(call: dict[str, Any], slot: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The words of a slot, and which kinds of pictures they stand for."""
    kinds = call.get("kinds") if slot == "subject" else None
    for at, words in enumerate(call["slots"][slot]):
        yield words, tuple(KINDS.index(kind) for kind in kinds[at]) if kinds else ()


def _place(span: str, words: str, taken: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The first place of the words that no other slot has, at word borders where there is one."""
    for pattern in (rf"(?<![^\W_]){re.escape(words)}(?![^\W_])", re.escape(words)):
        for match in re.finditer(pattern, span):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                return match.span()
    return None


_NUMBER = re.compile(r"\d+")
_NUMBERED = {SLOTS.index(name) for name in ("count", "approve", "reject", "assets")}
_BEFORE = ("", "", "", "ok ", "hey ", "so ", "please ", "and ", "well, ")


def varied(sample: Sample, subjects: list[str], draw: random.Random) -> Sample:
    """The same request with other numbers, at times another subject, a slip of the keyboard, or other capitals."""
    if sample.slots is None:
        return sample
    edits: list[tuple[int, int, str]] = []
    slots = list(sample.slots)
    for place, mark in enumerate(slots):
        words = sample.text[mark.start : mark.end]
        if mark.number in _NUMBERED and _NUMBER.fullmatch(words) and draw.random() < 0.5:
            edits.append((mark.start, mark.end, str(draw.choice((draw.randint(1, 12), draw.randint(2, 60))))))
        elif mark.number == SLOTS.index("subject") and words.isascii() and draw.random() < 0.15:
            edits.append((mark.start, mark.end, draw.choice(subjects)))
            slots[place] = replace(mark, kinds=())
        elif draw.random() < 0.03 and mark.end - mark.start > 5:
            at = mark.start + draw.randrange(1, mark.end - mark.start - 2)
            if sample.text[at : at + 2].isalpha():
                edits.append((at, at + 2, sample.text[at + 1] + sample.text[at]))
    return _edited(replace(sample, slots=slots), edits)


def _edited(sample: Sample, edits: list[tuple[int, int, str]]) -> Sample:
    """Replace stretches that do not overlap; marks move along."""
    edits = sorted(edits)
    out, at = [], 0
    moves: list[tuple[int, int]] = []  # (old position, shift of what comes behind it)
    shift = 0
    for start, end, new in edits:
        if start < at:
            continue
        out += [sample.text[at:start], new]
        shift += len(new) - (end - start)
        moves.append((end, shift))
        at = end
    text = "".join([*out, sample.text[at:]])

    def moved(position: int) -> int:
        return position + max(((old, by) for old, by in moves if old <= position), default=(0, 0))[1]

    def all_moved(marks: list[Mark]) -> list[Mark]:
        return [replace(mark, start=moved(mark.start), end=moved(mark.end)) for mark in marks]

    return Sample(text, all_moved(sample.requests), None if sample.slots is None else all_moved(sample.slots))


_JOINS = (". ", " ", ", ", "; ", "! ", " and ", " then ", ", and ", ". also ", "\n")


def joined(first: Sample, second: Sample, draw: random.Random) -> Sample:
    """Two messages as one."""
    text = first.text.rstrip(" .") if draw.random() < 0.7 else first.text
    join = draw.choice(_JOINS)
    by = len(text) + len(join)

    def later(marks: list[Mark]) -> list[Mark]:
        return [replace(mark, start=mark.start + by, end=mark.end + by) for mark in marks]

    def kept(marks: list[Mark]) -> list[Mark]:
        return [replace(mark, end=min(mark.end, len(text))) for mark in marks]

    slots = None
    if first.slots is not None and second.slots is not None:
        slots = kept(first.slots) + later(second.slots)
    return Sample(text + join + second.text, kept(first.requests) + later(second.requests), slots)


def phrases(draw: random.Random) -> Iterator[Sample]:
    """The classifier's phrases, filled once each: the whole message is the request, its slots are not known."""
    from agent.router import train

    slots = json.loads((train.DATA / "slots.json").read_text(encoding="utf-8")) | train.borrowed()
    for label in (*TOOLS, "chat", "hostile"):
        for template in train.phrases(label):
            text = clean(train.fill(template, slots, draw))
            if label in TOOLS:
                yield Sample(text, [Mark(0, len(text), TOOLS.index(label))], None)
            else:
                yield Sample(text, [], [])
