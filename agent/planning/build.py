"""Compute `subjects.npz`: the vocabulary's embeddings and how near each subject is to what the image model has seen.

Run after a change of `subjects.txt` or of the concept list: `python -m agent.planning.build`.
"""

from __future__ import annotations

import json
from pathlib import Path

from agent.planning.vocabulary import VECTORS, Vocabulary
from memory.embedder import Embedder

CONCEPTS = Path(__file__).parents[2] / "models" / "forge-nano" / "concepts.jsonl"


def build(path: Path = VECTORS, concepts: Path = CONCEPTS) -> None:
    import numpy as np

    vocabulary, embedder = Vocabulary.load(), Embedder()
    vectors = embedder.encode([subject.text for subject in vocabulary.subjects])
    lines = concepts.read_text(encoding="utf-8").splitlines()
    names = sorted({json.loads(line)["name"] for line in lines if line.strip()})
    known = embedder.encode(names)
    drawable = np.clip((vectors @ known.T).max(axis=1), 0.0, 1.0)
    scale = np.abs(vectors).max(axis=1, keepdims=True) / 127.0
    small = np.round(vectors / scale).astype(np.int8)
    np.savez_compressed(
        path,
        digest=vocabulary.digest,
        vectors=small,
        scale=scale.astype(np.float32),
        drawable=drawable.astype(np.float16),
    )


if __name__ == "__main__":
    build()
