"""Threads that work on the queue: one per lane of handlers, and one that keeps leases alive."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from errors import GameForgeError
from jobs.context import Handler, TaskContext
from jobs.processes import worker_id
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView

IDLE_SECONDS = 0.5  # between looks for work queued by other processes
PRUNE_SECONDS = 600.0
BACK_OFF_SECONDS = 1.0  # after the database could not be used
SWITCH_SECONDS = 0.0005  # Python's own 0.005 let the painter wait that long for the saving thread after many a step

log = logging.getLogger(__name__)


class Worker:
    """Works on the kinds that have a handler, in this process."""

    def __init__(self, store: JobStore, handlers: dict[str, Handler]) -> None:
        self.store = store
        self.handlers = handlers
        self.id = worker_id()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._contexts: dict[str, TaskContext] = {}  # by lane

    def start(self) -> None:
        """Take back what a dead predecessor held and begin to work. Calling it again does nothing."""
        if self._threads:
            return
        sys.setswitchinterval(SWITCH_SECONDS)  # of this process
        self.store.recover()
        for handler in self.handlers.values():
            handler.tidy()
        for lane in sorted({handler.lane for handler in self.handlers.values()}):
            self._threads.append(threading.Thread(target=self._work, args=(lane,), name=f"jobs-{lane}", daemon=True))
        self._threads.append(threading.Thread(target=self._keep_house, name="jobs-leases", daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float | None = 30.0) -> bool:
        """Ask for the end and wait for it: running tasks end at their next step and return to the queue.

        False when a thread was still busy after `timeout` seconds; its tasks are then released by the next start.
        """
        self._stop.set()
        self.store.bus.committed(())
        deadline = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            self._threads.clear()
            self._stop = threading.Event()
        return ended

    def wait(self, job_id: int, timeout: float | None = None) -> JobView:
        """Block until the job is finished (or `timeout` seconds passed) and return it. Raises NotFound."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            mark = self.store.bus.mark
            job = self.store.get(job_id)
            if job.finished:
                with self.store.settling:  # its last rows may be there before its last files have their names
                    return job
            if deadline is not None and time.monotonic() >= deadline:
                return job
            self.store.bus.wait(mark, IDLE_SECONDS)

    def _work(self, lane: str) -> None:
        kinds = [kind for kind, handler in self.handlers.items() if handler.lane == lane]
        while not self._stop.is_set():
            mark = self.store.bus.change_mark
            try:
                kind = self.store.next_kind(kinds)
                if kind is None:
                    self.store.bus.wait_for_work(mark, IDLE_SECONDS)
                else:
                    self._run(lane, self.store.claim(self.id, self.handlers[kind].batch, [kind]))
            except (GameForgeError, SQLAlchemyError) as error:
                log.warning("The queue cannot be used: %s", error)
                self._stop.wait(BACK_OFF_SECONDS)

    def _run(self, lane: str, tasks: Sequence[ClaimedTask]) -> None:
        if not tasks:
            return  # another worker was faster
        context = TaskContext(self.store, tasks, self._stop)
        self._contexts[lane] = context
        try:
            self.handlers[tasks[0].kind].run(tasks, context)
        except GameForgeError as error:
            for task in context.open:
                context.fail(task, error.message, error.detail or traceback.format_exc())
        except Exception as error:  # a bug in one task's work must not end the others' work
            log.exception("A task failed")
            self._blame(context, error)
        else:
            if not context.stopping:
                for task in context.open:
                    if not context.cancelled(task):
                        context.fail(task, "It ended without a result. Retry it.")
        finally:
            del self._contexts[lane]
            if context.open:
                self.store.release(context.open)

    def _blame(self, context: TaskContext, error: Exception) -> None:
        suspects = context.open
        if len(suspects) == 1:
            sentence = f"It failed unexpectedly ({type(error).__name__}: {error}). Retry it."
            context.fail(suspects[0], sentence, traceback.format_exc())
        else:
            self.store.release(suspects, alone=True)

    def _keep_house(self) -> None:
        interval = self.store.limits.lease_seconds / 3
        pruned_at = 0.0
        while not self._stop.wait(interval):
            try:
                ids = [task.id for context in tuple(self._contexts.values()) for task in context.open]
                if ids:
                    self.store.heartbeat(self.id, ids)
                if self.store.recover():
                    for handler in self.handlers.values():
                        handler.tidy()
                if time.monotonic() - pruned_at > PRUNE_SECONDS:
                    self.store.prune_events()
                    pruned_at = time.monotonic()
            except (GameForgeError, SQLAlchemyError) as error:
                log.warning("Leases could not be renewed: %s", error)
