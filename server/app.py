"""The FastAPI application: routes, error bodies, and who may call."""

from __future__ import annotations

import time
from importlib import metadata
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from server import (
    conversations,
    documents,
    errors,
    events,
    exports,
    jobs,
    library,
    memory,
    packs,
    remake,
    review,
    scaffolds,
)
from server.guard import OwnPagesOnly
from server.schemas import HealthOut, ImageModelOut, ModelsOut

if TYPE_CHECKING:
    from services import Services

DESCRIPTION = """
Read, follow, cancel and retry jobs; read assets, batches and image files; keep conversations.

Every error is `{"error": one sentence, "detail": technical rest}`. Progress is pushed over the WebSocket
`/api/events?job=&after=`: one JSON object per event, in order, none twice; reconnect with `after` = the last `id` seen.
"""


def create_app(services: Services) -> FastAPI:
    """The REST and WebSocket server over `services`, which the caller starts and closes."""
    app = FastAPI(
        title="GameForge",
        version=version(),
        description=DESCRIPTION,
        docs_url=None,  # the interactive page would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=errors.RESPONSES,
    )
    errors.install(app)
    app.add_middleware(OwnPagesOnly, host=services.settings.host)
    started = time.monotonic()

    @app.get("/api/health", tags=["server"], summary="Is it up?")
    def health() -> HealthOut:
        return HealthOut(
            status="ok",
            version=version(),
            uptime_seconds=time.monotonic() - started,
            jobs_open=len(services.jobs.list(active=True, limit=1000)),
        )

    @app.get("/api/models", tags=["server"], summary="Which models answer and paint")
    def models() -> ModelsOut:
        return ModelsOut(
            image=ImageModelOut.model_validate(services.engine.info()),
            language=services.models.name,
            language_status=services.models.status(),
        )

    app.include_router(jobs.router(services))
    app.include_router(review.router(services))
    app.include_router(remake.router(services))
    app.include_router(library.router(services))
    app.include_router(packs.router(services))
    app.include_router(conversations.router(services))
    app.include_router(documents.router(services))
    app.include_router(events.router(services))
    app.include_router(memory.router(services))
    app.include_router(scaffolds.router(services))
    app.include_router(exports.router(services))

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    def unknown(rest: str) -> None:
        raise HTTPException(404, f"There is no /api/{rest}. /api/openapi.json lists what there is.")

    return app


def version() -> str:
    try:
        return metadata.version("gameforge")
    except metadata.PackageNotFoundError:  # run from a source tree
        return "0.1.0"
