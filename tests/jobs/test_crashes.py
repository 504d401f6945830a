"""Workers that die: nothing lost, nothing twice, culprits found."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.processes import worker_id
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine

SCRIPT = Path(__file__).parent / "worker_process.py"


def spawn(home: Path, step_seconds: float = 0.01) -> subprocess.Popen[str]:
    """A worker process that has begun to work."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(home), str(step_seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


def end(process: subprocess.Popen[str]) -> int:
    code = process.wait(60)
    if process.stdout is not None:
        process.stdout.close()
    return code


def check_complete(desk: Desk, job_id: int, count: int) -> None:
    """Exactly `count` tasks done, rows and files; none twice, nothing left over."""
    job = desk.store.get(job_id)
    assert (job.state, job.done, job.total) == ("done", count, count)
    assets = desk.library.assets(job_id=job_id, limit=10 * count)
    assert [asset.number for asset in assets] == list(range(1, count + 1))
    assert len({asset.version for asset in assets}) == count
    assert sorted(path.stem for path in desk.files()) == sorted(asset.version for asset in assets)
    assert desk.library.storage.staged() == []
    done = [event.task_id for event in desk.store.events(job=job_id, limit=10_000) if event.kind == "task_done"]
    assert len(done) == len(set(done)) == count


def test_ten_kills_lose_and_double_nothing(desk: Desk) -> None:
    moments = random.Random(20)
    job = desk.submit(*(f"prop {n}" for n in range(100)))
    for _ in range(10):
        goal = desk.store.get(job.id).done + moments.randint(0, 8)
        process = spawn(desk.settings.home)
        while desk.store.get(job.id).done < goal:
            time.sleep(0.002)
        time.sleep(moments.uniform(0.0, 0.05))
        process.kill()
        assert end(process) == -signal.SIGKILL
    process = spawn(desk.settings.home, step_seconds=0.0)
    assert end(process) == 0
    check_complete(desk, job.id, 100)


def test_a_task_that_kills_its_process_is_set_aside(desk: Desk) -> None:
    subjects = [f"prop {n}" for n in range(7)]
    job = desk.submit(*subjects[:3], SmallEngine.KILL, *subjects[3:])
    starts = 0
    while desk.store.list(active=True):
        end(spawn(desk.settings.home, step_seconds=0.0))
        starts += 1
        assert starts < 10
    ended = desk.store.get(job.id)
    assert (ended.state, ended.done, ended.failed) == ("failed", 7, 1)
    culprit = desk.store.tasks(job.id)[3]
    assert culprit.crashes == 3
    assert culprit.error is not None and culprit.error.startswith("Set aside: it brought the program down 3 times.")
    assert starts == 5  # with the others, three times alone, and once to find it set aside
    assert desk.store.retry(job.id) == 1
    assert [task.crashes for task in desk.store.tasks(job.id)] == [0] * 8


def test_two_processes_never_do_a_task_twice(desk: Desk) -> None:
    job = desk.submit(*(f"prop {n}" for n in range(60)))
    processes = [spawn(desk.settings.home) for _ in range(2)]
    assert [end(process) for process in processes] == [0, 0]
    check_complete(desk, job.id, 60)
    assert [task.attempts for task in desk.store.tasks(job.id)] == [1] * 60


def test_what_a_dead_process_held_is_free_at_once(desk: Desk) -> None:
    job = desk.submit("a", "b", "c")
    process = spawn(desk.settings.home, step_seconds=30.0)
    while desk.store.get(job.id).running < 3:
        time.sleep(0.01)
    assert desk.store.recover() == 0  # it lives
    process.kill()
    end(process)
    assert desk.store.recover() == 3
    assert desk.states(job) == ["queued"] * 3
    assert len(desk.store.claim(worker_id(), 8)) == 1  # suspects run alone
    assert [task.crashes for task in desk.store.tasks(job.id)] == [0, 0, 0]


@pytest.mark.parametrize(("owner", "crashes"), [("elsewhere/0:1:0.00", 1), (worker_id(), 0)], ids=["gone", "alive"])
def test_a_silent_worker_loses_its_task(tmp_path: Path, owner: str, crashes: int) -> None:
    """On another host it counts as dead; a living process of this host was only asleep."""
    desk = Desk(tmp_path, lease_seconds=0.05)
    job = desk.queue(1)
    desk.store.claim(owner, 1)
    desk.store.heartbeat(owner, [desk.store.tasks(job.id)[0].id])
    assert desk.store.recover() == 0
    time.sleep(0.1)
    assert desk.store.recover() == 1
    assert desk.store.tasks(job.id)[0].crashes == crashes
    desk.close()


def test_those_with_fewer_crashes_go_first(desk: Desk) -> None:
    dead = f"{worker_id().rsplit(':', 1)[0]}:1.00"  # our pid, started at another time
    first, second = desk.queue(1), desk.queue(1)
    assert [task.job_id for task in desk.store.claim(dead, 8)] == [first.id]
    assert desk.store.recover() == 1
    assert [task.job_id for task in desk.store.claim(dead, 8)] == [second.id]
    assert desk.store.recover() == 1
    assert [task.job_id for task in desk.store.claim(dead, 8)] == [first.id]
