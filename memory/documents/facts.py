"""What the documents fix for everything that is made: art direction, palette, naming rules, engine.

Found by plain patterns in the passages' own words. They are data: a fact is shown with its place, fills in what is
left open, and can be left out; it never starts anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from memory.documents.sentences import statements
from memory.documents.types import StoredPassage

FactKind = Literal["art", "palette", "naming", "engine"]
MAX_TEXT = 160
ENGINES = {
    "godot": "godot", "unity": "unity", "phaser": "phaser", "pygame": "pygame", "bevy": "bevy", "unreal": "unreal",
    "gamemaker": "gamemaker",
}  # fmt: skip
_ENGINE = re.compile(r"\b(Godot|Unity|Phaser|Pygame|Bevy|Unreal|GameMaker)\b(?:[ -]?(?:Engine)?\s*v?(\d[\w.]*))?", re.I)
_CHOSEN = re.compile(
    r"\b(?:engine|built|made|developed?|runs?|using|uses|targets?|decided|written|implement\w*)\b", re.I
)
_GIVEN_UP = re.compile(r"\b(?:dead|dropped|abandoned|instead of|no longer|not|earlier|old|rejected|considered)\b", re.I)
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_NAMED_HEX = re.compile(r"(?:\b([A-Za-z][a-z]+(?:[ -][a-z]+)?)\W{0,3})?(#[0-9a-fA-F]{6})\b")
_LOOK = re.compile(
    r"\b(pixel[ -]?art|low[ -]?poly|hand[ -]?(?:painted|drawn)|cel[ -]?shad\w+|woodcut|watercolou?r"
    r"|flat (?:vector|design|colou?rs?)"
    r"|vector art|voxel|claymation|ink(?:ed)? (?:lines?|drawings?)|cartoon(?:y|ish)?|painterly|isometric|monochrome"
    r"|vaporwave"
    r"|gouache|silhouettes?|line art|retro|16-bit|8-bit|stylized|stylised|photoreal\w*)\b",
    re.I,
)
_ART_HEADING = re.compile(r"\b(?:art|arts|visuals?|look|style|graphics?|aesthetics?|colou?rs?|palette)\b", re.I)
_PALETTE_WORD = re.compile(r"\b(?:palette|colou?rs?|inks?|tones?|hues?)\b", re.I)
_NAMING = re.compile(
    r"\b(?:naming (?:rules?|convention|scheme)|file ?names?|named? (?:files?|assets?)|assets? (?:are|is) named"
    r"|prefix(?:ed)?)\b",
    re.I,
)
STYLE_OF = (
    ("pixel", "pixel"), ("8-bit", "pixel"), ("16-bit", "pixel"), ("low", "3d"), ("voxel", "3d"), ("flat", "flat"),
            ("vector", "flat"))  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """`value` is what is used: a style, colour words, a rule, an engine. `key` names it for leaving it out."""

    kind: FactKind
    value: str
    text: str
    document: str
    heading: str
    passage_id: int
    document_id: int

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.value} ({self.document})"

    @property
    def place(self) -> str:
        return f"{self.document} > {self.heading}" if self.heading else self.document

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "key": self.key}


def find_facts(passages: Iterable[StoredPassage], names: dict[int, tuple[str, str]]) -> list[Fact]:
    """At most one fact of each kind a document, the most telling first."""
    found: dict[tuple[str, str], tuple[float, Fact]] = {}
    for row in passages:
        if row.document_id not in names:
            continue
        name, title = names[row.document_id]
        last = row.heading.split(" > ")[-1]
        artistic = bool(
            _ART_HEADING.search(last) or re.search(r"\b(?:art|style)[ _-]?(?:bible|guide)\b", f"{name} {title}", re.I)
        )
        for statement in statements(row.text):
            for kind, value, weight in _facts_of(statement, artistic):
                fact = Fact(kind, value, _short(statement), name, row.heading, row.id, row.document_id)
                known = found.get((name, kind))
                if known is None or weight > known[0]:
                    found[(name, kind)] = (weight, fact)
    order: list[FactKind] = ["art", "palette", "naming", "engine"]
    ranked = sorted(found.values(), key=lambda item: (order.index(item[1].kind), -item[0]))
    return [fact for _, fact in ranked]


def _facts_of(statement: str, artistic: bool) -> Iterable[tuple[FactKind, str, float]]:
    looks = [found.lower().replace("-", " ") for found in _LOOK.findall(statement)]
    if looks and (artistic or re.search(r"\b(?:art|style|look|visual|sprites?|assets?)\b", statement, re.I)):
        yield "art", ", ".join(dict.fromkeys(looks)), 2.0 * artistic + len(looks) * 0.1
    colours = _HEX.findall(statement)
    if colours and (artistic or _PALETTE_WORD.search(statement)):
        named = [" ".join(filter(None, pair)) for pair in _NAMED_HEX.findall(statement)]
        yield "palette", ", ".join(dict.fromkeys(named))[:MAX_TEXT], 1.0 + len(colours)
    if _NAMING.search(statement):
        weight = 1.0 + bool(re.search(r"[a-z]+_[a-z<{]|\.(?:png|json)|snake|kebab|camel", statement, re.I))
        yield "naming", _short(statement), weight
    engine = _ENGINE.search(statement)
    if engine and _CHOSEN.search(statement):
        before = statement[: engine.start()]
        gone = bool(_GIVEN_UP.search(before[-40:]) or _GIVEN_UP.search(statement[engine.end() : engine.end() + 24]))
        value = " ".join(filter(None, (ENGINES[engine[1].lower()], engine[2]))).rstrip(".")
        if not gone or "(" in statement:
            yield "engine", value, 1.0 - gone * 0.5


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rsplit(" ", 1)[0] + "…"


def chosen_look(facts: Sequence[Fact]) -> list[Fact]:
    """The art direction, and the palette of the same document where it has one."""
    art = next((fact for fact in facts if fact.kind == "art"), None)
    palettes = [fact for fact in facts if fact.kind == "palette"]
    same = [fact for fact in palettes if art is not None and fact.document_id == art.document_id]
    return [fact for fact in (art, *(same or palettes)[:1]) if fact is not None]


def style_words(facts: Iterable[Fact]) -> str | None:
    """A style for image requests: one that the model knows by name, else the words of art direction and palette."""
    chosen = list(facts)
    art = next((fact.value for fact in chosen if fact.kind == "art"), "")
    colours = next((fact.value for fact in chosen if fact.kind == "palette"), "")
    for sign, style in STYLE_OF:
        if sign in art:
            return style
    words = re.sub(r"\s*#[0-9a-fA-F]{6}", "", colours)
    words = ", ".join(part for part in (piece.strip() for piece in words.split(",")) if part)
    joined = ", ".join(part for part in (art, words) if part)
    return joined[:100] or None
