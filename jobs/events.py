"""One stream of events for every door. Rows of the events table, in order and none twice, plus transient progress.

What this process commits is handed to the subscribers by the committing thread. A reading thread adds what other
processes wrote (it looks every `POLL_SECONDS`) and whatever came out of order; it runs only while somebody listens.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from errors import GameForgeError
from jobs.ledger import event_view
from jobs.subscription import Subscription
from jobs.types import JobEvent
from library.db import Database
from library.models import Event

POLL_SECONDS = 0.05
PAGE = 500  # rows read at once
RETRY_SECONDS = 1.0  # after the database could not be read
ORDINARY = frozenset({"task_started", "task_done", "job_started", "job_done"})

log = logging.getLogger(__name__)


def read_events(session: Session, after: int, job: int | None, limit: int) -> list[JobEvent]:
    """Durable events with ids above `after`, oldest first."""
    query = select(Event).where(Event.id > after).order_by(Event.id).limit(limit)
    if job is not None:
        query = query.where(Event.job_id == job)
    return [event_view(row) for row in session.scalars(query)]


class EventBus:
    """Hands events to subscribers. `close()` ends all of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._mark = 0  # grows with every commit that this process tells of
        self._change_mark = 0  # grows with those that do more than start and end tasks: queue, stop, take back
        self._subscribers: set[Subscription] = set()
        self._position = 0  # id of the last row handed out
        self._look = threading.Event()  # tells the reader to look now
        self._reader: threading.Thread | None = None
        self._closed = False

    def subscribe(self, job: int | None = None, after: int | None = None) -> Subscription:
        """Events (of one job) with ids above `after`; None: from now on, 0: everything kept.

        Iterate it, `async for` it, or call `get(timeout)`; close it, or leave its `with` block, when done.
        """
        newest = self._newest()
        with self._lock:
            if not self._subscribers:
                self._position = max(self._position, newest)
            subscription = Subscription(
                job=job,
                after=newest if after is None else after,
                replay_until=self._position,
                read=self._read,
                on_close=self._forget,
            )
            if self._closed:
                subscription.close()
                return subscription
            self._subscribers.add(subscription)
            if self._reader is None:
                self._reader = threading.Thread(target=self._run, name="job-events", daemon=True)
                self._reader.start()
            self._look.set()
        return subscription

    def committed(self, events: Sequence[JobEvent]) -> None:
        """These rows (in order) were just committed by this process."""
        with self._lock:
            self._mark += 1
            self._changed.notify_all()
            if not events or any(event.kind not in ORDINARY for event in events):
                self._change_mark += 1
                self._work.notify_all()
            if not events or not self._subscribers:
                return
            if events[0].id == self._position + 1:
                self._hand_out(events)
            else:  # another thread or process committed in between, and its rows come first
                self._look.set()

    def publish(self, event: JobEvent) -> None:
        """Hand out a transient event (`task_progress`); it is not kept and other processes do not see it."""
        with self._lock:
            for subscription in self._subscribers:
                subscription.push(event)

    def wait(self, mark: int, timeout: float) -> None:
        """Wait until something was committed here since `mark` was read, or the bus is closed, or `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._mark != mark or self._closed, timeout)

    @property
    def mark(self) -> int:
        """To be passed to `wait`."""
        return self._mark

    def wait_for_work(self, change_mark: int, timeout: float) -> None:
        """As `wait`, but asleep while tasks only start and end: idle workers do not look at the queue then."""
        with self._work:
            self._work.wait_for(lambda: self._change_mark != change_mark or self._closed, timeout)

    @property
    def change_mark(self) -> int:
        """To be passed to `wait_for_work`."""
        return self._change_mark

    def close(self) -> None:
        """End all subscriptions and the reading thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._work.notify_all()
            self._look.set()
            subscribers, reader = tuple(self._subscribers), self._reader
        for subscription in subscribers:
            subscription.close()
        if reader is not None:
            reader.join()

    def _run(self) -> None:
        while not self._closed:
            try:
                with self.database.watching() as changed:
                    while not self._closed:
                        asked = self._look.wait(POLL_SECONDS if self._subscribers else None)
                        self._look.clear()
                        more = changed() or asked
                        while more and not self._closed:
                            more = self._catch_up()
            except (GameForgeError, SQLAlchemyError, sqlite3.Error) as error:
                log.warning("Events are late: %s", error)
                self._look.clear()  # a call to look must not make it try again at once, and again
                self._look.wait(RETRY_SECONDS)

    def _catch_up(self) -> bool:
        """Hand out the next page of new rows; True when there may be more."""
        events = self._read(self._position, None, PAGE)
        with self._lock:
            self._hand_out([event for event in events if event.id > self._position])
        return len(events) == PAGE

    def _hand_out(self, events: Sequence[JobEvent]) -> None:
        for event in events:
            for subscription in self._subscribers:
                subscription.push(event)
            self._position = event.id

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscribers.discard(subscription)

    def _read(self, after: int, job: int | None, limit: int) -> list[JobEvent]:
        with self.database.reading() as session:
            return read_events(session, after, job, limit)

    def _newest(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.max(Event.id))) or 0
