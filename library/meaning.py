"""Finding assets by what they are, not by the words in their names: "something to hide behind"."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sqlalchemy import select
from typing_extensions import Unpack

from errors import BadRequest
from library.filters import Filter, Wanted
from library.models import Asset
from library.rows import asset_query, asset_views
from library.views import AssetView

if TYPE_CHECKING:
    from library.library import Library

IN_TIME = 1024  # texts that a search embeds while the user waits; the rest is embedded in the background
FRONT = 4000  # places that are sorted first
CANDIDATES = 1000  # the best ones, held against the filter first


class Vectors(Protocol):
    """What a search needs of the store of text vectors (`memory.vectors.TextVectors`)."""

    def rows(self, texts: Sequence[str], *, most: int | None = None) -> np.ndarray: ...

    def scores(self, query: str) -> np.ndarray: ...


def _best_first(scores: np.ndarray) -> np.ndarray:
    """Places by score, of equal ones the newest first; beyond FRONT in any order of equals."""
    if len(scores) <= FRONT:
        return np.lexsort((-np.arange(len(scores)), -scores))
    split = np.argpartition(-scores, FRONT)
    front, rest = split[:FRONT], split[FRONT:]
    return np.concatenate([front[np.lexsort((-front, -scores[front]))], rest[np.argsort(-scores[rest])]])


class MeaningSearch:
    """Ranks a library's assets by the meaning of their subjects. Keeps 12 bytes an asset in memory."""

    def __init__(self, library: Library, vectors: Vectors) -> None:
        self._library = library
        self.vectors = vectors
        self._lock = threading.Lock()
        self._ids = np.zeros(0, np.int64)
        self._rows = np.zeros(0, np.int32)  # of the vectors; -1: not embedded yet
        self._waiting: dict[int, str] = {}

    def find(
        self, query: str, *, limit: int = 100, least: float = 0.0, **wanted: Unpack[Wanted]
    ) -> list[tuple[AssetView, float]]:
        """The assets whose subjects come closest, with their cosines (above `least`), best first.

        `wanted` narrows the search as in `Library.assets`. Raises BadRequest for an empty query.
        """
        if not query.strip():
            raise BadRequest("Say what to look for in the library.")
        with self._lock:
            self._catch_up(IN_TIME)
            ids, rows = self._ids, self._rows
        scores = self.vectors.scores(query)
        if not len(scores) or not len(ids):
            return []
        of_asset = np.where(rows >= 0, scores[np.clip(rows, 0, len(scores) - 1)], -1.0)
        best = _best_first(of_asset)[:CANDIDATES]
        places = self._narrowed(ids, best[of_asset[best] > least], wanted)
        if len(places) < limit and len(ids) > CANDIDATES:  # rare ones, further down: ask for all that are wanted
            places = self._narrowed(ids, None, wanted)
            places = places[of_asset[places] > least]
        places = places[np.lexsort((-places, -of_asset[places]))][:limit]
        score = {int(ids[place]): float(of_asset[place]) for place in places}
        found = [(view, score[view.id]) for view in self._views(list(score), wanted)]
        return sorted(found, key=lambda hit: (-hit[1], -hit[0].id))

    def catch_up(self) -> None:
        """Embed what is new; to be called from the background."""
        while True:
            with self._lock:
                self._catch_up(IN_TIME)
                if not self._waiting:
                    return

    def _narrowed(self, ids: np.ndarray, places: np.ndarray | None, wanted: Wanted) -> np.ndarray:
        """Those of `places` (None: all) in the sorted `ids` whose assets are wanted; only ids are read."""
        within: Wanted = wanted if places is None else {**wanted, "ids": [int(asset_id) for asset_id in ids[places]]}
        query = asset_query().where(*Filter(**within).conditions()).with_only_columns(Asset.id)
        with self._library.database.reading() as session:
            found = np.fromiter(session.scalars(query), np.int64)
        where = np.searchsorted(ids, found)
        return where[(where < len(ids)) & (ids[np.minimum(where, len(ids) - 1)] == found)]

    def _views(self, ids: list[int], wanted: Wanted) -> list[AssetView]:
        narrowed: Wanted = {**wanted, "ids": ids}
        with self._library.database.reading() as session:
            query = Filter(**narrowed).apply(asset_query())
            return asset_views(session, session.execute(query), self._library.storage)

    def _catch_up(self, most: int) -> None:
        last = int(self._ids[-1]) if len(self._ids) else 0
        with self._library.database.reading() as session:
            new = session.execute(select(Asset.id, Asset.subject).where(Asset.id > last).order_by(Asset.id)).all()
        if new:
            self._ids = np.concatenate([self._ids, np.array([row[0] for row in new], np.int64)])
            self._rows = np.concatenate([self._rows, np.full(len(new), -1, np.int32)])
            self._waiting |= {len(self._ids) - len(new) + offset: row[1] for offset, row in enumerate(new)}
        if self._waiting:
            places = np.fromiter(self._waiting, np.int64, len(self._waiting))
            rows = self.vectors.rows(list(self._waiting.values()), most=most)
            self._rows[places] = rows
            done = set(places[rows >= 0].tolist())
            self._waiting = {place: text for place, text in self._waiting.items() if place not in done}
