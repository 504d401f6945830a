"""Figures of the language side, as `gameforge bench models` prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.models.chat_models import ChatModels
from agent.models.embedded import EmbeddedChatModel
from agent.models.evaluate import language_figures, spread
from agent.models.fastpath import FastPath
from agent.models.local_model import LocalModel
from agent.router import Router
from errors import BadRequest
from settings import Settings

TURNS = [
    {"text": "7 rusty anchors", "expect": [{"tool": "generate_assets", "args": {"subject": ["anchor"], "count": 7}}]},
    {"text": "7 rusty anchors", "expect": [{"tool": "generate_assets", "args": {"subject": ["anchor"], "count": 8}}]},
    {"text": "7 rusty anchors", "expect": [{"tool": "search_assets", "args": {"query": ["anchor"]}}]},
    {"text": "good morning to you", "expect": []},
    {
        "text": "five bells in Old Harbour",
        "style_packs": ["Old Harbour"],
        "expect": [{"tool": "generate_assets", "args": {"style_pack": "old harbour"}}],
    },
]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_router_alone_is_scored_and_the_missing_model_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "turns.jsonl", *(json.dumps(turn) for turn in TURNS))
    figures = language_figures(Settings(home=tmp_path, local_llm="off"), [path])
    assert figures["turns"] == 5 and figures["files"] == ["turns.jsonl"]
    assert figures["router"]["tool"] == 80.0 and figures["router"]["tool_and_arguments"] == 60.0
    assert figures["router"]["no_tool"] == 100.0 and figures["router"]["p95_s"] >= figures["router"]["median_s"] > 0
    assert figures["both"] is None and "not ready" in figures["both_reason"]


def test_both_together_are_scored_when_a_model_is_there(
    small_model: LocalModel, router: Router, tmp_path: Path
) -> None:
    path = written(tmp_path / "turns.jsonl", *(json.dumps(turn) for turn in TURNS[:1]))
    fast_path = FastPath(lambda: router)
    models = ChatModels(EmbeddedChatModel(fast_path=fast_path, local=small_model), fast_path, small_model)
    figures = language_figures(Settings(home=tmp_path), [path], local_limit=1, models=models)
    assert figures["both_reason"] == ""
    assert figures["both"]["turns"] == 1 and figures["both"]["tool"] == 100.0
    assert figures["both"]["memory_gb"] > figures["router"]["memory_gb"]


@pytest.mark.parametrize(
    "line",
    ["no json", '{"text": "x"}', '{"text": 3, "expect": []}', '{"expect": [], "text": "a", "expect": [{}]}', "[]"],
)
def test_a_file_that_holds_no_turns_is_told(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadRequest, match="Line 1"):
        language_figures(Settings(home=tmp_path, local_llm="off"), [written(tmp_path / "turns.jsonl", line)])
    with pytest.raises(BadRequest, match="cannot be read"):
        language_figures(Settings(home=tmp_path, local_llm="off"), [tmp_path / "none.jsonl"])


def test_a_sample_is_spread_over_all_turns() -> None:
    turns = [{"id": number} for number in range(10)]
    assert [turn["id"] for turn in spread(turns, 5)] == [0, 2, 4, 6, 8]
    assert spread(turns, 0) == turns and spread(turns, 20) == turns
