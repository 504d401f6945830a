"""Words as the search sees them: lower case, stemmed, without the words that every question has."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from memory.documents.sentences import clean

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+", re.I)
STOP = frozenset((Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def _stemmer() -> object:
    import Stemmer

    return Stemmer.Stemmer("english")


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
    found = [word.lower().replace("’", "'") for word in _WORD.findall(parted)]
    found = [word[:-2] if word.endswith("'s") else word for word in found]
    if not keep_stop:
        found = [word for word in found if word not in STOP]
    stemmer: object = _stemmer()
    return stemmer.stemWords(found)  # type: ignore[attr-defined]
