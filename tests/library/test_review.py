"""Decisions, their history and their undo."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from errors import BadRequest, Conflict, NotFound
from library.history import history, undo, versions
from library.library import Library
from library.models import Event
from library.review import bin_assets, decide, label, restore_assets, use_version
from tests.library.test_library import add_asset


@pytest.fixture
def ids(library: Library) -> list[int]:
    """Four assets of one batch."""
    batch = library.create_batch("default", "4 things", {})
    return [add_asset(library, batch, number) for number in range(1, 5)]


def states(library: Library) -> str:
    return "".join(asset.state[0] for asset in library.assets(batch_id=1))


def test_every_decision_has_who_when_why_and_can_be_taken_back(library: Library, ids: list[int]) -> None:
    step = decide(library, {ids[0]: "approved", ids[1]: "rejected"}, who="Ada", note="too glossy")
    assert step.text == "approved 1 and rejected 2"
    assert states(library) == "arnn"
    decide(library, {ids[2]: "approved"}, who="Bo")
    entries = history(library, asset_id=ids[1])
    assert [(e.who, e.note, e.field, e.before, e.after, e.undone) for e in entries] == [
        ("Ada", "too glossy", "state", "new", "rejected", False)
    ]
    assert entries[0].at > 1e9 and entries[0].version == library.asset(ids[1]).version

    assert undo(library, who="Ada", only_own=True).text == "undid the changes of 1 and 2"
    assert states(library) == "nnan"
    assert undo(library).text == "undid the approval of 3"
    assert states(library) == "nnnn"
    with pytest.raises(NotFound, match="nothing to undo"):
        undo(library)
    assert history(library, asset_id=ids[1])[-1].undone
    redone = undo(library, step=history(library, asset_id=ids[2])[0].step)
    assert redone.undoes and states(library) == "nnan"


def test_nothing_is_overwritten_that_somebody_else_decided(library: Library, ids: list[int]) -> None:
    seen = {asset.id: asset.revision for asset in library.assets(batch_id=1)}
    decide(library, {ids[0]: "approved"}, who="Ada", expected=seen)
    with pytest.raises(Conflict, match=r"Somebody else changed 1 \(now approved\) meanwhile"):
        decide(library, {ids[0]: "rejected", ids[1]: "rejected"}, who="Bo", expected=seen)
    assert states(library) == "annn"
    decide(library, {ids[1]: "rejected"}, who="Bo", expected=seen)
    decide(library, {ids[0]: "rejected"}, who="Bo")
    with pytest.raises(Conflict, match="was changed since"):
        undo(library, who="Ada", only_own=True)
    assert states(library) == "rrnn"


def test_two_people_at_once_lose_no_update(library: Library, ids: list[int]) -> None:
    """Each marks all four, many times; every mark that was accepted stands in the trail, in order."""
    conflicts: list[str] = []

    def person(name: str, state: str) -> None:
        for _ in range(10):
            for asset_id in ids:
                seen = {asset_id: library.asset(asset_id).revision}
                try:
                    decide(library, {asset_id: state}, who=name, expected=seen)
                except Conflict:
                    conflicts.append(name)

    people = [threading.Thread(target=person, args=pair) for pair in (("Ada", "approved"), ("Bo", "rejected"))]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    for asset_id in ids:
        trail = history(library, asset_id=asset_id)[::-1]
        assert [entry.before for entry in trail[1:]] == [entry.after for entry in trail[:-1]]
        assert trail[-1].after == library.asset(asset_id).state
        assert library.asset(asset_id).revision == len(trail)


def test_changes_are_told_to_whoever_watches(library: Library, ids: list[int]) -> None:
    step = decide(library, {ids[3]: "approved"}, who="Ada")
    with library.database.reading() as session:
        event = session.query(Event).one()
    assert (event.kind, event.job_id, event.data["who"], event.data["step"]) == (
        "assets_changed",
        None,
        "Ada",
        step.step,
    )
    assert event.data["assets"][0]["id"] == ids[3] and event.data["assets"][0]["state"] == "approved"


def test_states_that_do_not_exist_and_assets_that_do_not(library: Library, ids: list[int]) -> None:
    with pytest.raises(BadRequest, match="there is no state 'lost'"):
        decide(library, {ids[0]: "lost"})
    with pytest.raises(NotFound, match="There is no asset 99."):
        decide(library, {ids[0]: "approved", 99: "approved"})
    assert states(library) == "nnnn"


def second_version(library: Library, asset_id: int, **changes: Any) -> None:
    parent = versions(library, asset_id)[-1]
    asset = library.asset(asset_id)
    fields = {"sha256": "e" * 64, "seed": 9, "origin": "regenerated", "parents": [parent.id], **changes}
    add_asset(library, asset.batch_id, asset.number, **fields)


def test_a_new_version_stands_beside_the_old_one(library: Library, ids: list[int]) -> None:
    decide(library, {ids[0]: "approved"})
    second_version(library, ids[0])
    old, new = versions(library, ids[0])
    assert (old.state, old.current, old.parents) == ("superseded", False, ())
    assert (new.state, new.current, new.parents) == ("new", True, (old.sha256,))
    assert library.asset(ids[0]).state == "new"

    use_version(library, ids[0], old.sha256, who="Ada")
    assert [view.current for view in versions(library, ids[0])] == [True, False]
    assert library.asset(ids[0]).version == old.sha256
    undo(library)
    assert library.asset(ids[0]).version == new.sha256
    assert undo(library).text == "went back to the version before of 1"
    assert (library.asset(ids[0]).version, library.asset(ids[0]).state) == (old.sha256, "approved")
    with pytest.raises(NotFound, match="has no version"):
        use_version(library, ids[0], "0" * 64)


def test_an_enlarged_version_keeps_the_verdict_and_only_one_is_approved(library: Library, ids: list[int]) -> None:
    decide(library, {ids[0]: "approved"})
    second_version(library, ids[0], origin="upscaled")
    assert [view.state for view in versions(library, ids[0])] == ["superseded", "approved"]
    old = versions(library, ids[0])[0]
    use_version(library, ids[0], old.sha256)
    decide(library, {ids[0]: "approved"})
    assert [view.state for view in versions(library, ids[0])] == ["approved", "superseded"]
    undo(library)
    assert [view.state for view in versions(library, ids[0])] == ["new", "approved"]


def test_the_bin(library: Library, ids: list[int]) -> None:
    step = bin_assets(library, ids[:2], who="Ada")
    assert [asset.number for asset in library.assets(batch_id=1)] == [3, 4]
    assert library.counts("default")["total"] == 2
    assert [asset.number for asset in library.assets(deleted=True)] == [2, 1]
    restore_assets(library, [ids[0]])
    assert [asset.number for asset in library.assets(batch_id=1)] == [1, 3, 4]
    with pytest.raises(Conflict, match="was changed since"):
        undo(library, step=step.step)
    undo(library)
    undo(library)
    assert library.counts("default")["total"] == 4


def test_what_something_else_uses_stays_out_of_the_bin(library: Library, ids: list[int]) -> None:
    library.users.append(lambda session, wanted: {ids[1]: "the style pack Dustbowl"} if ids[1] in wanted else {})
    with pytest.raises(BadRequest, match=r"cactus \(number 2\) is used by the style pack Dustbowl. Take it out"):
        bin_assets(library, ids)
    assert library.counts("default")["total"] == 4
    bin_assets(library, ids, force=True)
    assert library.counts("default")["total"] == 0


def test_tags_and_collections(library: Library, ids: list[int]) -> None:
    label(library, ids[:2], add=["Boss  level"], who="Ada")
    label(library, [ids[1]], kind="collection", add=["Desert"])
    assert library.asset(ids[0]).tags == ("Boss level",)
    assert [asset.id for asset in library.assets(tag="boss level")] == ids[1::-1]
    assert [asset.id for asset in library.assets(text="boss")] == ids[1::-1]
    assert [asset.id for asset in library.assets(collection="Desert")] == [ids[1]]
    undo(library)
    assert library.assets(collection="Desert") == []
    label(library, ids[:2], remove=["Boss level"])
    assert library.assets(text="boss") == []
    undo(library)
    assert library.asset(ids[1]).tags == ("Boss level",)
    for bad in (" ", "x" * 200):
        with pytest.raises(BadRequest, match="1 to 60 characters"):
            label(library, ids, add=[bad])
    with pytest.raises(BadRequest, match="Say which tag"):
        label(library, ids)


def test_filters(library: Library, ids: list[int]) -> None:
    batch = library.create_batch("default", "", {})
    big = add_asset(library, batch, 1, "blue glass bottle", width=256, kind="item", colour="blue", sha256="d" * 64)
    assert [asset.id for asset in library.assets(size_from=200)] == [big]
    assert len(library.assets(size_to=64)) == 4
    assert [asset.id for asset in library.assets(colour="blue", kind="item")] == [big]
    assert [asset.id for asset in library.assets(text="glass bottles")] == [big]
    assert library.count(text="cactus") == 4 and library.count(origin="upscaled") == 0
    assert library.assets(since=4e9) == [] and len(library.assets(until=4e9)) == 5
    with pytest.raises(BadRequest, match="there is no colour 'mauve'"):
        library.assets(colour="mauve")


def test_pictures_of_a_style_pack_stay_until_one_insists(library: Library, ids: list[int]) -> None:
    from library.models import StylePack, StylePackVersion
    from library.uses import watch_style_packs

    watch_style_packs(library)
    files = {"references": [library.asset(ids[2]).version], "samples": []}
    fields: dict[str, Any] = {"number": 1, "origin": "trained", "lora_sha256": "a" * 64, "base": {}, "settings": {}}
    with library.database.session() as session:
        pack = StylePack(project_id=1, name="Dustbowl", key="dustbowl", trigger="dst", current=1)
        session.add(pack)
        session.flush()
        session.add(StylePackVersion(pack_id=pack.id, metrics={}, files=files, **fields))
    with pytest.raises(BadRequest, match=r"cactus \(number 3\) is used by the style pack Dustbowl"):
        bin_assets(library, ids)
    bin_assets(library, ids[:2])
    bin_assets(library, ids, force=True)
    assert library.counts("default")["total"] == 0
