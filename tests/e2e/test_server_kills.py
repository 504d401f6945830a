"""The real server, the built-in model, a batch of 100 and ten kills."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jobs.generation import submit
from jobs.plan import AssetPlan, PlanItem
from services import build_services
from settings import Settings
from tests.e2e.forge import Forge

IMAGES = 100
KILLS = 10
LONGEST_LIFE = 14.0  # s after the page answers; loading the model takes a good part of it
PATIENCE = 900.0  # s for what is left after the last kill


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
        time.sleep(moments.uniform(0.5, LONGEST_LIFE))
        print("killed at", services.jobs.get(job.id).done, "of", IMAGES)
        forge.stop(kill=True)
        forge.start()
    deadline = time.monotonic() + PATIENCE
    while not (ended := services.jobs.get(job.id)).finished and time.monotonic() < deadline:
        time.sleep(0.5)
    assert (ended.state, ended.done, ended.failed) == ("done", IMAGES, 0)
    assets = services.library.assets(job_id=job.id, limit=10 * IMAGES)
    assert sorted(asset.number for asset in assets) == list(range(1, IMAGES + 1))
    files = sorted(path.stem for path in (tmp_path / "files").rglob("*.png"))
    assert files == sorted(asset.version for asset in assets) and len(set(files)) == IMAGES
    assert services.library.storage.staged() == []
    assert httpx.get(f"{forge.address}api/jobs/{job.id}", timeout=30).json()["done"] == IMAGES
    services.close()
