"""`gameforge worker`: work on the queue of the database without serving a page."""

from __future__ import annotations

import argparse
import signal
import threading
from types import FrameType

from services import build_services
from settings import Settings

POLL_SECONDS = 0.5


def work(args: argparse.Namespace, settings: Settings) -> int:
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    services = build_services(settings)
    try:
        services.start(language_models=False)
        while not stop.wait(POLL_SECONDS):
            if args.until_empty and not services.jobs.list(active=True, limit=1):
                break
    finally:
        services.close()
    return 0
