"""The built-in router and planner together, without any network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from agent.models import chat_models
from agent.router import Router
from settings import Settings
from tests.agent.studio import EMBEDDER, Studio, of_kind, text_of


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The router alone answers: no endpoint, no local language model."""
    home = tmp_path_factory.mktemp("home")
    models = chat_models(Settings(home=home, local_llm="off"), lambda: Router.load(EMBEDDER), home)
    models.start(download=False)
    models.wait(120)
    studio = Studio(home, model=models.model, local_llm="off")
    yield studio
    studio.close()
    models.close()


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


def test_32_desert_props(assistant: Studio) -> None:
    chat = assistant.start()
    events = assistant.say(chat, "32 desert props")
    (plan,) = of_kind(events, "plan")
    assert len({item["subject"] for item in plan["plan"]["items"]}) == 32
    assert of_kind(events, "job")[0]["total"] == 32
    assert "32 subjects" in text_of(events)


def test_four_variants(assistant: Studio) -> None:
    (plan,) = of_kind(assistant.say(assistant.start(), "4 variants of a rusty sword"), "plan")
    assert [(item["subject"], item["variants"]) for item in plan["plan"]["items"]] == [("rusty sword", 4)]


def test_six_potions_and_two_chests(assistant: Studio) -> None:
    events = assistant.say(assistant.start(), "six potions and two chests")
    (job,) = of_kind(events, "job")
    labels = [task.label for task in assistant.jobs.tasks(job["job_id"])]
    assert len(set(labels)) == 8 and sum("chest" in label or "mimic" in label for label in labels) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 props", "0 things"),
        ("-3 props", "-3 things"),
        ("101 props", "limit is 100"),
        ("a million props", "limit is 100"),
    ],
)
def test_counts_out_of_range(assistant: Studio, text: str, said: str) -> None:
    events = assistant.say(assistant.start(), text)
    assert said in text_of(events) and not of_kind(events, "job")


def test_review_after_a_batch(assistant: Studio) -> None:
    chat = assistant.start()
    assistant.say(chat, "4 swamp props")
    assistant.run_jobs()
    assert text_of(assistant.say(chat, "approve 1 and 3, reject the rest")) == "Approved 1 and 3 and rejected 2 and 4."
    assert "shows images 1 to 4" in text_of(assistant.say(chat, "approve 9"))


@pytest.mark.parametrize("text", ["hello", "thanks, that is great", "what's the weather like in Paris?"])
def test_small_talk_calls_nothing(assistant: Studio, text: str) -> None:
    events = assistant.say(assistant.start(), text)
    assert text_of(events).strip() and not of_kind(events, "job") and not of_kind(events, "tool")


def test_the_files_are_where_the_library_says(assistant: Studio) -> None:
    chat = assistant.start()
    (job,) = of_kind(assistant.say(chat, "a treasure chest"), "job")
    assistant.run_jobs()
    (asset,) = assistant.library.assets(job_id=job["job_id"])
    assert asset.subject == "treasure chest" and Path(asset.path).is_file()
