"""What pictures show, in five languages: `data/things/<language>.tsv`, lines of "english<TAB>form|form|...".

The lists were written for this program by language models; earlier lines win.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "things"
_WORDS = re.compile(r"[^\W\d_]+(?:['’ -][^\W\d_]+){0,4}")
_CUT = re.compile(r"['’ -][^\W\d_]+$")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]")
_LONGEST = 14  # characters of a Japanese form that is looked for
_SHORTEST_PART = 4  # letters of a part of a German compound
_LINKS = ("", "s", "n", "en", "es", "er", "e")


class Things:
    """Forms of one language and what they are in English."""

    def __init__(self, language: str) -> None:
        self._english: dict[str, str] = {}
        for line in (_DATA / f"{language}.tsv").read_text(encoding="utf-8").splitlines():
            english, _, forms = line.partition("\t")
            for form in forms.split("|"):
                self._english.setdefault(form, english)
        self._spaced = language != "ja"
        self._compounds = language == "de"

    def at(self, text: str, at: int) -> tuple[int, str] | None:
        """(end, English) of the longest form that begins at a word's start `at`."""
        return self._phrase(text, at) if self._spaced else self._characters(text, at)

    def _phrase(self, text: str, at: int) -> tuple[int, str] | None:
        match = _WORDS.match(text, at)
        words = match[0] if match else ""
        while words:
            english = self._english.get(words.lower().replace("’", "'"))
            if english is not None:
                return at + len(words), english
            shorter = _CUT.sub("", words)
            if shorter == words:
                break
            words = shorter
        if words and self._compounds:
            joined = text[at + len(words) : at + len(words) + 1] in ("-", "")  # "Münz-Symbole"
            english = self._compound(words.lower()) or (self._first_part(words.lower()) if joined else None)
            return None if english is None else (at + len(words), english)
        return None

    def _compound(self, word: str) -> str | None:
        """ "wüstenfelsen": two known parts, with a linking sound between them or not; the longest last part wins."""
        for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            last = self._english.get(word[cut:])
            if last is None:
                continue
            for link in _LINKS:
                first = self._english.get(word[: cut - len(link)]) if word[:cut].endswith(link) else None
                if first is not None:
                    return f"{first} {last}"
        return None

    def _first_part(self, word: str) -> str | None:
        forms = [word + end for end in ("e", "en", "n")] + [word[:-1]] * word.endswith("s")  # "Rüstungs-Symbole"
        return next((self._english[form] for form in forms if form in self._english), None)

    def _characters(self, text: str, at: int) -> tuple[int, str] | None:
        if at > 0 and _KATAKANA.match(text[at]) and _KATAKANA.match(text[at - 1]):
            return None  # within a word
        for end in range(min(len(text), at + _LONGEST), at, -1):
            english = self._english.get(text[at:end])
            if english is not None:
                return end, english
        return None


@functools.cache
def english_too() -> frozenset[str]:
    """Forms that are English words as well: they say nothing about a message's language."""
    return frozenset((_DATA / "english_too.txt").read_text(encoding="utf-8").split())
