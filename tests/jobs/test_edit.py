"""Edit by mask as a durable job: inside something new, outside the very same pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from errors import BadRequest, NotFound
from jobs.edit import masks_in_use, submit_edit
from jobs.remake import submit_remake
from library.check import check
from library.history import undo, versions
from tests.jobs.desk import Desk
from tests.jobs.small_engine import SIZE

BOX = (8, 8, 15, 15)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.worker().start()
    desk._workers[0].wait(desk.submit("shield", seed=0x3C78C8).id, 60)
    yield desk
    desk.close()


def mask(size: tuple[int, int] = (SIZE, SIZE), box: tuple[int, ...] = BOX, mode: str = "L") -> bytes:
    image = Image.new(mode, size)
    ImageDraw.Draw(image).rectangle(box, fill=255 if mode == "L" else (255, 0, 0, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def edit(desk: Desk, change: str, data: bytes | None = None, **options: Any) -> Any:
    common = {"store": desk.store, "library": desk.library, "project": "default", "settings": desk.settings}
    made = submit_edit(1, data if data is not None else mask(), change, small_model=True, **{**common, **options})
    view = desk._workers[0].wait(made.job.id, 60)
    assert view.state == "done", view.error
    return made


def pixels(desk: Desk, sha256: str) -> np.ndarray:
    with Image.open(desk.library.version_path(sha256)) as image:
        assert image.mode == "RGBA"
        return np.asarray(image)


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_only_what_the_mask_shows_changes(desk: Desk, mode: str) -> None:
    made = edit(desk, "darker", mask(mode=mode))
    old, new = versions(desk.library, 1)
    before, after = pixels(desk, old.sha256), pixels(desk, new.sha256)
    differs = (before != after).any(-1)
    inside = np.zeros(differs.shape, bool)
    inside[BOX[1] : BOX[3] + 1, BOX[0] : BOX[2] + 1] = True
    assert made.note == "" and not differs[~inside].any() and differs[inside].mean() > 0.9
    assert (new.origin, new.parents, new.state) == ("edited", (old.sha256,), "new")
    assert (new.metadata["change"], new.metadata["canvas"]) == ("darker", old.metadata["canvas"])
    assert desk.library.asset(1).version == new.sha256 and check(desk.library).orphaned == [*masks_in_use(desk.library)]
    undo(desk.library, project="default")
    assert desk.library.asset(1).version == old.sha256


def test_erasing_leaves_empty_pixels(desk: Desk) -> None:
    edit(desk, "Erase it", variants=3)
    old, new = versions(desk.library, 1)
    after = pixels(desk, new.sha256)
    assert not after[BOX[1] : BOX[3] + 1, BOX[0] : BOX[2] + 1].any()
    assert after[..., 3].astype(bool).sum() == pixels(desk, old.sha256)[..., 3].astype(bool).sum() - 64


def test_a_larger_mask_of_the_same_shape_and_a_later_redo(desk: Desk) -> None:
    edit(desk, "a red gem", mask((4 * SIZE, 4 * SIZE), (32, 32, 63, 63)), variants=2)
    assert [view.origin for view in versions(desk.library, 1)] == ["generated", "edited", "edited"]
    common = {"store": desk.store, "library": desk.library, "project": "default", "settings": desk.settings}
    for change in ("darker", None):
        redone = submit_remake([1], change=change, small_model=True, **common)
        assert desk._workers[0].wait(redone.job.id, 60).state == "done"
        assert versions(desk.library, 1)[-1].metadata["request"]["mask"] is None


def test_bad_orders(desk: Desk) -> None:
    for data, words, match in (
        (b"no image", "darker", "cannot be read as an image"),
        (mask(box=(-9, -9, -5, -5)), "darker", "The mask is empty"),
        (mask((SIZE, 4 * SIZE)), "darker", "of the same shape"),
        (mask(), " ", "Say what should be under the mask"),
        (mask(), "x" * 501, "at most 500 characters"),
    ):
        with pytest.raises(BadRequest, match=match):
            edit(desk, words, data)
    wrong: list[dict[str, Any]] = [{"variants": 0}, {"strength": 2.0}]
    for options in wrong:
        with pytest.raises(BadRequest):
            edit(desk, "darker", **options)
    with pytest.raises(NotFound):
        submit_edit(
            99, mask(), "darker", small_model=True, store=desk.store, library=desk.library, project="default",
            settings=desk.settings,
        )  # fmt: skip
    assert len(desk.store.list()) == 1
