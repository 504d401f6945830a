"""A disk that is full in the middle of a job: one sentence, nothing half-written, and a retry that works."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs.animate import AnimateHandler, submit_animation
from jobs.edit import submit_edit
from jobs.remake import submit_remake
from jobs.types import JobView
from jobs.upscaling import UpscaleHandler, submit_upscale
from library.check import check
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine

resource = pytest.importorskip("resource", reason="no file size limit on this system")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    engine: Any = SmallEngine()
    upscale, animate = UpscaleHandler(engine, desk.library), AnimateHandler(engine, desk.library)
    desk.worker(engine, upscale=upscale, animate=animate).start()
    desk._workers[0].wait(desk.submit("knight").id, 60)
    yield desk
    desk.close()


def redo(desk: Desk, common: dict[str, Any]) -> JobView:
    return submit_remake([1], change="darker", small_model=True, **common).job


def upscale(desk: Desk, common: dict[str, Any]) -> JobView:
    return submit_upscale([1], 2, **common)


def edit(desk: Desk, common: dict[str, Any]) -> JobView:
    out = io.BytesIO()
    Image.new("L", (24, 24), 255).save(out, "PNG")
    return submit_edit(1, out.getvalue(), "darker", small_model=True, **common).job


def animate(desk: Desk, common: dict[str, Any]) -> JobView:
    del common["settings"]
    return submit_animation(1, "idle", **common)


@pytest.mark.parametrize("submit", [redo, upscale, edit, animate])
def test_it_ends_with_a_sentence_and_can_be_retried(
    submit: Callable[..., JobView], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file size limit of the process stands in for a full disk: the write itself fails, in the middle of a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    storage, worker = desk.library.storage, desk._workers[0]
    stage_all = storage.stage_all

    def on_full_disk(files: Mapping[str, bytes]) -> list[str]:
        if any(key.startswith("probe-") for key in files):  # the mask, and whether the folder can be written
            return stage_all(files)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            return stage_all(files)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    before = desk.files()
    with monkeypatch.context() as patched:
        patched.setattr(storage, "stage_all", on_full_disk)
        common = {"store": desk.store, "library": desk.library, "project": "default", "settings": desk.settings}
        job = submit(desk, common)
        ended = worker.wait(job.id, timeout=60)
    assert (ended.state, ended.failed) == ("failed", job.total)
    errors = {task.error for task in desk.store.tasks(job.id)}
    assert errors == {f"The disk with {desk.settings.home / 'files'} is full. Free some space, then try again."}
    assert storage.staged() == [] and len(desk.files()) - len(before) == (
        submit is edit
    )  # the mask waits for the retry
    assert desk.store.retry(job.id) == job.total
    assert worker.wait(job.id, timeout=60).state == "done"
    assert check(desk.library).missing == [] and storage.staged() == []
