"""New versions as durable jobs: from a new seed, from the picture with a change, enlarged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from errors import BadRequest, NotFound
from jobs.remake import SHAPE_NOTE, is_new_seed, submit_remake
from jobs.types import JobView
from jobs.upscaling import UpscaleHandler, submit_upscale
from library.history import versions
from library.review import decide
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Three assets are made and the worker runs."""
    desk = Desk(tmp_path)
    engine: Any = SmallEngine()
    worker = desk.worker(engine, upscale=UpscaleHandler(engine, desk.library))
    worker.start()
    worker.wait(desk.submit("clay pot", "rope", "lantern", seed=0x3C78C8).id, 60)
    yield desk
    desk.close()


def done(desk: Desk, job: JobView) -> JobView:
    view = desk._workers[0].wait(job.id, 60)
    assert view.state == "done", view.error
    return view


def common(desk: Desk) -> dict[str, Any]:
    return {"store": desk.store, "library": desk.library, "project": "default", "settings": desk.settings}


def redo(desk: Desk, ids: list[int], **options: Any) -> Any:
    made = submit_remake(ids, small_model=True, **{**common(desk), **options})
    done(desk, made.job)
    return made


def pixels(desk: Desk, sha256: str) -> np.ndarray:
    with Image.open(desk.library.version_path(sha256)) as image:
        return np.asarray(image.convert("RGBA"), np.float64)


def brightness(desk: Desk, sha256: str) -> float:
    array = pixels(desk, sha256)
    return float(array[array[..., 3] > 0][:, :3].mean())


def test_darker_is_darker_and_starts_from_the_picture(desk: Desk) -> None:
    decide(desk.library, {2: "approved"})
    made = redo(desk, [2], change="darker")
    assert made.note == ""
    old, new = versions(desk.library, 2)
    assert (new.origin, new.parents, new.seed, new.state) == ("regenerated", (old.sha256,), old.seed, "new")
    assert new.metadata["change"] == "darker" and new.metadata["request"]["init"] == old.sha256
    assert brightness(desk, new.sha256) < 0.75 * brightness(desk, old.sha256)
    assert old.state == "superseded" and desk.library.asset(2).version == new.sha256
    assert desk.library.version_path(old.sha256).is_file()
    redo(desk, [2], change="even darker")
    third = versions(desk.library, 2)[-1]
    assert third.parents == (new.sha256,) and brightness(desk, third.sha256) < brightness(desk, new.sha256)


def test_a_new_seed_and_variants(desk: Desk) -> None:
    redo(desk, [1], variants=3)
    found = versions(desk.library, 1)
    assert len(found) == 4 and len({view.seed for view in found}) == 4
    assert all(view.parents == (found[0].sha256,) and not view.metadata["request"]["init"] for view in found[1:])
    others = {asset.seed for asset in desk.library.assets(batch_id=1) if asset.id != 1}
    assert not others & {view.seed for view in found[1:]}
    job = desk.store.list()[0]
    assert [task.number for task in desk.store.tasks(job.id)] == [1, 1, 1]
    made = desk.library.made_by(job.id)
    assert {view.version for view in made.values()} == {view.sha256 for view in found[1:]}


def test_what_the_small_model_cannot_do_is_said(desk: Desk) -> None:
    made = redo(desk, [1], change="without the handle")
    assert made.note == SHAPE_NOTE
    assert versions(desk.library, 1)[-1].metadata["request"]["negative_prompt"] == "handle"


@pytest.mark.parametrize(
    ("words", "fresh"),
    [(None, True), ("", True), ("again, with a new seed", True), ("another version", True), ("darker", False),
     ("with a new hat", False)],
)  # fmt: skip
def test_words_that_ask_for_another_try(words: str | None, fresh: bool) -> None:
    assert is_new_seed(words) == fresh


@pytest.mark.parametrize("factor", [2, 4])
def test_upscale_keeps_alpha_colours_and_the_verdict(desk: Desk, factor: int) -> None:
    decide(desk.library, {3: "approved"})
    done(desk, submit_upscale([3], factor, **common(desk)))
    old, new = versions(desk.library, 3)
    small, large = pixels(desk, old.sha256), pixels(desk, new.sha256)
    assert large.shape == (small.shape[0] * factor, small.shape[1] * factor, 4)
    assert {tuple(p) for p in large.reshape(-1, 4)} <= {tuple(p) for p in small.reshape(-1, 4)}
    assert (new.origin, new.state, new.parents) == ("upscaled", "approved", (old.sha256,))
    assert (desk.library.asset(3).width, desk.library.asset(3).state) == (24 * factor, "approved")
    assert new.metadata["canvas"] == [24 * factor] * 2


def test_bad_orders(desk: Desk) -> None:
    for options in ({"variants": 0}, {"variants": 1000}, {"change": "x" * 501}, {"strength": 2.0}):
        with pytest.raises(BadRequest):
            redo(desk, [1], **options)
    with pytest.raises(BadRequest, match="Say which images"):
        redo(desk, [])
    with pytest.raises(NotFound, match="There is no asset 99."):
        redo(desk, [1, 99])
    with pytest.raises(BadRequest, match="2, 3, 4 or 8 times; 7"):
        submit_upscale([1], 7, **common(desk))
    with pytest.raises(NotFound):
        submit_upscale([99], 2, **common(desk))
    assert len(desk.store.list()) == 1


def test_a_damaged_picture_fails_its_own_task_only(desk: Desk) -> None:
    broken = desk.library.asset(1)
    Path(broken.path).write_bytes(b"x")
    job = submit_upscale([1, 2], 2, **common(desk))
    view = desk._workers[0].wait(job.id, 60)
    assert (view.state, view.done, view.failed) == ("failed", 1, 1)
    assert "is damaged. Run `gameforge library check --repair`" in str(desk.store.tasks(job.id)[0].error)


def test_measure_a_set(desk: Desk) -> None:
    from jobs.drift import measure_set

    assert measure_set(desk.library, batch_id=1) == []
    decide(desk.library, {1: "approved", 2: "approved", 3: "approved"})
    rows = measure_set(desk.library, batch_id=1)
    assert [row["asset"] for row in rows] == [1, 2, 3]
    assert set(rows[0]["distances"]) == {"palette", "box", "outline", "style"}
