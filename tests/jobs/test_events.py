"""One stream: ordered, none twice, resumable, quick."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy.orm import Session

from jobs.events import POLL_SECONDS
from jobs.ledger import Counts, emit, write_events
from jobs.subscription import MAX_WAITING, Subscription
from jobs.types import JobEvent
from library.models import Event, Job
from tests.jobs.desk import Desk

ME = "somewhere/0:1:0.00"


def nothing(_session: Session) -> dict[str, Any]:
    return {}


def until(subscription: Subscription, kind: str) -> list[JobEvent]:
    """Events up to the first of that kind."""
    found: list[JobEvent] = []
    while not found or found[-1].kind != kind:
        event = subscription.get(timeout=30)
        assert event is not None, "no event came"
        found.append(event)
    return found


def run_through(desk: Desk, count: int) -> int:
    """Queue and finish a job; its id."""
    job = desk.queue(count)
    for task in desk.store.claim(ME, count):
        desk.store.finish(task, nothing)
    return job.id


def test_subscribers_get_everything_in_order_and_once(desk: Desk) -> None:
    before = run_through(desk, 3)
    with desk.bus.subscribe(after=0) as early, desk.bus.subscribe() as late:
        job = run_through(desk, 5)
        seen = until(early, "job_done") + until(early, "job_done")
        ids = [event.id for event in seen]
        assert ids == sorted(set(ids)) == [event.id for event in desk.store.events()]
        assert {event.job_id for event in seen} == {before, job}
        assert {event.job_id for event in until(late, "job_done")} == {job}


def test_a_subscription_resumes_where_another_ended(desk: Desk) -> None:
    job = run_through(desk, 4)
    everything = [event.id for event in desk.store.events(job=job)]
    with desk.bus.subscribe(job, after=everything[3]) as resumed:
        assert [event.id for event in until(resumed, "job_done")] == everything[4:]


def test_only_the_jobs_own_events(desk: Desk) -> None:
    mine = run_through(desk, 2)
    run_through(desk, 2)
    with desk.bus.subscribe(mine, after=0) as subscription:
        assert {event.job_id for event in until(subscription, "job_done")} == {mine}
        assert subscription.get(timeout=0) is None


def test_many_subscribers_while_several_threads_write(desk: Desk) -> None:
    """None lost, none twice, in order, although replay and live events overlap."""
    jobs = [desk.queue(20).id for _ in range(3)]
    claimed = [desk.store.claim(ME, 20) for _ in jobs]

    def finish(tasks: list[Any]) -> None:
        for task in tasks:
            desk.store.finish(task, nothing)

    threads = [threading.Thread(target=finish, args=(tasks,)) for tasks in claimed]
    for thread in threads:
        thread.start()
    subscriptions = []
    for _ in range(5):
        subscriptions.append(desk.bus.subscribe(after=0))
        time.sleep(0.02)
    for thread in threads:
        thread.join()
    expected = [event.id for event in desk.store.events()]
    for subscription in subscriptions:
        seen = [until(subscription, "job_done") for _ in jobs]
        assert [event.id for part in seen for event in part] == expected
        subscription.close()


def test_events_of_other_processes_arrive(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path)
    with desk.bus.subscribe() as subscription:
        job = run_through(other, 2)
        assert [event.job_id for event in until(subscription, "job_done")] == [job] * 7
    other.close()


def test_listening_reads_nothing_while_nothing_happens(desk: Desk) -> None:
    run_through(desk, 1)
    with desk.bus.subscribe() as subscription:
        time.sleep(4 * POLL_SECONDS)  # the reader has seen what is there
        reads: list[str] = []
        sql_event.listen(desk.database.engine, "before_cursor_execute", lambda *args: reads.append(args[2]))
        time.sleep(6 * POLL_SECONDS)
        assert reads == []
        job = run_through(desk, 1)
        assert until(subscription, "job_done")[-1].job_id == job and reads


def test_a_database_that_cannot_be_opened_is_tried_again_in_peace(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run_through(desk, 1)
    tries: list[int] = []

    def away(*_: Any) -> Any:
        tries.append(1)
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as patch:
        patch.setattr(desk.database, "watching", away)
        with desk.bus.subscribe():
            time.sleep(0.5)
    assert 1 <= len(tries) <= 3
    with desk.bus.subscribe() as later:
        job = run_through(desk, 1)
        assert until(later, "job_done")[-1].job_id == job


def test_the_delay_from_commit_to_subscriber_is_short_under_load(desk: Desk) -> None:
    """Most of a hundred events within 100 ms although two threads keep the interpreter and the database busy."""
    job = desk.queue(100)
    tasks = desk.store.claim(ME, 100)
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            desk.store.tasks(job.id)
            sum(range(20_000))

    crowd = [threading.Thread(target=disturb) for _ in range(2)]
    committed: dict[int, float] = {}
    arrived: dict[int, float] = {}

    def listen(subscription: Subscription) -> None:
        for event in subscription:
            if event.kind == "task_done" and event.task_id is not None:
                arrived[event.task_id] = time.monotonic()
            if event.kind == "job_done":
                return

    with desk.bus.subscribe(job.id) as subscription:
        listener = threading.Thread(target=listen, args=(subscription,))
        for thread in (listener, *crowd):
            thread.start()
        for task in tasks:
            desk.store.finish(task, nothing, lambda task=task: committed.update({task.id: time.monotonic()}))
        listener.join(60)
        stop.set()
        for thread in crowd:
            thread.join()
    delays = sorted(arrived[task] - committed[task] for task in committed)
    assert len(delays) == 100
    print(f"delay: median {delays[50] * 1000:.1f} ms, p99 {delays[98] * 1000:.1f} ms")


def test_progress_is_transient(desk: Desk) -> None:
    job = desk.queue(1)
    with desk.bus.subscribe(job.id, after=0) as listening:
        assert until(listening, "job_queued")
        desk.bus.publish(JobEvent(0, job.id, None, "task_progress", {"step": 1, "steps": 4}, 0.0))
        assert until(listening, "task_progress")[-1].data["step"] == 1
    assert [event.kind for event in desk.store.events()] == ["job_queued"]


def test_a_slow_listener_loses_nothing_durable(desk: Desk) -> None:
    with desk.bus.subscribe() as slow, desk.bus.subscribe() as quick:
        first = run_through(desk, 3)
        until(quick, "job_done")
        for step in range(2 * MAX_WAITING):
            desk.bus.publish(JobEvent(0, first, None, "task_progress", {"step": step}, 0.0))
        run_through(desk, 3)
        seen = [event for part in (until(slow, "job_done"), until(slow, "job_done")) for event in part]
        assert [event.id for event in seen if event.id] == [event.id for event in desk.store.events()]


def test_async_iteration(desk: Desk) -> None:
    async def collect() -> list[str]:
        kinds: list[str] = []
        subscription = desk.bus.subscribe(after=0)
        work = asyncio.create_task(asyncio.to_thread(run_through, desk, 3))
        async for event in subscription:
            kinds.append(event.kind)
            if event.kind == "job_done":
                break
        await work
        subscription.close()
        return kinds

    assert asyncio.run(collect()) == ["job_queued", "job_started"] + ["task_started"] * 3 + ["task_done"] * 3 + [
        "job_done"
    ]


def test_async_iteration_ends_when_cancelled_or_closed(desk: Desk) -> None:
    async def listen(subscription: Subscription) -> int:
        return len([event async for event in subscription])

    async def scenario() -> int:
        cancelled, closed = desk.bus.subscribe(), desk.bus.subscribe()
        one, other = asyncio.create_task(listen(cancelled)), asyncio.create_task(listen(closed))
        await asyncio.sleep(0.05)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        closed.close()
        return await other

    assert asyncio.run(scenario()) == 0


def test_closing_the_bus_ends_listeners_and_threads(desk: Desk) -> None:
    counts: list[int] = []
    subscription = desk.bus.subscribe()
    listener = threading.Thread(target=lambda: counts.append(len(list(subscription))))
    listener.start()
    desk.bus.close()
    listener.join(30)
    assert counts == [0]
    assert not [thread for thread in threading.enumerate() if thread.name == "job-events"]
    assert desk.bus.subscribe(after=0).get() is None


def test_events_of_a_review_in_the_same_transaction_keep_their_own_ids(desk: Desk) -> None:
    job = desk.queue(1)
    with desk.store.transaction() as session:
        row = session.get_one(Job, job.id)
        session.add(Event(job_id=None, task_id=None, kind="assets_changed", data={}))
        emit(session, row, "job_started", Counts())
        [told] = write_events(session)
    assert [event.kind for event in desk.store.events() if event.id == told.id] == ["job_started"]
