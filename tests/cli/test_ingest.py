"""`gameforge ingest`, and its documents asked from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Outcome
from tests.memory import bad_files


def test_a_folder_with_bad_files_and_a_question(gameforge: Callable[..., Outcome], tmp_path: Path) -> None:
    folder = bad_files.make(tmp_path / "docs", 0)
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    ended = gameforge("ingest", str(folder), "--json")
    assert ended.code == 1  # some could not be read
    told = ended.json
    assert {one["name"] for one in told["ingested"]} == {one["name"] for one in told["documents"]}
    assert sorted(one["name"] for one in told["documents"]) == sorted(bad_files.READ)
    failed = {one["name"]: one["reason"] for one in told["failed"]}
    assert set(failed) == set(bad_files.REFUSED)
    for name, words in bad_files.REFUSED.items():
        assert words in failed[name] and failed[name].endswith(".") and "\n" not in failed[name]
    assert {one["name"]: one["reason"].split(" (")[0] for one in told["skipped"]} == bad_files.SKIPPED
    assert "vault" not in ended.out
    asked = gameforge("ask", "how often does the ferry leave?", "--json", "--yes")
    assert asked.code == 0 and "every 9 minutes" in asked.json["reply"]
    assert asked.json["citations"][0]["document"] == "page.html"
    shown = gameforge("ingest", "--list")
    assert shown.code == 0 and "a/notes.txt" in shown.out
    gone = gameforge("ingest", "--delete", "page.html", "--json")
    assert "page.html" not in [one["name"] for one in gone.json["documents"]]
    for arguments, said in (
        (("ingest",), "Name files or folders"),
        (("ingest", str(tmp_path / "none.md")), "There is no file or folder"),
        (("ingest", "--delete", "page.html"), "There is no document page.html"),
    ):
        wrong = gameforge(*arguments)
        assert wrong.code in (1, 2) and said in wrong.err and len(wrong.err.strip().splitlines()) == 1
