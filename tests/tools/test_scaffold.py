# ruff: noqa: E501 (tables)
"""The tool within a chat turn: reply, file list, citations, and what the conversation keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

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
