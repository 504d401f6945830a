# ruff: noqa: E501
"""What the classifier sees of a clause besides its embedding: hashed n-grams and a few counted facts. numpy only."""

from __future__ import annotations

import re
import zlib

import numpy as np

from agent.router import references
from agent.router.lists import CUE, ENGINES, FORMATS, KINDS, LANGUAGE_ENGINES

HASH_SIZE = 16384
_WORD = re.compile(r"[a-z#']+|<\w+>|[^\x00-\x7f]")
_ENGINE = re.compile(rf"(?<!\w)(?:{'|'.join([*ENGINES.values(), *LANGUAGE_ENGINES.values()])})(?!\w)", re.I)
_FORMAT = re.compile(rf"(?<!\w)(?:{'|'.join(FORMATS.values())})(?!\w)", re.I)
_KIND = re.compile(rf"(?<!\w)(?:{'|'.join(KINDS.values())})(?!\w)", re.I)
_ASKS = re.compile(r"^\W*(?:what|who|how|when|which|why|where|is|are|does|do|did|was|can|could|should)\b", re.I)
_FACTOR = re.compile(r"\b\d+\s*x\b|\bx\s*\d+\b|\btimes\b|\bdouble\b|\bquadruple\b", re.I)
_COMPARED = re.compile(
    r"\b(?!number|water|after|other|under|over|per|power|fire|never|ever|her|paper|layer)\w{2,}er\b|\b(?:more|less|too)\s+\w+",
    re.I,
)
_DOCS = re.compile(r"\b(?:gdd|docs?|documents?|design|spec|documented|wiki|lore|bible|canon|gdds|story doc)\b", re.I)
FACTS = 16


def normalised(plain: str) -> str:
    """Lower case, with numbers and sizes as placeholders."""
    text = plain.lower()
    text = re.sub(r"\b\d+(?:x|\s+x\s+)\d+\b|\b\d+\s*px\b", " <size> ", text)
    text = re.sub(r"\b\d+(?:st|nd|rd|th)\b", " <nth> ", text)
    text = re.sub(r"\b\d+\s*x\b|\bx\s*\d+\b", " <times> ", text)
    return re.sub(r"-?\d+", " <n> ", text)


def _hash(feature: str) -> int:
    return zlib.crc32(feature.encode()) % HASH_SIZE


def ngrams(plain: str) -> dict[int, float]:
    """Hashed word 1-3-grams and character 3-5-grams: {slot: weight}, sublinear counts."""
    text = normalised(plain)
    words = ["<s>", *_WORD.findall(text), "</s>"]
    names = [" ".join(words[k : k + n]) for n in (1, 2, 3) for k in range(len(words) - n + 1)]
    for word in words[1:-1]:
        if len(word) > 3 and not word.startswith("<"):
            padded = f"_{word}_"
            names += ["#" + padded[k : k + n] for n in (3, 4, 5) for k in range(len(padded) - n + 1)]
    names += ["^" + words[1] + str(k) for k in range(1) if len(words) > 2]
    counts: dict[int, float] = {}
    for name in names:
        slot = _hash(name)
        counts[slot] = counts.get(slot, 0.0) + 1.0
    return counts


def facts(plain: str) -> list[float]:
    """Counted facts in 0..1: numbers, references, verdict words, engines, formats, question form, length."""
    spans = references.find(plain).spans
    words = plain.split()
    first = spans[0].start if spans else -1
    named = [ref for span in spans for ref in span.refs]
    return [
        float(bool(spans)),
        float(any(isinstance(ref, int) for ref in named)),
        float(any(isinstance(ref, str) for ref in named)),
        float(len(named) > 1),
        float(0 <= first < 4),
        float(bool(re.match(r"\s*-?\d+\s+[a-z-]{3,}", plain, re.I))),
        float(bool(re.search(r"(?:^|\s)-?\d+\s*x?\s+(?:\w+ )?[a-z]{3,}s\b", plain, re.I))),
        float(bool(CUE.search(plain))),
        float(bool(_ENGINE.search(plain))),
        float(bool(_FORMAT.search(plain))),
        float(bool(_KIND.search(plain))),
        float(bool(_ASKS.search(plain))),
        float("?" in plain),
        float(bool(_FACTOR.search(plain))),
        float(bool(_COMPARED.search(plain))),
        min(len(words), 20) / 20 + float(bool(_DOCS.search(plain))),
    ]


def weighted(plain: str, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slots int [k] and unit-norm weights float32 [k] of a clause's n-grams."""
    counts = ngrams(plain)
    slots = np.fromiter(counts, np.int64, len(counts))
    values = (1.0 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * idf[slots]
    return slots, (values / max(float(np.linalg.norm(values)), 1e-9)).astype(np.float32)
