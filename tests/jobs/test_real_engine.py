"""The queue over the real image engine, with a tiny model of random weights."""

from __future__ import annotations

from pathlib import Path

from jobs.generation import GenerationHandler
from jobs.worker import Worker
from pipelines.engine import ImageEngine
from pipelines.metadata import read_metadata
from tests.jobs.desk import Desk
from tests.models import make_tiny_sdxl


def test_images_of_the_real_engine_reach_the_library(tmp_path: Path) -> None:
    model = make_tiny_sdxl(tmp_path / "model", rgba=True)
    desk = Desk(tmp_path / "home", image_model=str(model))
    engine = ImageEngine(str(model), device="cpu", batch=2)
    worker = Worker(desk.store, {"generate": GenerationHandler(engine, desk.library)})
    with desk.bus.subscribe(after=0) as events:
        worker.start()
        job = desk.submit("cactus", "camel skull", "broken cart wheel")
        ended = worker.wait(job.id, timeout=200)
        seen = [events.get(1.0) for _ in range(8)]
    assert (ended.state, ended.done) == ("done", 3), ended.error
    for asset in desk.library.assets(job_id=job.id):
        metadata = read_metadata(desk.library.version_path(asset.version))
        assert metadata is not None
        assert metadata["request"]["prompt"] == asset.prompt
        assert metadata["model"]["hash"]
        assert asset.metadata["request"]["steps"] > 0
        uncut = asset.metadata.get("uncut")
        assert uncut is None or desk.library.version_path(uncut).is_file()
    assert desk.library.storage.staged() == []
    assert any(event is not None and event.kind == "task_progress" for event in seen)
    assert worker.stop()
    desk.close()
