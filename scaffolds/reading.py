# ruff: noqa: E501 (patterns and sentences)
"""Numbers in words: those of the user first, then those of the documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from scaffolds.entries import cells_of, plain
from scaffolds.naming import clean
from scaffolds.parameters import PARAMETERS, SECONDS, UNITY, Parameter
from scaffolds.types import Fact, Passage

Values = dict[str, dict[str, float]]

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_UNITS += ["seventeen", "eighteen", "nineteen"]
_TENS = {
    word: 10 * (i + 2)
    for i, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
}
_WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[- ](?P<ones>{'|'.join(_UNITS[1:10])}))?|(?P<unit>{'|'.join(_UNITS)})"
    r"|(?P<special>an? hundred|one hundred|a thousand|a dozen|half a minute|half an hour))\b",
    re.I,
)
_SPECIAL = {"hundred": "100", "thousand": "1000", "dozen": "12"}
_SIZE = r"(?P<a>\d{1,3})\s*(?:x|×|by|\*)\s*(?P<b>\d{1,3})"
_GRID = re.compile(
    rf"{_SIZE}[- ]*(?:\w+[- ]){{0,2}}(?:grid|inventory|slots?|cells|backpack|bag|satchel)"
    rf"|(?:grid|inventory|backpack|bag|satchel)[^.\d]{{0,20}}{_SIZE.replace('<a>', '<c>').replace('<b>', '<d>')}"
)


def defaults(engine: str) -> Values:
    values: Values = {}
    for parameter in PARAMETERS:
        given = UNITY.get(parameter.name, parameter.default) if engine == "unity" else parameter.default
        values.setdefault(parameter.system, {})[parameter.name] = given
    values["movement"]["platformer"] = 0
    values["inventory"]["columns"] = 0
    return values


def digits(text: str) -> str:
    """Lower case, number words as digits, "1,000" as 1000, "6:00" as 6."""

    def spelt(match: re.Match[str]) -> str:
        if match["special"]:
            word = match["special"].split()[-1].lower()
            return {"minute": "30 seconds", "hour": "30 minutes"}.get(word) or _SPECIAL[word]
        if match["unit"]:
            return str(_UNITS.index(match["unit"].lower()))
        return str(_TENS[match["tens"].lower()] + (_UNITS.index(match["ones"].lower()) if match["ones"] else 0))

    text = _WORD.sub(spelt, plain(text)).lower()
    text = re.sub(r"(?<=\d)[,' ](?=\d{3}\b)", "", text)
    text = re.sub(r"\b(double|1 double)[- ]jump", "1 air jump, double jump", text)
    text = re.sub(r"\btriple[- ]jump", "2 air jumps", text)
    return re.sub(r"\b(\d{1,2}):00\b", r"\1", text)


@cache
def _patterns(parameter: Parameter) -> tuple[re.Pattern[str], ...]:
    return tuple(parameter.pattern())


def sentences(text: str) -> Iterator[str]:
    """Sentences, bullets and table rows; a row of two cells reads "slots: 24", one of more "header: cell"."""
    header: list[str] | None = None
    for line in text.splitlines():
        cells = cells_of(line)
        if cells is None:
            header = None
            yield from (part for part in re.split(r"(?<=[.!?;])\s+", line) if part.strip())
            continue
        if all(re.fullmatch(r":?-{2,}:?|", cell) for cell in cells):
            continue
        if len(cells) <= 3:
            yield f"{cells[0]}: {', '.join(cells[1:])}"
        if header is None:
            header = cells


def read(text: str, systems: Sequence[str], strict: bool = False) -> Iterator[tuple[Parameter, float, str]]:
    """(parameter, value, sentence) for each number that the text states, the first mention of each.

    `strict`: of a document, where sentences also speak of other things than the request does.
    """
    found: set[str] = set()
    for sentence in sentences(text):
        left = digits(sentence)
        if "inventory" in systems and "slots" not in found and (grid := _GRID.search(left)):
            across, down = (grid["a"], grid["b"]) if grid["a"] else (grid["c"], grid["d"])
            if 1 <= int(across) * int(down) <= 10_000:
                found.add("slots")
                yield _named("slots"), int(across) * int(down), sentence
                yield COLUMNS, int(across), sentence
                left = left.replace(grid[0], " ")
        for parameter in PARAMETERS:
            match = _first(parameter, left)
            if match is None:
                continue
            start, end = match.span()
            left = f"{left[:start]} {'#' * (end - start)} {left[end:]}"
            if parameter.system not in systems or parameter.name in found:
                continue
            if strict and parameter.reject and re.search(parameter.reject, sentence, re.I):
                continue
            value = float(match["n"])
            if parameter.timed:
                value *= SECONDS[match["unit"]]
            if parameter.low <= value <= parameter.high:
                found.add(parameter.name)
                yield parameter, int(value) if parameter.whole else value, sentence


def _first(parameter: Parameter, text: str) -> re.Match[str] | None:
    if not re.search(r"\d", text):
        return None
    return next((match for pattern in _patterns(parameter) if (match := pattern.search(text))), None)


def _named(name: str) -> Parameter:
    return next(parameter for parameter in PARAMETERS if parameter.name == name)


COLUMNS = Parameter("inventory", "columns", "columns of the grid", 0, 0, 1000, ())


def facts_from_words(text: str, systems: Sequence[str], values: Values) -> list[Fact]:
    """Numbers of the request into `values`, and what was read."""
    facts = []
    for parameter, value, sentence in read(text, systems):
        values[parameter.system][parameter.name] = value
        facts.append(Fact(parameter.system, parameter.label, _shown(value), clean(sentence, 160)))
    return facts


FOES = re.compile(r"\b(?:enem(?:y|ies)|boss(?:es)?|monsters?|foes?|creatures?|mobs?|bestiary|opponents?)\b", re.I)


def facts_from_passages(
    passages: Iterable[Passage],
    systems: Sequence[str],
    values: Values,
    said: Iterable[Fact],
    of_foes: bool = False,
) -> tuple[list[Fact], list[str]]:
    """Numbers of the documents, best passage first, and where they contradict; what the user said stands.

    `of_foes`: health and movement are wanted for enemies; else what stands under their headings is not the player's.
    """
    spoken = {fact.label for fact in said}
    facts: dict[str, Fact] = {}
    conflicts = []
    for passage in passages:
        for parameter, value, sentence in read(passage.text, systems, strict=True):
            fact = Fact(parameter.system, parameter.label, _shown(value), clean(plain(sentence), 160), passage)
            first = facts.get(parameter.label)
            if parameter.label in spoken:
                continue
            if parameter.system in ("health", "movement") and not of_foes and FOES.search(passage.heading):
                continue
            if first is None:
                facts[parameter.label] = fact
                values[parameter.system][parameter.name] = value
            elif first.value != fact.value and first.passage is not None:
                conflicts.append(
                    f"{first.passage.place} says {first.value} {parameter.label}, {passage.place} says {fact.value}: "
                    f"{first.value} is used."
                )
    return list(facts.values()), conflicts


def _shown(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:g}"
