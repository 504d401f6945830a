from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Outcome

Gameforge = Callable[..., Outcome]


def test_plan_names_the_call_and_runs_nothing(gameforge: Gameforge, home: Path):
    outcome = gameforge("ask", "32 desert props", "--plan", "--json")
    assert outcome.code == 0
    assert set(outcome.json) == {"reply", "tool_calls"}
    (call,) = outcome.json["tool_calls"]
    assert call["name"] == "generate_assets"
    assert call["args"]["count"] == 32 and "desert" in call["args"]["subject"] and call["args"]["kind"] == "prop"
    assert not list((home / "files").rglob("*.png"))


def test_many_turns_of_a_file_answer_in_order(gameforge: Gameforge, tmp_path: Path):
    turns = [
        {"text": "four barrels"},
        {"text": "approve 1 and 3, reject the rest", "gallery": 8},
        {"text": "make a style pack from these images", "images": 10},
        {"text": "hello there"},
    ]
    file = tmp_path / "turns.jsonl"
    file.write_text("\n".join(json.dumps(turn) for turn in turns), encoding="utf-8")
    outcome = gameforge("ask", "--file", str(file), "--plan", "--json")
    assert outcome.code == 0
    results = [json.loads(line) for line in outcome.out.splitlines()]
    assert [[call["name"] for call in result["tool_calls"]] for result in results] == [
        ["generate_assets"],
        ["review_assets"],
        ["create_style_pack"],
        [],
    ]
    assert results[1]["tool_calls"][0]["args"]["approve"] == [1, 3]
    assert all(result["reply"] for result in results)


def test_a_request_runs_to_the_end(gameforge: Gameforge):
    outcome = gameforge("ask", "six potions and two chests", "--yes", "--json")
    assert outcome.code == 0, outcome.err
    result = outcome.json
    assert set(result) == {"reply", "tool_calls", "job", "assets", "citations", "files"}
    assert result["job"]["state"] == "done" and result["job"]["total"] == result["job"]["done"] == 8
    assert len({asset["version"] for asset in result["assets"]}) == 8
    assert sum("chest" in asset["subject"] for asset in result["assets"]) == 2
    for asset in result["assets"]:
        with Image.open(asset["path"]) as image:
            assert image.size == (asset["width"], asset["height"])
            lowest, highest = image.getchannel("A").getextrema()
            assert lowest == 0 and highest == 255


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 props", "1"),
        ("-3 props", "1"),
        ("101 props", "The batch limit is 100"),
        ("a million props", "The batch limit is 100"),
    ],
)
def test_impossible_counts_get_a_sentence(gameforge: Gameforge, text: str, words: str):
    outcome = gameforge("ask", text, "--yes", "--json")
    assert outcome.code in (1, 2)
    result = outcome.json
    assert words in result["reply"] and "Traceback" not in outcome.err
    assert result["job"] is None and result["assets"] == []


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_message_is_bad_usage_or_answered(gameforge: Gameforge, text: str):
    outcome = gameforge("ask", text, "--json")
    assert outcome.json["tool_calls"] == [] and outcome.json["reply"]


def test_a_too_long_message_is_refused(gameforge: Gameforge):
    outcome = gameforge("ask", "cactus " * 1500, "--json")
    assert outcome.code == 2
    assert "8,000" in outcome.json["reply"] or "8000" in outcome.json["reply"]


def test_emoji_only_is_answered_in_words(gameforge: Gameforge):
    outcome = gameforge("ask", "🌵🌵🌵", "--json")
    assert outcome.json["tool_calls"] == [] and outcome.json["reply"]


def test_text_named_png_is_refused(gameforge: Gameforge, tmp_path: Path):
    fake = tmp_path / "fake.png"
    fake.write_text("not a picture")
    outcome = gameforge("ask", "make a style pack from this", "--image", str(fake), "--yes", "--json")
    assert outcome.code in (1, 2)
    assert "fake.png" in outcome.json["reply"]


def test_nothing_to_ask_is_bad_usage(gameforge: Gameforge):
    assert gameforge("ask").code == 2


def test_a_broken_line_is_named(gameforge: Gameforge, tmp_path: Path):
    file = tmp_path / "turns.jsonl"
    file.write_text('{"text": "a cactus"}\n[1, 2\n')
    outcome = gameforge("ask", "--file", str(file), "--plan")
    assert outcome.code == 2 and "Line 2" in outcome.err


def test_generate_makes_what_its_arguments_say(gameforge: Gameforge):
    outcome = gameforge("generate", "rusty sword", "--variants", "4", "--seed", "7", "--size", "32", "--json")
    assert outcome.code == 0, outcome.err
    assets = outcome.json["assets"]
    assert [asset["seed"] for asset in assets] == [7, 8, 9, 10]
    assert {asset["subject"] for asset in assets} == {"rusty sword"}
    assert all(max(asset["width"], asset["height"]) <= 32 for asset in assets)
    assert len({asset["version"] for asset in assets}) == 4
