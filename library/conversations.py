"""The list of chats. What was said lies in the agent's checkpoints, under the conversation's id."""

from __future__ import annotations

import time

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound
from library.models import Conversation, Project
from library.projects import ProjectStore, project_id
from library.views import ConversationView

MAX_TITLE = 200


class Conversations(ProjectStore):
    def conversations(self, project: str, limit: int = 200) -> list[ConversationView]:
        """Last used first."""
        query = _query().where(Project.name == project).order_by(Conversation.updated_at.desc(), Conversation.id.desc())
        with self.database.reading() as session:
            return [_view(*row) for row in session.execute(query.limit(limit))]

    def conversation(self, conversation_id: int) -> ConversationView:
        """Raises NotFound."""
        with self.database.reading() as session:
            row = session.execute(_query().where(Conversation.id == conversation_id)).first()
        if row is None:
            raise _missing(conversation_id)
        return _view(*row)

    def create_conversation(self, project: str, title: str) -> ConversationView:
        """Raises BadRequest for an empty title; a long one is cut."""
        with self.database.session() as session:
            row = Conversation(project_id=project_id(session, project), title=_title(title))
            session.add(row)
            session.flush()
            return _view(row, project.strip())

    def rename_conversation(self, conversation_id: int, title: str) -> None:
        """Raises NotFound, BadRequest."""
        with self.database.session() as session:
            _get(session, conversation_id).title = _title(title)

    def touch(self, conversation_id: int) -> None:
        """It was just used: it moves to the top of the list. Raises NotFound."""
        with self.database.session() as session:
            _get(session, conversation_id).updated_at = time.time()

    def delete_conversation(self, conversation_id: int) -> None:
        """Its jobs and assets stay. Raises NotFound."""
        with self.database.session() as session:
            _get(session, conversation_id)
            session.execute(delete(Conversation).where(Conversation.id == conversation_id))


def _get(session: Session, conversation_id: int) -> Conversation:
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise _missing(conversation_id)
    return row


def _missing(conversation_id: int) -> NotFound:
    return NotFound(f"There is no conversation {conversation_id}.")


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        raise BadRequest("A conversation needs a title.")
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"


def _query() -> Select[Conversation, str]:
    return select(Conversation, Project.name).join(Project, Project.id == Conversation.project_id)


def _view(row: Conversation, project: str) -> ConversationView:
    return ConversationView(row.id, project, row.title, row.created_at, row.updated_at)
