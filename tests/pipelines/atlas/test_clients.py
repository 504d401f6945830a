"""Exports cut by the clients' own parsers equal the sprites: Phaser, PixiJS, Phaser's Unity parser, Godot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from errors import BadRequest
from pipelines.atlas.build import build_atlas, find_animations, frame_names
from pipelines.atlas.export import export_files
from pipelines.atlas.names import safe_name
from pipelines.atlas.sprites import ExportOptions, Sprite
from tests.clients import npm
from tests.clients.npm import Talk, clients
from tests.pipelines.atlas.oracle import check, check_apart, drawn, image_of, options, sizes_of, sprites

EXAMPLES = int(os.environ.get("GAMEFORGE_EXPORT_EXAMPLES", "25"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes; the first failure says enough
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def phaser() -> Iterator[Talk]:
    talk = Talk(clients(), npm.HERE / "phaser_frames.cjs")
    yield talk
    talk.close()


@pytest.fixture(scope="module")
def pixi() -> Iterator[Talk]:
    talk = Talk(clients(), npm.HERE / "pixi_frames.mjs")
    yield talk
    talk.close()


def exported(made: list[Sprite], wanted: ExportOptions) -> dict[str, bytes]:
    """The files; twice the same bytes."""
    files = export_files(made, wanted)
    assert export_files(made, wanted) == files
    return files


def pages_of(files: dict[str, bytes], wanted: ExportOptions) -> list[str]:
    """Names of the pages' images, first to last."""
    name = safe_name(wanted.name)
    found = [f"{name}.png"]
    while f"{name}-{len(found)}.png" in files:
        found.append(f"{name}-{len(found)}.png")
    return found


def cut(frames: dict[str, dict[str, Any]], files: dict[str, bytes], images: list[str]) -> dict[str, np.ndarray]:
    pages = [image_of(files[name]) for name in images]
    return {name: drawn(pages[frame["page"]], frame) for name, frame in frames.items()}


@bounded
@given(sprites(), options("phaser"))
def test_phaser_draws_the_sprites_of_a_multi_atlas(phaser: Talk, made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    data = json.loads(files[f"{safe_name(wanted.name)}.json"])
    images = [texture["image"] for texture in data["textures"]]
    assert images == pages_of(files, wanted)
    answer = phaser.ask({"kind": "multi", "data": data, "sizes": sizes_of(files, images)})
    check(cut(answer["frames"], files, images), made)
    check_apart(build_atlas(made, wanted), wanted)


@bounded
@given(sprites(), st.sampled_from(["texturepacker", "texturepacker-array"]).flatmap(options))
def test_phaser_draws_the_sprites_of_texturepacker_files(phaser: Talk, made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    images = pages_of(files, wanted)
    found: dict[str, np.ndarray] = {}
    for image in images:
        data = json.loads(files[f"{Path(image).stem}.json"])
        assert data["meta"]["image"] == image
        kind = "array" if wanted.format.endswith("array") else "hash"
        answer = phaser.ask({"kind": kind, "data": data, "sizes": sizes_of(files, [image])})
        found |= cut(answer["frames"], files, [image])
    check(found, made)


@bounded
@given(sprites(), options("pixi"))
def test_pixi_draws_the_sprites_of_all_its_packs(pixi: Talk, made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    prefix = f"{safe_name(wanted.name)}/"
    first = json.loads(files[f"{prefix[:-1]}.json"])
    packs = [first, *(json.loads(files[name]) for name in first["meta"].get("related_multi_packs", []))]
    images = [pack["meta"]["image"] for pack in packs]
    assert images == pages_of(files, wanted)
    sheets = [{"data": pack, "size": size} for pack, size in zip(packs, sizes_of(files, images), strict=True)]
    answer = pixi.ask({"sheets": sheets})
    found = cut(answer["frames"], files, images)
    check({name.removeprefix(prefix): pixels for name, pixels in found.items()}, made)
    for name, labels in answer["animations"].items():
        assert labels == pack_animation(packs, name)


def pack_animation(packs: list[dict[str, Any]], name: str) -> list[str]:
    return next(pack["animations"][name] for pack in packs if name in pack.get("animations", {}))


@bounded
@given(sprites(), options("aseprite", st.just(2048)))
def test_phaser_draws_the_sprites_of_an_aseprite_sheet_and_knows_their_tags(
    phaser: Talk, made: list[Sprite], wanted: ExportOptions
):
    files = exported(made, wanted)
    images = pages_of(files, wanted)
    data = json.loads(files[f"{safe_name(wanted.name)}.json"])
    answer = phaser.ask({"kind": "aseprite", "data": data, "sizes": sizes_of(files, images)})
    found = cut(answer["frames"], files, images)
    names = frame_names(made)
    moving = {item.name: [names[index] for index in item.frames] for item in find_animations(made)}
    for tag, animation in answer["animations"].items():
        expected = moving.get(tag, [tag])
        assert len(expected) == len(animation["frames"])
        for (frame, duration), name in zip(animation["frames"], expected, strict=True):
            assert duration == round(1000 / wanted.fps)
            assert np.array_equal(found[frame], np.asarray(made[names.index(name)].image))
    assert len(answer["animations"]) == len(moving) + len(made) - sum(map(len, moving.values()))


@bounded
@given(sprites(), options("spritesheet"))
def test_phaser_cuts_the_cells_of_a_sheet(phaser: Talk, made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    data = json.loads(files[f"{safe_name(wanted.name)}.json"])
    config = {key: data[key] for key in ("frameWidth", "frameHeight", "margin", "spacing")}
    found = {}
    for sheet in data["sheets"]:
        answer = phaser.ask(
            {"kind": "sheet", "data": None, "sizes": sizes_of(files, [sheet["image"]]), "config": config}
        )
        cells = cut(answer["frames"], files, [sheet["image"]])
        # a power-of-two sheet has room for more cells in a row than are used
        across = (image_of(files[sheet["image"]]).shape[1] - config["margin"] + config["spacing"]) // (
            config["frameWidth"] + config["spacing"]
        )
        for place, name in enumerate(sheet["frames"]):
            found[name] = cells[str(place // sheet["columns"] * across + place % sheet["columns"])]
    names = frame_names(made)
    assert sorted(found) == sorted(names)
    for name, sprite in zip(names, made, strict=True):
        cell, (width, height) = found[name], sprite.image.size
        left, top = (cell.shape[1] - width) // 2, (cell.shape[0] - height) // 2
        assert np.array_equal(cell[top : top + height, left : left + width], np.asarray(sprite.image))
        assert int(cell[..., 3].astype(int).sum()) == int(np.asarray(sprite.image)[..., 3].astype(int).sum())


@bounded
@given(sprites(), options("unity"))
def test_unity_readers_find_the_sprites_of_a_meta_file(phaser: Talk, made: list[Sprite], wanted: ExportOptions):
    import yaml

    files = exported(made, wanted)
    names, sources = frame_names(made), dict(zip(frame_names(made), made, strict=True))
    seen: list[str] = []
    guids = set()
    for image in pages_of(files, wanted):
        meta, page = files[f"{image}.meta"], image_of(files[image])
        importer = yaml.load(meta, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        assert importer["fileFormatVersion"] == 2 and re.fullmatch("[0-9a-f]{32}", importer["guid"])
        guids.add(importer["guid"])
        listed = importer["TextureImporter"]["spriteSheet"]["sprites"]
        answer = phaser.ask({"kind": "unity", "data": meta.decode(), "sizes": sizes_of(files, [image])})
        by_phaser = {name.strip("'"): frame for name, frame in answer["frames"].items()}
        assert sorted(by_phaser) == sorted(str(item["name"]) for item in listed)
        for item in listed:
            name, rect = str(item["name"]), item["rect"]
            frame = by_phaser[name]
            box = [rect["x"], page.shape[0] - rect["y"] - rect["height"], rect["width"], rect["height"]]
            assert [frame[key] for key in ("x", "y", "w", "h")] == [int(value) for value in box]
            check_cut(page, frame, sources[name], item)
            seen.append(name)
    assert sorted(seen) == sorted(names) and len(guids) == len(pages_of(files, wanted))


def check_cut(page: np.ndarray, frame: dict[str, Any], sprite: Sprite, item: Any) -> None:
    """The region is the source's trimmed box, and its pivot points at the source's."""
    source = np.asarray(sprite.image)
    region = page[frame["y"] : frame["y"] + frame["h"], frame["x"] : frame["x"] + frame["w"]]
    pivot = (0.5, 0.5) if item["alignment"] == 0 else (item["pivot"]["x"], item["pivot"]["y"])
    left = sprite.pivot[0] * source.shape[1] - pivot[0] * frame["w"]
    low = (1 - sprite.pivot[1]) * source.shape[0] - pivot[1] * frame["h"]
    x, y = round(left), source.shape[0] - round(low) - frame["h"]
    assert abs(x - left) < 1e-3 and abs(round(low) - low) < 1e-3
    canvas = np.zeros_like(source)
    canvas[y : y + frame["h"], x : x + frame["w"]] = region
    assert np.array_equal(canvas, source)


@bounded
@given(sprites(), options("tpsheet"))
def test_a_tpsheet_names_the_same_pixels(made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    sources = dict(zip(frame_names(made), made, strict=True))
    seen = []
    for image in pages_of(files, wanted):
        lines = files[f"{Path(image).stem}.tpsheet"].decode().splitlines()
        page = image_of(files[image])
        assert f":texture={image}" in lines and f":size={page.shape[1]}x{page.shape[0]}" in lines
        assert ":format=40300" in lines
        for line in (line for line in lines if line and line[0] not in ":#"):
            name, x, y, w, h, across, up = line.split(";")[:7]
            frame = {"x": int(x), "y": page.shape[0] - int(y) - int(h), "w": int(w), "h": int(h)}
            pivot = {"x": float(across), "y": float(up)}
            check_cut(page, frame, sources[name], {"alignment": 9, "pivot": pivot})
            seen.append(name)
    assert sorted(seen) == sorted(sources)


@bounded
@given(sprites(), options("godot"))
def test_godot_resources_name_the_same_pixels(tmp_path: Path, made: list[Sprite], wanted: ExportOptions):
    from godot_parser import load

    files = exported(made, wanted)
    third = export_files(made, ExportOptions(**{**wanted.__dict__, "format": "godot3"}))
    found, names = {}, frame_names(made)
    for name in names:
        path = tmp_path / "one.tres"
        path.write_bytes(files[f"{name}.tres"])
        four = load(str(path))
        path.write_bytes(third[f"{name}.tres"])
        three = load(str(path))
        assert four.get_sections()[0].properties.get("format", None) is None  # the header is an attribute
        resource = four.find_section("resource")
        other = three.find_section("resource")
        assert resource is not None and other is not None
        region, margin = [[int(v) for v in resource[key].args] for key in ("region", "margin")]
        assert [region, margin] == [[int(v) for v in other[key].args] for key in ("region", "margin")]
        image = four.get_ext_resources()[0].path
        assert image == three.get_ext_resources()[0].path
        frame = {
            "x": region[0], "y": region[1], "w": region[2], "h": region[3], "rotated": False, "left": margin[0],
            "top": margin[1], "width": region[2] + margin[2], "height": region[3] + margin[3],
        }  # fmt: skip
        found[name] = drawn(image_of(files[image]), frame)
    check(found, made)
    for item in find_animations(made):
        path = tmp_path / "frames.tres"
        # godot-parser 0.1.7 knows no StringName
        path.write_bytes(files[f"{safe_name(wanted.name)}_frames.tres"].replace(b'&"', b'"'))
        listed = load(str(path)).find_section("resource")
        assert listed is not None
        entry = next(entry for entry in listed["animations"] if entry["name"] == item.name)
        assert len(entry["frames"]) == len(item.frames)


GODOT_SCRIPT = """extends SceneTree
func _init():
    var root = OS.get_environment("GAMEFORGE_RES")
    var dir = Directory.new()
    dir.open("res://")
    dir.list_dir_begin(true, true)
    var file = dir.get_next()
    while file != "":
        if file.ends_with(".tres"):
            var item = load("res://" + file)
            if item is AtlasTexture:
                print("%s|%s|%s|%s|%s" % [file, item.get_size(), item.region, item.margin, item.atlas.get_size()])
            elif item is SpriteFrames:
                for name in item.get_animation_names():
                    for index in range(item.get_frame_count(name)):
                        print("%s/%s/%d|%s" % [file, name, index, item.get_frame(name, index).get_size()])
        file = dir.get_next()
    quit()
"""


def test_a_godot_engine_loads_the_resources(tmp_path: Path):
    engine = shutil.which("godot3-server")
    if engine is None:
        pytest.skip("no Godot 3 server (Debian: sudo apt-get install godot3-server)")
    rng = np.random.default_rng(3)
    from PIL import Image

    made = []
    for name, size in (
        ("walk 0", (9, 12)),
        ("walk 1", (11, 7)),
        ("Rusty Sword", (20, 6)),
        ("剣", (5, 5)),
        ("empty", (8, 3)),
    ):
        pixels = np.zeros((size[1] + 5, size[0] + 3, 4), np.uint8)
        if name != "empty":
            pixels[2 : 2 + size[1], 1 : 1 + size[0]] = rng.integers(1, 256, (size[1], size[0], 4), np.uint8)
        made.append(Sprite(name, Image.fromarray(pixels)))
    files = export_files(made, ExportOptions(format="godot3", page=40))
    (tmp_path / "project.godot").write_text('config_version=4\n[application]\nconfig/name="t"\n')
    (tmp_path / "sizes.gd").write_text(GODOT_SCRIPT)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home")}
    common = {"cwd": tmp_path, "env": environment, "capture_output": True, "text": True, "timeout": 120}
    subprocess.run([engine, "--editor", "--quit"], **common)  # imports the pages
    ran = subprocess.run([engine, "--script", "sizes.gd"], **common)
    said = dict(line.split("|", 1) for line in ran.stdout.splitlines() if "|" in line)
    atlas = build_atlas(made, ExportOptions(format="godot3", page=40))
    for frame in atlas.frames:
        size, region, margin, page = said[f"{frame.name}.tres"].split("|")
        assert size == str(frame.source).replace(" ", " "), ran.stdout + ran.stderr
        assert region == f"({frame.x}, {frame.y}, {frame.width}, {frame.height})"
        assert margin.startswith(f"({frame.offset[0]}, {frame.offset[1]}, ")
        assert page == "({}, {})".format(*atlas.pages[frame.page].size)
    assert [said[f"atlas_frames.tres/walk/{index}"] for index in (0, 1)] == [
        "({}, {})".format(*made[index].image.size) for index in (0, 1)
    ]


@bounded
@given(sprites(), st.sampled_from(["png", "webp"]).flatmap(options))
def test_single_files_hold_every_pixel(made: list[Sprite], wanted: ExportOptions):
    files = exported(made, wanted)
    check({Path(name).stem: image_of(data) for name, data in files.items()}, made)


def test_frames_of_an_animation_share_a_page():
    """Also where another sprite, packed before them, looks like one of them."""
    from PIL import Image

    sizes = [(30, 20), (12, 14), (28, 9), (10, 10), (31, 6)]
    made = [Sprite(f"rock {chr(97 + n)}", Image.new("RGBA", size, (n + 1, 9, 9, 255))) for n, size in enumerate(sizes)]
    walk = [Sprite(f"walk {n}", Image.new("RGBA", (12, 9 + n), (200, n, 0, 255))) for n in range(5)]
    twin = Sprite("twin", walk[3].image)
    for wanted in (ExportOptions(format="phaser", page=40), ExportOptions(format="pixi", page=48)):
        atlas = build_atlas([*made, twin, *walk], wanted)
        assert len(atlas.pages) > 1
        (item,) = atlas.animations
        assert len({atlas.frames[index].page for index in item.frames}) == 1


def test_a_sprite_larger_than_a_page_is_named():
    from PIL import Image

    made = [
        Sprite("small", Image.new("RGBA", (4, 4), "red")),
        Sprite("Big Boss", Image.new("RGBA", (20_000, 3), "red")),
    ]
    for format in ("phaser", "pixi", "texturepacker", "godot", "unity", "aseprite", "spritesheet"):
        with pytest.raises(BadRequest, match="big_boss is 20000 x 3 px and does not fit a page of 2048"):
            export_files(made, ExportOptions(format=format))
    assert set(export_files(made, ExportOptions(format="png"))) == {"small.png", "big_boss.png"}


def test_lossy_webp_is_smaller():
    from PIL import Image

    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 4), np.uint8)
    made = [Sprite("noise", Image.fromarray(noise))]
    sizes = [len(export_files(made, ExportOptions(format="webp", lossy=q))["noise.webp"]) for q in (None, 60, 5)]
    assert sizes[0] > sizes[1] > sizes[2]
