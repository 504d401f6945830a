"""What a project's user told for good ("always transparent, 128 px"), and what they told to leave out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, select

from errors import NotFound
from library.db import Database
from library.models import Note, Project
from library.projects import project_id

PREFERENCE = "preference"
DISMISSED = "dismissed"


@dataclass(frozen=True)
class NoteView:
    id: int
    kind: str
    text: str
    created_at: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class NoteStore:
    def __init__(self, database: Database) -> None:
        self.database = database

    def notes(self, project: str, kind: str) -> list[NoteView]:
        """In the order in which they were told."""
        query = select(Note).join(Project).where(Project.name == project, Note.kind == kind).order_by(Note.id)
        with self.database.reading() as session:
            return [NoteView(row.id, row.kind, row.text, row.created_at) for row in session.scalars(query)]

    def add(self, project: str, kind: str, text: str) -> NoteView:
        """The same text again changes nothing."""
        with self.database.session() as session:
            owner = project_id(session, project)
            row = session.scalar(select(Note).where(Note.project_id == owner, Note.kind == kind, Note.text == text))
            if row is None:
                row = Note(project_id=owner, kind=kind, text=text)
                session.add(row)
                session.flush()
            return NoteView(row.id, row.kind, row.text, row.created_at)

    def remove(self, note_id: int) -> None:
        """Raises NotFound."""
        with self.database.session() as session:
            if session.get(Note, note_id) is None:
                raise NotFound("That note is gone already.")
            session.execute(delete(Note).where(Note.id == note_id))
