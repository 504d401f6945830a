"""Documents and their passages in the database, which is their only truth; every other index is made from it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from errors import NotFound
from library.db import Database
from library.models import Document, Passage, Project
from library.projects import project_id

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class DocumentView:
    """`source`: its path on this machine, None for an upload. Times are Unix seconds, size bytes."""

    id: int
    project: str
    name: str
    source: str | None
    sha256: str
    size: int
    format: str
    title: str
    passages: int
    created_at: float
    updated_at: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class PassageRow(NamedTuple):
    id: int
    document_id: int
    position: int
    heading: str
    text: str


@dataclass(frozen=True)
class NewPassage:
    """`vector` and `sentences` are None for one that is kept (its hash is known to the document)."""

    hash: str
    heading: str
    text: str
    vector: bytes | None = None
    sentences: bytes | None = None


@dataclass(frozen=True)
class Change:
    document_id: int
    added: int
    removed: int
    kept: int


def passage_hash(title: str, heading: str, text: str) -> str:
    return hashlib.sha256("\0".join((title, heading, text)).encode()).hexdigest()


class DocumentStore:
    def __init__(self, database: Database) -> None:
        self.database = database

    # Documents

    def documents(self, project: str) -> list[DocumentView]:
        """By name."""
        query = select(Document, Project.name).join(Project).where(Project.name == project).order_by(Document.name)
        with self.database.reading() as session:
            return [_view(row, name) for row, name in session.execute(query)]

    def document(self, document_id: int) -> DocumentView:
        """Raises NotFound."""
        query = select(Document, Project.name).join(Project).where(Document.id == document_id)
        with self.database.reading() as session:
            found = session.execute(query).first()
            if found is None:
                raise NotFound(f"There is no document {document_id}.")
            return _view(found[0], found[1])

    def by_name(self, project: str, name: str) -> DocumentView | None:
        query = select(Document, Project.name).join(Project).where(Project.name == project, Document.name == name)
        with self.database.reading() as session:
            found = session.execute(query).first()
            return None if found is None else _view(found[0], found[1])

    def text(self, document_id: int) -> list[PassageRow]:
        """The document's passages in order. Raises NotFound."""
        self.document(document_id)
        query = _rows().where(Passage.document_id == document_id).order_by(Passage.position)
        with self.database.reading() as session:
            return [PassageRow(*row) for row in session.execute(query)]

    def delete(self, document_id: int) -> None:
        """The document with its passages and vectors. Raises NotFound."""
        self.document(document_id)
        with self.database.session() as session:
            session.execute(delete(Passage).where(Passage.document_id == document_id))
            session.execute(delete(Document).where(Document.id == document_id))

    def hashes(self, project: str, name: str, model: str) -> set[str]:
        """Of the document's passages that this model has embedded."""
        query = select(Passage.hash).join(Document).join(Project).where(Project.name == project, Document.name == name)
        with self.database.reading() as session:
            return set(session.scalars(query.where(Passage.model == model)))

    def write(
        self,
        session: Session,
        project: str,
        name: str,
        fields: dict[str, Any],
        passages: Sequence[NewPassage],
        model: str,
    ) -> Change:
        """Make or update a document: passages that it had already keep their rows, in the caller's transaction.

        `fields`: source, sha256, size, format, title.
        """
        owner = project_id(session, project)
        row = session.scalar(select(Document).where(Document.project_id == owner, Document.name == name))
        if row is None:
            row = Document(project_id=owner, name=name, passages=0, **fields)
            session.add(row)
        for key, value in fields.items():
            setattr(row, key, value)
        row.updated_at = time.time()
        session.flush()
        old: dict[str, list[Passage]] = {}
        for passage in session.scalars(select(Passage).where(Passage.document_id == row.id)):
            old.setdefault(passage.hash, []).append(passage)
        added = kept = 0
        for position, new in enumerate(passages):
            known = old.get(new.hash)
            if known:
                passage = known.pop()
                passage.position = position
                kept += 1
            else:
                passage = Passage(
                    document_id=row.id, position=position, hash=new.hash, heading=new.heading, text=new.text,
                    vector=b"", sentences=b"", model="",
                )  # fmt: skip
                session.add(passage)
                added += 1
            if new.vector is not None and new.sentences is not None:
                passage.vector, passage.sentences, passage.model = new.vector, new.sentences, model
        gone = [passage for rest in old.values() for passage in rest]
        for passage in gone:
            session.delete(passage)
        row.passages = len(passages)
        session.flush()
        return Change(row.id, added, len(gone), kept)

    # What the index reads

    def fingerprint(self, project: str) -> tuple[Any, ...]:
        query = (
            select(func.count(Document.id), func.max(Document.id), func.sum(Document.id), func.max(Document.updated_at))
            .join(Project)
            .where(Project.name == project)
        )
        with self.database.reading() as session:
            return tuple(session.execute(query).one())

    def passages(self, project: str) -> list[PassageRow]:
        query = _rows().join(Document).join(Project).where(Project.name == project)
        with self.database.reading() as session:
            return [PassageRow(*row) for row in session.execute(query.order_by(Document.id, Passage.position))]

    def names(self, project: str) -> dict[int, tuple[str, str]]:
        query = select(Document.id, Document.name, Document.title).join(Project).where(Project.name == project)
        with self.database.reading() as session:
            return {row[0]: (row[1], row[2]) for row in session.execute(query)}

    def vectors(self, project: str, model: str) -> tuple[list[int], np.ndarray]:
        import numpy as np

        query = select(Passage.id, Passage.vector).join(Document).join(Project)
        query = query.where(Project.name == project, Passage.model == model).order_by(Passage.id)
        with self.database.reading() as session:
            rows = session.execute(query).all()
        if not rows:
            return [], np.zeros((0, 0), np.float16)
        return [row[0] for row in rows], np.frombuffer(b"".join(row[1] for row in rows), np.float16).reshape(
            len(rows), -1
        )

    def sentence_vectors(self, passage_ids: Sequence[int]) -> dict[int, bytes]:
        with self.database.reading() as session:
            query = select(Passage.id, Passage.sentences).where(Passage.id.in_(list(passage_ids)))
            return {row[0]: row[1] for row in session.execute(query)}

    def outdated(self, project: str | None, model: str, limit: int) -> list[tuple[PassageRow, str]]:
        """Passages that this model has not embedded, with their documents' titles."""
        columns = (Passage.id, Passage.document_id, Passage.position, Passage.heading, Passage.text, Document.title)
        query = select(*columns).join(Document).where(Passage.model != model)
        if project is not None:
            query = query.join(Project).where(Project.name == project)
        with self.database.reading() as session:
            return [(PassageRow(*row[:5]), row[5]) for row in session.execute(query.order_by(Passage.id).limit(limit))]

    def outdated_projects(self, model: str) -> list[str]:
        query = select(Project.name).join(Document).join(Passage).where(Passage.model != model).distinct()
        with self.database.reading() as session:
            return sorted(session.scalars(query))

    def count_outdated(self, project: str, model: str) -> int:
        query = select(func.count(Passage.id)).join(Document).join(Project)
        with self.database.reading() as session:
            return session.scalar(query.where(Project.name == project, Passage.model != model)) or 0

    def set_vectors(self, rows: Sequence[tuple[int, bytes, bytes]], model: str) -> None:
        with self.database.session() as session:
            for passage_id, vector, sentences in rows:
                values = {"vector": vector, "sentences": sentences, "model": model}
                session.execute(update(Passage).where(Passage.id == passage_id).values(**values))
            changed = select(Passage.document_id).where(Passage.id.in_([row[0] for row in rows]))
            session.execute(update(Document).where(Document.id.in_(changed)).values(updated_at=time.time()))


def _rows() -> Any:
    return select(Passage.id, Passage.document_id, Passage.position, Passage.heading, Passage.text)


def _view(row: Document, project: str) -> DocumentView:
    return DocumentView(
        row.id, project, row.name, row.source, row.sha256, row.size, row.format, row.title, row.passages,
        row.created_at, row.updated_at,
    )  # fmt: skip
