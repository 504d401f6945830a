"""`gameforge bench documents`: how fast passages are taken in, and found among 10,000."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from library.db import Database
from library.documents import DocumentStore, NewPassage, passage_hash
from memory.documents.memory import DocumentMemory
from memory.documents.vectors import ChromaVectors
from memory.embedder import Embedder
from settings import Settings

PASSAGES = 10_000
EMBEDDED = 256  # passages that are really embedded; the others reuse their vectors, a little moved
QUESTIONS = 200
NAMES = (
    "hammer", "lantern", "gate", "ember", "raft", "sail", "tower", "hound", "king", "shop", "guild", "mana", "potion",
    "arrow", "wolf", "barge", "rope", "coal", "storm", "reef",
)  # fmt: skip
VERBS = ("costs", "needs", "gives", "takes", "drops", "burns", "heals", "slows", "breaks", "unlocks")
THINGS = ("gold", "seconds", "points", "metres", "percent", "tiles", "crates", "sparks", "lives", "keys")


def bench(args: argparse.Namespace, settings: Settings) -> int:
    with tempfile.TemporaryDirectory() as home:
        figures = measure(Path(home), getattr(args, "passages", None) or PASSAGES)
    for name, value in figures.items():
        print(f"{name:<32} {value}", file=sys.stderr)
    if args.json:
        print(json.dumps(figures))
    return 0


def passage_text(chance: random.Random) -> str:
    """About 100 words of made-up rules."""
    lines = []
    for _ in range(9):
        name, other = chance.choice(NAMES), chance.choice(NAMES)
        lines.append(
            f"The {name} of level {chance.randint(1, 99)} {chance.choice(VERBS)} {chance.randint(2, 900)} "
            f"{chance.choice(THINGS)} when the {other} is near."
        )
    return " ".join(lines)


def measure(home: Path, count: int) -> dict[str, Any]:
    import numpy as np

    chance = random.Random(5)
    noise = np.random.default_rng(5)
    database = Database(f"sqlite:///{(home / 'bench.db').as_posix()}")
    database.migrate()
    documents = DocumentStore(database)
    memory = DocumentMemory(documents, Embedder(), ChromaVectors(home / "chroma"))
    try:
        memory.embedder.encode(["warm up"])
        texts = [passage_text(chance) for _ in range(count)]
        start = time.perf_counter()
        made = memory.embed("Bench", [("Rules", text) for text in texts[:EMBEDDED]])
        embedding = EMBEDDED / (time.perf_counter() - start)
        assert made is not None
        start = time.perf_counter()
        for first in range(0, count, 1000):
            passages = []
            for place, text in enumerate(texts[first : first + 1000], start=first):
                vector, sentences = made[place % EMBEDDED]
                moved = np.frombuffer(vector, np.float16).astype(np.float32) + noise.normal(0, 0.02, 384)
                unit = (moved / np.linalg.norm(moved)).astype(np.float16).tobytes()
                passages.append(NewPassage(passage_hash("Bench", "Rules", text), "Rules", text, unit, sentences))
            fields = {"source": None, "sha256": "0" * 64, "size": 1, "format": "text", "title": f"Bench {first}"}
            with database.session() as session:
                documents.write(session, "bench", f"{first}.txt", fields, passages, memory.model)
        writing = count / (time.perf_counter() - start)
        start = time.perf_counter()
        memory.refresh("bench")
        indexing = time.perf_counter() - start
        questions = [
            f"How many {chance.choice(THINGS)} does the {chance.choice(NAMES)} need near the {chance.choice(NAMES)}?"
            for _ in range(QUESTIONS)
        ]
        for question in questions[:20]:
            memory.search("bench", question)
        times = sorted(_timed(memory, question) for question in questions)
        parts = _parts(memory, questions[:50])
    finally:
        memory.close()
        database.dispose()
    return {
        "passages": count,
        "retrieval_p50_ms": round(statistics.median(times), 1),
        "retrieval_p99_ms": round(times[min(len(times) - 1, int(0.99 * len(times)))], 1),
        "embed_question_ms": parts,
        "ingest_passages_per_second": round(1 / (1 / embedding + 1 / writing), 1),
        "embedding_passages_per_second": round(embedding, 1),
        "writing_passages_per_second": round(writing, 1),
        "index_seconds": round(indexing, 2),
    }


def _timed(memory: DocumentMemory, question: str) -> float:
    start = time.perf_counter()
    memory.search("bench", question)
    return (time.perf_counter() - start) * 1000


def _parts(memory: DocumentMemory, questions: list[str]) -> float:
    """Milliseconds of a search that are the model's."""
    start = time.perf_counter()
    for question in questions:
        memory.embedder.encode([question])
    return round((time.perf_counter() - start) * 1000 / len(questions), 1)
