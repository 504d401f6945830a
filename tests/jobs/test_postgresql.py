"""The same queue and library on PostgreSQL; needs its programs and psycopg on this machine."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors import NotReady
from library.db import Database
from library.models import Base
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine

pytest.importorskip("psycopg")
if not (shutil.which("initdb") and shutil.which("pg_ctl")):
    pytest.skip("PostgreSQL's programs are not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of our own that listens on a socket in its folder; root may not run one."""
    folder = Path(tempfile.mkdtemp(prefix="gf-pg-"))
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = {"user": "nobody", "extra_groups": []}
        shutil.chown(folder, "nobody")
    data, log = folder / "data", folder / "log"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **account)

    run("initdb", "-D", str(data), "-U", "gameforge", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(log), "-o", options, "start")
    yield f"postgresql+psycopg://gameforge@/postgres?host={folder}"
    run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def desk(tmp_path: Path, url: str) -> Iterator[Desk]:
    desk = Desk(tmp_path, database_url=url)
    yield desk
    desk.close()
    Base.metadata.drop_all(desk.database.engine)
    with desk.database.session() as session:
        session.connection().exec_driver_sql("DROP TABLE alembic_version")


def test_the_migrations_make_what_the_models_say(desk: Desk) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with desk.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_two_workers_share_a_queue(desk: Desk, tmp_path: Path, url: str) -> None:
    """Each task once, all events in order and once, counts that agree, although both commit at the same time."""
    other = Desk(tmp_path, database_url=url)
    with desk.bus.subscribe(after=0) as events:
        mine, theirs = desk.worker(batch=4), other.worker(batch=4)
        jobs = [desk.submit(*(f"prop {n}" for n in range(20))), desk.submit(*(f"sign {n}" for n in range(20)), seed=99)]
        mine.start()
        theirs.start()
        assert [mine.wait(job.id, timeout=120).state for job in jobs] == ["done", "done"]
        seen: list[int] = []
        while (event := events.get(timeout=1.0)) is not None:
            seen += [event.id] if event.id else []
    assert seen == [event.id for event in desk.store.events(limit=1000)]
    assert all(task.attempts == 1 for job in jobs for task in desk.store.tasks(job.id))
    assert len(desk.library.assets()) == len(desk.files()) == 40
    other.close()


def test_stopping_retrying_and_recovering(desk: Desk) -> None:
    job = desk.submit("a", SmallEngine.FAIL, "b")
    assert desk.store.cancel_all() == 1
    assert desk.store.retry(job.id) == 3
    assert len(desk.store.claim("elsewhere/0:1:0.00", 8)) == 3
    assert desk.store.recover() == 0
    desk.store.cancel_task(desk.store.tasks(job.id)[2].id)
    desk.store.prune_events(keep=1)
    assert [event.kind for event in desk.store.events()] == ["task_canceled"]


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    database = Database(f"postgresql+psycopg://{getpass.getuser()}:secret@/postgres?host={tmp_path}")
    with pytest.raises(NotReady, match="cannot be reached. Start it or correct its URL.") as caught:
        database.migrate()
    assert "secret" not in caught.value.message
    database.dispose()


def test_review_search_and_undo(desk: Desk) -> None:
    from library.history import history, undo, versions
    from library.review import bin_assets, decide, label, restore_assets
    from library.taste import dislikes

    worker = desk.worker()
    worker.start()
    worker.wait(desk.submit("rusty sword", "golden cup", "old rope").id, timeout=120)
    library = desk.library
    decide(library, {1: "approved", 2: "rejected", 3: "rejected"}, who="ann", note="too glossy")
    assert [dislike.sentence for dislike in dislikes(library, "default")] == ["You rejected glossy ones twice: matte?"]
    label(library, [1], add=["100%_sharp"], who="ann")
    assert [asset.id for asset in library.assets(project="default", text="rusty swords 100%_")] == [1]
    assert [asset.id for asset in library.assets(project="default", state="rejected")] == [3, 2]
    bin_assets(library, [2], who="ben")
    assert library.count(project="default") == 2
    restore_assets(library, [2], who="ben")
    for _ in range(4):
        undo(library, project="default")
    assert {asset.state for asset in library.assets(project="default")} == {"new"}
    assert [change.who for change in history(library, asset_id=2)][-1] == "ann" and len(versions(library, 1)) == 1


def test_review_comes_to_a_database_that_had_none(url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text

    from library import db

    desk_url = url.replace("/postgres?", "/old?")
    admin = Database(url)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE DATABASE old"))
    old = Database(desk_url)
    config = Config()
    config.set_main_option("script_location", str(Path(db.__file__).parent / "migrations"))
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in (
            "INSERT INTO projects (id, name, created_at) VALUES (1, 'default', 0)",
            "INSERT INTO batches (id, project_id, request, plan, created_at) VALUES (1, 1, '', '{}', 0)",
            "INSERT INTO assets (id, project_id, batch_id, number, subject, kind, state, created_at)"
            " VALUES (1, 1, 1, 1, 'Rusty Sword', 'item', 'approved', 0)",
            *(
                "INSERT INTO versions (id, asset_id, sha256, prompt, seed, width, height, model, details, created_at)"
                f" VALUES ({n}, 1, '{n:064x}', 'a Blade', 1, 8, 8, 'm', '{{}}', 0)"
                for n in (1, 2)
            ),
        ):
            connection.execute(text(statement))
    old.migrate()
    with old.reading() as session:
        row = session.execute(text("SELECT current_version_id, words, revision FROM assets")).one()
        assert tuple(row) == (2, "rusty sword a blade", 0)
        assert session.execute(text("SELECT state FROM versions ORDER BY id")).scalars().all() == ["new", "approved"]
    old.dispose()
    admin.dispose()
