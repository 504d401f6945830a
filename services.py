"""Everything that one process needs, built once from the settings and handed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import NotReady
from settings import Settings

if TYPE_CHECKING:
    from agent.chat import ChatService
    from agent.models import ChatModels
    from agent.planning import Planner
    from jobs.events import EventBus
    from jobs.store import JobStore
    from jobs.worker import Worker
    from library.db import Database
    from library.library import Library
    from memory.embedder import Embedder
    from pipelines.engine import ImageEngine


@dataclass
class Services:
    settings: Settings
    database: Database
    library: Library
    jobs: JobStore
    bus: EventBus
    worker: Worker
    engine: ImageEngine
    embedder: Embedder
    models: ChatModels
    planner: Planner
    chat: ChatService

    def start(self) -> None:
        """Take up what an earlier process left, then work on the queue and warm the models up in the background."""
        self.library.recover()
        self.jobs.recover()
        self.worker.start()
        self.models.start()

    def close(self) -> None:
        self.worker.stop()
        self.chat.close()
        self.models.close()
        self.bus.close()
        self.database.dispose()


def prepare_home(settings: Settings) -> None:
    """Make the home folder.

    Raises:
        NotReady: it cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        probe = settings.home / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise NotReady(
            f"The data folder {settings.home} cannot be written. Free space or rights there, "
            "or set GAMEFORGE_HOME to another folder.",
            detail=str(error),
        ) from error
