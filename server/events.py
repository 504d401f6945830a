"""The WebSocket of progress events."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import anyio
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from server.schemas import EventOut

if TYPE_CHECKING:
    from jobs.subscription import Subscription
    from services import Services

HEARTBEAT_SECONDS = 15.0
GOING_AWAY = 1001  # close code: the server stops


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api")

    @routes.websocket("/events")
    async def events(
        socket: WebSocket,
        job: Annotated[int | None, Query(description="only this job's events")] = None,
        after: Annotated[int | None, Query(ge=0, description="events with higher ids; left out: from now on")] = None,
    ) -> None:
        """Job events as JSON, and `{"kind": "heartbeat", "at": ...}` when nothing happened for a while.

        It listens before it accepts: read `/api/jobs/{id}` once the socket is open, and nothing is missed between.
        """
        subscription = await run_in_threadpool(services.bus.subscribe, job, after)
        try:
            await socket.accept()
            await serve(socket, subscription)
        except WebSocketDisconnect:
            pass  # the client went away while something was sent; there is nobody left to tell
        finally:
            subscription.close()

    return routes


async def serve(socket: WebSocket, subscription: Subscription) -> None:
    """Send until the client leaves or the subscription ends. A slow client slows only its own subscription."""
    sending = anyio.Lock()

    async def send(text: str) -> None:
        async with sending:
            await socket.send_text(text)

    async def forward() -> None:
        async for event in subscription:
            await send(EventOut.of(event).model_dump_json())
        await socket.close(GOING_AWAY)
        group.cancel_scope.cancel()

    async def beat() -> None:
        while True:
            await anyio.sleep(HEARTBEAT_SECONDS)
            await send(json.dumps({"kind": "heartbeat", "at": time.time()}))

    async def listen() -> None:
        while (await socket.receive())["type"] != "websocket.disconnect":
            continue
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for part in (forward, beat, listen):
            group.start_soon(part)
