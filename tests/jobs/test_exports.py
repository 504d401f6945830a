"""Exports of a real library: choice, files on disk, what a second export changes, and what can go wrong."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from errors import BadRequest, Cancelled, NotFound, ResourceError
from jobs.exports import KEPT, Export, chosen, left_out, load_sprites, run_export, shelved
from library.review import set_states
from pipelines.atlas.loose import read_webp_origin
from pipelines.atlas.sprites import FORMATS, ExportOptions
from pipelines.metadata import read_metadata
from tests.jobs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "home")
    yield desk
    desk.close()


def make(desk: Desk, *subjects: str) -> list[int]:
    """Assets with these subjects; returns their ids."""
    job = desk.submit(*subjects)
    worker = desk.worker()
    worker.start()
    worker.wait(job.id)
    worker.stop()
    return [asset.id for asset in desk.library.assets(job_id=job.id)]


def redo(desk: Desk, asset_id: int, colour: str, size: tuple[int, int] | None = None) -> None:
    """A new version of an asset, as a regeneration makes it."""
    asset = desk.library.asset(asset_id)
    buffer = io.BytesIO()
    Image.new("RGBA", size or (asset.width, asset.height), colour).save(buffer, "PNG")
    storage = desk.library.storage
    sha256 = storage.stage(f"{asset_id}-9", buffer.getvalue())
    with desk.database.session() as session:
        desk.library.add_version(
            session, task_id=None, batch_id=asset.batch_id, number=asset.number, sha256=sha256, subject=asset.subject,
            prompt=asset.prompt, seed=asset.seed + 1, width=asset.width, height=asset.height, kind=asset.kind,
            model=asset.model,
        )  # fmt: skip
    storage.publish(f"{asset_id}-9", sha256)


def export(desk: Desk, which: Any = "all", folder: Path | None = None, **options: Any) -> Export:
    replaced = options.pop("replace_files", False)
    assets = chosen(desk.library, "default", which)
    shelf = desk.settings.home / "exports"
    return run_export(desk.library, assets, ExportOptions(**options), shelf, folder=folder, replace_files=replaced)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_a_zip_and_the_same_files_in_a_folder(desk: Desk, tmp_path: Path, format: str):
    make(desk, "cactus", "clay pot", "walk 0", "walk 1", "../../x", "CON", "🗡", "cactus")
    made = export(desk, folder=tmp_path / "out", format=format)
    with zipfile.ZipFile(made.zip) as archive:
        assert archive.testzip() is None
        zipped = {name: archive.read(name) for name in archive.namelist()}
    assert zipped == content(tmp_path / "out") == {file.name: zipped[file.name] for file in made.files}
    assert all(name == Path(name).name and not name.upper().startswith("CON.") for name in zipped)
    assert made.assets == 8
    again = export(desk, folder=tmp_path / "out", format=format)
    assert again.id == made.id and {file.state for file in again.files} == {"unchanged"}


def test_a_second_export_touches_only_what_changed(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus", "clay pot", "rope")
    out = tmp_path / "out"
    export(desk, folder=out, format="png")
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    redo(desk, ids[1], "blue")
    made = export(desk, folder=out, format="png")
    assert {file.name for file in made.files if file.state == "new"} == {"clay_pot.png", "atlas.provenance.json"}
    after = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert {name for name in before if before[name] == after[name]} == {"cactus.png", "rope.png"}


def test_a_regenerated_image_of_the_same_size_keeps_every_place_and_every_unity_id(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus", "clay pot", "rope")
    out = tmp_path / "out"
    export(desk, folder=out, format="unity", trim=False)
    meta = (out / "atlas.png.meta").read_bytes()
    redo(desk, ids[1], "blue")
    made = export(desk, folder=out, format="unity", trim=False)
    assert (out / "atlas.png.meta").read_bytes() == meta
    assert "atlas.png" in {file.name for file in made.files if file.state == "new"}
    own = b"0123456789abcdef0123456789abcdef"
    (out / "atlas.png.meta").write_bytes(meta.replace(meta.split(b"guid: ")[1][:32], own))
    export(desk, folder=out, format="unity")
    assert b"guid: " + own in (out / "atlas.png.meta").read_bytes(), "a guid that Unity gave stays"


def test_files_that_an_export_no_longer_has_go_and_others_stay(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus", "clay pot", "rope")
    out = tmp_path / "out"
    export(desk, folder=out, format="png")
    (out / "mine.txt").write_text("kept")
    (out / "rope.png").write_bytes(b"drawn over by hand")
    made = export(desk, ids[:1], folder=out, format="png")
    assert made.removed == ("clay_pot.png",)
    assert sorted(content(out)) == ["atlas.provenance.json", "cactus.png", "mine.txt", "rope.png"]
    with pytest.raises(BadRequest, match=r"already has rope.png, which no export wrote. Nothing was written"):
        export(desk, ids[1:], folder=out, format="png", name="second")
    assert (out / "rope.png").read_bytes() == b"drawn over by hand"
    made = export(desk, ids[1:], folder=out, format="png", name="second", replace_files=True)
    assert made.removed == () and "cactus.png" in content(out)


def test_rejected_ones_stay_out_unless_asked_for(desk: Desk) -> None:
    ids = make(desk, "cactus", "rope", "lantern")
    set_states(desk.library, {ids[1]: "rejected"})
    assert [asset.subject for asset in chosen(desk.library, "default", "all")] == ["cactus", "lantern"]
    assert left_out(desk.library, "default", "all") == 1
    assert len(chosen(desk.library, "default", "all", rejected=True)) == 3
    assert [asset.id for asset in chosen(desk.library, "default", [ids[1]])] == [ids[1]]
    set_states(desk.library, dict.fromkeys(ids, "rejected"))
    with pytest.raises(BadRequest, match="All of these images were rejected"):
        chosen(desk.library, "default", "all")


def test_approved_ones_are_chosen_and_nothing_is_a_sentence(desk: Desk, tmp_path: Path):
    with pytest.raises(BadRequest, match="library of this project is empty"):
        export(desk)
    ids = make(desk, "cactus", "rope")
    with pytest.raises(BadRequest, match="Nothing is approved yet"):
        export(desk, "approved")
    set_states(desk.library, {ids[1]: "approved"})
    assert [file.name for file in export(desk, "approved", format="png").files] == ["rope.png", "atlas.provenance.json"]
    with pytest.raises(BadRequest, match="no image was chosen"):
        export(desk, [])
    with pytest.raises(NotFound, match="no asset 999"):
        export(desk, [999])
    assert not list((desk.settings.home / "exports").glob(".*"))


def test_a_damaged_or_missing_file_is_named_and_the_earlier_export_stays(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus", "rope")
    out = tmp_path / "out"
    export(desk, folder=out, format="phaser")
    before = content(out)
    path = desk.library.version_path(desk.library.asset(ids[1]).version)
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes(20))
    with pytest.raises(NotFound, match=r'"rope" \(asset \d+\) is missing or damaged'):
        export(desk, folder=out, format="phaser")
    path.unlink()
    with pytest.raises(NotFound, match=r'"rope" \(asset \d+\) is missing or damaged'):
        export(desk, folder=out, format="phaser")
    assert content(out) == before
    assert len(export(desk, ids[:1], format="phaser").files) == 3


def test_a_disk_that_fills_up_half_way_leaves_the_earlier_export_whole(desk: Desk, tmp_path: Path):
    """A real limit: no file of this process may grow beyond some bytes."""
    resource = pytest.importorskip("resource", reason="no file size limit on this system")
    import signal

    make(desk, *(f"thing {chr(97 + n)}" for n in range(6)))
    out = tmp_path / "out"
    export(desk, folder=out, format="png")
    before, listed = content(out), sorted(path.name for path in out.iterdir())
    assets = desk.library.assets(project="default")
    for asset in assets[:3]:
        redo(desk, asset.id, "red", size=(300, 200))
    old_limit, old_signal = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for limit in (60, 700, 1500, 4000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old_limit[1]))
        try:
            with pytest.raises(ResourceError, match="is full; what was there before is untouched"):
                export(desk, folder=out, format="png")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        assert content(out) == before and sorted(path.name for path in out.iterdir()) == listed
    signal.signal(signal.SIGXFSZ, old_signal)
    assert len([file for file in export(desk, folder=out, format="png").files if file.state == "new"]) == 4


def test_metadata_travels_and_can_be_stripped(desk: Desk, tmp_path: Path):
    make(desk, "cactus")
    kept, bare = tmp_path / "kept", tmp_path / "bare"
    for format in ("png", "webp"):
        export(desk, folder=kept, format=format, name=format)
        export(desk, folder=bare, format=format, name=format, strip=True)
    origin = read_metadata(kept / "cactus.png")
    assert origin is not None and origin["request"]["subject"] == "cactus"
    assert read_webp_origin((kept / "cactus.webp").read_bytes()) == origin
    with Image.open(kept / "cactus.webp") as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
        assert comment[8:].decode("utf-16-be").startswith(origin["request"]["prompt"])
    card = json.loads((kept / "png.provenance.json").read_text())["assets"]["cactus"]
    assert card["subject"] == "cactus" and card["seed"] == origin["request"]["seed"]
    assert card["model"]["license"] == "unknown"
    assert sorted(content(bare)) == ["cactus.png", "cactus.webp"]
    for file in bare.glob("cactus.*"):
        assert read_metadata(file) is None and b"cactus" not in file.read_bytes()
        with Image.open(file) as image, Image.open(kept / file.name) as whole:
            assert image.tobytes() == whole.tobytes() and not image.info.get("exif") and not image.info.get("xmp")


def test_normal_maps_lie_on_pages_of_their_own(desk: Desk):
    ids = make(desk, "rock", "rock normal map", "rope")
    made = export(desk, ids, format="phaser")
    assert {file.name for file in made.files} >= {"atlas.png", "atlas_n.png", "atlas.json"}
    data = json.loads((made.folder / "atlas.json").read_text())
    assert data["textures"][0]["normalMap"] == "atlas_n.png"
    frames = {frame["filename"]: frame for frame in data["textures"][0]["frames"]}
    assert set(frames) == {"rock", "rope"}
    sprites = load_sprites(desk.library, chosen(desk.library, "default", ids), ExportOptions(format="phaser"))
    normal = sprites[0].normal
    assert normal is not None
    if not frames["rock"]["rotated"]:
        box, trim = frames["rock"]["frame"], frames["rock"]["spriteSourceSize"]
        region = (box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"])
        with Image.open(made.folder / "atlas_n.png") as page:
            whole = normal.crop((trim["x"], trim["y"], trim["x"] + trim["w"], trim["y"] + trim["h"]))
            assert page.crop(region).tobytes() == whole.convert("RGBA").tobytes()
    assert {file.name for file in export(desk, ids, format="png").files} >= {"rock.png", "rock_normal_map.png"}


def test_a_stopped_export_leaves_nothing(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus", "rope")
    calls = iter([None, None])

    def check() -> None:
        if next(calls, "stop") == "stop":
            raise Cancelled

    assets = chosen(desk.library, "default", ids)
    with pytest.raises(Cancelled):
        run_export(desk.library, assets, ExportOptions(), tmp_path / "shelf", folder=tmp_path / "out", check=check)
    assert not (tmp_path / "shelf").exists() and not (tmp_path / "out").exists()


def test_the_shelf_keeps_the_newest(desk: Desk):
    ids = make(desk, "cactus")
    shelf = desk.settings.home / "exports"
    first = export(desk, ids, name="first")
    os.utime(first.zip.parent, (1, 1))
    for number in range(KEPT + 1):
        (shelf / f"{number:016x}").mkdir()
    second = export(desk, ids, name="second")
    assert not first.zip.exists() and second.zip.exists()
    with pytest.raises(NotFound, match="Export again"):
        shelved(shelf, first.id)
    assert shelved(shelf, second.id) == second.zip
    for bad in ("../..", "", "zz"):
        with pytest.raises(NotFound):
            shelved(shelf, bad)


def test_into_a_godot_project_the_paths_are_the_projects(desk: Desk, tmp_path: Path):
    ids = make(desk, "cactus")
    (tmp_path / "project.godot").touch()
    export(desk, ids, folder=tmp_path / "art" / "props", format="godot")
    text = (tmp_path / "art" / "props" / "cactus.tres").read_text()
    assert 'path="res://art/props/atlas.png"' in text
    made = export(desk, ids, format="godot")
    assert 'path="atlas.png"' in (made.folder / "cactus.tres").read_text()


def test_zip_of_the_same_files_is_the_same_zip(desk: Desk):
    ids = make(desk, "cactus", "rope")
    sums = set()
    for _ in range(2):
        made = export(desk, ids, format="pixi")
        sums.add(hashlib.sha256(made.zip.read_bytes()).hexdigest())
        made.zip.unlink()
    assert len(sums) == 1
