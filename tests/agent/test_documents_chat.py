"""Design documents in conversations, with the built-in router: asked, followed up, declined; what is told is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_socket

from agent.chat import ChatEvent
from agent.models import chat_models
from agent.router import Router
from jobs.ingest import select_files, submit_ingest
from settings import Settings
from tests.agent.studio import EMBEDDER, Studio, of_kind, text_of

HOSTILE = Path(__file__).parents[1] / "data" / "documents" / "hostile"
GDD = """# Mossgate Design

## Combat

### Stamina

Stamina starts at 90 and sprinting drains 11 of it per second. It comes back at 14 per second after a pause of 0.7 s.

### Ghouls

A ghoul has 55 health and is afraid of bells. Ghouls drop bone dust.

### Bosses

The Briar Queen has 1300 health in three phases. She drops the Thorn Key.

## Inventory

The backpack has 14 slots and stacks hold up to 30. Items: rope, bell, bone dust and lamp oil.

## Technical

The game is built in Godot 4.3 for PC.
"""
ART = """# Art bible

## Colours

The palette is moss green #4A6B3A, bone #E8DCC0 and rust #A8522D. Nothing is pure black.

## Look

Everything is pixel art with a dark outline of one pixel.
"""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    home = tmp_path_factory.mktemp("home")
    for name, text in (("mossgate.md", GDD), ("art_bible.md", ART)):
        (home / name).write_text(text, encoding="utf-8")
    models = chat_models(Settings(home=home, local_llm="off"), lambda: Router.load(EMBEDDER), home)
    models.start(download=False)
    models.wait(120)
    studio = Studio(home, model=models.model, local_llm="off")
    given = select_files([home / "mossgate.md", home / "art_bible.md", HOSTILE])
    submit_ingest(given, store=studio.jobs, documents=studio.documents, project="default")
    studio.run_jobs()
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield studio
    pytest_socket.enable_socket()
    studio.close()
    models.close()


def cited(events: list[ChatEvent]) -> list[str]:
    return [f"{data['document']} > {data['heading']}" for data in of_kind(events, "citation")]


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("what does the GDD say about stamina?", "sprinting drains 11", "mossgate.md > Combat > Stamina"),
        ("how many slots does the backpack have", "14 slots", "mossgate.md > Inventory"),
        ("Which engine is it built in?", "Godot 4.3", "mossgate.md > Technical"),
        ("what are ghouls afraid of?", "afraid of bells", "mossgate.md > Combat > Ghouls"),
        ("what bosses are there?", "Briar Queen", "mossgate.md > Combat > Bosses"),
        ("What's the toll at the north bridge?", "7 coins", "orders.md > Economy notes"),
    ],
)
def test_answers_quote_the_documents_with_their_place(assistant: Studio, text: str, said: str, place: str) -> None:
    events = assistant.say(assistant.start(), text)
    assert said in text_of(events) and place in cited(events)
    assert f"[{place.removesuffix(' > Economy notes')}]" in text_of(events)  # its title is no heading
    assert not of_kind(events, "job") and not of_kind(events, "error")


@pytest.mark.parametrize(
    "text",
    [
        "what does the GDD say about the fishing tournament's prize money?",
        "according to the design document, who composed the soundtrack?",
        "How much does the season pass cost according to the documents?",
    ],
)
def test_what_they_do_not_say_is_declined_with_what_comes_nearest(assistant: Studio, text: str) -> None:
    chat = assistant.start()
    events = assistant.say(chat, text)
    assert "do not say" in text_of(events) and not cited(events)
    (nearest,) = of_kind(events, "nearest")
    assert nearest["answered"] is False and nearest["passages"]
    assert [part["type"] for part in assistant.chat.history(chat)[-1].parts] == ["nearest"]


def test_a_follow_up_goes_on_with_the_question_before(assistant: Studio) -> None:
    chat = assistant.start()
    assert "55 health" in text_of(assistant.say(chat, "How much health do ghouls have?"))
    assert "1300 health" in text_of(assistant.say(chat, "and for bosses?"))
    assert "Thorn Key" in text_of(assistant.say(chat, "what does she drop?"))
    own = text_of(assistant.say(chat, "how many slots does the backpack have, and do its stacks have a limit?"))
    assert "14 slots" in own and "Briar" not in own  # names what it is about: nothing is taken from before


def test_what_is_told_in_chat_is_remembered_listed_and_forgotten(assistant: Studio) -> None:
    chat = assistant.start()
    assert "I will remember" in text_of(assistant.say(chat, "always transparent, 48 px"))
    other = assistant.start()
    events = assistant.say(other, "2 iron keys")
    (plan,) = of_kind(events, "plan")
    assert plan["plan"]["size"] == 48
    assert 'As you said: "always transparent, 48 px".' in plan["plan"]["notes"]
    (own,) = of_kind(assistant.say(other, "2 iron keys, 96 px"), "plan")
    assert own["plan"]["size"] == 96  # the words of a request win
    listed = text_of(assistant.say(other, "what do you remember?"))
    assert "always transparent, 48 px" in listed and "art_bible.md > Look" in listed
    assert "Forgotten" in text_of(assistant.say(other, "forget always transparent, 48 px"))
    assert "48 px" not in text_of(assistant.say(chat, "list my preferences"))
    (after,) = of_kind(assistant.say(chat, "2 iron keys"), "plan")
    assert after["plan"]["size"] != 48


def test_art_direction_of_documents_flows_into_plans_and_can_be_left_out(assistant: Studio) -> None:
    chat = assistant.start()
    (plan,) = of_kind(assistant.say(chat, "3 lanterns"), "plan")
    assert plan["plan"]["style"] == "pixel"
    assert any("art_bible.md > Look" in note for note in plan["plan"]["notes"])
    (own,) = of_kind(assistant.say(chat, "3 lanterns, ignore the art bible"), "plan")
    assert not any("art_bible" in note for note in own["plan"]["notes"])
    for fact in assistant.chat.standing.facts("default"):
        if fact.kind in ("art", "palette"):
            assistant.chat.standing.dismiss("default", fact.key)
    (left,) = of_kind(assistant.say(chat, "3 lanterns"), "plan")
    assert not any("art_bible" in note for note in left["plan"]["notes"])


@pytest.mark.parametrize(
    "text",
    [
        "what do the economy notes say?",
        "what does the document say about the lighthouse keeper's cat?",
        "how often does the ferry leave?",
        "what does the GDD say about maintenance mode?",
    ],
)
def test_orders_in_documents_change_nothing(assistant: Studio, text: str) -> None:
    def state() -> Any:
        notes = [note.text for note in assistant.chat.standing.preferences("default")]
        jobs = [job.id for job in assistant.jobs.list(limit=100)]
        return notes, jobs, assistant.documents.documents("default")

    before = state()
    events = assistant.say(assistant.start(), text)
    assert [data["name"] for data in of_kind(events, "tool")] == ["query_design_docs"]
    assert text_of(events) and not of_kind(events, "plan") and not of_kind(events, "confirm")
    assert state() == before
