"""Finished things are kept by a thread of their own while the next ones are made."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

Item = TypeVar("Item")
BURST_SECONDS = 0.01  # what comes within them of the first is kept with it


class Saver(Generic[Item]):
    """Calls `keep` in the background with all that was added since its last call, in order.

    Slow work is kept piece by piece; what comes in bursts shares files' and transactions' fixed costs. An error of
    `keep` is raised by the next `add`, or at the end of the `with` block.
    """

    def __init__(self, keep: Callable[[Sequence[Item]], None]) -> None:
        self._keep = keep
        self._waiting: deque[Item] = deque()
        self._calls: list[Future[None]] = []
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(1, "jobs-save")

    def add(self, item: Item) -> None:
        """Raises what an earlier `keep` raised: a full disk must end the making, too."""
        for call in self._calls:
            if call.done():
                call.result()
        self._waiting.append(item)
        self._calls.append(self._pool.submit(self._drain))

    def _drain(self) -> None:
        if not self._waiting:
            return
        self._ended.wait(BURST_SECONDS)  # at the end nothing more comes
        items = []
        while self._waiting:
            items.append(self._waiting.popleft())
        self._keep(items)

    def __enter__(self) -> Saver[Item]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._pool.shutdown()
        if error is None:
            for call in self._calls:
                call.result()
