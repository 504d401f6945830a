"""The real server, the built-in model, a batch of 100 and ten kills."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.generation import submit
from jobs.plan import AssetPlan, PlanItem
from services import build_services
from settings import Settings
from tests.e2e.forge import Forge

IMAGES = 100
KILLS = 10
MOST_BETWEEN = 9  # images finished between two kills
PATIENCE = 600.0  # s


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    forge = Forge(tmp_path, "builtin")
    yield forge
    forge.stop()


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_ten_kills_of_the_server_lose_and_double_nothing(forge: Forge, tmp_path: Path):
    services = build_services(Settings(home=tmp_path, local_llm="off"))
    plan = AssetPlan(request="100 props", items=[PlanItem(subject=f"cactus {n}") for n in range(IMAGES)], seed=1)
    job = submit(plan, store=services.jobs, library=services.library, project="default", settings=services.settings)
    moments = random.Random(7)
    for _ in range(KILLS):
        goal = services.jobs.get(job.id).done + moments.randint(0, MOST_BETWEEN)
        wait_until(lambda goal=goal: services.jobs.get(job.id).done >= goal)
        time.sleep(moments.uniform(0.0, 0.3))
        print("killed at", services.jobs.get(job.id).done, "of", IMAGES)
        forge.stop(kill=True)
        forge.start()
    wait_until(lambda: services.jobs.get(job.id).finished)
    ended = services.jobs.get(job.id)
    assert (ended.state, ended.done, ended.failed) == ("done", IMAGES, 0)
    assets = services.library.assets(job_id=job.id, limit=10 * IMAGES)
    assert sorted(asset.number for asset in assets) == list(range(1, IMAGES + 1))
    files = sorted(path.stem for path in (tmp_path / "files").rglob("*.png"))
    assert files == sorted(asset.version for asset in assets) and len(set(files)) == IMAGES
    assert services.library.storage.staged() == []
    services.close()
