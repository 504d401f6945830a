"""What happened to assets, and taking the last of it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from errors import Conflict, NotFound
from library.models import Asset, Change, Label, Project, Version, VersionParent
from library.review import drop_label, found
from library.rows import as_state
from library.trail import SYSTEM, Trail
from library.views import ChangeView, Step, VersionView
from library.words import listed

if TYPE_CHECKING:
    from library.library import Library

VERBS = {"approved": "approval", "rejected": "rejection", "new": "reset", "superseded": "change"}


def undo(
    library: Library, *, project: str | None = None, who: str = "", step: str | None = None, only_own: bool = False
) -> Step:
    """Take a step back: `step`, else the last one that still stands (of `who`, when `only_own`).

    Raises:
        NotFound: there is nothing to undo.
        Conflict: somebody changed the same assets since; nothing is done.
    """
    with library.database.session() as session:
        library.database.serialise(session)
        last = step or _last_step(session, project, who if only_own else None)
        entries = session.scalars(select(Change).where(Change.step == last).order_by(Change.id.desc())).all()
        if last is None or not entries:
            raise NotFound("There is nothing to undo.")
        if session.scalar(select(Change.id).where(Change.undoes == last).limit(1)) is not None:
            raise Conflict("That was undone already.")
        assets = found(session, list(dict.fromkeys(entry.asset_id for entry in entries)))
        trail = Trail(session, who, undoes=last)
        for entry in entries:
            _take_back(trail, assets[entry.asset_id], entry)
        trail.tell()
    return Step(trail.step, trail.who, tuple(trail.assets), _undone_text(entries, assets), last)


def _last_step(session: Session, project: str | None, who: str | None) -> str | None:
    undone = aliased(Change)
    query = (
        select(Change.step)
        .where(Change.undoes.is_(None), ~select(undone.id).where(undone.undoes == Change.step).exists())
        .order_by(Change.id.desc())
        .limit(1)
    )
    if project is not None:
        query = query.join(Project, Project.id == Change.project_id).where(Project.name == project)
    if who is not None:
        query = query.where(Change.who == (who or SYSTEM))
    return session.scalar(query)


def _take_back(trail: Trail, asset: Asset, entry: Change) -> None:
    session = trail.session
    version = session.get(Version, entry.version_id) if entry.version_id is not None else None
    if entry.field == "state" and version is not None:
        _unchanged(asset, version.state == entry.after)
        trail.state(asset, version, str(entry.before))
    elif entry.field == "current":
        _unchanged(asset, str(asset.current_version_id) == entry.after)
        before = session.get(Version, int(entry.before or 0))
        if before is not None:
            trail.current(asset, before)
    elif entry.field == "bin":
        _unchanged(asset, (asset.deleted_at is None) == (entry.after is None))
        trail.add(asset, "bin", entry.after, entry.before)
        asset.deleted_at = float(entry.before) if entry.before is not None else None
    else:
        trail.add(asset, entry.field, entry.after, entry.before)
        if entry.after is not None:
            drop_label(session, asset.id, entry.field, entry.after)
        elif entry.before is not None:
            session.merge(Label(asset_id=asset.id, kind=entry.field, name=entry.before))


def _unchanged(asset: Asset, same: bool) -> None:
    if not same:
        raise Conflict(f"{asset.number} was changed since, so this cannot be undone. Decide on it anew.")


def _undone_text(entries: Sequence[Change], assets: dict[int, Asset]) -> str:
    numbers = listed(dict.fromkeys(assets[entry.asset_id].number for entry in reversed(entries)))
    first = entries[-1]
    fields = {entry.field for entry in entries}
    if fields == {"state"} and len({entry.after for entry in entries}) == 1:
        return f"undid the {VERBS.get(str(first.after), 'change')} of {numbers}"
    if "current" in fields:
        return f"went back to the version before of {numbers}"
    if fields == {"bin"}:
        return f"took {numbers} out of the bin" if first.after is not None else f"put {numbers} back into the bin"
    return f"undid the changes of {numbers}"


def history(
    library: Library, *, asset_id: int | None = None, project: str | None = None, limit: int = 200
) -> list[ChangeView]:
    """Newest first: of one asset, of a project, or of everything. Raises NotFound."""
    undone = aliased(Change)
    query = (
        select(Change, Version.sha256, select(undone.id).where(undone.undoes == Change.step).exists())
        .outerjoin(Version, Version.id == Change.version_id)
        .order_by(Change.id.desc())
        .limit(limit)
    )
    if asset_id is not None:
        query = query.where(Change.asset_id == asset_id)
    if project is not None:
        query = query.join(Project, Project.id == Change.project_id).where(Project.name == project)
    with library.database.reading() as session:
        if asset_id is not None:
            found(session, [asset_id])
        return [
            ChangeView(
                id=row.id,
                step=row.step,
                asset_id=row.asset_id,
                version=sha256,
                field=row.field,
                before=row.before,
                after=row.after,
                who=row.who,
                note=row.note,
                undoes=row.undoes,
                undone=taken_back,
                at=row.at,
            )
            for row, sha256, taken_back in session.execute(query)
        ]


def versions(library: Library, asset_id: int) -> list[VersionView]:
    """All versions of an asset, oldest first, with the versions that each was made from. Raises NotFound."""
    parent = aliased(Version)
    with library.database.reading() as session:
        asset = found(session, [asset_id])[asset_id]
        rows = session.scalars(select(Version).where(Version.asset_id == asset_id).order_by(Version.id)).all()
        edges = session.execute(
            select(VersionParent.version_id, parent.sha256)
            .join(parent, parent.id == VersionParent.parent_id)
            .where(VersionParent.version_id.in_([row.id for row in rows]))
        )
        parents: dict[int, tuple[str, ...]] = {}
        for version_id, sha256 in edges:
            parents[version_id] = (*parents.get(version_id, ()), sha256)
        return [
            VersionView(
                id=row.id,
                asset_id=asset_id,
                sha256=row.sha256,
                origin=row.origin,
                state=as_state(row.state),
                current=row.id == asset.current_version_id,
                prompt=row.prompt,
                seed=row.seed,
                width=row.width,
                height=row.height,
                model=row.model,
                style_pack=row.style_pack,
                parents=parents.get(row.id, ()),
                created_at=row.created_at,
                metadata=row.details,
            )
            for row in rows
        ]
