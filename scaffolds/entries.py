# ruff: noqa: E501 (patterns)
"""Names that a document lists: rows of tables, bullets, and words after "items:" or "such as"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scaffolds.naming import LONGEST_NAME, clean

MOST_ENTRIES = 200


@dataclass(frozen=True)
class Entry:
    name: str
    rest: str = ""  # what the bullet says after the name
    cells: dict[str, str] = field(default_factory=dict)  # lower-case column title -> text
    quote: str = ""


_BULLET = re.compile(r"^\s*(?:[-*+•·–]|\d{1,3}[.)])\s+(?P<text>.+)$")
_BOLD = re.compile(r"^(?:\*\*|__)(?P<name>.+?)(?:\*\*|__)\s*(?:[:–—,(-]\s*)?(?P<rest>.*)$")
_NAMED = re.compile(r"^(?P<name>[^:–—=()\n]{2,60}?)(?:\s*[:–—=]\s*|\s+-\s+|\s*(?=\())(?P<rest>.+)$")
_RULE_WORDS = re.compile(
    r"\b(?:slots?|stacks?|stacking|inventory|max(?:imum)?|limit|must|can|cannot|should|will|when|if|player|players|press|button|key binding|ui|drag|sort|weight|capacity|"
    r"currency|price|cost|note|todo|tbd|rule|default|speed|damage|health|hp|total|each|every|all|no|not|opens?|closes?|is|are|has|have|the following|example|hotbar|quick ?bar|grid)\b",
    re.I,
)
_NAME_COLUMNS = (
    "name",
    "item",
    "item name",
    "items",
    "object",
    "pickup",
    "resource",
    "enemy",
    "monster",
    "creature",
    "quest",
    "mission",
    "character",
    "npc",
    "recipe",
    "result",
    "product",
    "output",
    "title",
    "tool",
    "weapon",
    "consumable",
    "material",
    "goods",
)


def entries(text: str, lead: str) -> list[Entry]:
    """Names in a passage. Tables and bullets count when their column, heading or opening words match `lead`."""
    found: list[Entry] = []
    seen: set[str] = set()
    for entry in (*_tables(text, lead), *_bullets(text, lead), *_lists(text, lead)):
        key = entry.name.lower()
        if key not in seen and len(found) < MOST_ENTRIES:
            seen.add(key)
            found.append(entry)
    return found


def plain(text: str) -> str:
    """Markdown marks, links and emphasis removed."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|\\textbf\{|\\emph\{", "", text).strip()


def cells_of(line: str) -> list[str] | None:
    line = line.strip()
    if line.count("|") >= 2 or (line.startswith("|") and line.endswith("|")):
        return [plain(cell) for cell in line.strip("|").split("|")]
    if line.count("\t") >= 1:
        return [plain(cell) for cell in line.split("\t")]
    return None


def _tables(text: str, lead: str) -> Iterator[Entry]:
    """Rows of tables that have a column for `lead`, or stand below a heading or sentence about it."""
    header: list[str] | None = None
    about = False
    for line in text.splitlines():
        cells = cells_of(line)
        if cells is None:
            header = None
            if line.strip():
                about = bool(re.search(rf"\b(?:{lead})\b", line, re.I))
            continue
        if all(re.fullmatch(r":?-{2,}:?|", cell.strip()) for cell in cells):
            continue
        if header is None:
            header = [cell.lower().strip() for cell in cells]
            continue
        column = _name_column(header, lead, about)
        if column is None or column >= len(cells):
            continue
        name = _name(cells[column], strict=False)
        if name:
            named = dict(zip(header, cells, strict=False))
            yield Entry(name, "", named, plain(" | ".join(cell for cell in cells if cell)))


def _name_column(header: list[str], lead: str, about: bool) -> int | None:
    named = [p for p, title in enumerate(header) if re.fullmatch(rf"(?:{lead})(?: names?)?", title, re.I)]
    general = [p for p, title in enumerate(header) if title in _NAME_COLUMNS] if about else []
    return next(iter([*named, *general]), None)


def _bullets(text: str, lead: str) -> Iterator[Entry]:
    """Bullets below a heading, or below a line that ends with a colon, which speaks of `lead`."""
    topic = False
    opening = True  # the passage's first lines are its title and heading path
    for line in text.splitlines():
        bullet = _BULLET.match(line)
        if bullet is None:
            if line.strip() and (opening or line.lstrip().startswith("#") or line.rstrip().rstrip("*_").endswith(":")):
                topic = bool(re.search(rf"\b(?:{lead})\b", line, re.I))
            opening = opening and not line.strip()
            continue
        opening = False
        if not topic:
            continue
        text_of = bullet["text"].strip()
        bold = _BOLD.match(text_of)
        match = bold or _NAMED.match(text_of)
        raw, rest = (match["name"], match["rest"]) if match else (text_of, "")
        name = _name(raw, strict=bold is None)
        if name:
            yield Entry(name, plain(rest), {}, plain(text_of))


_LIST = r"(?P<list>[^.;:\n]{{3,400}})"


def _lists(text: str, lead: str) -> Iterator[Entry]:
    """ "Items: rope, lantern and iron key", "items such as rope and lantern", "The items are rope, ..."."""
    opener = (
        rf"\b(?:{lead})\b(?:\s+(?:in the game|list|types|kinds|available|on sale|for sale|to find|here))*\s*(?:\((?P<in>[^)\n]{{3,400}})\)|(?::|,? such as|,? like|,? including|,? includes?|,? namely|,? called|,? named|\bare\b:?)\s*"
        + _LIST.format()
        + ")"
    )
    said = plain(text)
    # From each word that could open a list: in "pickups: items: rope, hook" the second one does.
    for word in re.finditer(rf"\b(?:{lead})\b", said, re.I):
        match = re.compile(opener, re.I).match(said, word.start())
        if match is None:
            continue
        listed = match["in"] or match["list"] or ""
        pieces = split_names(listed)
        if len(pieces) < 2 and not re.search(r"called|named", match[0], re.I):
            continue
        for piece in pieces:
            named = re.match(r"^(?P<name>[^()]+?)\s*(?:\((?P<rest>[^)]*)\))?$", piece)
            name = _name(named["name"] if named else piece, strict=True)
            if name:
                yield Entry(name, (named["rest"] or "") if named else "", {}, clean(match[0], 200))


def split_names(listed: str) -> list[str]:
    """The parts of "rope, a lantern and two iron keys", commas in brackets aside."""
    pieces = re.split(r",(?![^(]*\))|\s+(?:and|&|or|plus)\s+(?![^(]*\))", listed)
    return [piece.strip(" .\"'") for piece in pieces if piece and piece.strip(" .\"'")]


def _name(raw: str, *, strict: bool) -> str:
    """A name, or nothing where the words are a rule ("Potions stack to 10") or a sentence."""
    text = clean(plain(raw).strip(" .,:;*_\"'“”"), LONGEST_NAME)
    text = re.sub(r"^(?:an?|the|some|several|and|or|\d+\s*x?)\s+", "", text, flags=re.I)
    if not re.search(r"[^\W\d_]", text) or len(text.split()) > 5 or len(text) > LONGEST_NAME:
        return ""
    if strict and (_RULE_WORDS.search(text) or len(text.split()) > 4):
        return ""
    return text
