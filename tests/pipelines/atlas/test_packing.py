"""The packer alone: nothing overlaps, nothing is lost, and it holds against free-tex-packer-core."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.atlas.build import build_atlas
from pipelines.atlas.names import safe_name, sequences, unique_names
from pipelines.atlas.packing import Paper, pack
from pipelines.atlas.sprites import ExportOptions, Sprite
from tests.clients.npm import clients

FREE_TEX_PACKER = """
const core = require('free-tex-packer-core'), fs = require('fs');
const [, , folder, packer, padding, extrude] = process.argv;
const read = (name) => ({ path: name, contents: fs.readFileSync(`${folder}/${name}`) });
const images = fs.readdirSync(folder).sort().map(read);
(async () => {
  const began = performance.now();
  const options = { width: 2048, height: 2048, packer, padding: +padding, extrude: +extrude };
  const files = await core.packAsync(images, options);
  const seconds = (performance.now() - began) / 1000;
  const sizes = files.filter((file) => file.name.endsWith('.json')).map((file) => JSON.parse(file.buffer).meta.size);
  const area = sizes.reduce((sum, size) => sum + size.w * size.h, 0);
  console.log(JSON.stringify({ seconds, area, pages: sizes.length }));
})();
"""


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=40),
    st.booleans(),
    st.booleans(),
    st.integers(0, 4),
    st.sampled_from([(40, 44), (64, 64), (200, 50), (512, 512)]),
)
def test_nothing_overlaps_or_is_lost(
    sizes: list[tuple[int, int]], rotate: bool, power_of_two: bool, gap: int, page: tuple[int, int]
):
    paper = Paper(*page, gap, rotate, power_of_two)
    inflated = [(width + gap, height + gap) for width, height in sizes]
    if not all(paper.holds(size) for size in inflated):
        with pytest.raises(ValueError, match="does not fit"):
            pack(inflated, paper)
        return
    packing = pack(inflated, paper)
    assert pack(inflated, paper) == packing
    grids = [np.zeros((height + gap, width + gap), np.int16) for width, height in packing.pages]
    for (width, height), place in zip(inflated, packing.places, strict=True):
        across, down = (height, width) if place.rotated else (width, height)
        assert rotate or not place.rotated
        assert place.x + across - gap <= packing.pages[place.page][0]
        assert place.y + down - gap <= packing.pages[place.page][1]
        grids[place.page][place.y : place.y + down, place.x : place.x + across] += 1
    assert all(grid.max() <= 1 for grid in grids)
    for width, height in packing.pages:
        assert width <= page[0] and height <= page[1] or power_of_two
        assert not power_of_two or (width & (width - 1) == 0 and height & (height - 1) == 0)


def sprites_of(count: int) -> list[Sprite]:
    """Different boxes of one colour each, some with margins."""
    rng = np.random.default_rng(7)
    made = []
    for index in range(count):
        width, height = (int(side) for side in np.clip(rng.lognormal(3.3, 0.5, 2), 4, 160))
        pixels = np.zeros((height + int(rng.integers(0, 9)), width + int(rng.integers(0, 9)), 4), np.uint8)
        pixels[-height:, -width:] = (*rng.integers(0, 256, 3), 255)
        pixels[-1, -1] = (index % 256, index // 256, 7, 255)  # no two are equal
        made.append(Sprite(f"s{index:04d}", Image.fromarray(pixels)))
    return made


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.slow)])
def test_as_small_as_free_tex_packer_and_not_slower(tmp_path: Path, count: int):
    """On the same sprites with the same space around each; it counts its padding twice, on both sides."""
    made = sprites_of(count)
    for sprite in made:
        sprite.image.save(tmp_path / f"{sprite.name}.png")
    script = tmp_path / "pack.cjs"
    script.write_text(FREE_TEX_PACKER)
    folder = tmp_path / "sprites"
    folder.mkdir()
    for path in tmp_path.glob("*.png"):
        path.rename(folder / path.name)
    theirs = [json.loads(clients().run(script, folder, name, "1", "1")) for name in ("MaxRectsBin", "MaxRectsPacker")]
    began = time.perf_counter()
    atlas = build_atlas(made, ExportOptions(format="texturepacker", rotate=True, padding=2, extrude=1))
    seconds = time.perf_counter() - began
    area = sum(page.width * page.height for page in atlas.pages)
    best = min(packed["area"] for packed in theirs)
    print(f"{count} sprites: {area} px² in {seconds:.2f} s; theirs {theirs}; ratio {area / best:.3f}")
    assert area <= 1.05 * best
    assert len(atlas.pages) <= min(packed["pages"] for packed in theirs)


@pytest.mark.slow
def test_ten_thousand_tiny_sprites_fit_one_page():
    rng = np.random.default_rng(1)
    sizes = [(int(width), int(height)) for width, height in rng.integers(3, 20, (10_000, 2))]
    packing = pack(sizes, Paper(2048, 2048, rotate=True))
    assert len(packing.pages) == 1
    assert sum(w * h for w, h in sizes) > 0.9 * packing.pages[0][0] * packing.pages[0][1]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../x", "x"), ("CON", "con_"), ("con.png", "con_png"), ("Rusty Sword", "rusty_sword"),
        ("🗡", "dagger_knife"), ("ÉPÉE", "épée"), ("剣", "剣"), ("नमस्ते", "नमस्ते"), ("", "sprite"), ("..", "sprite"),
        ("a/b\\c:d", "a_b_c_d"), ("x\0y", "x_y"), ("__proto__", "proto"), ("lpt1", "lpt1_"),
        ("-rf", "rf"), ("a" * 300, "a" * 80),
    ],
)  # fmt: skip
def test_safe_names(text: str, name: str):
    assert safe_name(text) == name == safe_name(name)


def test_equal_names_are_told_apart():
    assert unique_names(["potion", "Potion", "potion 2", "POTION"]) == ["potion", "potion_2", "potion_2_2", "potion_3"]


def test_numbered_names_are_sequences():
    found = sequences(["walk 0", "walk 1", "rust 3", "idle_1", "idle_2", "gap 1", "gap 3", "twice 0", "twice 0", "7"])
    assert found == [("walk", 0), ("walk", 1), None, ("idle", 1), ("idle", 2), None, None, None, None, None]
