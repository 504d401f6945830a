"""From rows to views, and the queries that read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from library.models import Asset, Batch, Job, Label, Project, Task, Version
from library.storage import Storage
from library.views import ASSET_STATES, AssetState, AssetView, BatchView

IN_ONE_QUERY = 500  # ids


def asset_query() -> Select[Asset, Version]:
    """Assets with their current versions."""
    return select(Asset, Version).join(Version, Version.id == Asset.current_version_id)


def asset_views(session: Session, rows: Iterable[Row[Asset, Version]], storage: Storage) -> list[AssetView]:
    found = [(row[0], row[1]) for row in rows]
    labels = labels_of(session, [asset.id for asset, _ in found])
    return [asset_view(asset, version, storage, labels.get(asset.id, {})) for asset, version in found]


def labels_of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Tags and collections by asset id: {"tag": (...), "collection": (...)}."""
    out: dict[int, dict[str, tuple[str, ...]]] = {}
    for start in range(0, len(ids), IN_ONE_QUERY):
        part = ids[start : start + IN_ONE_QUERY]
        query = select(Label.asset_id, Label.kind, Label.name).where(Label.asset_id.in_(part)).order_by(Label.name)
        for asset_id, kind, name in session.execute(query):
            kinds = out.setdefault(asset_id, {})
            kinds[kind] = (*kinds.get(kind, ()), name)
    return out


def asset_view(
    asset: Asset, version: Version, storage: Storage, labels: dict[str, tuple[str, ...]] | None = None
) -> AssetView:
    labels = labels or {}
    return AssetView(
        id=asset.id,
        version=version.sha256,
        path=storage.address(version.sha256),
        number=asset.number,
        batch_id=asset.batch_id,
        subject=asset.subject,
        prompt=version.prompt,
        seed=version.seed,
        width=version.width,
        height=version.height,
        kind=asset.kind,
        model=version.model,
        style_pack=version.style_pack,
        state=as_state(version.state),
        created_at=version.created_at,
        metadata=version.details,
        revision=asset.revision,
        origin=version.origin,
        colour=asset.colour,
        tags=labels.get("tag", ()),
        collections=labels.get("collection", ()),
        deleted_at=asset.deleted_at,
    )


def as_state(text: str) -> AssetState:
    for state in ASSET_STATES:
        if state == text:
            return state
    raise ValueError(f"unknown asset state in the database: {text!r}")


def batch_query() -> Select[Batch, str]:
    return select(Batch, Project.name).join(Project, Project.id == Batch.project_id)


def batch_views(session: Session, query: Select[Batch, str]) -> list[BatchView]:
    rows = session.execute(query).all()
    jobs = session.execute(
        select(Job.batch_id, func.min(Job.id))
        .where(Job.batch_id.in_([batch.id for batch, _ in rows]))
        .group_by(Job.batch_id)
    )
    first_job = dict(jobs.all())
    tasks = session.execute(
        select(Task.job_id, func.count()).where(Task.job_id.in_(first_job.values())).group_by(Task.job_id)
    )
    totals = dict(tasks.all())
    return [
        BatchView(
            id=batch.id,
            project=project,
            request=batch.request,
            plan=batch.plan,
            job_id=first_job.get(batch.id),
            total=totals.get(first_job.get(batch.id, 0), 0),
            created_at=batch.created_at,
        )
        for batch, project in rows
    ]
