"""What a tool may use: services and facts of this turn, handed over by the graph's runtime, never kept in state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from jobs.packs import PackDesk
    from jobs.plan import AssetPlan
    from jobs.store import JobStore
    from library.library import Library
    from memory.documents.memory import DocumentMemory
    from pipelines.engine import ImageEngine
    from scaffolds.service import Scaffolder
    from settings import Settings


class PlanMaker(Protocol):
    """Turns the arguments of `generate_assets` into a plan (`agent.planning.Planner`)."""

    def plan(self, call_args: dict[str, Any], request: str) -> AssetPlan: ...


class Standing(Protocol):
    """What holds for every request of a project (`agent.standing.Standing`)."""

    def fill(self, project: str, args: dict[str, Any], request: str) -> Any: ...


def never() -> bool:
    return False


@dataclass(frozen=True)
class Gallery:
    """The pictures that the conversation showed last, by the numbers under them (from 1)."""

    assets: Mapping[int, int] = field(default_factory=dict)  # number -> asset id, finished ones only
    total: int = 0  # numbers that the gallery has, unfinished ones included
    job_id: int | None = None

    def __bool__(self) -> bool:
        return self.total > 0


@dataclass(frozen=True)
class ToolContext:
    settings: Settings
    library: Library
    jobs: JobStore
    engine: ImageEngine
    planner: PlanMaker
    project: str
    scaffolder: Scaffolder | None = None
    scaffold: str | None = None  # id of the code that the conversation wrote last
    conversation_id: int | None = None
    request: str = ""  # the user's words of this turn
    gallery: Gallery = field(default_factory=Gallery)
    attachments: tuple[Path, ...] = ()
    attachment_names: tuple[str, ...] = ()  # as the user knows them, one per attachment
    refused: tuple[str, ...] = ()  # one sentence for each attached file that is no usable image
    style_packs: tuple[str, ...] = ()  # names in this project
    packs: PackDesk | None = None
    auto_confirm: bool = False  # long work starts without asking
    stopped: Callable[[], bool] = never
    documents: DocumentMemory | None = None
    standing: Standing | None = None  # preferences, and what the documents fix
    asked_before: tuple[str, ...] = ()  # the user's earlier messages in this conversation, newest last
