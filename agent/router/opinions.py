"""Whether a remark on a picture keeps it ("3 could hang in a museum") or not ("4 is a potato with legs").

Logistic regression over MiniLM's sentence vector, for remarks without a word that rules know as a verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from agent.router.classifier import TextEncoder
from agent.router.references import RefSpan

WEIGHTS = Path(__file__).parent / "data" / "opinions.npz"
_NOTHING_SAID = re.compile(
    r"\b(?:the|too|also|numbers?|pictures?|images?|please|ones?|both|all|well|for|still|then|just|only)\b", re.I
)
_WORDS = re.compile(r"[^\W\d_]{3}|[\u3040-\u30ff\u4e00-\u9fff]{2}")


class Opinions:
    def __init__(self, weights: np.ndarray, bias: float, embedder: TextEncoder) -> None:
        self._weights, self._bias, self._embedder = weights, bias, embedder

    @classmethod
    def load(cls, embedder: TextEncoder, path: Path = WEIGHTS) -> Opinions:
        """`embedder.encode(list[str])` gives unit vectors, float [n, 384], of all-MiniLM-L6-v2."""
        with np.load(path) as arrays:
            return cls(arrays["weights"].astype(np.float32), float(arrays["bias"]), embedder)

    def favours(self, remark: str) -> bool:
        """`remark`: words about pictures that are called "it"."""
        vector = np.asarray(self._embedder.encode([remark]), np.float32)[0]
        return float(vector @ self._weights) + self._bias > 0


def remark(chunk: str, spans: Sequence[RefSpan]) -> str | None:
    """What a chunk says of the pictures that it names, as "it"; None when it says nothing of them."""
    said, rest = chunk, chunk
    for span in sorted(spans, key=lambda span: -span.start):
        said = f"{said[: span.start]}it{said[span.end :]}"
        rest = f"{rest[: span.start]} {rest[span.end :]}"
    return said.strip() if _WORDS.search(_NOTHING_SAID.sub("", rest)) else None
