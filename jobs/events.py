"""One stream of events for every door. Rows of the events table, in order and none twice, plus transient progress.

One thread reads new rows and hands them to all subscribers: at once when this process committed them, within
`POLL_SECONDS` when another one did. It runs only while somebody listens.
"""

from __future__ import annotations

import logging
import threading
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from errors import GameForgeError
from jobs.subscription import Subscription
from jobs.types import EventKind, JobEvent
from library.db import Database
from library.models import Event

POLL_SECONDS = 0.05
PAGE = 500  # rows read at once
RETRY_SECONDS = 1.0  # after the database could not be read

log = logging.getLogger(__name__)


def read_events(session: Session, after: int, job: int | None, limit: int) -> list[JobEvent]:
    """Durable events with ids above `after`, oldest first."""
    query = select(Event).where(Event.id > after).order_by(Event.id).limit(limit)
    if job is not None:
        query = query.where(Event.job_id == job)
    return [
        JobEvent(row.id, row.job_id, row.task_id, cast(EventKind, row.kind), row.data, row.at)
        for row in session.scalars(query)
    ]


class EventBus:
    """Hands events to subscribers. `close()` ends all of them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._changed = threading.Condition()
        self._generation = 0  # grows with every commit that this process tells of
        self._subscribers: set[Subscription] = set()
        self._position = 0  # id of the last row handed out
        self._pump: threading.Thread | None = None
        self._closing = threading.Event()

    def subscribe(self, job: int | None = None, after: int | None = None) -> Subscription:
        """Events (of one job) with ids above `after`; None: from now on, 0: everything kept.

        Iterate it, `async for` it, or call `get(timeout)`; close it, or leave its `with` block, when done.
        """
        newest = self._newest()
        with self._changed:
            if not self._subscribers:
                self._position = max(self._position, newest)
            if self._pump is None:
                self._pump = threading.Thread(target=self._run, name="job-events", daemon=True)
            subscription = Subscription(
                job=job,
                after=newest if after is None else after,
                replay_until=self._position,
                read=self._read,
                on_close=self._forget,
            )
            if self._closing.is_set():
                subscription.close()
                return subscription
            self._subscribers.add(subscription)
            if not self._pump.is_alive():
                self._pump.start()
            self._changed.notify_all()
        return subscription

    def publish(self, event: JobEvent) -> None:
        """Hand out a transient event (`task_progress`); it is not kept and other processes do not see it."""
        with self._changed:
            for subscription in self._subscribers:
                subscription.push(event)

    def notify(self) -> None:
        """Rows were committed: hand them out now."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> int:
        """Wait until something was committed here since `seen`, or `timeout` seconds; returns the new mark."""
        with self._changed:
            self._changed.wait_for(lambda: self._generation != seen or self._closing.is_set(), timeout)
            return self._generation

    @property
    def mark(self) -> int:
        """To be passed to `wait`."""
        return self._generation

    def close(self) -> None:
        """End all subscriptions and the reading thread."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
            subscribers = tuple(self._subscribers)
        for subscription in subscribers:
            subscription.close()
        if self._pump is not None and self._pump.is_alive():
            self._pump.join()

    def _run(self) -> None:
        seen = -1
        while not self._closing.is_set():
            try:
                full_page = self._hand_out()
            except (GameForgeError, SQLAlchemyError) as error:
                log.warning("Events are late: %s", error)
                self._closing.wait(RETRY_SECONDS)
                continue
            with self._changed:
                if not full_page and self._generation == seen:
                    self._changed.wait(POLL_SECONDS if self._subscribers else None)
                seen = self._generation

    def _hand_out(self) -> bool:
        """Read and push what is new; True when there may be more."""
        events = self._read(self._position, None, PAGE)
        with self._changed:
            for event in events:
                for subscription in self._subscribers:
                    subscription.push(event)
                self._position = event.id
        return len(events) == PAGE

    def _forget(self, subscription: Subscription) -> None:
        with self._changed:
            self._subscribers.discard(subscription)

    def _read(self, after: int, job: int | None, limit: int) -> list[JobEvent]:
        with self.database.reading() as session:
            return read_events(session, after, job, limit)

    def _newest(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.max(Event.id))) or 0
