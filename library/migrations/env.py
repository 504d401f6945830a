"""Alembic's entry point. `Database.migrate` hands over a connection whose transaction holds the migration lock."""

from __future__ import annotations

from alembic import context

from library.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
