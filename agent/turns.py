"""Turns run in threads of their own: one at a time in a conversation, to the end though nobody listens."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator

from agent.messages import ChatEvent

Events = queue.SimpleQueue["ChatEvent | None"]
Turn = Callable[[Events, threading.Event], None]
CLOSE_SECONDS = 5.0


class Turns:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[int, threading.Lock] = {}
        self._stops: dict[int, set[threading.Event]] = {}
        self._threads: set[threading.Thread] = set()

    def run(self, conversation_id: int, turn: Turn) -> Iterator[ChatEvent]:
        """Start the turn now; it waits for earlier ones of its conversation. Its events end with `done`."""
        events: Events = queue.SimpleQueue()
        stop = threading.Event()
        thread = threading.Thread(
            target=self._run, args=(conversation_id, turn, events, stop), name=f"turn-{conversation_id}", daemon=True
        )
        with self._guard:
            self._stops.setdefault(conversation_id, set()).add(stop)
            self._threads.add(thread)
        thread.start()
        return _drain(events)

    def _run(self, conversation_id: int, turn: Turn, events: Events, stop: threading.Event) -> None:
        try:
            with self.alone(conversation_id):
                turn(events, stop)
        finally:
            with self._guard:
                self._stops[conversation_id].discard(stop)
                self._threads.discard(threading.current_thread())
            events.put(ChatEvent("done"))
            events.put(None)

    @contextlib.contextmanager
    def alone(self, conversation_id: int) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(conversation_id, threading.Lock())
        with lock:
            yield

    def running(self, conversation_id: int) -> bool:
        with self._guard:
            return bool(self._stops.get(conversation_id))

    def stop(self, conversation_id: int) -> None:
        with self._guard:
            for stop in self._stops.get(conversation_id, ()):
                stop.set()

    def close(self) -> None:
        """Stop all turns and wait a little for them."""
        with self._guard:
            threads = list(self._threads)
            for stops in self._stops.values():
                for stop in stops:
                    stop.set()
        for thread in threads:
            thread.join(CLOSE_SECONDS)


def _drain(events: Events) -> Iterator[ChatEvent]:
    while (event := events.get()) is not None:
        yield event
