"""An embedder of hashed words: offline, quick, the same everywhere. Texts that share words are near."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

from memory.embedder import Embedder


class HashingEmbedder(Embedder):
    def __init__(self, name: str = "hashing", dimension: int = 64) -> None:
        super().__init__(name)
        self._dimension = dimension
        self.encoded: list[str] = []

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def max_tokens(self) -> int:
        return 256

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode(self, texts: list[str]) -> np.ndarray:
        self.encoded += texts
        out = np.full((len(texts), self._dimension), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                out[row, zlib.crc32(word.encode()) % self._dimension] += 1
        return out / np.linalg.norm(out, axis=1, keepdims=True)
