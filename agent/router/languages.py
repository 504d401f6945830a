# ruff: noqa: E501, SIM905
"""Spanish, French, German, Portuguese and Japanese key words -> English ones in the plain layer.

Only what a request is built of is translated (commands, numbers, kinds, joining words); what it is about stays as the
user wrote it. Word order is left alone except in Japanese, whose closing verb is moved to the front of its clause.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.router import number_words
from agent.router.text import Piece, Spanned
from agent.router.things import Things, english_too

IDENTIFIED_WORDS, IDENTIFIED = 3, 0.9  # fewer words or less certain: key words decide
_DATA = Path(__file__).parent / "data" / "languages.json"
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_JAPANESE_CLAUSE = re.compile(r"[、。!?！？,;；\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_ACCENTED = re.compile(r"[áéíóúñüàâçèêëîïôûœæäößãõ¿¡]", re.I)
# words that are English too (or a misspelling of it) and so say nothing about the language
_ENGLISH = frozenset(
    "a as code change double fine halt icon icons in is item items lade liste model no on or o e y die des den son pack para plus rest stop "
    "style remove aprove finde all me an am do la the list program export buttons button objects to de du im mal ab us pour sale".split()
)


@dataclass(frozen=True)
class Row:
    english: str
    strong: bool = False  # opens a request
    noun: bool = False  # names a thing: says little about the language, and its source stays the user's


class Lexicon:
    """Phrases of one language, found at word starts through their first letters; longer ones among `things` win."""

    def __init__(self, language: str, rows: list[tuple[str, Row]]) -> None:
        self._spaced = spaced = language != "ja"
        self._things, self._language = Things(language), language
        self._rows = [row for _, row in rows]
        by_start: dict[str, list[int]] = {}
        for number, (words, _) in enumerate(rows):
            for start in {word[:1].lower() for word in _options(words)}:
                by_start.setdefault(start if start not in "([" else "", []).append(number)
        self._always = by_start.pop("", [])
        self._by_start = by_start
        self._end = r"(?!\w)" if spaced else ""
        self._words = [words for words, _ in rows]
        self._patterns: dict[str, re.Pattern[str] | None] = {}

    def _pattern(self, start: str) -> re.Pattern[str] | None:
        """Of the phrases that begin with a letter. Made when it is first met: all of them take seconds."""
        known = start if start in self._by_start else ""
        if known not in self._patterns:
            numbers = sorted({*self._by_start.get(known, ()), *self._always})
            either = "|".join(f"(?P<g{n}>(?:{self._words[n]}){self._end})" for n in numbers)
            self._patterns[known] = re.compile(either, re.I) if either else None
        return self._patterns[known]

    def find(self, text: str) -> Iterator[tuple[int, int, Row]]:
        """(start, end, row) of each phrase, left to right, none overlapping."""
        at, numbers, letters = 0, number_words.pattern(self._language), number_words.plain_letters(text)
        while at < len(text):
            inside = self._spaced and at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_")
            pattern = None if inside else self._pattern(text[at].lower())
            match = pattern.match(text, at) if pattern else None
            end = match.end() if match else at
            thing = None if inside else self._things.at(text, at)
            number = None if inside or numbers is None else numbers.match(letters, at)
            if number is not None and number.end() > end:
                end = number.end()
                yield at, end, Row(str(number_words.compounds(self._language)[number[0]]))
            elif thing is not None and thing[0] > end:
                end = thing[0]
                yield at, end, Row(thing[1], noun=True)
            elif match and end > at:
                yield at, end, self._rows[int(str(match.lastgroup)[1:])]
            at = max(end, at + 1)


@functools.cache
def lexicons() -> dict[str, Lexicon]:
    tables: dict[str, dict[str, list[tuple[str, str]]]] = json.loads(_DATA.read_text(encoding="utf-8"))
    things = tables.pop("nouns")
    out = {}
    for language, table in tables.items():
        first = [(words, Row(english)) for words, english in table.get("first", ())]
        rows = [(words, Row(english, strong=True)) for words, english in table["strong"]]
        rows += [(words, Row(english)) for words, english in table["weak"]]
        nouns = [(words, Row(english, noun=True)) for words, english in things["ja" if language == "ja" else "west"]]
        rows = first + nouns + rows if language == "ja" else rows + nouns
        if language != "ja":  # longer phrases win over the words in them
            flat = [(option, row) for words, row in rows for option in _options(words)]
            rows = sorted(flat, key=lambda pair: -len(pair[0]))
        out[language] = Lexicon(language, rows)
    return out


def _options(words: str) -> list[str]:
    """Splits alternatives at the top level of a pattern."""
    out, depth, start = [], 0, 0
    for at, char in enumerate(words):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            out.append(words[start:at])
            start = at + 1
    return [option for option in [*out, words[start:]] if option]


@functools.cache
def _identifier() -> Any:
    """Letters tell a language where its key words are missing ("gera 8 tiles de areia", "slt ça va ?")."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["en", *lexicons()])
    return identifier


@functools.lru_cache(512)  # asked for a message and again for each of its parts
def detect(text: str) -> str | None:
    """Language code when the message is plainly not English, else None."""
    japanese = len(_JAPANESE.findall(text))
    if japanese:
        return "ja" if japanese >= 2 or len(text) < 6 else None
    words = _WORD.findall(text.lower())
    if not words:
        return None
    if len(words) >= IDENTIFIED_WORDS:
        language, sure = _identifier().classify(text)
        if sure >= IDENTIFIED and language != "ja":
            return language if language != "en" else None
    best: tuple[float, str] = (0.0, "")
    for language, lexicon in lexicons().items():
        if language == "ja":
            continue
        points = 0.0
        for start, end, row in lexicon.find(text):
            said = text[start:end].lower()
            if said in _ENGLISH or said in english_too() or said.rstrip("s") == row.english:
                points += 0.1
            elif row.noun:
                points += 0.6
            else:
                points += (2.0 if row.strong else 1.0) + 0.5 * bool(_ACCENTED.search(said))
        best = max(best, (points, language))
    points, language = best
    enough = points >= 2 and points / len(words) >= 0.34 or (points >= 1 and bool(_ACCENTED.search(text)))
    return language if enough else None


def _translated(text: str, lexicon: Lexicon, spaced: bool) -> list[tuple[Piece, bool]]:
    pieces: list[tuple[Piece, bool]] = []
    at = 0
    for start, end, row in lexicon.find(text):
        pieces.append((Piece(text[at:start], text[at:start]), False))
        elided = spaced and text[end - 1] == "'" and end < len(text)  # l'épée
        plain = f" {row.english} " if not spaced else f"{row.english} " if elided else row.english
        particle = not spaced and not row.english.strip()
        pieces.append((Piece(plain, " " if particle else text[start:end]), row.strong))
        at = end
    pieces.append((Piece(text[at:], text[at:]), False))
    return pieces


def _japanese(text: str, lexicon: Lexicon) -> list[Piece]:
    out: list[Piece] = []
    ends = [match.span() for match in _JAPANESE_CLAUSE.finditer(text)] + [(len(text), len(text))]
    start = 0
    for stop, resume in ends:
        marked = _translated(text[start:stop], lexicon, spaced=False)
        verbs = [piece for piece, strong in marked if strong]
        if verbs and out:
            out.append(Piece(", ", ""))
        out += verbs[-1:]
        for piece, strong in marked:
            if not strong:
                tight = piece.plain.strip() in ("x", "th")
                out.append(Piece(piece.plain.strip(), piece.source) if tight else piece)
        if resume > stop:
            out.append(Piece(", " if resume < len(text) else "", text[stop:resume]))
        start = resume
    return out


def anglicise(text: str, whole: str = "") -> tuple[Spanned, str]:
    """The message with English key words in its plain layer, and its language code ("en" when nothing was done).

    `whole`: the message that the text is a part of; it tells the language.
    """
    language = detect(whole or text)
    if language is None:
        return Spanned.of(text), "en"
    lexicon = lexicons()[language]
    if language == "ja":
        return Spanned(_japanese(text, lexicon)), language
    return Spanned([piece for piece, _ in _translated(text, lexicon, spaced=True)]), language


_ADJECTIVES = frozenset(
    "rusty golden old ancient broken glowing magical small big giant wooden stone iron ice fire frozen cursed angry happy "
    "poisonous desert forest purple orange red blue green yellow black white".split()
)
_PARTICLES = re.compile(
    r"^(?:de|del|de la|do|da|dos|das|du|des|d'|der|die|das|el|la|los|las|les|le|l'|の|を|に|は|が|と)$", re.I
)


def english_subject(subject: str, request: str, *, plural: bool = False) -> str:
    """What to draw in English, as far as its words are known, when the request is in another language.

    Describing words that follow their noun ("cofres oxidados") are put before it; unknown words stay.
    """
    language = detect(request) or detect(subject)
    if language is None:
        return subject
    lexicon = lexicons()[language]
    spaced = language != "ja"
    pieces = [piece for piece, _ in _translated(subject, lexicon, spaced=spaced)]
    if not any(piece.plain.strip() != piece.source.strip() for piece in pieces if piece.source.strip()):
        return subject
    words = " ".join(piece.plain for piece in pieces).split()
    kept = [word for word in words if not _PARTICLES.match(word)]
    parts = re.split(r"\s*,\s*", " ".join(kept).replace(" and ", ", "))
    things = [_described_first(part.split()) for part in parts if part]
    return ", ".join(_many(thing) if plural else thing for thing in things) or subject


def described_first(phrase: str) -> str:
    """ "mushroom poisonous", as word-by-word translation gives it, with the describing words in front."""
    return _described_first(phrase.split()) if phrase.split() else phrase


def _many(thing: str) -> str:
    if re.search(r"(?:s|x|ch|sh)$", thing):
        return thing if thing.endswith("s") else f"{thing}es"
    return f"{thing[:-1]}ies" if re.search(r"[^aeiou]y$", thing) else f"{thing}s"


def _described_first(words: list[str]) -> str:
    before = [word for word in words[1:] if word.lower() in _ADJECTIVES and words[0].lower() not in _ADJECTIVES]
    return " ".join([*before, *(word for word in words if word not in before)])
