"""`gameforge export` as a user types it, and the same through `ask`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.cli.conftest import Outcome

Gameforge = Callable[..., Outcome]


def test_nothing_to_export_is_one_sentence(gameforge: Gameforge, tmp_path: Path):
    for which in ("--all", "--approved"):
        outcome = gameforge("export", which, "--format", "phaser", "--out", str(tmp_path / "out"))
        assert outcome.code == 2 and outcome.out == ""
        assert outcome.err.count("\n") == 1 and "nothing to export" in outcome.err
    assert not (tmp_path / "out").exists()


def test_bad_arguments_get_a_sentence(gameforge: Gameforge, tmp_path: Path):
    for arguments, words in (
        (["--format", "bmp"], "Choose one of png"),
        (["--page", "9"], "page size can be 16 to 16384"),
        (["--padding", "-1"], "padding can be 0 to 64"),
        (["--lossy", "101", "--format", "webp"], "quality can be 1 to 100"),
        (["--zip"], "--out DIR"),
    ):
        outcome = gameforge("export", "--all", *arguments)
        assert outcome.code == 2 and words in outcome.err and "Traceback" not in outcome.err
    assert gameforge("export", "--format", "png").code == 2
    outcome = gameforge("export", "--assets", "77", "--out", str(tmp_path / "out"))
    assert outcome.code == 1 and "There is no asset 77" in outcome.err


def test_imported_then_exported_by_command_and_by_words(gameforge: Gameforge, tmp_path: Path):
    for number, colour in enumerate(("red", "blue")):
        (tmp_path / str(number)).mkdir()
        Image.new("RGBA", (9, 7), colour).save(tmp_path / str(number) / "rusty sword.png")
    made = gameforge("import", str(tmp_path / "0"), str(tmp_path / "1"), "--json").json
    assert gameforge("import", str(tmp_path / "none")).code == 2
    ids = [str(asset["id"]) for asset in made["assets"]]
    out = tmp_path / "art"
    outcome = gameforge("export", "--all", "--format", "phaser", "--out", str(out), "--json")
    assert outcome.code == 0, outcome.err
    assert set(outcome.json) == {"format", "assets", "out", "files", "changed", "removed"}
    assert outcome.json["assets"] == 2 and all(Path(file).is_file() for file in outcome.json["files"])
    frames = json.loads((out / "atlas.json").read_text())["textures"][0]["frames"]
    assert [frame["filename"] for frame in frames] == ["rusty_sword", "rusty_sword_2"]
    again = gameforge("export", "--all", "--format", "phaser", "--out", str(out), "--json")
    assert again.json["changed"] == []

    zipped = gameforge("export", "--assets", *ids, "--format", "png", "--strip", "--zip", "--out", str(out))
    assert zipped.code == 0 and str(out / "atlas.zip") in zipped.out
    with zipfile.ZipFile(out / "atlas.zip") as archive:
        assert archive.namelist() == ["rusty_sword.png", "rusty_sword_2.png"]

    said = gameforge("ask", "export everything for Godot", "--yes", "--json")
    assert said.code == 0, said.err
    assert [call["name"] for call in said.json["tool_calls"]] == ["export_assets"]
    names = [file["name"] for file in said.json["files"]]
    assert names[0] == "atlas.zip" and {"atlas.png", "rusty_sword.tres", "rusty_sword_2.tres"} <= set(names)
    assert all(Path(file["path"]).is_file() for file in said.json["files"])
