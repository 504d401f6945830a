# ruff: noqa: E501 (tables)
"""The tool within a chat turn: reply, file list, citations, and what the conversation keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from settings import Settings
from tests.agent.studio import Studio, call, of_kind, text_of
from tests.scaffolds.studio import scaffolder
from tests.scaffolds.test_reading import GDD


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path, scaffolder=scaffolder(tmp_path, GDD))
    yield made
    made.close()


def ask(studio: Studio, text: str, **arguments: object) -> tuple[int, list]:
    studio.model.script.append(AIMessage("", tool_calls=[call("scaffold_code", "s1", **arguments)]))  # type: ignore[attr-defined]
    conversation = studio.start()
    return conversation, studio.say(conversation, text)


def test_files_citations_and_words(studio: Studio) -> None:
    text = "scaffold the inventory from the GDD in Godot"
    conversation, events = ask(studio, text, requirements="the inventory from the GDD", engine="godot")
    shown = of_kind(events, "files")[0]
    assert [file["name"] for file in shown["files"]] == [
        "scripts/item_catalog.gd",
        "scripts/inventory.gd",
        "scripts/game.gd",
    ]
    for file in shown["files"]:
        path = Path(file["path"])
        assert path.is_file() and path.is_relative_to(studio.settings.home) and file["errors"] == []
    assert "Marsh Lantern" in Path(shown["files"][0]["path"]).read_text()
    assert {citation["heading"] for citation in of_kind(events, "citation")} >= {"Inventory > Items"}
    said = text_of(events)
    for words in ("all parsed without errors", "slots: 18", "Saltmarsh GDD > Inventory > Capacity", "**Wiring**"):
        assert words in said
    kept = studio.chat.history(conversation)[-1]
    assert kept.text == said and [part["type"] for part in kept.parts][-1] == "files"


@pytest.mark.parametrize(
    ("engine", "requirements", "said"),
    [
        ("unreal", "inventory", "not for"),
        ("godot", "flux capacitor", "There is no template"),
        ("godot", " ", "Say what"),
    ],
)
def test_what_cannot_be_made_is_answered_in_one_sentence(
    studio: Studio, engine: str, requirements: str, said: str
) -> None:
    _, events = ask(studio, "please write that code", requirements=requirements, engine=engine)
    assert said in text_of(events)
    assert of_kind(events, "error")[0]["exit_code"] == 2 and not of_kind(events, "files")


def test_the_engine_may_be_left_out(studio: Studio) -> None:
    _, events = ask(studio, "scaffold an inventory", requirements="an inventory")
    assert "because Pitch > Overview names it" in text_of(events)


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A folder below the one that saving is allowed in."""
    (tmp_path / "games" / "marsh").mkdir(parents=True)
    return tmp_path / "games" / "marsh"


@pytest.fixture
def saver(tmp_path: Path, game: Path) -> Iterator[Studio]:
    settings = Settings(home=tmp_path / "home", save_root=game.parent)
    made = Studio(tmp_path / "home", scaffolder=scaffolder(tmp_path / "home", settings=settings), save_root=game.parent)
    yield made
    made.close()


def save(studio: Studio, chat: int, text: str, folder: object, replace: bool = False) -> list:
    arguments = {"folder": str(folder), "replace": replace}
    studio.model.script.append(AIMessage("", tool_calls=[call("save_scaffold", f"s{text}", **arguments)]))  # type: ignore[attr-defined]
    return studio.say(chat, text)


def test_code_is_saved_by_a_message_after_a_yes(saver: Studio, game: Path) -> None:
    chat, _ = ask(saver, "an inventory in Godot", requirements="an inventory", engine="godot")
    events = save(saver, chat, f"save it to {game}", game)
    question = of_kind(events, "confirm")[0]["text"]
    assert "3 new files (scripts/item_catalog.gd" in question and str(game) in question
    assert list(game.iterdir()) == []
    saver.say(chat, "no")
    assert list(game.iterdir()) == []
    save(saver, chat, f"please save it to {game}", game)
    assert f"Saved 3 files to {game}" in text_of(saver.say(chat, "yes"))
    assert (game / "scripts" / "inventory.gd").is_file()
    again = save(saver, chat, f"save it to {game} again", game)
    assert "has these files already" in text_of(again) and not of_kind(again, "confirm")


def test_nothing_is_replaced_without_the_users_own_words(saver: Studio, game: Path) -> None:
    chat, _ = ask(saver, "an inventory in Godot", requirements="an inventory", engine="godot")
    mine = game / "scripts" / "game.gd"
    mine.parent.mkdir()
    mine.write_text("mine")
    refused = save(saver, chat, f"save it to {game}", game, replace=True)
    assert "scripts/game.gd with other content" in text_of(refused) and not of_kind(refused, "confirm")
    asked = save(saver, chat, f"save it to {game} and replace them", game, replace=True)
    assert "replaces 1 file (scripts/game.gd)" in of_kind(asked, "confirm")[0]["text"]
    assert mine.read_text() == "mine"
    saver.say(chat, "yes")
    assert mine.read_text() != "mine"


def test_only_folders_that_the_user_names_and_may_write_to(saver: Studio, game: Path, tmp_path: Path) -> None:
    empty = save(saver, saver.start(), f"save it to {game}", game)
    assert "no code in this conversation yet" in text_of(empty)
    chat, _ = ask(saver, "an inventory in Godot", requirements="an inventory", engine="godot")
    (game / "scripts").symlink_to(tmp_path)
    for folder, text, said in (
        ("", "save it", "Name the whole path"),
        (game, "save the code", "Write the whole path"),  # a path that some document or model made up
        ("/", "save it to /", "only saved below"),
        (f"{game}/..", f"save it to {game}/..", "3 new files"),
        (f"{game}/../..", f"save it to {game}/../..", "only saved below"),
        (game / "none", f"save it to {game}/none", "There is no folder"),
        (game, f"save it to {game}", "through a link"),
    ):
        events = save(saver, chat, text, folder)
        assert said in text_of(events)
        if of_kind(events, "confirm"):
            saver.say(chat, "no")
    assert not list(tmp_path.glob("*.gd")) and not list(game.parent.glob("*.gd"))


def test_a_request_that_also_says_where_to_save(saver: Studio, game: Path) -> None:
    text = f"scaffold an inventory in Godot and save it to {game}"
    _, events = ask(saver, text, requirements=f"an inventory and save it to {game}", engine="godot")
    assert "save_game" not in str(of_kind(events, "files")) and "Not covered" not in text_of(events)
    assert f'say "save it to {game}"' in text_of(events) and list(game.iterdir()) == []
