"""Vectors of short texts, kept on disk and searched in memory: exact, and quick to some hundred thousands.

One matrix product over 100,000 rows of 384 numbers takes some ten milliseconds, so that there is nothing for an
approximate index to win; and any number of processes may read and append, which Chroma's folder does not allow.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from errors import ResourceError

PORTION = 256  # texts embedded at once
MAX_CHARS = 300
QUERIES = 64

log = logging.getLogger(__name__)


class TextEmbedder(Protocol):
    @property
    def name(self) -> str: ...

    def encode(self, texts: list[str]) -> np.ndarray: ...


class TextVectors:
    """`folder` holds `texts.jsonl` and `vectors.f16`, row by row; rows that a crash cut off are written again."""

    def __init__(self, folder: Path, embedder: TextEmbedder) -> None:
        self.folder = folder
        self._embedder = embedder
        self._lock = threading.RLock()
        self._rows: dict[str, int] = {}
        self._queries: dict[str, np.ndarray] = {}  # newest last
        self._matrix = np.zeros((0, 0), np.float32)
        self._used = 0  # rows of the matrix that hold vectors
        self._read_bytes = 0

    def __len__(self) -> int:
        return self._used

    def rows(self, texts: Sequence[str], *, most: int | None = None) -> np.ndarray:
        """The row of each text, int32; new texts are embedded first (at most `most` of them; others get -1)."""
        keys = [text[:MAX_CHARS] for text in texts]
        with self._lock:
            self._read()
            new = list(dict.fromkeys(key for key in keys if key not in self._rows))
            for start in range(0, min(len(new), most if most is not None else len(new)), PORTION):
                stop = start + PORTION if most is None else min(start + PORTION, most)
                self._add(new[start:stop])
            return np.array([self._rows.get(key, -1) for key in keys], np.int32)

    def scores(self, query: str) -> np.ndarray:
        """Cosine of the query with every row, float32 [rows]."""
        with self._lock:
            self._read()
            if not self._used:
                return np.zeros(0, np.float32)
            return self._matrix[: self._used] @ self._query(query[:MAX_CHARS])

    def _query(self, text: str) -> np.ndarray:
        """The text's vector; the last ones are kept, for the same search under other filters."""
        vector = self._queries.pop(text, None)
        if vector is None:
            vector = np.asarray(self._embedder.encode([text]), np.float32)[0]
        self._queries[text] = vector
        if len(self._queries) > QUERIES:
            del self._queries[next(iter(self._queries))]
        return vector

    def add(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Keep vectors (unit length, [n, dimension]) that were computed elsewhere."""
        with self._lock:
            self._read()
            self._append([text[:MAX_CHARS] for text in texts], np.asarray(vectors, np.float16))

    def _add(self, texts: list[str]) -> None:
        self._append(texts, np.asarray(self._embedder.encode(texts), np.float16))

    def _append(self, texts: list[str], vectors: np.ndarray) -> None:
        from filelock import FileLock

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(str(self.folder / "lock")):
                self._read()
                fresh = [row for row, text in enumerate(texts) if text not in self._rows]
                if not fresh:
                    return
                width = vectors.shape[1] * 2
                with (self.folder / "vectors.f16").open("ab") as file:
                    file.truncate(self._used * width)  # what a crash left half-written
                    file.write(np.ascontiguousarray(vectors[fresh]).tobytes())
                with (self.folder / "texts.jsonl").open("ab") as file:
                    file.truncate(self._read_bytes)
                    first = {"model": self._embedder.name, "dimension": vectors.shape[1]}
                    head = "" if self._read_bytes else json.dumps(first) + "\n"
                    lines = "".join(json.dumps(texts[row], ensure_ascii=False) + "\n" for row in fresh)
                    file.write((head + lines).encode())
        except OSError as error:
            raise ResourceError(
                "The search index could not be written: the disk is full or the data folder cannot be written.",
                detail=str(error),
            ) from error
        self._read()

    def _read(self) -> None:
        """Take up rows that were appended since, by this or another process."""
        path, vectors = self.folder / "texts.jsonl", self.folder / "vectors.f16"
        try:
            size = path.stat().st_size
        except OSError:
            return
        if size <= self._read_bytes:
            return
        with path.open("rb") as file:
            file.seek(self._read_bytes)
            data = file.read()
        data = data[: data.rfind(b"\n") + 1]
        lines = data.decode("utf-8").splitlines()
        if self._read_bytes == 0 and lines:
            head = json.loads(lines.pop(0))
            if head["model"] != self._embedder.name:
                log.info("The search index is of another embedding model and is made anew.")
                path.unlink()
                vectors.unlink(missing_ok=True)
                return
            self._matrix = np.zeros((1024, head["dimension"]), np.float32)
        dimension = self._matrix.shape[1]
        with vectors.open("rb") as file:
            file.seek(self._used * dimension * 2)
            new = np.frombuffer(file.read(len(lines) * dimension * 2), np.float16)
        count = len(new) // dimension
        if count < len(lines):
            return  # its vectors are not all there yet
        if self._used + count > len(self._matrix):
            grown = np.zeros((max(2 * len(self._matrix), self._used + count), dimension), np.float32)
            grown[: self._used] = self._matrix[: self._used]
            self._matrix = grown
        self._matrix[self._used : self._used + count] = new[: count * dimension].reshape(count, dimension)
        for offset, line in enumerate(lines):
            self._rows[json.loads(line)] = self._used + offset
        self._used += count
        self._read_bytes += len(data)
