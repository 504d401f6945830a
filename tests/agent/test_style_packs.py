"""Style packs in the chat: training asks first, with what it takes; packs are meant by name, meaning and weight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from library.style_packs import StylePacks
from pipelines.lora_file import architecture
from pipelines.sources import locate
from tests.agent.studio import Studio, call, of_kind, text_of
from tests.pipelines.training.drawn import save_drawn

Make = Callable[..., Studio]
WORDS = "make a style pack called Dustbowl from these"


def train(call_id: str = "a", **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[call("create_style_pack", call_id, **{"name": "Dustbowl", **args})])


def draw(call_id: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[call("generate_assets", call_id, subject="lamp", kind="prop", **args)])


def test_training_asks_first_and_says_what_it_takes(studio: Make, tmp_path: Path) -> None:
    s = studio([train()])
    chat = s.start()
    events = s.say(chat, WORDS, *save_drawn(tmp_path / "refs", 10))
    [question] = of_kind(events, "confirm")
    assert "Training Dustbowl on 10 images (balanced) takes about" in question["text"]
    assert question["seconds"] > 0 and s.jobs.list() == []

    again = studio([])  # the process was restarted before the answer came
    answered = list(again.chat.decide(chat, "yes"))
    [started] = of_kind(answered, "job")
    job = again.jobs.get(started["job_id"])
    assert (job.kind, job.title, job.conversation_id) == ("train", "Style pack Dustbowl", chat)
    told = again.packs.progress(job.id)
    assert len(told["references"]) == 10 and told["references"][0]["caption"] == "barrel"
    assert "Training the style pack Dustbowl on 10 images" in text_of(answered)


def test_no_starts_nothing_and_yes_flag_asks_nothing(studio: Make, tmp_path: Path) -> None:
    files = save_drawn(tmp_path / "refs", 4)
    s = studio([train(), train()])
    chat = s.start()
    s.say(chat, WORDS, *files)
    list(s.chat.decide(chat, "no"))
    assert s.jobs.list() == []
    assert of_kind(s.say(chat, WORDS, *files, yes=True), "job") and len(s.jobs.list()) == 1


def test_one_bad_file_does_not_hold_up_the_rest(studio: Make, tmp_path: Path) -> None:
    files = save_drawn(tmp_path / "refs", 4)
    html = tmp_path / "page.png"
    html.write_text("<html>")
    s = studio([train()])
    events = s.say(s.start(), WORDS, html, *files)
    [question] = of_kind(events, "confirm")
    assert "on 4 images" in question["text"] and "page.png is not an image" in question["text"]


@pytest.mark.parametrize(
    ("count", "args", "sentence"),
    [
        (0, {}, "Attach 3 to 100 images"),
        (1, {}, "at least 3 images, and there is 1"),
        (4, {"name": "a/b"}, "cannot be a style pack's name"),
        (4, {"preset": "ultra"}, "no preset 'ultra'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    studio: Make, tmp_path: Path, count: int, args: dict[str, Any], sentence: str
) -> None:
    s = studio([train(**args)])
    events = s.say(s.start(), WORDS, *save_drawn(tmp_path / "refs", count))
    assert sentence in text_of(events)
    assert not of_kind(events, "confirm") and s.jobs.list() == []


def test_images_of_the_message_before_are_meant(studio: Make, tmp_path: Path) -> None:
    s = studio([train()])
    chat = s.start()
    assert "What should I do with these 5 images?" in text_of(s.say(chat, "", *save_drawn(tmp_path / "refs", 5)))
    [question] = of_kind(s.say(chat, WORDS), "confirm")
    assert "on 5 images" in question["text"]


def ready(s: Studio, name: str, *captions: str) -> None:
    """A pack that is trained, as far as library and file headers tell."""
    import json

    import numpy as np
    from safetensors.numpy import save

    config = locate("builtin").configs["unet"]
    own = {"architecture": architecture(config), "base_name": "Forge Nano", "trigger": f"{name.lower()} style"}
    key = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight"
    data = save({key: np.zeros((2, 384), np.float32)}, {"gameforge": json.dumps(own)})
    packs: StylePacks = s.packs.packs
    sha256 = packs.files.stage("probe-x", data)
    packs.files.publish("probe-x", sha256)
    with s.jobs.transaction() as session:
        pack = packs.reserve(session, "default", name, f"{name.lower()} style")
        references = [{"caption": caption} for caption in captions]
        packs.add_version(
            session,
            pack,
            lora=sha256,
            origin="trained",
            base={},
            settings={},
            metrics={},
            files={"references": references},
        )


@pytest.mark.parametrize(
    ("words", "args", "packs"),
    [
        ("a lamp in Dustbowl style", {"style_pack": "dustbowl"}, [("Dustbowl", 1.0)]),
        ("a lamp in my western style", {"style": "western"}, [("Dustbowl", 1.0)]),
        ("a lamp in western style", {"style": "western"}, []),
        ("a lamp in Dustbowl style at 60% and Neon Harbour", {"style_pack": "Dustbowl"},
         [("Dustbowl", 0.6), ("Neon Harbour", 1.0)]),
        ("a lamp", {}, []),
    ],
)  # fmt: skip
def test_packs_are_meant_by_name_meaning_and_weight(
    studio: Make, words: str, args: dict[str, Any], packs: list[tuple[str, float]]
) -> None:
    s = studio([draw("a", **args)])
    ready(s, "Dustbowl", "cowboy hat", "saloon door", "horse saddle", "revolver")
    ready(s, "Neon Harbour", "robot", "hologram")
    [started] = of_kind(s.say(s.start(), words, yes=True), "job")
    [payload] = s.jobs.payloads(started["job_id"])
    uses = payload["request"]["style_packs"]
    assert [(use["pack"], use["weight"]) for use in uses] == packs
    assert all(len(use["sha256"]) == 64 for use in uses)


def test_improving_takes_what_was_approved(studio: Make) -> None:
    s = studio([train()])
    ready(s, "Dustbowl")
    assert "Nothing is approved yet" in text_of(s.say(s.start(), "improve Dustbowl with what I approved"))
