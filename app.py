"""Composition root: settings -> services -> FastAPI + Gradio; nothing else."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

from errors import NotReady
from settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from services import Services


def create(services: Services) -> FastAPI:
    """The REST and WebSocket server with the page mounted at `/`."""
    from server import create_app
    from ui import mount

    return mount(create_app(services), services)


def serve(
    settings: Settings,
    *,
    host: str | None = None,
    port: int | None = None,
    open_browser: bool = False,
    lite: bool = False,
) -> int:
    """Serve until stopped. Port 0 takes any free one; the address is printed when the page answers.

    Raises:
        NotReady: the port is taken, or the data folder cannot be written.
    """
    from services import build_services

    changes = {
        "host": host or settings.host,
        "port": settings.port if port is None else port,
        "local_llm": "off" if lite else settings.local_llm,
    }
    settings = settings.model_copy(update=changes)
    with listen(settings.host, settings.port) as listener:
        services = build_services(settings)
        try:
            run_server(create(services), services, listener, open_browser)
        finally:
            services.close()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, taken before anything slow happens so that a used port is reported at once.

    Raises:
        NotReady: somebody else listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise NotReady(
            f"Port {port} on {host} cannot be used ({error.strerror}). "
            f"Stop what runs there, or start with --port {port + 1}.",
            detail=str(error),
        ) from error
    return listener


def run_server(app: FastAPI, services: Services, listener: socket.socket, open_browser: bool) -> None:
    import uvicorn

    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{shown}:{port}/"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(f"GameForge is ready: {address}", file=sys.stderr, flush=True)
            threading.Thread(target=services.start, name="services-start", daemon=True).start()
            if open_browser:
                with contextlib.suppress(webbrowser.Error):
                    webbrowser.open(address)

    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
    Server(config).run(sockets=[listener])
