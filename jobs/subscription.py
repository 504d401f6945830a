"""One listener's place in the stream of events."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType

from jobs.types import JobEvent

MAX_WAITING = 2000  # events kept for a slow listener; beyond, it reads them from the table when it comes back
REPLAY_PAGE = 200

Read = Callable[[int, "int | None", int], list[JobEvent]]


class Subscription:
    """Events in order, none twice: first what the table holds after `after`, then what is pushed.

    Rows up to `replay_until` are read from the table, later ones are pushed. A listener that falls behind goes back to
    reading the table, so memory stays bounded and nothing durable is lost.
    """

    def __init__(
        self,
        *,
        job: int | None,
        after: int,
        replay_until: int,
        read: Read,
        on_close: Callable[[Subscription], object],
    ) -> None:
        self._job = job
        self._delivered = after  # id of the last durable event given to the listener
        self._replay_until = replay_until
        self._read = read
        self._on_close = on_close
        self._waiting: deque[JobEvent] = deque()
        self._page: deque[JobEvent] = deque()  # read from the table, not delivered yet
        self._ready = threading.Condition()
        self._async_waiter: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def push(self, event: JobEvent) -> None:
        """Called by the bus."""
        if self._job is not None and event.job_id != self._job:
            return
        with self._ready:
            if len(self._waiting) >= MAX_WAITING:
                self._replay_until = max([self._replay_until, *(kept.id for kept in self._waiting)])
                self._waiting.clear()
            self._waiting.append(event)
            self._wake()

    def get(self, timeout: float | None = None) -> JobEvent | None:
        """The next event; None when `timeout` seconds passed or the subscription was closed."""
        event = self._next()
        if event is not None:
            return event
        with self._ready:
            self._ready.wait_for(lambda: bool(self._waiting) or self._closed, timeout)
        return self._next()

    def close(self) -> None:
        """End the iteration, from any thread."""
        with self._ready:
            self._closed = True
            self._waiting.clear()
            self._wake()
        self._on_close(self)

    def __iter__(self) -> Iterator[JobEvent]:
        while not self._closed:
            event = self.get()
            if event is not None:
                yield event

    async def __aiter__(self) -> AsyncIterator[JobEvent]:
        waiter = asyncio.Event()
        self._async_waiter = (asyncio.get_running_loop(), waiter)
        try:
            while not self._closed:
                waiter.clear()
                event = await asyncio.to_thread(self._next) if self._replaying else self._next()
                if event is not None:
                    yield event
                elif not self._closed:
                    await waiter.wait()
        finally:
            self._async_waiter = None

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _replaying(self) -> bool:
        return bool(self._page) or self._delivered < self._replay_until

    def _next(self) -> JobEvent | None:
        """The next event without waiting."""
        while not self._closed:
            if self._replaying:
                if not self._page:
                    self._turn_page()
                    continue
                event = self._page.popleft()
            else:
                with self._ready:
                    if not self._waiting:
                        return None
                    event = self._waiting.popleft()
                if event.id == 0:
                    return event
            if event.id > self._delivered:
                self._delivered = event.id
                return event
        return None

    def _turn_page(self) -> None:
        until = self._replay_until
        page = [event for event in self._read(self._delivered, self._job, REPLAY_PAGE) if event.id <= until]
        self._page.extend(page)
        with self._ready:
            if len(page) < REPLAY_PAGE and self._replay_until == until:  # unless it fell behind meanwhile
                self._replay_until = 0

    def _wake(self) -> None:
        self._ready.notify_all()
        if self._async_waiter is not None:
            loop, waiter = self._async_waiter
            if not loop.is_closed():
                loop.call_soon_threadsafe(waiter.set)
