"""What the library hands out: plain, frozen, JSON-ready."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

AssetState = Literal["new", "approved", "rejected", "superseded"]
ASSET_STATES: tuple[AssetState, ...] = ("new", "approved", "rejected", "superseded")


@dataclass(frozen=True)
class ProjectView:
    id: int
    name: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ConversationView:
    id: int
    project: str
    title: str
    created_at: float  # Unix seconds
    updated_at: float  # Unix seconds

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class BatchView:
    id: int
    project: str
    request: str  # the user's words
    plan: dict[str, Any]
    job_id: int | None
    total: int  # images that the batch's job makes
    created_at: float  # Unix seconds

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class AssetView:
    """An asset in its current version."""

    id: int
    version: str  # sha256 of the file
    path: str  # local path or storage URL of the file
    number: int  # 1-based place in its batch
    batch_id: int
    subject: str
    prompt: str
    seed: int
    width: int  # px
    height: int  # px
    kind: str
    model: str
    style_pack: str | None
    state: AssetState
    created_at: float  # Unix seconds, of the version
    metadata: dict[str, Any]
    revision: int = 0  # grows with every change; to be sent back with a decision
    origin: str = "generated"  # how the version came about: generated, regenerated, upscaled, edited, imported
    colour: str | None = None  # main colour in a word
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    deleted_at: float | None = None  # Unix seconds; in the bin since

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "tags": list(self.tags), "collections": list(self.collections)}


@dataclass(frozen=True)
class VersionView:
    """One state of an asset. `parents` are the sha256 of the versions that it was made from."""

    id: int
    asset_id: int
    sha256: str
    origin: str
    state: AssetState
    current: bool
    prompt: str
    seed: int
    width: int  # px
    height: int  # px
    model: str
    style_pack: str | None
    parents: tuple[str, ...]
    created_at: float  # Unix seconds
    metadata: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ChangeView:
    """Who changed what of an asset, when and why."""

    id: int
    step: str
    asset_id: int
    version: str | None  # sha256
    field: str  # state, current, bin, tag, collection
    before: str | None
    after: str | None
    who: str
    note: str
    undoes: str | None
    undone: bool
    at: float  # Unix seconds

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Step:
    """One action of one person on some assets."""

    step: str
    who: str
    assets: tuple[int, ...]  # ids
    text: str  # what it did, in words: "approved 3 and 5"
    undoes: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
