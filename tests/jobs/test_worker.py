"""The worker's threads: blame, stopping, waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from errors import NotReady
from jobs.context import TaskContext
from jobs.types import ClaimedTask
from tests.jobs.desk import Desk


def nothing(_session: Session) -> dict[str, Any]:
    return {"n": 1}


class Counting:
    """Runs `work` on each task, then finishes it; remembers who ran with whom."""

    kind = "count"
    lane = "cpu"
    batch = 8

    def __init__(self, work: Callable[[ClaimedTask, TaskContext], None] = lambda task, context: None) -> None:
        self.work = work
        self.claims: list[list[int]] = []

    def tidy(self) -> None:
        return None

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        self.claims.append([task.index for task in tasks])
        for task in tasks:
            self.work(task, context)
            if not context.cancelled(task):
                context.finish(task, nothing)


def test_a_job_is_worked_on_and_awaited(desk: Desk) -> None:
    handler = Counting()
    worker = desk.worker(count=handler)
    worker.start()
    job = desk.queue(20)
    ended = worker.wait(job.id, timeout=60)
    assert (ended.state, ended.done) == ("done", 20)
    assert handler.claims == [list(range(8)), list(range(8, 16)), list(range(16, 20))]
    assert desk.store.tasks(job.id)[0].result == {"n": 1}


def test_a_bug_fails_only_the_task_that_has_it(desk: Desk) -> None:
    def work(task: ClaimedTask, context: TaskContext) -> None:
        if task.index == 2:
            raise RuntimeError("index 9 is out of bounds")

    handler = Counting(work)
    worker = desk.worker(count=handler)
    worker.start()
    job = desk.queue(5)
    ended = worker.wait(job.id, timeout=60)
    assert desk.states(job) == ["done", "done", "failed", "done", "done"]
    assert handler.claims == [[0, 1, 2, 3, 4], [2], [3], [4]]
    assert ended.error is not None and "RuntimeError: index 9 is out of bounds" in ended.error


def test_what_the_user_must_mend_fails_all_with_its_sentence(desk: Desk) -> None:
    def work(task: ClaimedTask, context: TaskContext) -> None:
        raise NotReady("The model is not there. Download it first.")

    handler = Counting(work)
    worker = desk.worker(count=handler)
    worker.start()
    job = desk.queue(3)
    worker.wait(job.id, timeout=60)
    assert [task.error for task in desk.store.tasks(job.id)] == ["The model is not there. Download it first."] * 3
    assert len(handler.claims) == 1


def test_a_handler_that_forgets_a_task_fails_it(desk: Desk) -> None:
    class Forgetful(Counting):
        def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
            context.finish(tasks[0], nothing)

    worker = desk.worker(count=Forgetful())
    worker.start()
    job = desk.queue(2)
    worker.wait(job.id, timeout=60)
    assert desk.states(job) == ["done", "failed"]


def test_stopping_returns_what_is_not_finished(desk: Desk) -> None:
    begun = threading.Event()

    def work(task: ClaimedTask, context: TaskContext) -> None:
        begun.set()
        while task.index == 1 and not context.cancelled(task):
            time.sleep(0.01)

    worker = desk.worker(count=Counting(work))
    worker.start()
    job = desk.queue(3)
    assert begun.wait(30)
    while desk.store.get(job.id).done < 1:
        time.sleep(0.01)
    assert worker.stop()
    assert desk.states(job) == ["done", "queued", "queued"]
    assert [task.crashes for task in desk.store.tasks(job.id)] == [0, 0, 0]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("jobs-")]


def test_a_stopped_worker_can_start_again(desk: Desk) -> None:
    worker = desk.worker(count=Counting())
    worker.start()
    worker.stop()
    worker.start()
    assert worker.wait(desk.queue(1).id, timeout=60).state == "done"


def test_cancelling_reaches_the_handler(desk: Desk) -> None:
    begun = threading.Event()

    def work(task: ClaimedTask, context: TaskContext) -> None:
        begun.set()
        while not context.cancelled(task):
            time.sleep(0.01)

    worker = desk.worker(count=Counting(work))
    worker.start()
    job = desk.queue(2)
    assert begun.wait(30)
    assert desk.store.cancel(job.id).state == "canceled"
    assert worker.stop()
    assert desk.states(job) == ["canceled", "canceled"]


def test_a_working_lease_is_kept_alive(tmp_path: Path) -> None:
    """The task outlasts its lease many times, and another process that looks takes nothing."""
    desk = Desk(tmp_path, lease_seconds=0.3)

    def work(task: ClaimedTask, context: TaskContext) -> None:
        for _ in range(30):
            time.sleep(0.05)
            assert not context.cancelled(task)

    worker = desk.worker(count=Counting(work))
    worker.start()
    job = desk.queue(1)
    assert worker.wait(job.id, timeout=60).state == "done"
    assert desk.store.tasks(job.id)[0].attempts == 1
    desk.close()


def test_the_worker_survives_a_locked_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds the write lock for longer than this connection waits."""

    @event.listens_for(desk.database.engine, "connect")
    def impatient(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    monkeypatch.setattr("jobs.worker.BACK_OFF_SECONDS", 0.05)
    desk.database.dispose()
    worker = desk.worker(count=Counting())
    job = desk.queue(4)
    with desk.database.engine.begin():
        worker.start()
        time.sleep(0.5)
        assert desk.store.get(job.id).state == "queued"
    assert worker.wait(job.id, timeout=60).state == "done"


def test_idle_workers_look_for_work_only_when_there_may_be_some(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.worker.IDLE_SECONDS", 600.0)
    asked: list[str] = []
    ask = desk.store.next_kind

    def next_kind(kinds: Any) -> str | None:
        asked.extend(kinds)
        return ask(kinds)

    monkeypatch.setattr(desk.store, "next_kind", next_kind)
    worker = desk.worker(count=Counting(lambda task, context: time.sleep(0.01)))
    worker.start()
    assert worker.wait(desk.queue(30).id, timeout=60).state == "done"
    assert asked.count("generate") <= 3  # at the start and for the job, not for each of 30 ends
    assert worker.wait(desk.submit("lamp").id, timeout=60).state == "done"  # woken, as nothing else would for minutes


def test_a_job_is_waited_for_until_its_files_have_their_names(desk: Desk) -> None:
    job = desk.queue(1)
    (task,) = desk.store.claim("somewhere/0:1:0.00", 1)
    committed, named = threading.Event(), threading.Event()

    def publish() -> None:
        committed.set()
        time.sleep(0.3)
        named.set()

    finishing = threading.Thread(target=desk.store.finish, args=(task, nothing, publish))
    finishing.start()
    assert committed.wait(30)
    assert desk.worker().wait(job.id, timeout=60).state == "done" and named.is_set()
    finishing.join(30)
