"""Creating, claiming, ending, stopping and retrying, without any worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from errors import BadRequest, NotFound, ResourceError
from jobs.types import ClaimedTask
from tests.jobs.desk import Desk

ME = "somewhere/0:1:0.00"


def nothing(_session: Session) -> dict[str, object]:
    return {}


def kinds(desk: Desk, job: int) -> list[str]:
    return [event.kind for event in desk.store.events(job=job)]


def test_a_job_runs_through_its_states_and_tells_of_each(desk: Desk) -> None:
    job = desk.queue(2)
    assert (job.state, job.total, job.running) == ("queued", 2, 0)
    first, second = desk.store.claim(ME, 8)
    assert desk.store.get(job.id).state == "running"
    assert desk.store.finish(first, nothing)
    assert desk.store.finish(second, nothing)
    ended = desk.store.get(job.id)
    assert (ended.state, ended.done, ended.running, ended.seconds_left) == ("done", 2, 0, None)
    assert kinds(desk, job.id) == [
        "job_queued",
        "job_started",
        "task_started",
        "task_started",
        "task_done",
        "task_done",
        "job_done",
    ]
    done = [event.data["done"] for event in desk.store.events(job=job.id)]
    assert done == [0, 0, 0, 0, 1, 2, 2]


def test_a_result_is_written_once(desk: Desk) -> None:
    desk.queue(1)
    (task,) = desk.store.claim(ME, 8)
    assert desk.store.finish(task, nothing)
    assert not desk.store.finish(task, nothing)
    assert not desk.store.fail(task, "late")


def test_results_written_together_are_told_one_by_one(desk: Desk) -> None:
    job = desk.queue(4)
    tasks = desk.store.claim(ME, 8)
    desk.store.cancel_task(tasks[1].id)
    seen = []
    kept = desk.store.finish_all(
        tasks, lambda _, held: [{"place": task.index} for task in held], lambda held: seen.extend(held)
    )
    assert [task.index for task in kept] == [task.index for task in seen] == [0, 2, 3]
    assert desk.states(job) == ["done", "canceled", "done", "done"]
    assert [task.result for task in desk.store.tasks(job.id)] == [{"place": 0}, {}, {"place": 2}, {"place": 3}]
    told = [(event.data["done"], event.data["running"]) for event in desk.store.events() if event.kind == "task_done"]
    assert told == [(1, 2), (2, 1), (3, 0)]
    assert kinds(desk, job.id)[-1] == "job_done"
    assert desk.store.finish_all(tasks, lambda *_: []) == []


def test_one_failing_task_does_not_fail_its_neighbours(desk: Desk) -> None:
    job = desk.queue(3)
    for task in desk.store.claim(ME, 8):
        if task.index == 1:
            desk.store.fail(task, "The model gave nothing.")
        else:
            desk.store.finish(task, nothing)
    ended = desk.store.get(job.id)
    assert (ended.state, ended.done, ended.failed) == ("failed", 2, 1)
    assert ended.error == "1 of 3 failed. The first: The model gave nothing."


def test_cancelling_a_queued_task_does_not_touch_the_running_one(desk: Desk) -> None:
    job = desk.queue(2)
    (running,) = desk.store.claim(ME, 1)
    desk.store.cancel_task(desk.store.tasks(job.id)[1].id)
    assert desk.states(job) == ["running", "canceled"]
    assert desk.store.held([running]) == {running.id}
    assert desk.store.finish(running, nothing)
    assert desk.store.get(job.id).state == "done"


def test_a_cancelled_task_takes_no_result(desk: Desk) -> None:
    job = desk.queue(2)
    one, other = desk.store.claim(ME, 2)
    assert desk.store.finish(one, nothing)
    assert desk.store.cancel(job.id).state == "canceled"
    assert not desk.store.finish(other, nothing)
    assert desk.states(job) == ["done", "canceled"]
    assert kinds(desk, job.id)[-2:] == ["task_canceled", "job_canceled"]


def test_cancelling_what_is_finished_changes_nothing(desk: Desk) -> None:
    job = desk.queue(1)
    (task,) = desk.store.claim(ME, 1)
    desk.store.finish(task, nothing)
    assert desk.store.cancel(job.id).state == "done"
    assert desk.store.cancel_task(task.id).state == "done"


def test_cancel_all_of_one_project(desk: Desk) -> None:
    mine, other = desk.queue(2, project="mine"), desk.queue(2, project="other")
    assert desk.store.cancel_all("mine") == 1
    assert desk.store.get(mine.id).state == "canceled"
    assert desk.store.get(other.id).state == "queued"
    assert desk.store.cancel_all() == 1
    assert desk.store.list(active=True) == []


def test_retry_keeps_what_is_done(desk: Desk) -> None:
    job = desk.queue(3)
    done, failed, _ = desk.store.claim(ME, 3)
    desk.store.finish(done, nothing)
    desk.store.fail(failed, "no")
    desk.store.cancel(job.id)
    assert desk.store.retry(job.id) == 2
    assert desk.states(job) == ["done", "queued", "queued"]
    assert desk.store.get(job.id).error is None
    for task in desk.store.claim(ME, 8):
        assert task.attempts == 2
        desk.store.finish(task, nothing)
    assert desk.store.get(job.id).state == "done"
    assert desk.store.retry(job.id) == 0


def test_a_retry_is_not_finished_by_the_run_before_it(desk: Desk) -> None:
    job = desk.queue(1)
    (stale,) = desk.store.claim(ME, 1)
    desk.store.cancel(job.id)
    desk.store.retry(job.id)
    (fresh,) = desk.store.claim(ME, 1)
    assert desk.store.held([stale]) == set()
    assert not desk.store.finish(stale, nothing)
    assert desk.store.finish(fresh, nothing)


def test_a_claim_takes_tasks_of_one_job_oldest_first(desk: Desk) -> None:
    first, second = desk.queue(2), desk.queue(3)
    assert {task.job_id for task in desk.store.claim(ME, 8)} == {first.id}
    assert {task.job_id for task in desk.store.claim(ME, 8)} == {second.id}
    assert desk.store.claim(ME, 8) == []


def test_a_claim_takes_only_the_kinds_asked_for(desk: Desk) -> None:
    desk.queue(1, kind="train")
    assert desk.store.next_kind(["count"]) is None
    assert desk.store.claim(ME, 8, ["count"]) == []
    assert desk.store.next_kind() == "train"


def test_released_tasks_wait_again(desk: Desk) -> None:
    job = desk.queue(2)
    tasks = desk.store.claim(ME, 8)
    assert desk.store.release(tasks) == 2
    assert desk.store.get(job.id).state == "queued"
    assert not desk.store.finish(tasks[0], nothing)
    assert len(desk.store.claim(ME, 8)) == 2


def test_the_time_left_follows_from_measured_speed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr("time.time", lambda: clock)
    job = desk.queue(4)
    assert job.seconds_left is None
    tasks: list[ClaimedTask] = desk.store.claim(ME, 4)
    clock = 1010.0  # the first two are decoded together
    desk.store.finish(tasks[0], nothing)
    desk.store.finish(tasks[1], nothing)
    assert desk.store.get(job.id).seconds_left == pytest.approx(10.0)
    clock = 1030.0
    desk.store.finish(tasks[2], nothing)
    assert desk.store.get(job.id).seconds_left == pytest.approx(10.0)


def test_the_queue_is_bounded(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_queued_tasks=5)
    job = desk.queue(4)
    with pytest.raises(ResourceError, match="The queue is full: 4 tasks wait already and at most 5 may"):
        desk.queue(2)
    assert len(desk.store.list()) == 1
    desk.store.cancel(job.id)
    desk.queue(5)
    with pytest.raises(ResourceError):
        desk.store.retry(job.id)
    desk.close()


def test_what_does_not_exist_is_named(desk: Desk) -> None:
    with pytest.raises(NotFound, match="There is no job 7."):
        desk.store.get(7)
    with pytest.raises(NotFound, match="There is no job 7."):
        desk.store.cancel(7)
    with pytest.raises(NotFound, match="There is no job 7."):
        desk.store.retry(7)
    with pytest.raises(NotFound, match="There is no task 9."):
        desk.store.cancel_task(9)
    with pytest.raises(BadRequest, match="at least one task"):
        desk.store.create("default", "count", "none", [])


def test_lists_are_newest_first_and_continue(desk: Desk) -> None:
    jobs = [desk.queue(1).id for _ in range(5)]
    page = desk.store.list(limit=2)
    assert [job.id for job in page] == jobs[:2:-1]
    assert [job.id for job in desk.store.list(limit=9, before=page[-1].id)] == jobs[2::-1]
    assert desk.store.list(project="nobody") == []


def test_old_events_are_pruned(desk: Desk) -> None:
    job = desk.queue(3)
    desk.store.cancel(job.id)
    newest = desk.store.events()[-1].id
    desk.store.prune_events(keep=2)
    assert [event.id for event in desk.store.events()] == [newest - 1, newest]
