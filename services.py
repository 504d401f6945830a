"""Everything that one process needs, built once from the settings and handed down."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from errors import GameForgeError, NotReady
from settings import Settings

if TYPE_CHECKING:
    from agent.chat import ChatService
    from agent.models import ChatModels
    from agent.planning import Planner
    from jobs.context import Handler
    from jobs.events import EventBus
    from jobs.packs import PackDesk
    from jobs.store import JobStore
    from jobs.watch import FolderWatch
    from jobs.worker import Worker
    from library.db import Database
    from library.documents import DocumentStore
    from library.library import Library
    from memory.documents.memory import DocumentMemory
    from memory.embedder import Embedder
    from pipelines.engine import ImageEngine
    from scaffolds.service import Scaffolder

log = logging.getLogger(__name__)


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
    scaffolder: Scaffolder
    chat: ChatService
    documents: DocumentStore
    memory: DocumentMemory
    packs: PackDesk
    watch: FolderWatch | None = None  # of the setting documents_folder; runs where a page is served

    def start(self, *, language_models: bool = True) -> None:
        """Take up what an earlier process left, work on the queue, and warm the models up in the background.

        A process that lives for a few turns only leaves `language_models` out and prepares them itself, if at all: the
        local one may be downloaded first.
        """
        from jobs.reindex import submit_reindex

        self.worker.start()
        submit_reindex(self.jobs, self.documents, self.memory.model)
        if language_models:
            self.models.start()
            if self.watch is not None:
                self.watch.start()
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        """The first request should not wait for imports. A large image model is loaded when it is asked for."""
        try:
            self.planner.warm_up()
            if self.engine.info().small:
                self.engine.load()
            # what pictures do not need comes after them: a database of vectors is another second of imports
            if self.documents.documents(self.settings.project):
                self.memory.search(self.settings.project, "warm up", 1)
            if self.library.meaning is not None:
                self.library.meaning.catch_up()
        except GameForgeError as error:
            log.warning("A model is not ready: %s", error.message)

    def close(self) -> None:
        if self.watch is not None:
            self.watch.close()
        self.worker.stop()
        self.chat.close()
        self.models.close()
        self.memory.close()
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


def build_services(settings: Settings) -> Services:
    """Put the parts together; nothing heavy is loaded and nothing runs before `Services.start`.

    Raises:
        NotReady: the data folder or the database cannot be used.
        BadRequest: a setting is wrong.
    """
    from agent.chat import ChatService
    from agent.models import chat_models
    from agent.models.vision import captioner
    from agent.planning import Planner, Vocabulary
    from agent.router import Router
    from jobs.animate import AnimateHandler
    from jobs.edit import masks_in_use
    from jobs.events import EventBus
    from jobs.generation import GenerationHandler
    from jobs.ingest import IngestHandler
    from jobs.packs import PackDesk
    from jobs.store import JobStore
    from jobs.training import TrainingHandler
    from jobs.types import Limits
    from jobs.upscaling import UpscaleHandler
    from jobs.watch import FolderWatch
    from jobs.worker import Worker
    from library.db import Database
    from library.documents import DocumentStore
    from library.library import Library
    from library.meaning import MeaningSearch
    from library.storage import Storage
    from library.style_packs import StylePacks
    from library.uses import watch_style_packs
    from memory.documents.memory import DocumentMemory
    from memory.documents.vectors import ChromaVectors
    from memory.embedder import Embedder
    from memory.vectors import TextVectors
    from pipelines.engine import ImageEngine
    from pipelines.upscale import Upscaler
    from scaffolds.atlases import exported_atlases
    from scaffolds.service import Scaffolder
    from scaffolds.sources import from_memory, subjects_of

    prepare_home(settings)
    database = Database(settings.resolved_database_url)
    database.migrate()
    remote = (settings.home / "cache", settings.storage_options)
    library = Library(database, Storage(settings.resolved_storage_url, *remote))
    library.ensure_project(settings.project)
    bus = EventBus(database)
    jobs = JobStore(database, Limits.of(settings), bus)
    embedder = Embedder(settings.embedding_model)
    watch_style_packs(library)
    library.meaning = MeaningSearch(library, TextVectors(settings.home / "vectors", embedder))
    # The router and the built-in image model were trained on the built-in embedder: another one serves the documents.
    builtin = embedder if settings.embedding_model == "builtin" else Embedder()
    documents = DocumentStore(database)
    memory = DocumentMemory(documents, embedder, ChromaVectors(settings.home / "chroma", settings.chroma_url))
    lora_url = f"{settings.resolved_storage_url.rstrip('/')}/packs"
    loras = Storage(lora_url, *remote, suffix=".safetensors")
    styles = StylePacks(database, library.storage, loras, builtin.encode)
    library.also_needed.append(styles.picture_hashes)
    library.also_needed.append(partial(masks_in_use, library))
    engine = ImageEngine(
        settings.image_model,
        settings.device,
        settings.image_batch,
        builtin,
        find_pack=lambda use: packs.find_file(use),
    )
    upscaler = Upscaler(settings.upscaler, settings.device) if settings.upscaler is not None else None
    handlers: dict[str, Handler] = {
        GenerationHandler.kind: GenerationHandler(engine, library, settings.image_batch),
        TrainingHandler.kind: TrainingHandler(engine, library, styles, settings.home, settings.training_processes),
        UpscaleHandler.kind: UpscaleHandler(engine, library, upscaler),
        AnimateHandler.kind: AnimateHandler(engine, library),
        IngestHandler.kind: IngestHandler(memory, documents, settings),
    }
    worker = Worker(jobs, handlers)
    models = chat_models(settings, lambda: Router.load(builtin), settings.home)
    packs = PackDesk(settings, jobs, library, styles, engine, captioner(settings, models))
    planner = Planner(
        Vocabulary.load(),
        builtin,
        models if settings.has_endpoint else None,
        limit=settings.max_assets_per_batch,
    )
    scaffolder = Scaffolder(
        settings,
        documents=from_memory(memory),
        atlases=lambda project: exported_atlases(settings.home / "exports", subjects_of(library, project)),
        model=lambda: models.coder,
    )
    chat = ChatService(
        settings=settings,
        library=library,
        jobs=jobs,
        engine=engine,
        models=models,
        planner=planner,
        scaffolder=scaffolder,
        documents=memory,
        packs=packs,
    )
    watch = None
    if settings.documents_folder is not None:
        watch = FolderWatch(settings.documents_folder, jobs, documents, settings.project)
    return Services(
        settings, database, library, jobs, bus, worker, engine, embedder, models, planner, scaffolder, chat, documents,
        memory, packs, watch,
    )  # fmt: skip
