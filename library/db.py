"""The database: one engine, transactions that tell the user what to do when they fail, migrations.

SQLite runs in WAL mode, and a writing transaction takes the write lock with its first statement (`BEGIN IMMEDIATE`), so
it never fails half-way because somebody else wrote meanwhile. On PostgreSQL `serialise` gives that by an advisory lock.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from errors import GameForgeError, NotReady, ResourceError

BUSY_SECONDS = 30.0
MAPPED_BYTES = 256 * 1024**2
WRITERS_LOCK = 0x67616D65  # any constant that all GameForge processes on one PostgreSQL share
MIGRATION_LOCK = WRITERS_LOCK + 1


class Database:
    """A SQLAlchemy URL and its pool. Constructing it touches nothing; `migrate()` creates or upgrades the tables."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.engine = create_engine(self.url, connect_args={"timeout": BUSY_SECONDS}, pool_size=8, max_overflow=32)
            _use_explicit_transactions(self.engine)
        else:
            self.engine = create_engine(self.url, pool_pre_ping=True, pool_size=8, max_overflow=32)
        self._reading_engine = self.engine.execution_options(gameforge_reading=True)

    @property
    def folder(self) -> Path | None:
        """Where a SQLite file lies; None for a server."""
        return Path(self.url.database).absolute().parent if self.is_sqlite and self.url.database else None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A writing transaction: committed at the end of the block, rolled back when it raises.

        Raises NotReady (database cannot be opened or written) and ResourceError (disk full, locked for too long).
        """
        with self._explained(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads: one consistent snapshot on SQLite, never waits for writers."""
        with self._explained(), Session(self._reading_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def watching(self) -> Iterator[Callable[[], bool]]:
        """A question that costs microseconds: did anybody commit since it was last asked? The first answer is yes, and
        so is each of a server. Raises NotReady.
        """
        if not self.is_sqlite:
            yield lambda: True
            return
        with self._explained():
            connection = self.engine.raw_connection()
        seen: list[Any] = [None]

        def changed() -> bool:
            # of all other connections, in whichever process; it has a meaning only on the connection that asked before
            before, seen[0] = seen[0], connection.cursor().execute("PRAGMA data_version").fetchone()
            return seen[0] != before

        try:
            yield changed
        finally:
            connection.close()

    def serialise(self, session: Session) -> None:
        """Make writing transactions that call this run one after the other until their commit.

        Event ids then grow in commit order, which readers that continue "after id n" rely on. SQLite's write lock
        does this already.
        """
        if not self.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})

    def migrate(self) -> None:
        """Upgrade to the newest schema. Several processes may call it at once; all but the first find nothing to do."""
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise NotReady(_unwritable(self.folder), detail=str(error)) from error
        with self._explained(), self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                message = "The database was written by a newer GameForge. Update the program."
                raise NotReady(message, detail=str(error)) from error

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            explained = self._explain(error)
            if explained is None:
                raise
            raise explained from error

    def _explain(self, error: DatabaseError) -> GameForgeError | None:
        words = str(error.orig).lower()
        detail = str(error.orig)
        if not self.is_sqlite:
            if error.connection_invalidated or (isinstance(error, OperationalError) and "connect" in words):
                shown = self.url.render_as_string(hide_password=True)
                return NotReady(f"The database {shown} cannot be reached. Start it or correct its URL.", detail=detail)
            return None
        if "locked" in words or "busy" in words:
            return ResourceError("The database is busy. Try again in a moment.", detail=detail)
        if "full" in words:
            return ResourceError(
                f"The disk with {self.folder} is full. Free some space, then try again.", detail=detail
            )
        if "not a database" in words or "malformed" in words:
            message = f"The database {self.url.database} is damaged. Move it away or put a copy of it back."
            return NotReady(message, detail=detail)
        if any(sign in words for sign in ("readonly", "unable to open", "disk i/o error")):
            return NotReady(_unwritable(self.folder), detail=detail)
        return None


def _unwritable(folder: Path | None) -> str:
    return f"The folder {folder} cannot be written. Make it writable or choose another one with GAMEFORGE_HOME."


def _use_explicit_transactions(engine: Engine) -> None:
    """Take transaction control from the driver, which would otherwise begin lazily and without the write lock."""

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")  # searches walk through all rows
        _switch_to_wal(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("gameforge_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Two processes that open a new file together may collide here, and SQLite's busy time-out does not cover it."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
