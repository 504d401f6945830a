"""The library: batches, assets, versions and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from typing_extensions import Unpack

from errors import NotFound
from library.additions import NewVersion, add_versions
from library.conversations import Conversations
from library.db import Database
from library.filters import Filter, Wanted
from library.meaning import MeaningSearch
from library.models import Asset, Batch, Project, Task, Version
from library.projects import project_id
from library.review import Users
from library.rows import asset_query, asset_view, asset_views, batch_query, batch_views
from library.storage import Storage
from library.views import ASSET_STATES, AssetView, BatchView

UNCUT = ".uncut"  # suffix of the staging key of an image before its background was cut


class Library(Conversations):
    """Everything that GameForge keeps of its work. Safe to use from many threads and processes."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self.database = database
        self.storage = storage
        self.users: list[Users] = []  # who is asked before an asset goes into the bin
        self.also_needed: list[Callable[[], Iterable[str]]] = []  # who else names files by their sha256
        self.meaning: MeaningSearch | None = None  # search by meaning, where there is an embedding model

    def create_batch(self, project: str, request: str, plan: dict[str, Any], session: Session | None = None) -> int:
        """Record what was asked for; returns the batch id. With `session`, in the caller's transaction."""
        if session is None:
            with self.database.session() as own:
                return self.create_batch(project, request, plan, own)
        batch = Batch(project_id=project_id(session, project), request=request, plan=plan)
        session.add(batch)
        session.flush()
        return batch.id

    def batch(self, batch_id: int) -> BatchView:
        """Raises NotFound."""
        with self.database.reading() as session:
            found = batch_views(session, batch_query().where(Batch.id == batch_id))
        if not found:
            raise NotFound(f"There is no batch {batch_id}.")
        return found[0]

    def batches(self, project: str | None = None, limit: int = 50) -> list[BatchView]:
        """Newest first."""
        query = batch_query().order_by(Batch.id.desc()).limit(limit)
        if project is not None:
            query = query.where(Project.name == project)
        with self.database.reading() as session:
            return batch_views(session, query)

    def add_version(self, session: Session, *, who: str = "", **fields: Any) -> int:
        """Record one finished image (the fields of `NewVersion`) in the caller's transaction; its asset's id."""
        return self.add_versions(session, [NewVersion(**fields)], who)[0].id

    def add_versions(self, session: Session, news: Sequence[NewVersion], who: str = "") -> list[AssetView]:
        """Several at once, in order; no two of them may have the same place in a batch."""
        rows = add_versions(session, news, who)
        return [asset_view(asset, version, self.storage, labels) for asset, version, labels in rows]

    def assets(
        self,
        *,
        limit: int = 100,
        before: int | None = None,
        **wanted: Unpack[Wanted],
    ) -> list[AssetView]:
        """Assets in their current versions: of one batch or job by number, else newest first; never what is in the bin
        unless `deleted` asks for it.

        `wanted` are the fields of `library.filters.Filter`; `before` continues a list after the asset with that id.
        Raises BadRequest for a state or colour that does not exist.
        """
        query = Filter(**wanted).apply(asset_query())
        with self.database.reading() as session:
            if wanted.get("batch_id") is not None or wanted.get("job_id") is not None:
                if before is not None:
                    last = session.get(Asset, before)
                    query = query.where(Asset.number > (last.number if last is not None else 0))
                query = query.order_by(Asset.batch_id, Asset.number)
            else:
                query = query.order_by(Asset.id.desc())
                if before is not None:
                    query = query.where(Asset.id < before)
            return asset_views(session, session.execute(query.limit(limit)), self.storage)

    def count(self, **wanted: Unpack[Wanted]) -> int:
        """How many assets `assets` would list without its limit."""
        query = select(func.count()).select_from(asset_query().where(*Filter(**wanted).conditions()).subquery())
        with self.database.reading() as session:
            return session.scalar(query) or 0

    def made_by(self, job_id: int) -> dict[int, AssetView]:
        """What a job made, by task id: each asset in the version that the task gave it, whatever is current now."""
        query = (
            select(Asset, Version)
            .join(Version, Version.asset_id == Asset.id)
            .join(Task, Task.id == Version.task_id)
            .where(Task.job_id == job_id)
        )
        with self.database.reading() as session:
            rows = session.execute(query).all()
            views = asset_views(session, rows, self.storage)
            return {row[1].task_id or 0: view for row, view in zip(rows, views, strict=True)}

    def asset(self, asset_id: int) -> AssetView:
        """Raises NotFound."""
        with self.database.reading() as session:
            return self.asset_in(session, asset_id)

    def asset_in(self, session: Session, asset_id: int) -> AssetView:
        """The same within the caller's transaction."""
        found = asset_views(session, session.execute(asset_query().where(Asset.id == asset_id)), self.storage)
        if not found:
            raise NotFound(f"There is no asset {asset_id}.")
        return found[0]

    def counts(self, project: str) -> dict[str, int]:
        """Assets by state, and `total`."""
        query = (
            select(Asset.state, func.count())
            .join(Project, Project.id == Asset.project_id)
            .where(Project.name == project, Asset.deleted_at.is_(None))
            .group_by(Asset.state)
        )
        with self.database.reading() as session:
            found = dict(session.execute(query).all())
        return {**{state: found.get(state, 0) for state in ASSET_STATES}, "total": sum(found.values())}

    def version_path(self, sha256: str) -> Path:
        """A local path of a version's file (also of an uncut original). Raises NotFound, BadRequest."""
        try:
            return self.storage.path(sha256)
        except NotFound:
            if not self._publish_late(sha256):
                raise
        return self.storage.path(sha256)

    def publish(self, key: str, sha256: str, uncut_sha256: str | None = None) -> None:
        """Give the staged file of a committed version its final name (and the uncut one, when there is one)."""
        self.storage.publish(key, sha256)
        if uncut_sha256 is not None:
            self.storage.publish(key + UNCUT, uncut_sha256)

    def discard(self, key: str) -> None:
        """Remove what was staged for a version that was not committed."""
        self.storage.discard(key)
        self.storage.discard(key + UNCUT)

    def recover(self) -> int:
        """Publish what a kill left between commit and publish, remove what nobody will finish; returns how many files.

        A staging key is `<task>-<attempt>`: the file stays while that attempt runs. Safe beside running workers.
        """
        handled = 0
        for name in self.storage.staged():
            key, uncut = name.removesuffix(UNCUT), name.endswith(UNCUT)
            version, running = self._fate(key)
            if version is not None:
                self.storage.publish(name, (version.uncut_sha256 or "") if uncut else version.sha256)
            elif not running:
                self.storage.discard(name)
            else:
                continue
            handled += 1
        return handled

    def _fate(self, key: str) -> tuple[Version | None, bool]:
        """The committed version of a staging key, and whether its attempt still runs; read in one statement."""
        task_id, _, attempt = key.partition("-")
        if not (task_id.isdigit() and attempt.isdigit()):
            return None, key.startswith("probe-")
        query = select(Task, Version).outerjoin(Version, Version.staged_key == key).where(Task.id == int(task_id))
        with self.database.reading() as session:
            row = session.execute(query).first()
        if row is None:
            return None, False
        task, version = row
        return version, task.state == "running" and task.attempts == int(attempt)

    def _publish_late(self, sha256: str) -> bool:
        """A version can be asked for in the moment between its commit and its publish, or after a kill there."""
        query = select(Version).where(or_(Version.sha256 == sha256, Version.uncut_sha256 == sha256))
        with self.database.reading() as session:
            versions: Sequence[Version] = session.scalars(query).all()
        staged = set(self.storage.staged()) if versions else set()
        for version in versions:
            if version.staged_key is not None and version.staged_key in staged:
                self.publish(version.staged_key, version.sha256, version.uncut_sha256)
                return True
        return self.storage.exists(sha256)
