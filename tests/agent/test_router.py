"""The router as a whole: floors on the committed turns, and behaviour that the rest of the agent relies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.router import Router, TurnContext
from agent.router.evaluate import read_turns, score_turn, summary
from memory.embedder import Embedder

DATA = Path(__file__).parents[1] / "data"
FILES = (DATA / "turns.jsonl", DATA / "turns_blind.jsonl", DATA / "turns_blind2.jsonl", DATA / "turns_blind3.jsonl")


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load(Embedder())


def called(router: Router, text: str, **context: object) -> list[tuple[str, dict]]:
    return [(call.name, call.args) for call in router.route(text, TurnContext(**context)).calls]  # type: ignore[arg-type]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_floors_on_committed_turns(router: Router, path: Path) -> None:
    figures = summary([score_turn(router, turn) for turn in read_turns(path)])
    assert figures["tool"] >= 97 and figures["tool_and_arguments"] >= 95, figures
    assert figures["confident_tool"] >= 98.5, "a call that the router is sure of is seldom wrong"
    hostile = [score for name, score in figures["sets"].items() if "hostile" in name]
    assert all(score["tool"] == 100 for score in hostile)


@pytest.mark.parametrize(
    ("text", "count"), [("0 props", 0), ("-3 props", -3), ("101 props", 101), ("a million props", 1_000_000)]
)
def test_impossible_counts_are_passed_on(router: Router, text: str, count: int) -> None:
    [(name, args)] = called(router, text)
    assert name == "generate_assets" and args["count"] == count and args["kind"] == "prop"


@pytest.mark.parametrize("text", ["", "   ", "🎉🎉🎉", "👍", "...", "?!"])
def test_no_words_no_tool(router: Router, text: str) -> None:
    routing = router.route(text, TurnContext())
    assert routing.calls == () and routing.confidence == 1.0


def test_several_requests_in_one_message(router: Router) -> None:
    calls = called(
        router, "approve 1 and 3, reject the rest, redo 2 with a bluer glow, upscale 4, export for Phaser", gallery=6
    )
    assert calls == [
        ("review_assets", {"approve": [1, 3], "reject": ["rest"]}),
        ("regenerate_assets", {"assets": [2], "change": "bluer glow"}),
        ("upscale_assets", {"assets": [4]}),
        ("export_assets", {"format": "phaser"}),
    ]


def test_counted_things_become_calls_of_their_own(router: Router) -> None:
    calls = called(router, "six potions and two chests")
    assert [(args["subject"], args["count"]) for _, args in calls] == [("potions", 6), ("chests", 2)]
    [(_, args)] = called(router, "4 variants of a rusty sword")
    assert (args["subject"], args["count"], args["variants"]) == ("rusty sword", 1, 4)


def test_known_style_pack_is_taken_in_any_case(router: Router) -> None:
    [(_, args)] = called(router, "five trees in mossy hollow style", style_packs=("Mossy Hollow",))
    assert args["style_pack"] == "Mossy Hollow" and args["count"] == 5


def test_gallery_resolves_the_last_ones(router: Router) -> None:
    assert called(router, "reject the last two", gallery=9) == [("review_assets", {"approve": [], "reject": [8, 9]})]


def test_arguments_only_with_evidence(router: Router) -> None:
    [(_, args)] = called(router, "ten mushrooms")
    assert set(args) == {"subject", "count", "kind"}


def test_long_message_is_answered(router: Router) -> None:
    assert isinstance(router.route("tell me a story " * 700, TurnContext()).calls, tuple)


def test_training_phrases_hold_no_test_turn() -> None:
    from agent.router.classifier import LABELS
    from agent.router.train import phrases

    trained = {phrase.lower() for label in LABELS for phrase in phrases(label)}
    tests = {turn["text"].lower() for path in FILES for turn in read_turns(path)}
    assert not {text for text in trained & tests if len(text.split()) > 2}
