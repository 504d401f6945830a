"""Projects: one per game."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from errors import BadRequest
from library.db import Database
from library.models import Project
from library.views import ProjectView

MAX_NAME = 200


class ProjectStore:
    database: Database

    def projects(self) -> list[ProjectView]:
        """By name."""
        with self.database.reading() as session:
            return [_view(row) for row in session.scalars(select(Project).order_by(Project.name))]

    def ensure_project(self, name: str) -> ProjectView:
        """The project of that name, made when it is new. Raises BadRequest."""
        with self.database.session() as session:
            return ProjectView(project_id(session, name), name.strip())


def project_id(session: Session, name: str) -> int:
    """The id of the project of that name, made when it is new, in the caller's transaction. Raises BadRequest."""
    name = name.strip()
    if not name or len(name) > MAX_NAME:
        raise BadRequest(f"A project's name has 1 to {MAX_NAME} characters.")
    query = select(Project.id).where(Project.name == name)
    found = session.scalar(query)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            project = Project(name=name)
            session.add(project)
            session.flush()
            return project.id
    except IntegrityError:  # another process made it in between (PostgreSQL only)
        return session.scalars(query).one()


def _view(project: Project) -> ProjectView:
    return ProjectView(project.id, project.name)
