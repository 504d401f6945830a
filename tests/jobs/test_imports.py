"""Own art into the library; what GameForge exports comes back with the same pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from errors import BadRequest
from jobs.exports import provenance
from jobs.imports import import_art
from pipelines.atlas.export import export_files
from pipelines.atlas.names import safe_name
from pipelines.atlas.reading import Grid, grid_of
from pipelines.atlas.sprites import ExportOptions, Sprite
from tests.jobs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "home")
    yield desk
    desk.close()


def sprites() -> list[Sprite]:
    rng = np.random.default_rng(5)
    made = []
    for name, size in (
        ("walk 0", (9, 14)),
        ("walk 1", (12, 9)),
        ("Rusty Sword", (20, 5)),
        ("剣", (7, 7)),
        ("pixel", (1, 1)),
    ):
        pixels = np.zeros((size[1] + 4, size[0] + 3, 4), np.uint8)
        pixels[3 : 3 + size[1], 1 : 1 + size[0]] = rng.integers(1, 256, (size[1], size[0], 4), np.uint8)
        made.append(Sprite(name, Image.fromarray(pixels)))
    return made


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def images(desk: Desk, ids: tuple[int, ...]) -> dict[str, np.ndarray]:
    found = {}
    for asset in map(desk.library.asset, ids):
        with Image.open(desk.library.version_path(asset.version)) as image:
            assert image.size == (asset.width, asset.height)
            found[safe_name(asset.subject)] = np.asarray(image.convert("RGBA"))
    return found


@pytest.mark.parametrize(
    "format", ["png", "webp", "texturepacker", "texturepacker-array", "phaser", "pixi", "aseprite"]
)
def test_an_export_comes_back_with_the_same_pixels(desk: Desk, tmp_path: Path, format: str):
    made = sprites()
    page = 2048 if format == "aseprite" else 32
    write(tmp_path / "art", export_files(made, ExportOptions(format=format, page=page)))
    result = import_art(desk.library, [tmp_path / "art"], "default", desk.settings)
    assert result.skipped == () and len(result.assets) == len(made)
    found = images(desk, result.assets)
    for sprite in made:
        assert np.array_equal(found[safe_name(sprite.name)], np.asarray(sprite.image))
    first = desk.library.asset(result.assets[0])
    card = provenance(desk.library, first)
    assert first.origin == card["origin"] == "imported" and card["seed"] is None and card["source"]
    assert desk.library.batch(result.batch_id).request.startswith("Import of art")


def test_a_sheet_is_cut_by_its_grid(desk: Desk, tmp_path: Path):
    made = sprites()
    files = export_files(made, ExportOptions(format="spritesheet"))
    data = json.loads(files["atlas.json"])
    write(tmp_path / "art", {"sheet.png": files["atlas.png"]})
    grid = Grid(data["frameWidth"], data["frameHeight"], data["margin"], data["spacing"])
    result = import_art(desk.library, [tmp_path / "art" / "sheet.png"], "default", desk.settings, grid=grid)
    assert len(result.assets) == len(made), "empty cells are left out"
    found = images(desk, result.assets)
    order = {name: place for place, name in enumerate(data["sheets"][0]["frames"])}
    for sprite in made:
        cell, (width, height) = found[f"sheet_{order[safe_name(sprite.name)]}"], sprite.image.size
        left, top = (grid.width - width) // 2, (grid.height - height) // 2
        assert np.array_equal(cell[top : top + height, left : left + width], np.asarray(sprite.image))


def test_bad_files_are_named_and_the_rest_comes_in(desk: Desk, tmp_path: Path):
    good = export_files(sprites(), ExportOptions(format="texturepacker"))
    atlas = json.loads(good["atlas.json"])
    next(iter(atlas["frames"].values()))["frame"]["x"] = 99_999
    (tmp_path / "art").mkdir()
    Image.new("RGB", (3, 2), "red").save(tmp_path / "art" / "plain.jpg")
    (tmp_path / "art" / "broken.png").write_bytes(good["atlas.png"][:60])
    (tmp_path / "art" / "moved.json").write_text(json.dumps(atlas))
    (tmp_path / "art" / "atlas.png").write_bytes(good["atlas.png"])
    (tmp_path / "art" / "alone.json").write_text('{"frames": {}, "meta": {"image": "../../etc/passwd"}}')
    (tmp_path / "art" / "notes.json").write_text("[1, 2")
    result = import_art(desk.library, [tmp_path / "art"], "default", desk.settings)
    assert [desk.library.asset(asset).subject for asset in result.assets] == ["plain"]
    assert len(result.skipped) == 3
    assert any("broken.png is damaged" in sentence for sentence in result.skipped)
    assert any("moved.json: the frame 'walk_0' does not fit" in sentence for sentence in result.skipped)
    assert any("passwd is not beside its JSON" in sentence for sentence in result.skipped)


def test_nothing_to_import_is_a_sentence(desk: Desk, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"paths": [tmp_path / "empty"]}, "nothing to import"),
        ({"paths": [tmp_path / "not there"]}, "There is no"),
        ({"paths": [tmp_path / "empty"], "kind": "hat"}, "no kind 'hat'"),
    )
    for arguments, words in cases:
        with pytest.raises(BadRequest, match=words):
            import_art(desk.library, project="default", settings=desk.settings, **arguments)
    assert desk.library.batches() == []
    for text in ("32x", "axb", "0", "1x2x3", "-3"):
        with pytest.raises(BadRequest, match="as 32x32"):
            grid_of(text)
    assert grid_of("16×24") == Grid(16, 24) and grid_of("8") == Grid(8, 8)
