"""Words of a search."""

from __future__ import annotations

import re
from collections.abc import Iterable


def stem(word: str) -> str:
    """Words are searched as parts of names, so a plural must not hide the singular."""
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word


def terms(text: str) -> list[str]:
    """What every found text must contain: lower case, without plural endings, none twice."""
    return list(dict.fromkeys(stem(word) for word in text.lower().split()))


def searchable(subject: str, prompt: str, tags: Iterable[str] = ()) -> str:
    """The text that searches by word look through: lower case, one line."""
    parts = [subject, "" if prompt == subject else prompt, *tags]
    return re.sub(r"\s+", " ", " ".join(part for part in parts if part)).lower()


def listed(items: Iterable[object]) -> str:
    """ "1", "1 and 2", "1, 2 and 3"; of more than ten the first eight and how many more."""
    texts = [str(item) for item in items]
    if len(texts) > 10:
        texts = [*texts[:8], f"{len(texts) - 8} more"]
    return "".join(texts) if len(texts) < 2 else f"{', '.join(texts[:-1])} and {texts[-1]}"
