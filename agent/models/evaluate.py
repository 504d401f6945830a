"""Scores the chat model on files of turns: `python -m agent.models.evaluate FILE... [--misses] [--limit N] [--lite]`.

Prints one JSON object per file: right tools and right tools with arguments in percent, share of idle turns left alone,
seconds a turn (median, 95th percentile), memory, and how busy the machine was meanwhile. `language_figures` gives the
same for router alone and router with the local model behind it, side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from agent.models.chat_models import ChatModels, chat_models
from agent.router.evaluate import Score, read_turns, score_turn, summary
from agent.router.types import RoutedCall, Routing, TurnContext
from agent.state import CONTEXT_KEY
from errors import BadRequest
from settings import Settings

TURNS = Path(__file__).parents[2] / "tests" / "data"
# written by people who knew nothing of the router; only counted
DEFAULT_TURNS = tuple(f"turns_strangers_{name}.jsonl" for name in "rsvw")  # their misses were not looked at
LOCAL_LIMIT = 60  # turns for router and local model together: each may take seconds
READY_SECONDS = 600.0


class AsRouter:
    """A chat model with tools bound, asked as the router's own evaluation asks the router."""

    def __init__(self, models: ChatModels, tools: list[Any]) -> None:
        self._bound = models.model.bind_tools(tools)
        self.by_model = 0

    def route(self, text: str, context: TurnContext) -> Routing:
        facts = {"gallery": context.gallery, "images": context.images, "style_packs": list(context.style_packs)}
        message = self._bound.invoke([HumanMessage(text, additional_kwargs={CONTEXT_KEY: facts})])
        assert isinstance(message, AIMessage)
        calls = tuple(RoutedCall(call["name"], call["args"]) for call in message.tool_calls)
        model = message.response_metadata.get("model_name")
        self.by_model += model != "router"
        return Routing(calls, float(message.response_metadata.get("confidence", 0.0)), ())


def measured(router: Any, turns: list[dict[str, Any]]) -> tuple[list[Score], dict[str, Any]]:
    """Scores and figures; `seconds` are wall clock, one turn after the other."""
    scores = [score_turn(router, turn) for turn in turns]
    figures = summary(scores)
    for name in ("median_ms", "p95_ms"):
        figures[name.replace("_ms", "_s")] = round(figures.pop(name) / 1000, 3)
    return scores, figures


def language_figures(
    settings: Settings,
    turns: Sequence[Path] = (),
    *,
    limit: int = 0,
    local_limit: int = LOCAL_LIMIT,
    models: ChatModels | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """`{"turns": n, "files": [...], "router": {...}, "both": {...} | None, "both_reason": ""}`.

    Each side has tool, tool_and_arguments, no_tool (percent), sets, median_s, p95_s, memory_gb; `both` also by_model
    (turns that the language model answered) and started_s. `turns`: files, by default the product's own held-out ones.
    `limit` and `local_limit` cap the turns of the two sides, spread evenly over the files; 0 takes all. Downloads
    nothing: without the local model on this disk `both` is None and `both_reason` says why. An endpoint is not asked.

    Raises:
        BadRequest: a file of turns cannot be read.
    """
    from agent.router import Router
    from memory.embedder import Embedder
    from tools.toolbox import default_toolbox

    files = list(turns) or [TURNS / name for name in DEFAULT_TURNS]
    asked = [turn for path in files for turn in read_turns(path)]
    if not asked:
        raise BadRequest("The file of turns is empty: give one JSON object a line.")
    settings = settings.model_copy(update={"openai_api_key": None, "llm_base_url": None})
    own = models is None
    models = models or chat_models(settings, lambda: Router.load(Embedder(settings.embedding_model)), settings.home)
    tools = list(default_toolbox().tools)
    models.check()
    out: dict[str, Any] = {"turns": len(asked), "files": [path.name for path in files], "both": None, "both_reason": ""}
    try:
        router = AsRouter(models, tools)
        router.route("hello", TurnContext())  # the embedder loads on first use
        chosen = spread(asked, limit)
        say(f"Router alone, {len(chosen)} turns")
        out["router"] = measured(router, chosen)[1] | {"memory_gb": process_memory_gb()}
        began = time.perf_counter()
        models.start(download=False)
        if not models.wait(READY_SECONDS):
            out["both_reason"] = f"The local language model is not ready: {models.name}"
            return out
        started = time.perf_counter() - began
        both = AsRouter(models, tools)
        chosen = spread(asked, local_limit)
        say(f"Router and {models.name}, {len(chosen)} turns")
        figures = measured(both, chosen)[1]
        memory = process_memory_gb() + models.memory_bytes() / 1e9
        out["both"] = figures | {
            "by_model": both.by_model,
            "memory_gb": round(memory, 2),
            "started_s": round(started, 1),
        }
    finally:
        if own:
            models.close()
    return out


def spread(turns: Sequence[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    """At most `limit` turns (0: all), evenly spaced, so that each kind keeps its share."""
    if not limit or limit >= len(turns):
        return list(turns)
    return [turns[k * len(turns) // limit] for k in range(limit)]


def process_memory_gb() -> float:
    """Resident memory of this process."""
    import psutil

    return round(psutil.Process().memory_info().rss / 1e9, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores the chat model on files of turns.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="print each turn that was not all right")
    parser.add_argument("--limit", type=int, default=0, help="only this many turns of each file, evenly spaced")
    parser.add_argument("--lite", action="store_true", help="router alone")
    options = parser.parse_args()

    from agent.router import Router
    from memory.embedder import Embedder
    from tools.toolbox import default_toolbox

    settings = Settings(local_llm="off") if options.lite else Settings()
    models = chat_models(settings, lambda: Router.load(Embedder(settings.embedding_model)), settings.home)
    began = time.perf_counter()
    models.start()
    ready = models.wait(3600)
    started = time.perf_counter() - began
    if not ready and not options.lite:
        parser.exit(1, f"The local language model is not ready: {models.name}\n")
    try:
        for path in options.files:
            turns = spread(read_turns(path), options.limit)
            router = AsRouter(models, list(default_toolbox().tools))
            scores, figures = measured(router, turns)
            if options.misses:
                _print_misses(scores)
            facts = {"file": path.name, "model": models.name, **figures, "by_model": router.by_model}
            facts["memory_gb"] = round(process_memory_gb() + models.memory_bytes() / 1e9, 2)
            facts["started_s"] = round(started, 1)
            facts["load"] = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
            print(json.dumps(facts, ensure_ascii=False))
    finally:
        models.close()


def _print_misses(scores: list[Score]) -> None:
    for score in scores:
        if not score.all:
            got = [(call.name, call.args) for call in score.routing.calls]
            wrong = "args" if score.tools else "TOOL"
            print(f"{wrong} {score.turn['id']}: {score.turn['text']}\n    {json.dumps(got, ensure_ascii=False)}")


if __name__ == "__main__":
    main()
