"""Transactions, migrations, and what the user reads when the database cannot be used."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError

from errors import NotReady, ResourceError
from library.db import Database
from library.models import Base, Batch, Project

ROOT = Path(__file__).parents[2]


def url(folder: Path) -> str:
    return f"sqlite:///{(folder / 'gameforge.db').as_posix()}"


@contextmanager
def unprivileged() -> Iterator[None]:
    """As an ordinary user, to whom folder permissions mean something."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_the_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = Database(url(tmp_path))
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    database.dispose()


def test_migrating_again_keeps_the_data(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    with database.session() as session:
        session.add(Project(name="kept"))
    database.migrate()
    with database.reading() as session:
        assert session.scalars(select(Project.name)).all() == ["kept"]
    database.dispose()


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    """From a working folder that is not the program's."""
    script = f"from library.db import Database; Database({url(tmp_path)!r}).migrate()"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=env) for _ in range(3)]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    database = Database(url(tmp_path))
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    database.dispose()


def test_a_block_that_raises_leaves_nothing(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    with pytest.raises(ZeroDivisionError), database.session() as session:
        session.add(Project(name="half"))
        session.flush()
        raise ZeroDivisionError
    with database.reading() as session:
        assert session.scalars(select(Project)).all() == []
    database.dispose()


def test_threads_that_read_then_write_do_not_collide(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    with database.session() as session:
        session.add(Project(name="0"))

    def count_up() -> None:
        for _ in range(10):
            with database.session() as session:
                project = session.scalars(select(Project)).one()
                project.name = str(int(project.name) + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalars(select(Project.name)).one() == "40"
    database.dispose()


def test_foreign_keys_are_enforced(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(Batch(project_id=99, request="", plan={}))
    database.dispose()


def test_a_database_that_stays_locked(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    database.dispose()

    @event.listens_for(database.engine, "connect")
    def impatient(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 20")

    with database.session() as holder:
        holder.add(Project(name="first"))
        holder.flush()
        with (
            pytest.raises(ResourceError, match="The database is busy. Try again in a moment."),
            database.session() as session,
        ):
            session.add(Project(name="second"))
    with database.reading() as session:
        assert session.scalars(select(Project.name)).all() == ["first"]
    database.dispose()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(NotReady, match="The folder .*home cannot be written. Make it writable or choose another"):
        Database(url(tmp_path / "home")).migrate()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o055)
    with unprivileged(), pytest.raises(NotReady, match="The folder .*home cannot be written."):
        Database(url(home)).migrate()


def test_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "gameforge.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(NotReady, match="is damaged. Move it away or put a copy of it back."):
        Database(url(tmp_path)).migrate()


def test_a_database_from_a_newer_program(tmp_path: Path) -> None:
    database = Database(url(tmp_path))
    database.migrate()
    with database.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NotReady, match="written by a newer GameForge. Update the program."):
        database.migrate()
    database.dispose()


def test_a_full_disk(tmp_path: Path) -> None:
    """The file size limit of the process stands in for a full disk."""
    database = Database(url(tmp_path))
    database.migrate()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with (
            pytest.raises((ResourceError, NotReady), match="(is full|cannot be written)"),
            database.session() as session,
        ):
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            session.add(Project(name="x"))
            session.flush()
            session.add_all(Batch(project_id=1, request="x" * 100_000, plan={}) for _ in range(50))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with database.session() as session:
        session.add(Project(name="goes on"))
    database.dispose()
