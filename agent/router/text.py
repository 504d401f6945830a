# ruff: noqa: E501
"""A message in two layers: a plain, English-keyworded one that rules read, and the user's own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_QUOTES = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        "×": "x",
        "…": ".",
    }
)
_EDGE = " \t\r\n,;:.!?-~"
_LEADING = re.compile(
    r"^(?:(?:and|but|then|so|also|plus|or|the|a|an|some|of|for|me|us|please|pls|plz|einen?|einem|einer|ein|der|das|una?|unos|unas|une|el|los|las|les?|uma?|del)\b[\s,:]*)+",
    re.I,
)
_TRAILING = re.compile(
    r"(?:[\s,]+(?:and|but|then|also|und|et|y|please|pls|plz|thanks|thank you|thx|lol|haha|hehe|xd|for me|for us|of|for|in|at|with|to|on|by|as|the|a))+$",
    re.I,
)


def clean(text: str) -> str:
    """NFKC form with straight quotes and dashes, so that full-width digits and typographic marks read as plain ones."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).strip()
    text = re.sub(r"(?<=\d)\s*[~〜～]\s*(?=\d)", "-", text)  # "3〜5"
    return re.sub(r"(?<=[a-z0-9])-odd(?= )", "", text, flags=re.I)  # "twenty-odd coins"


def tidy(text: str) -> str:
    """Free text without the connecting words and punctuation that removal of other slots left at its edges."""
    text = re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r"\s+", " ", text))
    text = re.sub(r"([,;:.])(?:\s*[,;:.])+", r"\1", text).strip(_EDGE)
    before = None
    while before != text:
        before = text
        text = _TRAILING.sub("", _LEADING.sub("", text)).strip(_EDGE)
    return text


@dataclass(frozen=True)
class Piece:
    """A stretch of plain text and the source words that it stands for; equal when nothing was rewritten."""

    plain: str
    source: str


class Spanned:
    """Plain text whose parts can be struck out; what remains is given back in the user's own words."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = [piece for piece in pieces if piece.plain or piece.source]
        self.plain = "".join(piece.plain for piece in self.pieces)
        self._gone = bytearray(len(self.plain))

    @classmethod
    def of(cls, text: str) -> Spanned:
        return cls([Piece(text, text)])

    @property
    def visible(self) -> str:
        """Plain text of the same length in which struck-out characters are spaces."""
        return "".join(" " if gone else char for char, gone in zip(self.plain, self._gone, strict=True))

    def strike(self, start: int, end: int) -> None:
        self._gone[start:end] = b"\x01" * (end - start)

    def strike_all(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Strike out every match of `pattern` in what is still visible; returns the matches."""
        found = list(pattern.finditer(self.visible))
        for match in found:
            self.strike(*match.span())
        return found

    def slice(self, start: int, end: int) -> Spanned:
        """The part between two plain offsets, with what was struck out there."""
        pieces, gone, at = [], bytearray(), 0
        for piece in self.pieces:
            low, high = max(start, at), min(end, at + len(piece.plain))
            if low < high:
                whole = high - low == len(piece.plain)
                cut = piece.plain[low - at : high - at]
                pieces.append(piece if whole else Piece(cut, cut))
                gone += self._gone[low:high]
            at += len(piece.plain)
        out = Spanned(pieces)
        out._gone = gone
        return out

    def source(self, start: int = 0, end: int | None = None) -> str:
        """The user's words between two plain offsets, without what was struck out."""
        end = len(self.plain) if end is None else end
        out, at = [], 0
        for piece in self.pieces:
            low, high = max(start, at), min(end, at + len(piece.plain))
            kept = [k for k in range(low, high) if not self._gone[k]]
            kept_words = [k for k in kept if not self.plain[k].isspace()]  # a piece may be padded
            if piece.plain == piece.source:
                out.append("".join(self.plain[k] if not self._gone[k] else " " for k in range(low, high)))
            elif kept_words or kept and not piece.plain.strip():
                out.append(piece.source)
            elif low < high:
                out.append(" ")
            at += len(piece.plain)
        return "".join(out)

    def rest(self) -> str:
        return tidy(self.source())
