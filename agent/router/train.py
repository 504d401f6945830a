# ruff: noqa: E501
"""Trains the router's classifier: `python -m agent.router.train`. Needs scikit-learn, takes about eight minutes.

The phrases of `data/<label>.txt` are filled from `data/slots.json`, cleaned as the router cleans a message, and fitted by
multinomial logistic regression; a temperature is chosen on held-out phrases (whole templates, never seen fillings of a
seen one), after Guo et al. 2017, "On Calibration of Modern Neural Networks".
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agent.router import features
from agent.router.classifier import LABELS, TOOLS, WEIGHTS, TextEncoder, softmax
from agent.router.normalise import plain_layer

DATA = Path(__file__).parent / "data"
FILLINGS = 6  # per template with slots
BORROWED = 0.5  # share of things and characters that are drawn from the planner's vocabulary: thousands of nouns
EMBEDDING_SCALE = 2.0
CHAT_CHARS = 120  # longer talk is read clause by clause
_SLOT = re.compile(r"\{(\w+)\}")


def phrases(label: str) -> list[str]:
    lines = (DATA / f"{label}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("//")]


def fill(template: str, slots: dict[str, list[str]], draw: random.Random) -> str:
    def filling(match: re.Match[str]) -> str:
        borrowed = slots.get(f"more {match[1]}")
        return draw.choice(borrowed if borrowed and draw.random() < BORROWED else slots[match[1]])

    return _SLOT.sub(filling, template)


def borrowed() -> dict[str, list[str]]:
    """Short subjects of the planner's vocabulary as further fillings: {"more thing": [...], ...}."""
    from agent.planning.vocabulary import Vocabulary

    things, persons = [], []
    for subject in Vocabulary.load().subjects:
        if len(subject.text.split()) <= 2 and subject.text.isascii():
            if "character" in subject.kinds:
                persons.append(subject.text)
            elif subject.kinds & {"prop", "item", "icon"}:
                things.append(subject.text)
    return {
        "more thing": things,
        "more things": [_plural(text) for text in things],
        "more person": persons,
        "more persons": [_plural(text) for text in persons],
    }


def _plural(text: str) -> str:
    if re.search(r"(?:s|x|ch|sh)$", text):
        return text if text.endswith("s") else f"{text}es"
    return f"{text[:-1]}ies" if re.search(r"[^aeiou]y$", text) else f"{text}s"


def _named_kinds() -> list[tuple[str, str]]:
    """(subject, kind) to learn kinds from: the lists of `kinds.json` and `kinds.tsv`, then the vocabulary's unambiguous
    subjects.
    """
    from agent.planning.vocabulary import Vocabulary

    kinds: dict[str, list[str]] = json.loads((DATA / "kinds.json").read_text(encoding="utf-8"))
    named = [(f"{name}{end}", kind) for kind, names in kinds.items() for name in names for end in _endings(name)]
    rows = (line.split("\t") for line in (DATA / "kinds.tsv").read_text(encoding="utf-8").splitlines())
    named += [(name, kind) for kind, name in rows]
    told = {name for name, _ in named}
    living = {name.split()[-1] for name in kinds["character"]}
    for subject in Vocabulary.load().subjects:
        own = {"prop" if kind in ("item", "icon") else kind for kind in subject.kinds}
        beast = own == {"prop"} and subject.head in living
        if len(own) == 1 and own <= {"prop", "character"} and subject.text not in told and not beast:
            (kind,) = own
            named += [(subject.text, kind), (_plural(subject.text), kind)]
    return named


def _typo(text: str, draw: random.Random) -> str:
    """One letter swapped, dropped or doubled in a longer word."""
    spots = [match.start() for match in re.finditer(r"(?<=[a-z])[a-z](?=[a-z]{2})", text)]
    if not spots:
        return text
    at = draw.choice(spots)
    how = draw.randrange(3)
    if how == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if how == 1 else text[:at] + text[at] + text[at:]


_BEFORE = ("please ", "hey, ", "ok ", "so ", "can you ", "could you ", "now ", "also ", "hi, ", "I think ", "well, ")
_AFTER = (" please", " thanks", "!", ".", " pls", " asap", "?", " :)", " for me")


def _voices(text: str, label: str, draw: random.Random) -> Iterator[str]:
    yield text
    if draw.random() < 0.25:
        yield draw.choice(_BEFORE) + text if label not in ("chat", "hostile") else text.capitalize()
    if draw.random() < 0.2 and label not in ("chat", "hostile"):
        yield text + draw.choice(_AFTER)
    if draw.random() < 0.15:
        yield _typo(text, draw)
    if draw.random() < 0.15:
        yield text[:1].upper() + text[1:] + "."


def samples(seed: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(texts, labels, template number of each): the number keeps fillings of one template on one side of a split."""
    draw = random.Random(seed)
    slots = json.loads((DATA / "slots.json").read_text(encoding="utf-8")) | borrowed()
    texts, labels, groups, group = [], [], [], 0
    for number, label in enumerate(LABELS):
        for template in phrases(label):
            group += 1
            seen: set[str] = set()
            for _ in range(FILLINGS if "{" in template else 1):
                for text in _voices(fill(template, slots, draw), label, draw):
                    if text not in seen:
                        seen.add(text)
                        texts.append(plain_layer(text).plain)
                        labels.append(number)
                        groups.append(group)
    for text, label in _labelled():
        group += 1
        texts.append(plain_layer(text).plain)
        labels.append(LABELS.index(label))
        groups.append(group)
    return texts, np.array(labels), np.array(groups)


def _labelled() -> Iterator[tuple[str, str]]:
    """Requests of the tagger's messages, and what asks for nothing."""
    from agent.router.tagger import data

    for samples in data.labelled().values():
        for sample in samples:
            for mark in sample.requests:
                yield sample.text[mark.start : mark.end], TOOLS[mark.number]
            if sample.hostile or (not sample.requests and len(sample.text) < CHAT_CHARS):
                yield sample.text, "hostile" if sample.hostile else "chat"


def _endings(name: str) -> tuple[str, ...]:
    """Singular and, roughly, plural."""
    return ("",) if name.endswith("s") else ("", "s")


def fit_kinds(embedder: TextEncoder) -> dict[str, Any]:
    """Kinds of pictures from subjects' vectors."""
    from sklearn.linear_model import LogisticRegression

    named = _named_kinds()
    vectors = embedder.encode([name for name, _ in named])
    model = LogisticRegression(C=30.0, max_iter=400).fit(vectors, np.array([kind for _, kind in named]))
    return {
        "kind_weights": model.coef_.T.astype(np.float16),
        "kind_bias": model.intercept_.astype(np.float32),
        "kinds": model.classes_.astype(str),
    }


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The softmax temperature with the lowest log loss on held-out logits."""
    candidates = np.geomspace(0.3, 3.0, 60)
    losses = [-np.log(softmax(logits / t)[np.arange(len(labels)), labels] + 1e-9).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def _matrix(texts: list[str], embeddings: np.ndarray, idf: np.ndarray) -> Any:
    """Sparse [n, 384 + HASH_SIZE + FACTS] in the order of the classifier's weights."""
    from scipy import sparse

    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        slots, weights = features.weighted(text, idf)
        rows.append(np.full(len(slots), row))
        columns.append(slots)
        values.append(weights)
    flat = (np.concatenate(rows), np.concatenate(columns))
    grams = sparse.csr_matrix((np.concatenate(values), flat), shape=(len(texts), features.HASH_SIZE))
    facts = np.array([features.facts(text) for text in texts], np.float32)
    return sparse.hstack([sparse.csr_matrix(embeddings * EMBEDDING_SCALE), grams, sparse.csr_matrix(facts)]).tocsr()


def train(embedder: TextEncoder, *, seed: int = 7, strength: float = 8.0) -> dict[str, Any]:
    """Fits both heads. Returns the arrays to save and, under `report`, held-out accuracy, log loss and calibration error."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupShuffleSplit

    texts, labels, groups = samples(seed)
    present = np.zeros(features.HASH_SIZE)
    for text in texts:
        for slot in features.ngrams(text):
            present[slot] += 1
    idf = (np.log((1 + len(texts)) / (1 + present)) + 1).astype(np.float32)
    embeddings = np.asarray(embedder.encode(texts), np.float32)
    inputs = _matrix(texts, embeddings, idf)
    counts = np.bincount(groups)
    weight = 1.0 / np.sqrt(counts[groups])

    def fit(rows: np.ndarray) -> Any:
        return LogisticRegression(C=strength, max_iter=400, class_weight="balanced").fit(
            inputs[rows], labels[rows], sample_weight=weight[rows]
        )

    splits = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=seed).split(inputs, labels, groups)
    fitted, held = next(iter(splits))
    trial = fit(fitted)
    logits = trial.decision_function(inputs[held])
    temperature = fit_temperature(logits, labels[held])
    probability = softmax(logits / temperature)
    right = probability.argmax(1) == labels[held]
    sure = probability.max(1)
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [
        abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean()
        for b in range(10)
        if (bins == b).any()
    ]
    model = fit(np.arange(len(labels)))

    return {
        **fit_kinds(embedder),
        "idf": idf.astype(np.float16),
        "weights": model.coef_.T.astype(np.float16),
        "bias": model.intercept_.astype(np.float32),
        "temperature": np.float32(temperature),
        "embedding_scale": np.float32(EMBEDDING_SCALE),
        "report": {
            "samples": len(texts),
            "templates": int(groups.max()),
            "held_out_accuracy": float(right.mean()),
            "held_out_log_loss": float(-np.log(probability[np.arange(len(held)), labels[held]] + 1e-9).mean()),
            "calibration_error": float(sum(gaps)),
            "temperature": temperature,
        },
    }


def main() -> None:
    from memory.embedder import Embedder

    parser = argparse.ArgumentParser(description="Trains the router's classifier.")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    arrays = train(Embedder(), seed=args.seed)
    print(json.dumps(arrays.pop("report"), indent=2))
    np.savez_compressed(args.out, **arrays)


if __name__ == "__main__":
    main()
