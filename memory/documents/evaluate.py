"""How well are questions answered? `python -m memory.documents.evaluate FOLDER` measures files with a questions.jsonl.

A line: {"question", "document" (null: the documents do not say), "spans": a passage with any is a hit, "split"}.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from memory.documents.extract import SUFFIXES, extract
from memory.documents.memory import DocumentMemory
from memory.documents.memory_store import MemoryStore
from memory.documents.types import Passage
from memory.documents.vectors import ChromaVectors
from memory.embedder import Embedder

CHUNK, OVERLAP = 1000, 200  # characters of the plain reference


def load(folder: Path, memory: DocumentMemory, project: str = "evaluation") -> int:
    """Take all documents of a folder in; returns the number of passages."""
    store = memory.store
    assert isinstance(store, MemoryStore)
    count = 0
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            cut = memory.cut(extract(path), path.name)
            vectors = memory.embed(cut.title, [(piece.heading, piece.text) for piece in cut.pieces])
            assert vectors is not None
            store.add(project, path.name, cut.title, cut.pieces, vectors)
            count += len(cut.pieces)
    return count


def questions(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines() if line]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def rank_of(spans: Sequence[str], texts: Iterable[str]) -> int | None:
    """1-based place of the first text with one of the spans."""
    for rank, text in enumerate(texts, start=1):
        if any(flat(span) in flat(text) for span in spans):
            return rank
    return None


class Plain:
    """The reference: 1000 characters with an overlap of 200, MiniLM, Chroma, nothing else."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        import chromadb
        from chromadb.config import Settings

        self.embedder = embedder
        self.texts = []
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SUFFIXES:
                text = extract(path).text
                self.texts += [text[at : at + CHUNK] for at in range(0, max(1, len(text) - OVERLAP), CHUNK - OVERLAP)]
        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
        self.collection = client.create_collection(  # clients in memory share their collections
            f"plain-{uuid.uuid4().hex}", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        self.collection.add(ids=[str(i) for i in range(len(self.texts))], embeddings=embedder.encode(self.texts))

    def search(self, question: str, k: int) -> list[str]:
        found = self.collection.query(query_embeddings=self.embedder.encode([question]), n_results=k)
        return [self.texts[int(one)] for one in found["ids"][0]]


def hits(ranks: Sequence[int | None]) -> dict[str, float]:
    return {f"hit@{k}": round(sum(r is not None and r <= k for r in ranks) / max(1, len(ranks)), 3) for k in (1, 3, 5)}


def evaluate(folder: Path, *, verbose: bool = False, plain: bool = True) -> dict[str, Any]:
    embedder = Embedder()
    with tempfile.TemporaryDirectory() as home:
        memory = DocumentMemory(MemoryStore(), embedder, ChromaVectors(Path(home) / "chroma"))
        start = time.perf_counter()
        passages = load(folder, memory)
        seconds = time.perf_counter() - start
        reference = Plain(folder, embedder) if plain else None
        ours: dict[str, list[int | None]] = defaultdict(list)
        theirs: dict[str, list[int | None]] = defaultdict(list)
        kept: dict[str, list[bool]] = defaultdict(list)
        cited: list[bool] = []
        for item in questions(folder):
            asked, split, document = item["question"], item["split"], item["document"]
            answer = memory.answer("evaluation", asked)
            if document is None:
                for key in (split, "all"):
                    kept[f"unanswerable declined, {key}"].append(not answer.answered)
                if answer.answered and verbose:
                    print(f"ANSWERED  {asked} -> {answer.text[:120]}", file=sys.stderr)
                continue
            found: list[Passage] = memory.search("evaluation", asked, 10)
            rank = rank_of(item["spans"], (passage.text for passage in found))
            plain_rank = rank_of(item["spans"], reference.search(asked, 5)) if reference else None
            for key in (split, "all", document):
                ours[key].append(rank)
                theirs[key].append(plain_rank)
            for key in (split, "all"):
                kept[f"answerable declined, {key}"].append(not answer.answered)
            cited.append(rank_of(item["spans"], (passage.text for passage in answer.citations)) is not None)
            if verbose and rank != 1:
                shown = found[0].place if found else "-"
                print(f"rank {rank} (plain {plain_rank}) {asked}  instead: {shown}", file=sys.stderr)
            if verbose and not answer.answered:
                print(f"DECLINED  {asked}", file=sys.stderr)
        memory.close()
    return {
        "passages": passages,
        "passages_per_second": round(passages / seconds, 2),
        "hits": {key: hits(ranks) for key, ranks in ours.items()},
        "plain_hits": {key: hits(ranks) for key, ranks in theirs.items()} if plain else {},
        "shares": {key: round(sum(values) / len(values), 3) for key, values in kept.items()},
        "citation_holds_answer": round(sum(cited) / max(1, len(cited)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true", help="tell each question that went wrong")
    parser.add_argument("--no-plain", action="store_true", help="without the reference")
    args = parser.parse_args()
    print(json.dumps(evaluate(args.folder, verbose=args.misses, plain=not args.no_plain), indent=1))


if __name__ == "__main__":
    main()
