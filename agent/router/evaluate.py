# ruff: noqa: E501
"""Scores the router on files of turns: `python -m agent.router.evaluate FILE... [--misses]`.

A turn is right in its tools when the called tools are the expected ones (as a multiset), and right in all when each expected
call also has its named arguments. A list as an expected value means any of these values; for free text (subject, name, question,
requirements, change, query) all of its words must appear, `a|b` offers alternatives; for picture numbers and verdicts it
is the list itself, or a list of such lists for alternatives. A foreign subject counts in its own words and in English. `assets: 12` also accepts `batch 12`. Arguments that are not named are not scored.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

from agent.router.languages import english_subject
from agent.router.router import Router
from agent.router.types import Routing, TurnContext
from errors import BadRequest

FREE_TEXT = ("subject", "name", "question", "requirements", "change", "query")
LISTS = ("assets", "approve", "reject", "reset", "tags")


@dataclass(frozen=True)
class Score:
    turn: dict[str, Any]
    routing: Routing
    tools: bool
    all: bool
    seconds: float


def _refs(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {re.sub(r"^batch ", "", str(item).lower()) for item in values}


def argument_matches(name: str, expected: Any, got: Any) -> bool:
    if name in LISTS:
        if isinstance(expected, list) and expected and all(isinstance(option, list) for option in expected):
            return any(argument_matches(name, option, got) for option in expected)
        return _refs(expected if expected is not None else []) == _refs(got if got is not None else [])
    if name in FREE_TEXT and isinstance(expected, list):
        text = str(got or "").lower()
        return all(any(option in text for option in word.lower().split("|")) for word in expected)
    if isinstance(expected, list):
        return any(argument_matches(name, option, got) for option in expected)
    if isinstance(expected, str):
        return str(got or "").lower() == expected.lower()
    return got == expected


def _calls_match(expected: list[dict[str, Any]], got: list[tuple[str, dict[str, Any]]]) -> bool:
    def fits(order: Iterable[int]) -> bool:
        return all(
            want["tool"] == got[at][0]
            and all(argument_matches(name, value, got[at][1].get(name)) for name, value in want["args"].items())
            for want, at in zip(expected, order, strict=True)
        )

    return len(expected) == len(got) <= 6 and any(fits(order) for order in permutations(range(len(got))))


def _as_planned(args: dict[str, Any], text: str) -> dict[str, Any]:
    """A subject in the user's words and in the English that the planner makes of it."""
    subject = args.get("subject")
    return args | {"subject": f"{subject} / {english_subject(str(subject), text)}"} if subject else args


def score_turn(router: Router, turn: dict[str, Any]) -> Score:
    images = turn.get("images") or 0
    context = TurnContext(
        gallery=turn.get("gallery"),
        images=images if isinstance(images, int) else len(images),
        style_packs=tuple(turn.get("style_packs") or ()),
    )
    start = time.perf_counter()
    routing = router.route(turn["text"], context)
    seconds = time.perf_counter() - start
    got = [(call.name, _as_planned(call.args, turn["text"])) for call in routing.calls]
    tools = sorted(name for name, _ in got) == sorted(call["tool"] for call in turn["expect"])
    return Score(turn, routing, tools, tools and _calls_match(turn["expect"], got), seconds)


def read_turns(path: Path) -> list[dict[str, Any]]:
    """One turn a line: {"text", "expect": [{"tool", "args"}], optionally "id", "set", "gallery", "images", "style_packs"}.

    Raises:
        BadRequest: the file is not there, or a line is not such a turn.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"The file of turns {path} cannot be read: {error}.") from error
    turns: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            turn = _turn(line)
            if turn is None:
                raise BadRequest(
                    f'Line {number} of {path} is not a turn: it needs "text" and a list "expect" of calls.'
                )
            turns.append({"id": number, **turn})
    return turns


def _turn(line: str) -> dict[str, Any] | None:
    try:
        turn = json.loads(line)
        fits = isinstance(turn["text"], str) and all({"tool", "args"} <= call.keys() for call in turn["expect"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return turn if fits else None


def summary(scores: list[Score]) -> dict[str, Any]:
    """Shares in percent per set, confidence figures and latency.

    `no_tool` is the share of turns that call for nothing in which nothing was called; None without such turns.
    """
    idle = [score for score in scores if not score.turn["expect"]]
    sets: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        sets[str(score.turn.get("set", "all"))].append(score)
    seconds = sorted(score.seconds for score in scores)
    sure = [score for score in scores if score.routing.confidence >= 0.9]
    return {
        "turns": len(scores),
        "tool": round(100 * sum(s.tools for s in scores) / len(scores), 1),
        "tool_and_arguments": round(100 * sum(s.all for s in scores) / len(scores), 1),
        "no_tool": round(100 * sum(s.tools for s in idle) / len(idle), 1) if idle else None,
        "sets": {
            name: {
                "turns": len(group),
                "tool": round(100 * sum(s.tools for s in group) / len(group), 1),
                "tool_and_arguments": round(100 * sum(s.all for s in group) / len(group), 1),
            }
            for name, group in sets.items()
        },
        "confident_share": round(100 * len(sure) / len(scores), 1),
        "confident_tool": round(100 * sum(s.tools for s in sure) / max(1, len(sure)), 1),
        "median_ms": round(1000 * seconds[len(seconds) // 2], 1),
        "p95_ms": round(1000 * seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))], 1),
    }


def main() -> None:
    from memory.embedder import Embedder

    parser = argparse.ArgumentParser(description="Scores the router on files of turns.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="print each turn that was not all right")
    args = parser.parse_args()
    router = Router.load(Embedder())
    router.route("warm up")
    for path in args.files:
        scores = [score_turn(router, turn) for turn in read_turns(path)]
        for score in scores if args.misses else ():
            if not score.all:
                got = [(call.name, call.args) for call in score.routing.calls]
                wrong = "args" if score.tools else "TOOL"
                print(
                    f"{wrong} {score.routing.confidence:.2f} {score.turn['id']}: {score.turn['text']}\n    {json.dumps(got, ensure_ascii=False)}"
                )
        print(json.dumps({"file": path.name, **summary(scores)}, ensure_ascii=False))


if __name__ == "__main__":
    main()
