"""Words as the search sees them: lower case, stemmed, without the words that every question has."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from memory.documents.sentences import clean

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+", re.I)
_surface: dict[str, str] = {}  # of every stem that was ever made here
STOP = frozenset((Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def _stemmer() -> object:
    import Stemmer

    return Stemmer.Stemmer("english")


@lru_cache(maxsize=1)
def _irregular() -> dict[str, str]:
    """bought -> buy, wolves -> wolf."""
    found = {}
    for line in (Path(__file__).parent / "irregular.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            base, *forms = line.split()
            found.update(dict.fromkeys(forms, base))
    return found


@lru_cache(maxsize=1)
def _groups() -> dict[str, frozenset[str]]:
    """stem -> stems of the words that designers use for it."""
    found: dict[str, set[str]] = {}
    for line in (Path(__file__).parent / "synonyms.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            group = set(terms(line, keep_stop=True))
            for word in group:
                found.setdefault(word, set()).update(group - {word})
    return {word: frozenset(others) for word, others in found.items()}


def alternatives(word: str) -> frozenset[str]:
    """Stems that may stand for this one in a design document."""
    return _groups().get(word, frozenset())


def terms(text: str, *, keep_stop: bool = False) -> list[str]:
    """Stems in order. Words with inner capitals or hyphens count whole and in parts (HealthPack, health)."""
    text = unicodedata.normalize("NFKC", clean(text))
    text = re.sub(r"\bhit[ -]?points?\b", "health", text, flags=re.I)
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    found: list[str] = [word.lower().replace("’", "'") for word in _WORD.findall(parted)]
    found = [word[:-2] if word.endswith("'s") else word for word in found]
    if not keep_stop:
        found = [word for word in found if word not in STOP]
    irregular = _irregular()
    found = [irregular.get(word, word) for word in found]
    stemmer: object = _stemmer()
    stems: list[str] = stemmer.stemWords(found)  # type: ignore[attr-defined]
    for stem, word in zip(stems, found, strict=True):
        if len(word) < len(_surface.get(stem, f"{word} ")):
            _surface[stem] = word
    return stems


def surface(stem: str) -> str:
    """The shortest word seen with that stem."""
    return _surface.get(stem, stem)
