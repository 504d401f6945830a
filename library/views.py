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

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
