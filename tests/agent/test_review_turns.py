"""Review in words, by the built-in router alone: decide, redo, enlarge, take back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.models import chat_models
from agent.models.fastpath import UNDO
from agent.router import Router
from jobs.upscaling import UpscaleHandler
from library.history import versions
from library.meaning import MeaningSearch
from memory.vectors import TextVectors
from settings import Settings
from tests.agent.studio import EMBEDDER, Studio, of_kind, text_of


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    models = chat_models(Settings(home=tmp_path, local_llm="off"), lambda: Router.load(EMBEDDER), tmp_path)
    models.start(download=False)
    models.wait(120)
    studio = Studio(tmp_path, model=models.model, local_llm="off")
    engine: Any = studio.engine
    studio.worker.handlers["upscale"] = UpscaleHandler(engine, studio.library)
    studio.library.meaning = MeaningSearch(studio.library, TextVectors(tmp_path / "vectors", EMBEDDER))
    yield studio
    studio.close()
    models.close()


def states(studio: Studio) -> str:
    return "".join(asset.state[0] for asset in studio.library.assets(batch_id=1))


def test_decide_redo_enlarge_and_take_back(studio: Studio) -> None:
    chat = studio.start()
    studio.say(chat, "8 desert props")
    studio.run_jobs()
    events = studio.say(chat, "approve 1 and 3, reject the rest, redo 2 with a bluer glow, upscale 4")
    assert "Approved 1 and 3 and rejected 5, 6, 7 and 8." in text_of(events)
    assert len(of_kind(events, "job")) == 2
    studio.run_jobs()
    assert states(studio) == "anan" + "rrrr"
    assets = studio.library.assets(batch_id=1)
    assert [view.origin for view in versions(studio.library, assets[1].id)] == ["generated", "regenerated"]
    assert versions(studio.library, assets[1].id)[1].metadata["change"] == "bluer glow"
    assert assets[3].width == 48

    # numbers go on to mean the gallery that was shown
    assert "Approved 2 and 4." in text_of(studio.say(chat, "approve 2 and 4"))
    assert states(studio) == "aaaa" + "rrrr"
    assert "Undid the approval of 2 and 4." in text_of(studio.say(chat, "undo"))
    assert states(studio) == "anan" + "rrrr"
    for _ in range(3):
        studio.say(chat, "undo that")
    assert states(studio) == "nnnnnnnn"
    assert "nothing to undo" in text_of(studio.say(chat, "undo"))

    found = text_of(studio.say(chat, "find a prickly desert plant in the library"))
    assert "cactus" in found


@pytest.mark.parametrize(
    "text", ["undo", "Undo that", "undo the last review", "take that back", "please undo my last change!", "revert"]
)
def test_words_that_undo(text: str) -> None:
    assert UNDO.fullmatch(text)


@pytest.mark.parametrize("text", ["undo the pixel art style on 3", "32 desert props", "reject 2", "what does undo do?"])
def test_words_that_do_not(text: str) -> None:
    assert not UNDO.fullmatch(text)
