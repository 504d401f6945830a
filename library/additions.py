"""New versions enter the library: many in one transaction, with as many statements as one takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import Session

from library.models import Asset, Batch, Version, VersionParent
from library.rows import labels_of
from library.trail import supersede
from library.words import searchable


@dataclass(frozen=True)
class NewVersion:
    """A finished image. `number` is the 1-based place in the batch; a second version at the same place becomes the
    asset's current one and supersedes the one before. `staged_key` is where the file (and with the suffix `UNCUT` the
    uncut one) lies until it is published; `parents` are ids of the versions that it was made from.
    """

    task_id: int | None
    batch_id: int
    number: int
    sha256: str
    subject: str
    prompt: str
    seed: int
    width: int
    height: int
    kind: str
    model: str
    style_pack: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    staged_key: str | None = None
    uncut_sha256: str | None = None
    origin: str = "generated"
    colour: str | None = None
    parents: Sequence[int] = ()


def add_versions(
    session: Session, news: Sequence[NewVersion], who: str = ""
) -> list[tuple[Asset, Version, dict[str, tuple[str, ...]]]]:
    """Record finished images in the caller's transaction; their assets, versions and labels, in order.

    No two of them may have the same place.
    """
    places = [(new.batch_id, new.number) for new in news]
    known = _assets(session, places)
    labels = labels_of(session, [asset.id for asset in known.values()])
    fresh = [new for place, new in zip(places, news, strict=True) if place not in known]
    if fresh:
        batches = select(Batch.id, Batch.project_id).where(Batch.id.in_({new.batch_id for new in fresh}))
        projects = dict(session.execute(batches).all())
        session.execute(insert(Asset), [_asset(new, projects[new.batch_id]) for new in fresh])
    # Rows go in by one statement and are read back by another: SQLite returns ids only row by row.
    found = known | (_assets(session, [(new.batch_id, new.number) for new in fresh]) if fresh else {})
    assets = [found[place] for place in places]
    session.execute(insert(Version), [_version(new, asset) for new, asset in zip(news, assets, strict=True)])
    newest = select(func.max(Version.id)).where(Version.asset_id.in_([a.id for a in assets])).group_by(Version.asset_id)
    current = {version.asset_id: version for version in session.scalars(select(Version).where(Version.id.in_(newest)))}
    versions = [current[asset.id] for asset in assets]
    for place, new, asset, version in zip(places, news, assets, versions, strict=True):
        for parent in dict.fromkeys(new.parents):
            session.add(VersionParent(version_id=version.id, parent_id=parent))
        if place in known:
            asset.words = searchable(asset.subject, new.prompt, labels.get(asset.id, {}).get("tag", ()))
            asset.colour = new.colour
        supersede(session, asset, version, who)
    session.flush()
    return [(asset, version, labels.get(asset.id, {})) for asset, version in zip(assets, versions, strict=True)]


def _assets(session: Session, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Asset]:
    """Those that there are."""
    rows = session.scalars(select(Asset).where(tuple_(Asset.batch_id, Asset.number).in_(places)))
    return {(asset.batch_id, asset.number): asset for asset in rows}


def _asset(new: NewVersion, project_id: int) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "batch_id": new.batch_id,
        "number": new.number,
        "subject": new.subject,
        "kind": new.kind,
        "words": searchable(new.subject, new.prompt),
        "colour": new.colour,
    }


def _version(new: NewVersion, asset: Asset) -> dict[str, Any]:
    return {
        "asset_id": asset.id,
        "task_id": new.task_id,
        "sha256": new.sha256,
        "uncut_sha256": new.uncut_sha256,
        "staged_key": new.staged_key,
        "prompt": new.prompt,
        "seed": new.seed,
        "width": new.width,
        "height": new.height,
        "model": new.model,
        "style_pack": new.style_pack,
        "details": dict(new.metadata),
        "origin": new.origin,
    }
