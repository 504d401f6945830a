"""Approve, reject, choose a version, bin, tag: every decision of a person, with its history and its undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from errors import BadRequest, Conflict, NotFound
from library.filters import check_state
from library.models import Asset, Label, Version
from library.rows import labels_of
from library.storage import SHA256
from library.trail import Trail
from library.views import Step
from library.words import listed, searchable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from library.library import Library

LABEL_KINDS = ("tag", "collection")
MAX_LABEL = 60
WORDS = {"new": "put back to new", "superseded": "set aside"}

# Who else needs an asset: asked before it goes into the bin, each answers {asset id: "style pack Dustbowl"}.
Users = Callable[[Session, Collection[int]], Mapping[int, str]]


def set_states(library: Library, states: Mapping[int, str]) -> None:
    """`decide` without a name."""
    decide(library, states)


def decide(
    library: Library,
    states: Mapping[int, str],
    *,
    who: str = "",
    note: str = "",
    expected: Mapping[int, int] | None = None,
) -> Step:
    """Give each asset id its new state, all or none.

    Args:
        expected: revisions that the caller saw; with it nothing is overwritten that somebody else decided meanwhile.

    Raises:
        NotFound: an asset does not exist.
        BadRequest: there is no such state.
        Conflict: an asset is not at its expected revision.
    """
    for state in states.values():
        check_state(state)
    with _step(library, states, who, note) as (trail, assets):
        _check_revisions(assets, expected or {})
        for asset_id, state in states.items():
            version = trail.session.get_one(Version, assets[asset_id].current_version_id)
            trail.state(assets[asset_id], version, state)
            if state == "approved":
                for other in _others(trail.session, version, "approved"):
                    trail.state(assets[asset_id], other, "superseded")
    said = {
        state: [assets[asset_id].number for asset_id, given in states.items() if given == state]
        for state in dict.fromkeys(states.values())
    }
    text = " and ".join(f"{WORDS.get(state, state)} {listed(numbers)}" for state, numbers in said.items())
    return _view(trail, text)


def use_version(library: Library, asset_id: int, sha256: str, *, who: str = "", note: str = "") -> Step:
    """Make another version of an asset its current one, with that version's own state. Raises NotFound."""
    with _step(library, [asset_id], who, note) as (trail, assets):
        query = (
            select(Version).where(Version.asset_id == asset_id, Version.sha256 == sha256).order_by(Version.id.desc())
        )
        version = trail.session.scalars(query).first()
        if version is None:
            raise NotFound(f"Asset {asset_id} has no version {sha256[:12]}.")
        asset = assets[asset_id]
        trail.current(asset, version)
        if version.state == "superseded":
            trail.state(asset, version, "new")
        _renew_words(trail.session, asset)
    return _view(trail, f"went to another version of {assets[asset_id].number}")


def bin_assets(library: Library, ids: Collection[int], *, who: str = "", note: str = "", force: bool = False) -> Step:
    """Put assets into the bin, all or none. Those that something else needs stay unless `force`.

    Raises:
        NotFound: an asset does not exist.
        BadRequest: one is in use; the sentence names it.
    """
    with _step(library, ids, who, note) as (trail, assets):
        if not force:
            _check_unused(library, trail.session, assets)
        now = time.time()
        for asset in assets.values():
            if asset.deleted_at is None:
                trail.add(asset, "bin", None, str(now))
                asset.deleted_at = now
    return _view(trail, f"moved {listed(asset.number for asset in assets.values())} to the bin")


def restore_assets(library: Library, ids: Collection[int], *, who: str = "") -> Step:
    """Take assets out of the bin. Raises NotFound."""
    with _step(library, ids, who, "") as (trail, assets):
        for asset in assets.values():
            if asset.deleted_at is not None:
                trail.add(asset, "bin", str(asset.deleted_at), None)
                asset.deleted_at = None
    return _view(trail, f"restored {listed(asset.number for asset in assets.values())}")


def label(
    library: Library,
    ids: Collection[int],
    *,
    kind: str = "tag",
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    who: str = "",
) -> Step:
    """Add and remove tags of assets (or put them into collections). Raises BadRequest, NotFound."""
    if kind not in LABEL_KINDS:
        raise BadRequest(f"Assets have tags and collections; there is no {kind!r}.")
    adding, removing = [_label(name) for name in add], [_label(name) for name in remove]
    if not adding and not removing:
        raise BadRequest("Say which tag to add or to remove.")
    with _step(library, ids, who, "") as (trail, assets):
        have = {asset_id: set(found.get(kind, ())) for asset_id, found in labels_of(trail.session, list(ids)).items()}
        for asset in assets.values():
            names = have.get(asset.id, set())
            for name in adding:
                if name not in names:
                    trail.add(asset, kind, None, name)
                    trail.session.add(Label(asset_id=asset.id, kind=kind, name=name))
            for name in removing:
                if name in names:
                    trail.add(asset, kind, name, None)
                    drop_label(trail.session, asset.id, kind, name)
            trail.session.flush()
            _renew_words(trail.session, asset)
    return _view(trail, f"changed the {kind}s of {listed(asset.number for asset in assets.values())}")


def drop_label(session: Session, asset_id: int, kind: str, name: str) -> None:
    session.execute(delete(Label).where(Label.asset_id == asset_id, Label.kind == kind, Label.name == name))


def _label(name: str) -> str:
    text = " ".join(name.split())
    if not text or len(text) > MAX_LABEL:
        raise BadRequest(f"A tag or collection has a name of 1 to {MAX_LABEL} characters.")
    return text


@contextmanager
def _step(library: Library, ids: Collection[int], who: str, note: str) -> Iterator[tuple[Trail, dict[int, Asset]]]:
    with library.database.session() as session:
        library.database.serialise(session)
        trail = Trail(session, who, note)
        yield trail, found(session, ids)
        trail.tell()


def found(session: Session, ids: Collection[int]) -> dict[int, Asset]:
    """The assets in the order of `ids`. Raises NotFound for the first that does not exist."""
    assets: dict[int, Asset] = {}
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), 500):
        query = select(Asset).where(Asset.id.in_(wanted[start : start + 500]))
        assets |= {asset.id: asset for asset in session.scalars(query)}
    for asset_id in wanted:
        if asset_id not in assets:
            raise NotFound(f"There is no asset {asset_id}.")
    return {asset_id: assets[asset_id] for asset_id in wanted}


def _check_revisions(assets: Mapping[int, Asset], expected: Mapping[int, int]) -> None:
    moved = [asset for asset_id, asset in assets.items() if expected.get(asset_id, asset.revision) != asset.revision]
    if moved:
        numbers = listed(f"{asset.number} (now {asset.state})" for asset in moved)
        raise Conflict(f"Somebody else changed {numbers} meanwhile. Look again, then decide.")


def _check_unused(library: Library, session: Session, assets: Mapping[int, Asset]) -> None:
    for users in library.users:
        used = users(session, list(assets))
        if used:
            asset_id, user = next(iter(used.items()))
            asset = assets[asset_id]
            raise BadRequest(
                f"{asset.subject} (number {asset.number}) is used by {user}. "
                "Take it out there first, or delete it anyway."
            )


def _others(session: Session, version: Version, state: str) -> list[Version]:
    query = select(Version).where(
        Version.asset_id == version.asset_id, Version.id != version.id, Version.state == state
    )
    return list(session.scalars(query))


def _renew_words(session: Session, asset: Asset) -> None:
    version = session.get_one(Version, asset.current_version_id)
    tags = labels_of(session, [asset.id]).get(asset.id, {}).get("tag", ())
    asset.words = searchable(asset.subject, version.prompt, tags)


def _view(trail: Trail, text: str) -> Step:
    return Step(trail.step, trail.who, tuple(trail.assets), text, trail.undoes)


def check_sha256(text: str) -> str:
    """Raises BadRequest."""
    if not SHA256.fullmatch(text):
        raise BadRequest("A version is named by the 64 hex digits of its sha256.")
    return text
