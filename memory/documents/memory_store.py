"""Passages held in memory only: for measurements, in the shape that the database has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from memory.documents.types import Piece

if TYPE_CHECKING:
    import numpy as np


class Row(NamedTuple):
    id: int
    document_id: int
    position: int
    heading: str
    text: str


class MemoryStore:
    """One project's worth; names of projects are ignored."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.titles: dict[int, tuple[str, str]] = {}
        self.made: list[tuple[bytes, bytes]] = []

    def add(
        self, project: str, name: str, title: str, pieces: Sequence[Piece], vectors: Sequence[tuple[bytes, bytes]]
    ) -> None:
        document = len(self.titles) + 1
        self.titles[document] = (name, title)
        for position, piece in enumerate(pieces):
            self.rows.append(Row(len(self.rows) + 1, document, position, piece.heading, piece.text))
        self.made += vectors

    def fingerprint(self, project: str) -> tuple[Any, ...]:
        return (len(self.rows), len(self.titles))

    def passages(self, project: str) -> list[Row]:
        return list(self.rows)

    def names(self, project: str) -> dict[int, tuple[str, str]]:
        return dict(self.titles)

    def vectors(self, project: str, model: str) -> tuple[list[int], np.ndarray]:
        import numpy as np

        data = np.frombuffer(b"".join(vector for vector, _ in self.made), np.float16)
        return [row.id for row in self.rows], data.reshape(len(self.rows), -1)

    def sentence_vectors(self, passage_ids: Sequence[int]) -> dict[int, bytes]:
        return {one: self.made[one - 1][1] for one in passage_ids}
