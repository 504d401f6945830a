"""Batches, assets, conversations, and what recovery makes of a kill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from errors import BadRequest, NotFound
from library.library import UNCUT, Library
from library.models import Asset, Job, Task


def add_task(library: Library, batch_id: int, *, state: str = "running") -> int:
    """A task in its first attempt."""
    with library.database.session() as session:
        job = Job(project_id=1, kind="generate", title="", spec={}, batch_id=batch_id)
        session.add(job)
        session.flush()
        task = Task(job_id=job.id, index=0, label="", payload={}, state=state, attempts=1)
        session.add(task)
        session.flush()
        return task.id


def add_asset(library: Library, batch_id: int, number: int, subject: str = "cactus", **changes: Any) -> int:
    fields: dict[str, Any] = {
        "task_id": None,
        "batch_id": batch_id,
        "number": number,
        "sha256": f"{number:064x}",
        "subject": subject,
        "prompt": f"a {subject}, pixel art",
        "seed": 4_000_000_000 + number,
        "width": 20,
        "height": 30,
        "kind": "prop",
        "model": "builtin",
    }
    with library.database.session() as session:
        return library.add_version(session, **{**fields, **changes})


def test_projects_are_made_on_first_use(library: Library) -> None:
    assert library.projects() == []
    made = library.ensure_project("Dunes")
    assert library.ensure_project(" Dunes ") == made
    assert [project.name for project in library.projects()] == ["Dunes"]
    with pytest.raises(BadRequest, match="1 to 200 characters"):
        library.ensure_project("  ")


def test_a_batch_remembers_the_request_and_the_plan(library: Library) -> None:
    first = library.create_batch("Dunes", "32 desert props", {"items": [{"subject": "cactus"}]})
    second = library.create_batch("Other", "a sword", {})
    batch = library.batch(first)
    assert (batch.project, batch.request, batch.plan) == (
        "Dunes",
        "32 desert props",
        {"items": [{"subject": "cactus"}]},
    )
    assert (batch.job_id, batch.total) == (None, 0)
    assert [batch.id for batch in library.batches()] == [second, first]
    assert [batch.id for batch in library.batches("Dunes")] == [first]
    with pytest.raises(NotFound, match="There is no batch 99."):
        library.batch(99)


def test_assets_of_a_batch_come_by_number_and_continue(library: Library) -> None:
    batch = library.create_batch("Dunes", "", {})
    for number in (3, 1, 2):
        add_asset(library, batch, number)
    page = library.assets(batch_id=batch, limit=2)
    assert [asset.number for asset in page] == [1, 2]
    assert [asset.number for asset in library.assets(batch_id=batch, before=page[-1].id)] == [3]


def test_assets_of_a_project_come_newest_first_and_continue(library: Library) -> None:
    batch = library.create_batch("Dunes", "", {})
    other = library.create_batch("Other", "", {})
    ids = [add_asset(library, batch, number) for number in range(1, 6)]
    add_asset(library, other, 1)
    page = library.assets(project="Dunes", limit=2)
    assert [asset.id for asset in page] == ids[:2:-1]
    assert [asset.id for asset in library.assets(project="Dunes", before=page[-1].id)] == ids[2::-1]
    assert len(library.assets()) == 6


def test_assets_are_found_by_text_and_state(library: Library) -> None:
    batch = library.create_batch("Dunes", "", {})
    add_asset(library, batch, 1, "Rusty Sword")
    sign = add_asset(library, batch, 2, "100% wool sign")
    assert [asset.subject for asset in library.assets(text="rusty")] == ["Rusty Sword"]
    assert [asset.subject for asset in library.assets(text="0% w")] == ["100% wool sign"]
    assert len(library.assets(text="PIXEL")) == 2
    with library.database.session() as session:
        session.get_one(Asset, sign).state = "approved"
    assert [asset.id for asset in library.assets(state="approved")] == [sign]
    assert library.counts("Dunes") == {"new": 1, "approved": 1, "rejected": 0, "superseded": 0, "total": 2}
    with pytest.raises(BadRequest, match="there is no state 'lost'"):
        library.assets(state="lost")  # type: ignore[arg-type]


def test_an_asset_is_shown_in_its_newest_version(library: Library) -> None:
    batch = library.create_batch("Dunes", "", {})
    first = add_asset(library, batch, 1)
    assert add_asset(library, batch, 1, sha256="f" * 64, seed=9) == first
    asset = library.asset(first)
    assert (asset.version, asset.seed, asset.number) == ("f" * 64, 9, 1)
    assert len(library.assets()) == 1
    assert json.loads(json.dumps(asset.as_dict()))["state"] == "new"
    with pytest.raises(NotFound, match="There is no asset 99."):
        library.asset(99)


@pytest.mark.parametrize("uncut", [False, True])
def test_a_kill_between_commit_and_publish_loses_nothing(library: Library, uncut: bool) -> None:
    batch = library.create_batch("Dunes", "", {})
    task = add_task(library, batch, state="done")
    sha256 = library.storage.stage(f"{task}-1", b"sprite")
    uncut_sha256 = library.storage.stage(f"{task}-1{UNCUT}", b"whole picture") if uncut else None
    add_asset(library, batch, 1, sha256=sha256, task_id=task, staged_key=f"{task}-1", uncut_sha256=uncut_sha256)
    assert library.recover() == 1 + uncut
    assert library.version_path(sha256).read_bytes() == b"sprite"
    if uncut_sha256 is not None:
        assert library.version_path(uncut_sha256).read_bytes() == b"whole picture"
    assert library.storage.staged() == []
    assert library.recover() == 0


def test_a_version_can_be_opened_before_it_is_published(library: Library) -> None:
    batch = library.create_batch("Dunes", "", {})
    task = add_task(library, batch, state="done")
    sha256 = library.storage.stage(f"{task}-1", b"sprite")
    with pytest.raises(NotFound):
        library.version_path(sha256)
    add_asset(library, batch, 1, sha256=sha256, task_id=task, staged_key=f"{task}-1")
    assert library.version_path(sha256).read_bytes() == b"sprite"


def test_recovery_removes_what_nobody_will_finish(library: Library) -> None:
    """A kill before the commit, an attempt that lost its task, and a file of no task at all."""
    batch = library.create_batch("Dunes", "", {})
    queued, running = add_task(library, batch, state="queued"), add_task(library, batch)
    for key in (f"{queued}-1", f"{running}-0", f"{running}-1", "999-1", "what.ever"):
        library.storage.stage(key, b"part")
    assert library.recover() == 4
    assert library.storage.staged() == [f"{running}-1"]


def test_conversations_are_listed_by_last_use(library: Library) -> None:
    first = library.create_conversation("Dunes", "  Desert \n props ")
    second = library.create_conversation("Dunes", "x" * 300)
    assert first.title == "Desert props"
    assert len(second.title) == 200 and second.title.endswith("…")
    library.touch(first.id)
    assert [chat.id for chat in library.conversations("Dunes")] == [first.id, second.id]
    library.rename_conversation(second.id, "Swords")
    assert library.conversation(second.id).title == "Swords"
    assert library.conversations("Other") == []
    with pytest.raises(BadRequest, match="needs a title"):
        library.rename_conversation(second.id, "  ")


def test_deleting_a_conversation_keeps_its_jobs_and_never_reuses_its_id(library: Library) -> None:
    chat = library.create_conversation("Dunes", "Desert")
    with library.database.session() as session:
        session.add(Job(project_id=1, kind="generate", title="", spec={}, conversation_id=chat.id))
    library.delete_conversation(chat.id)
    with library.database.reading() as session:
        assert session.get_one(Job, 1).conversation_id is None
    assert library.create_conversation("Dunes", "New").id > chat.id
    for act in (library.conversation, library.touch, library.delete_conversation):
        with pytest.raises(NotFound, match=f"There is no conversation {chat.id}."):
            act(chat.id)
