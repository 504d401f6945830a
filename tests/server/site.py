"""The real server on a loopback port, over a temporary home and the small engine."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from jobs.generation import GenerationHandler, submit
from jobs.plan import AssetPlan, PlanItem
from jobs.types import JobView
from server import create_app
from services import Services, build_services
from settings import Settings
from tests.jobs.small_engine import SmallEngine
from ui import mount

DEADLINE = 60.0


class Site:
    def __init__(self, home: Path, *, page: bool = False, step_seconds: float = 0.0, **settings: Any) -> None:
        self.services: Services = build_services(Settings(home=home, local_llm="off", **settings))
        engine: Any = SmallEngine(step_seconds=step_seconds)
        self.services.engine = engine
        self.services.worker.handlers[GenerationHandler.kind] = GenerationHandler(engine, self.services.library, 8)
        app = create_app(self.services)
        self.app = mount(app, self.services) if page else app
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="warning", timeout_graceful_shutdown=2))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()
        until = time.monotonic() + DEADLINE
        while not self.server.started and time.monotonic() < until:
            time.sleep(0.01)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    @property
    def events_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/events"

    def submit(self, *subjects: str, conversation: int | None = None) -> JobView:
        """Queue one image of each subject; `self.services.worker.start()` makes them."""
        plan = AssetPlan(request=", ".join(subjects)[:60], items=[PlanItem(subject=name) for name in subjects], seed=1)
        services = self.services
        return submit(
            plan,
            store=services.jobs,
            library=services.library,
            project=services.settings.project,
            conversation_id=conversation,
            settings=services.settings,
        )

    def run(self, *subjects: str) -> JobView:
        """The same, made now."""
        job = self.submit(*subjects)
        self.services.worker.start()
        self.services.worker.wait(job.id)
        return self.services.jobs.get(job.id)

    def close(self) -> None:
        self.http.close()
        self.server.should_exit = True
        self.thread.join(DEADLINE)
        self.services.close()
