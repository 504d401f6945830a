"""What the rest of the program knows that code can use: passages of documents, subjects of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaffolds.types import Passage

if TYPE_CHECKING:
    from library.library import Library
    from memory.documents.memory import DocumentMemory
    from scaffolds.service import Documents

MOST_SUBJECTS = 100_000


def from_memory(memory: DocumentMemory) -> Documents:
    """Search of the project's documents; empty without any, and then no model is loaded."""

    def search(project: str, question: str, count: int) -> Sequence[Passage]:
        if not memory.store.names(project):
            return ()
        found = memory.search(project, question, count)
        return [Passage(each.document, each.heading, each.text, each.id, each.document_id) for each in found]

    return search


def subjects_of(library: Library, project: str) -> set[str]:
    return {asset.subject for asset in library.assets(project=project, limit=MOST_SUBJECTS) if asset.subject}
