"""Clause -> probabilities over tools, by logistic regression on embedding, n-grams and facts. Runs on numpy alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from agent.router import features

TOOLS = (
    "generate_assets",
    "create_style_pack",
    "query_design_docs",
    "scaffold_code",
    "review_assets",
    "regenerate_assets",
    "upscale_assets",
    "export_assets",
    "search_assets",
    "job_status",
    "cancel_job",
    "label_assets",
    "undo_review",
)
LABELS = (*TOOLS, "chat", "hostile")
ALIVE_ODDS = 8.0
KIND_LIMIT = 0.45  # below it a subject is taken for a prop
WEIGHTS = Path(__file__).parent / "data" / "router.npz"


KINDS = Path(__file__).parent / "data" / "kinds.json"


def singular(word: str) -> str:
    """Roughly: enough to look a head noun up."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


@functools.cache
def living() -> frozenset[str]:
    """Head nouns of the characters that the kinds are learned from: "spider", "knight"."""
    named: list[str] = json.loads(KINDS.read_text(encoding="utf-8"))["character"]
    return frozenset(singular(name.split()[-1].lower()) for name in named) - {"face", "drinking"}


@functools.cache
def lifeless() -> frozenset[str]:
    """Things that are named as props."""
    named: list[str] = json.loads(KINDS.read_text(encoding="utf-8"))["prop"]
    return frozenset(singular(name.lower()) for name in named)


class TextEncoder(Protocol):
    def encode(self, texts: list[str]) -> np.ndarray: ...


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


class Classifier:
    """Two linear heads: the tool of a clause, and the kind of picture that a subject calls for."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.idf = arrays["idf"].astype(np.float32)
        self.weights = arrays["weights"].astype(np.float32)  # [384 + HASH_SIZE + FACTS, labels]
        self.bias = arrays["bias"].astype(np.float32)
        self.temperature = float(arrays["temperature"])
        self.embedding_scale = float(arrays["embedding_scale"])
        self.kind_weights = arrays["kind_weights"].astype(np.float32)
        self.kind_bias = arrays["kind_bias"].astype(np.float32)
        self.kinds = [str(kind) for kind in arrays["kinds"]]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Classifier:
        with np.load(path) as arrays:
            return cls(dict(arrays))

    def probabilities(self, plains: Sequence[str], embeddings: np.ndarray) -> np.ndarray:
        """Calibrated, float32 [n, len(LABELS)]; `embeddings` unit norm [n, 384] of the same texts."""
        split = embeddings.shape[1]
        logits = embeddings * self.embedding_scale @ self.weights[:split] + self.bias
        for row, plain in enumerate(plains):
            slots, values = features.weighted(plain, self.idf)
            logits[row] += values @ self.weights[split + slots]
            logits[row] += np.asarray(features.facts(plain), np.float32) @ self.weights[split + features.HASH_SIZE :]
        return softmax(logits / self.temperature)

    def kind(self, embeddings: np.ndarray, *, alive: bool = False) -> str:
        """Kind of picture for a subject from embeddings of its wordings [n, 384]; a prop when nothing is likely.

        `alive`: its head noun is known as a being, which multiplies the odds of a character.
        """
        probability = softmax(embeddings @ self.kind_weights + self.kind_bias).mean(axis=0)
        if alive:
            probability[self.kinds.index("character")] *= ALIVE_ODDS
            probability /= probability.sum()
        best = int(np.argmax(probability))
        return self.kinds[best] if probability[best] >= KIND_LIMIT else "prop"
