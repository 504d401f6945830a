"""Animations as durable jobs, and what exports make of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors import BadRequest, NotFound
from jobs.animate import AnimateHandler, submit_animation
from jobs.exports import chosen, run_export
from jobs.types import JobView
from library.history import versions
from library.review import decide
from pipelines.atlas.sprites import ExportOptions
from pipelines.request import GenerationRequest
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "home")
    engine: Any = SmallEngine()
    worker = desk.worker(engine, animate=AnimateHandler(engine, desk.library))
    worker.start()
    worker.wait(desk.submit("knight", seed=0x3C78C8).id, 60)
    yield desk
    desk.close()


def animate(desk: Desk, source: Any, motion: str = "walk", **options: Any) -> JobView:
    job = submit_animation(source, motion, store=desk.store, library=desk.library, project="default", **options)
    return desk._workers[0].wait(job.id, 60)


def test_an_asset_walks(desk: Desk) -> None:
    job = animate(desk, 1, frames=6, fps=10)
    assert (job.state, job.total, job.title) == ("done", 6, "6 frames: knight walk")
    frames = desk.library.assets(batch_id=job.batch_id)
    assert [asset.subject for asset in frames] == [f"knight walk {number}" for number in range(1, 7)]
    assert len({(asset.width, asset.height) for asset in frames}) == 1 and len({asset.version for asset in frames}) > 3
    first = frames[0]
    assert first.origin == "animated" and first.metadata["pivot"] == [0.5, 1.0]
    assert first.metadata["animation"] == {"motion": "walk", "frame": 1, "frames": 6, "fps": 10, "tag": "knight walk"}
    assert versions(desk.library, first.id)[0].parents == (desk.library.asset(1).version,)


def test_something_new_is_painted_once_and_moves(desk: Desk) -> None:
    job = animate(desk, GenerationRequest(prompt="slime", subject="slime", seed=9), "idle")
    frames = desk.library.assets(batch_id=job.batch_id)
    assert [asset.subject for asset in frames][-1] == "slime idle 4"
    assert {asset.seed for asset in frames} == {9} and frames[0].prompt == "slime"
    failed = animate(desk, GenerationRequest(prompt="x", subject=SmallEngine.FAIL, seed=1), "idle")
    assert (failed.state, failed.failed) == ("failed", 4)
    assert "cannot be painted" in str(desk.store.tasks(failed.id)[0].error)


def test_exports_carry_tag_speed_and_pivot(desk: Desk, tmp_path: Path) -> None:
    job = animate(desk, 1, fps=10)
    ids = {asset.id: "approved" for asset in desk.library.assets(batch_id=job.batch_id)}
    decide(desk.library, ids)
    assets = chosen(desk.library, "default", "approved")

    def exported(name: str) -> Path:
        run_export(desk.library, assets, ExportOptions(format=name), tmp_path / "shelf", folder=tmp_path / name)
        return tmp_path / name

    aseprite = json.loads((exported("aseprite") / "atlas.json").read_text())
    assert {frame["duration"] for frame in aseprite["frames"].values()} == {100}
    assert aseprite["meta"]["frameTags"] == [{"name": "knight_walk", "from": 0, "to": 5, "direction": "forward"}]
    phaser = json.loads((exported("phaser") / "atlas.animations.json").read_text())["anims"]
    assert [(anim["key"], anim["frameRate"], len(anim["frames"])) for anim in phaser] == [("knight_walk", 10, 6)]
    frames = json.loads((tmp_path / "phaser" / "atlas.json").read_text())["textures"][0]["frames"]
    assert all(frame["pivot"] == {"x": 0.5, "y": 1.0} for frame in frames)
    pixi = json.loads((exported("pixi") / "atlas.json").read_text())
    assert len(pixi["animations"]["atlas/knight_walk"] if "atlas/knight_walk" in pixi["animations"] else
               pixi["animations"]["knight_walk"]) == 6  # fmt: skip
    assert '"speed": 10.0' in (exported("godot") / "atlas_frames.tres").read_text()


def test_the_model_can_paint_over_every_frame(desk: Desk) -> None:
    """The frames keep their size and place; the small engine gives back what it starts from."""
    plain = desk.library.assets(batch_id=animate(desk, 1, "bob").batch_id)
    over = desk.library.assets(batch_id=animate(desk, 1, "bob", redraw=0.3).batch_id)
    assert [(asset.width, asset.height) for asset in over] == [(asset.width, asset.height) for asset in plain]
    with pytest.raises(BadRequest, match="Strength"):
        animate(desk, 1, redraw=2.0)


def test_bad_orders(desk: Desk) -> None:
    before = len(desk.store.list())
    with pytest.raises(BadRequest, match="There is no motion"):
        animate(desk, 1, "dance")
    with pytest.raises(BadRequest, match="2 to 24 frames"):
        animate(desk, 1, frames=100)
    with pytest.raises(NotFound):
        animate(desk, 99)
    assert len(desk.store.list()) == before
