"""The audit trail: every change of an asset is an entry, told to whoever watches, and can be taken back."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from library.models import Asset, Change, Event, Version

CHANGED = "assets_changed"  # kind of the event
SYSTEM = "gameforge"  # who did what no person did
MAX_WHO = 100


class Trail:
    """Collects the entries of one step inside a writing transaction that was serialised."""

    def __init__(self, session: Session, who: str, note: str = "", undoes: str | None = None) -> None:
        self.session = session
        self.step = uuid.uuid4().hex
        self.who = (who.strip() or SYSTEM)[:MAX_WHO]
        self.note = note.strip()
        self.undoes = undoes
        self.assets: dict[int, Asset] = {}

    def add(
        self, asset: Asset, field: str, before: str | None, after: str | None, version_id: int | None = None
    ) -> None:
        """Write an entry; the asset's revision grows."""
        self.session.add(
            Change(
                project_id=asset.project_id,
                step=self.step,
                asset_id=asset.id,
                version_id=version_id if version_id is not None else asset.current_version_id,
                field=field,
                before=before,
                after=after,
                who=self.who,
                note=self.note,
                undoes=self.undoes,
            )
        )
        if asset.id not in self.assets:
            asset.revision += 1
            self.assets[asset.id] = asset

    def state(self, asset: Asset, version: Version, state: str) -> None:
        """Give a version another state; nothing happens when it has it."""
        if version.state == state:
            return
        self.add(asset, "state", version.state, state, version.id)
        version.state = state
        if version.id == asset.current_version_id:
            asset.state = state

    def current(self, asset: Asset, version: Version) -> None:
        """Make a version the asset's current one; nothing happens when it is."""
        if asset.current_version_id == version.id:
            return
        self.add(asset, "current", str(asset.current_version_id or ""), str(version.id), version.id)
        asset.current_version_id, asset.state = version.id, version.state

    def tell(self) -> None:
        """Write the event, once, at the end of the step."""
        if not self.assets:
            return
        self.session.flush()
        data = {
            "step": self.step,
            "who": self.who,
            "undoes": self.undoes,
            "assets": [brief(self.session, asset) for asset in self.assets.values()],
        }
        self.session.add(Event(job_id=None, task_id=None, kind=CHANGED, data=data))


def brief(session: Session, asset: Asset) -> dict[str, Any]:
    """What a page needs to follow a change."""
    version = session.get(Version, asset.current_version_id) if asset.current_version_id else None
    shown = {"version": version.sha256, "width": version.width, "height": version.height} if version else {}
    return {
        "id": asset.id,
        "state": asset.state,
        "revision": asset.revision,
        "deleted_at": asset.deleted_at,
        **shown,
    }


def supersede(session: Session, asset: Asset, version: Version, who: str = "") -> None:
    """A new version takes its place as the current one; what it replaces is superseded unless it was rejected.

    An enlarged version is the same picture: it keeps the verdict.
    """
    before = session.get(Version, asset.current_version_id) if asset.current_version_id is not None else None
    if before is None:
        asset.current_version_id, asset.state = version.id, version.state
        return
    if version.origin == "upscaled":
        version.state = before.state
    trail = Trail(session, who)
    trail.current(asset, version)
    if before.state in ("new", "approved"):
        trail.state(asset, before, "superseded")
    trail.tell()
