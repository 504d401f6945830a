"""A watched folder: documents in it are taken in, again when they change, and deleted when they are."""

from __future__ import annotations

import hashlib
import logging
import threading
from pathlib import Path

from errors import GameForgeError
from jobs.ingest import select_files, submit_ingest
from jobs.store import JobStore
from library.documents import DocumentStore

log = logging.getLogger(__name__)
SETTLE_MS = 1500  # editors write a file in several steps


class FolderWatch:
    """`start` looks once at everything, then waits for changes; `close` ends it."""

    def __init__(self, folder: Path, store: JobStore, documents: DocumentStore, project: str) -> None:
        self.folder = folder
        self.store = store
        self.documents = documents
        self.project = project
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="watch-documents", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def look(self) -> int | None:
        """Bring the project in step with the folder; returns the job that reads what is new, if there is any."""
        root = self.folder.expanduser().resolve()
        if not root.is_dir():
            log.warning("The watched folder %s does not exist.", root)
            return None
        chosen = select_files([root])
        known = {view.source: view for view in self.documents.documents(self.project) if view.source}
        there = {one.source for one in chosen.files}
        for source, view in known.items():
            if Path(source).is_relative_to(root) and source not in there:
                self.documents.delete(view.id)
        waiting = {
            task.label
            for job in self.store.list(project=self.project, active=True)
            if job.kind == "ingest"
            for task in self.store.tasks(job.id)
        }
        chosen.files = [
            one for one in chosen.files if one.name not in waiting and not _same(one.path, known.get(one.source or ""))
        ]
        if not chosen.files:
            return None
        return submit_ingest(chosen, store=self.store, documents=self.documents, project=self.project).id

    def _watch(self) -> None:
        from watchfiles import watch

        try:
            self.look()
            for _ in watch(self.folder.expanduser(), stop_event=self._stop, debounce=SETTLE_MS, raise_interrupt=False):
                self.look()
        except (GameForgeError, OSError) as error:
            log.warning("The folder %s is not watched any more: %s", self.folder, error)


def _same(path: Path, view: object) -> bool:
    known = getattr(view, "sha256", None)
    return known is not None and hashlib.sha256(path.read_bytes()).hexdigest() == known
