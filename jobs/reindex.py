"""After a change of the embedding model: passages that it has not read yet are embedded again, as a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.store import JobStore
from jobs.types import JobView, TaskSpec
from library.documents import DocumentStore

if TYPE_CHECKING:
    from memory.documents.memory import DocumentMemory

KIND = "ingest"
PAGE = 64  # passages written together


def submit_reindex(store: JobStore, documents: DocumentStore, model: str) -> list[JobView]:
    """One job for each project with passages of another model; none where one is open already."""
    jobs = []
    for project in documents.outdated_projects(model):
        if not any(
            job.kind == KIND and job.title.startswith("Index") for job in store.list(project=project, active=True)
        ):
            task = TaskSpec("all documents", {"reindex": True})
            jobs.append(store.create(project, KIND, f"Index all documents with {model}", [task]))
    return jobs


def reindex(
    memory: DocumentMemory,
    documents: DocumentStore,
    project: str,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> int | None:
    """Embed what is outdated; returns how many passages, None when cancelled. What is written stays."""
    done, total = 0, documents.count_outdated(project, memory.model)
    while rows := documents.outdated(project, memory.model, PAGE):
        by_title: dict[str, list[int]] = {}
        for place, (_, title) in enumerate(rows):
            by_title.setdefault(title, []).append(place)
        made: list[tuple[int, bytes, bytes]] = []
        for title, places in by_title.items():
            pieces = [(rows[place][0].heading, rows[place][0].text) for place in places]
            embedded = memory.embed(title, pieces, cancelled=cancelled)
            if embedded is None:
                return None
            made += [(rows[place][0].id, *pair) for place, pair in zip(places, embedded, strict=True)]
        documents.set_vectors(made, memory.model)
        done += len(made)
        progress(done, max(total, done))
    return done
