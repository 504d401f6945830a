"""Vectors of passages in Chroma, one collection a project and model.

The database is the truth (it holds the vectors, too); Chroma is made from it and may be deleted at any time. A
persistent Chroma folder belongs to the process that took its lock: another one's writes would never reach its index.
Processes beside the owner (the command line next to the page) compare with all vectors exactly instead.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from errors import NotReady

if TYPE_CHECKING:
    import numpy as np

UPSERT = 1000  # vectors in one call
log = logging.getLogger(__name__)


class ChromaVectors:
    """Opened on first use. `server`: URL of a Chroma server; None: a folder in home."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self.folder = folder
        self.server = server
        self._guard = threading.RLock()
        self._client: Any = None
        self._lock: Any = None

    def open(self) -> bool:
        """Is it ours to use? Raises NotReady: the server cannot be reached."""
        with self._guard:
            if self._client is None:
                self._client = self._connect() if self.server else self._own()
            return self._client is not False

    def _connect(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        assert self.server is not None
        parts = urlsplit(self.server if "://" in self.server else f"http://{self.server}")
        try:
            return chromadb.HttpClient(
                host=parts.hostname or "localhost",
                port=parts.port or 8000,
                ssl=parts.scheme == "https",
                settings=Settings(anonymized_telemetry=False),
            )
        except Exception as error:
            raise NotReady(
                f"The Chroma server {self.server} cannot be reached. Start it, or unset GAMEFORGE_CHROMA_URL.",
                detail=f"{type(error).__name__}: {error}",
            ) from error

    def _own(self) -> Any:
        from filelock import FileLock, Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "owner.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        import chromadb
        from chromadb.config import Settings

        self._lock = lock
        return chromadb.PersistentClient(str(self.folder), settings=Settings(anonymized_telemetry=False))

    def sync(self, project: str, model: str, ids: list[int], vectors: np.ndarray) -> None:
        """Make the collection hold exactly these vectors, float [n, dimension]; collections of other models go."""
        import numpy as np

        with self._guard:
            nothing_there = self._client is None and not self.server and not self.folder.exists()
            if (nothing_there and not ids) or not self.open() or self._client is None:
                return
            dimension = vectors.shape[1] if len(ids) else 0
            name = collection_name(project, model, dimension)
            self._drop_others(project, keep=name if ids else None)
            if not ids:
                return
            collection = self._client.get_or_create_collection(
                name,
                embedding_function=None,
                metadata={"project": project, "model": model, "dimension": dimension},
                configuration={"hnsw": {"space": "cosine"}},
            )
            wanted = {str(one): index for index, one in enumerate(ids)}
            present = set(collection.get(include=[])["ids"])
            gone = [one for one in present if one not in wanted]
            missing = [one for one in wanted if one not in present]
            for start in range(0, len(gone), UPSERT):
                collection.delete(ids=gone[start : start + UPSERT])
            for start in range(0, len(missing), UPSERT):
                part = missing[start : start + UPSERT]
                rows = vectors[[wanted[one] for one in part]].astype(np.float32)
                collection.upsert(ids=part, embeddings=rows)

    def query(self, project: str, model: str, vector: np.ndarray, k: int) -> list[tuple[int, float]] | None:
        """(passage id, cosine), best first; None: another process owns the folder, or there is no collection."""
        with self._guard:
            if not self.open():
                return None
            try:
                collection = self._client.get_collection(
                    collection_name(project, model, len(vector)), embedding_function=None
                )
                count = collection.count()
                if count == 0:
                    return None
                found = collection.query(query_embeddings=[vector], n_results=min(k, count), include=["distances"])
            except Exception as error:  # a damaged or deleted folder: the database has everything
                log.warning("Chroma cannot be asked (%s); comparing directly", error)
                return None
        return [(int(one), 1.0 - far) for one, far in zip(found["ids"][0], found["distances"][0], strict=True)]

    def _drop_others(self, project: str, keep: str | None) -> None:
        stem = project_stem(project)
        for collection in self._client.list_collections():
            if collection.name.startswith(stem) and collection.name != keep:
                self._client.delete_collection(collection.name)

    def close(self) -> None:
        with self._guard:
            if self._lock is not None:
                self._lock.release()
                self._lock = None
            self._client = None


def project_stem(project: str) -> str:
    return f"p{hashlib.sha256(project.encode()).hexdigest()[:16]}-"


def collection_name(project: str, model: str, dimension: int) -> str:
    """Model and dimension stand in the name: a change of model is another collection, never a wrong dimension."""
    words = re.sub(r"[^a-zA-Z0-9]+", "-", model).strip("-")[-60:] or "model"
    digest = hashlib.sha256(model.encode()).hexdigest()[:8]
    return f"{project_stem(project)}{words}-{digest}-{dimension}"
