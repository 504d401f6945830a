"""Where files may go: into the home folder, into a zip, and on a yes into a folder of the user's."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from errors import BadRequest, NotFound
from scaffolds.shelf import Kept, Shelf
from scaffolds.types import CodeFile
from tests.scaffolds.studio import make


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return make(tmp_path / "home", "inventory", "pygame")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "home" / "scaffolds")


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = tmp_path / "games" / "mine"
    folder.mkdir(parents=True)
    return folder


def test_a_kept_scaffold_comes_back(kept: Kept, shelf: Shelf) -> None:
    assert shelf.get(kept.id) == kept
    assert all(kept.path(file.name).read_text(encoding="utf-8") == file.text for file in kept.scaffold.files)
    for wrong in ("0" * 16, "../../etc", "", kept.id.upper() + "x"):
        with pytest.raises(NotFound):
            shelf.get(wrong)


def test_zip_holds_the_files_and_is_the_same_each_time(kept: Kept, shelf: Shelf) -> None:
    data = shelf.zipped(kept)
    assert data == shelf.zipped(kept)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            file.name: file.text for file in kept.scaffold.files
        }


def test_saving_looks_first_and_replaces_nothing_in_silence(
    kept: Kept, shelf: Shelf, game: Path, tmp_path: Path
) -> None:
    names = {file.name for file in kept.scaffold.files}
    assert set(shelf.plan_save(kept, str(game), tmp_path).new) == names
    assert list(game.iterdir()) == []
    (game / "inventory.py").write_text("mine")
    with pytest.raises(BadRequest, match=r"already has inventory\.py"):
        shelf.save(kept, str(game), tmp_path)
    assert [path.name for path in game.iterdir()] == ["inventory.py"]
    assert (game / "inventory.py").read_text() == "mine"
    saved = shelf.save(kept, str(game), tmp_path, replace=True)
    assert saved.replaced == ("inventory.py",)
    assert "class Inventory" in (game / "inventory.py").read_text()
    assert set(shelf.plan_save(kept, str(game), tmp_path).same) == names


@pytest.mark.parametrize("folder", ["", "  ", "games", "../games", "/nowhere/at/all", "a\x00b"])
def test_only_an_existing_folder_with_its_whole_path(kept: Kept, shelf: Shelf, tmp_path: Path, folder: str) -> None:
    with pytest.raises(BadRequest):
        shelf.save(kept, folder, tmp_path)


def test_only_below_the_root(kept: Kept, shelf: Shelf, game: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    for folder in (str(outside), f"{game}/../../elsewhere"):
        with pytest.raises(BadRequest, match="only saved below"):
            shelf.save(kept, folder, tmp_path / "games")
    (game / "link").symlink_to(outside)
    with pytest.raises(BadRequest, match="only saved below"):
        shelf.save(kept, str(game / "link"), tmp_path / "games")
    assert list(outside.iterdir()) == []


def test_links_inside_the_folder_lead_nowhere(tmp_path: Path, shelf: Shelf, game: Path) -> None:
    kept = make(tmp_path / "home", "inventory", "godot")
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (game / "scripts").symlink_to(outside)
    with pytest.raises(BadRequest, match="through a link"):
        shelf.save(kept, str(game), tmp_path, replace=True)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["../x.py", "/etc/x.py", "a/../../x.py", "C:\\x.py", "a\\b.py", ".bashrc", "con.py", "a/", "x.py ", "a\nb.py", ""],
)
def test_names_that_lead_elsewhere_are_refused(kept: Kept, shelf: Shelf, name: str) -> None:
    bad = replace(kept.scaffold, files=(CodeFile(name, "x = 1\n"),))
    with pytest.raises(BadRequest, match="not allowed"):
        shelf.keep(bad)
