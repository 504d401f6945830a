"""Review in words, by the built-in router alone: decide, redo, enlarge, take back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.models import chat_models
from agent.models.fastpath import UNDO
from agent.models.motions import read_motion
from agent.router import Router
from jobs.animate import AnimateHandler
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
    studio.worker.handlers["animate"] = AnimateHandler(engine, studio.library)
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


def test_a_part_needs_a_mask_and_an_animation_is_made(studio: Studio, tmp_path: Path) -> None:
    chat = studio.start()
    studio.say(chat, "2 swords")
    studio.run_jobs()
    assert "Open image 2, choose Edit part, and paint over it" in text_of(
        studio.say(chat, "change only the blade of 2 to red")
    )
    picture = tmp_path / "mask.png"
    Image.new("L", (24, 24), 255).save(picture)
    events = studio.say(chat, "redo 2: make only the blade darker", picture)
    assert "Changing only what the mask shows of 2" in text_of(events), text_of(events)
    studio.run_jobs()
    second = studio.library.assets(batch_id=1)[1]
    assert [view.origin for view in versions(studio.library, second.id)] == ["generated", "edited"]

    events = studio.say(chat, "a 6-frame walk cycle of a knight")
    assert "6 frames of knight" in text_of(events) and "no hand-drawn walk" in text_of(events)
    studio.run_jobs()
    assert [asset.subject for asset in studio.library.assets(batch_id=2)][:2] == ["knight walk 1", "knight walk 2"]
    events = studio.say(chat, "make 1 spin")
    studio.run_jobs()
    assert [asset.subject for asset in studio.library.assets(batch_id=3)][0] == "knight spin 1"


def test_rejections_become_a_hint_that_can_be_left_out(studio: Studio) -> None:
    chat = studio.start()
    studio.say(chat, "4 swords")
    studio.run_jobs()
    studio.say(chat, "reject 1 and 2, they are too glossy")
    assert "You rejected glossy ones twice: matte?" in text_of(studio.say(chat, "3 shields"))
    assert "glossy ones" not in text_of(studio.say(chat, "3 matte cups"))
    assert "Left out: hint about glossy" in text_of(studio.say(chat, "forget the hint about glossy"))
    assert "glossy ones" not in text_of(studio.say(chat, "3 lamps"))


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("a 6-frame walk cycle of a knight", {"frames": 6, "motion": "walk", "subject": "knight"}),
        ("Animate 3 as a walk, please", {"motion": "walk", "assets": [3]}),
        ("a spinning coin animation, 8 frames", {"frames": 8, "motion": "spin", "subject": "coin"}),
        ("walk cycle for 2 at 12 fps", {"fps": 12, "motion": "walk", "assets": [2]}),
        ("make 2 hop", {"motion": "hop", "assets": [2]}),
        ("knight idle animation", {"motion": "idle", "subject": "knight"}),
        ("32 desert props", None),
        ("8 photo frames", None),
        ("a walking stick", None),
        ("scaffold a walk animation in Godot", None),
        ("what does the GDD say about the walk cycle?", None),
        ("export the walk animation for Phaser", None),
    ],
)  # fmt: skip
def test_words_that_ask_for_motion(text: str, args: dict[str, Any] | None) -> None:
    found = read_motion(text, 4)
    assert (found.args if found else None) == args
