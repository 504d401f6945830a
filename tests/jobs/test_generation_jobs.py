"""From a plan to files and rows."""

from __future__ import annotations

import resource
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image

from errors import BadRequest, ResourceError
from jobs.generation import estimate_seconds, submit
from jobs.plan import AssetPlan, PlanItem
from pipelines.metadata import read_png
from pipelines.request import GenerationRequest
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine

DESERT = [f"desert prop {n}" for n in range(32)]


def test_thirty_two_props(desk: Desk) -> None:
    worker = desk.worker(batch=32)
    worker.start()
    job = desk.submit(*DESERT)
    ended = worker.wait(job.id, timeout=120)
    assert (ended.state, ended.done) == ("done", 32)
    assets = desk.library.assets(job_id=job.id)
    assert [asset.subject for asset in assets] == DESERT
    assert [asset.number for asset in assets] == list(range(1, 33))
    assert [asset.seed for asset in assets] == list(range(1, 33))
    assert len(desk.files()) == 32
    assert desk.library.storage.staged() == []
    assert [task.asset_id for task in desk.store.tasks(job.id)] == [asset.id for asset in assets]
    batch = desk.library.batches("default")[0]
    assert (batch.job_id, batch.total, batch.id) == (job.id, 32, job.batch_id)


def test_a_file_holds_the_request_it_was_made_from(desk: Desk) -> None:
    worker = desk.worker()
    worker.start()
    job = desk.submit("rusty sword", seed=77)
    worker.wait(job.id, timeout=60)
    (asset,) = desk.library.assets(job_id=job.id)
    path = desk.library.version_path(asset.version)
    assert str(path) == asset.path
    request = read_png(path)
    assert request is not None
    assert (request.subject, request.seed) == ("rusty sword", 77)
    assert GenerationRequest.from_dict(asset.metadata["request"]) == request
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("RGBA", (asset.width, asset.height))


def test_the_event_of_a_finished_image_carries_the_asset(desk: Desk) -> None:
    worker = desk.worker()
    worker.start()
    job = desk.submit("a", "b")
    worker.wait(job.id, timeout=60)
    carried = [event.data["asset"] for event in desk.store.events(job=job.id) if event.kind == "task_done"]
    assert carried == [asset.as_dict() for asset in desk.library.assets(job_id=job.id)]


def test_the_same_plan_gives_the_same_files(desk: Desk) -> None:
    worker = desk.worker()
    worker.start()
    versions = []
    for _ in range(2):
        job = desk.submit("a", "b", seed=5)
        worker.wait(job.id, timeout=60)
        versions.append([asset.version for asset in desk.library.assets(job_id=job.id)])
    assert versions[0] == versions[1]
    assert len(desk.files()) == 2
    assert desk.library.storage.staged() == []


def test_one_bad_subject_fails_alone(desk: Desk) -> None:
    worker = desk.worker()
    worker.start()
    job = desk.submit("a", SmallEngine.FAIL, "b", SmallEngine.RAISE, "c")
    worker.wait(job.id, timeout=60)
    assert desk.states(job) == ["done", "failed", "done", "failed", "done"]
    errors = [task.error for task in desk.store.tasks(job.id)]
    assert errors[1] == "This one cannot be painted."
    assert len(desk.files()) == 3


def test_stopping_a_job_keeps_what_is_done_and_nothing_partial(desk: Desk) -> None:
    worker = desk.worker(SmallEngine(micro_batch=2, step_seconds=0.05))
    with desk.bus.subscribe(after=0) as events:
        worker.start()
        job = desk.submit(*DESERT)
        for event in events:
            if event.kind == "task_done":
                break
        ended = desk.store.cancel(job.id)
    assert worker.stop()
    assert ended.state == desk.store.get(job.id).state == "canceled"
    assert ended.done == len(desk.files()) == len(desk.library.assets(job_id=job.id)) < 32
    assert desk.library.storage.staged() == []


def test_progress_tells_which_images_are_at_which_step(desk: Desk) -> None:
    worker = desk.worker(SmallEngine(micro_batch=2, step_seconds=0.12))
    with desk.bus.subscribe(after=0) as events:
        job = desk.submit("a", "b")
        worker.start()
        seen = []
        for event in events:
            seen.append(event)
            if event.kind == "job_done":
                break
    progress = [event.data for event in seen if event.kind == "task_progress"]
    ids = [task.id for task in desk.store.tasks(job.id)]
    assert progress and all(data["task_ids"] == ids and data["steps"] == 3 for data in progress)
    assert all((data["total"], data["running"]) == (2, 2) for data in progress)


@pytest.mark.parametrize(("count", "limit"), [(101, 100), (1_000_000, 100), (3, 2)])
def test_too_many_images_get_one_sentence(tmp_path: Path, count: int, limit: int) -> None:
    desk = Desk(tmp_path, max_assets_per_batch=limit)
    plan = AssetPlan(request="many", items=[PlanItem(subject="prop", variants=count)])
    with pytest.raises(BadRequest) as caught:
        submit(plan, store=desk.store, library=desk.library, project="default", settings=desk.settings)
    assert caught.value.message == (f"The batch limit is {limit}. Ask for {limit} or fewer, or split the request.")
    assert desk.store.list() == [] and desk.library.batches() == []
    desk.close()


@pytest.mark.parametrize("count", [0, -3])
def test_no_images_get_one_sentence(desk: Desk, count: int) -> None:
    plan = AssetPlan(request="none", items=[PlanItem.model_construct(subject="prop", variants=count)])
    with pytest.raises(BadRequest, match=f"Ask for at least 1 image; {count} cannot be made."):
        submit(plan, store=desk.store, library=desk.library, project="default", settings=desk.settings)


def test_a_full_queue_leaves_no_batch_behind(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_queued_tasks=3)
    with pytest.raises(ResourceError, match="The queue is full"):
        desk.submit("a", "b", "c", "d")
    assert desk.library.batches() == []
    desk.close()


def test_the_estimate_is_used_until_the_speed_is_known(desk: Desk) -> None:
    plan = AssetPlan(request="two", items=[PlanItem(subject="prop", variants=2)])
    engine = SmallEngine(step_seconds=2.0)
    assert estimate_seconds(plan, engine) == 12.0  # type: ignore[arg-type]
    job = submit(
        plan,
        store=desk.store,
        library=desk.library,
        project="default",
        settings=desk.settings,
        seconds_per_image=engine.seconds_per_image(),
    )
    assert job.seconds_left == 12.0


def test_a_full_disk_fails_with_one_sentence_and_can_be_retried(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file size limit of the process stands in for a full disk: the write itself fails, in the middle of a file."""
    desk.database.dispose()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    worker = desk.worker()
    job = desk.submit("a", "b")
    stage_all = desk.library.storage.stage_all

    def stage_on_full_disk(files: Mapping[str, bytes]) -> list[str]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            return stage_all(files)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    with monkeypatch.context() as patched:
        patched.setattr(desk.library.storage, "stage_all", stage_on_full_disk)
        worker.start()
        ended = worker.wait(job.id, timeout=60)
    assert (ended.state, ended.failed) == ("failed", 2)
    error = desk.store.tasks(job.id)[0].error
    assert error == f"The disk with {desk.settings.home / 'files'} is full. Free some space, then try again."
    assert desk.files() == [] and desk.library.storage.staged() == []
    assert desk.store.retry(job.id) == 2
    assert worker.wait(job.id, timeout=60).state == "done"
