"""Scores the chat model on files of turns: `python -m agent.models.evaluate FILE... [--misses] [--limit N] [--lite]`.

Prints one JSON object per file and method (router alone; router with the local model behind it): right tools and right
tools with arguments in percent, seconds a turn (median, 95th percentile), memory of the local model and how busy the
machine was meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from agent.models.chat_models import ChatModels, chat_models
from agent.router.evaluate import Score, read_turns, score_turn, summary
from agent.router.types import RoutedCall, Routing, TurnContext
from agent.state import CONTEXT_KEY
from settings import Settings


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
        figures[name.replace("_ms", "_s")] = round(figures.pop(name) / 1000, 2)
    return scores, figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores the chat model on files of turns.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="print each turn that was not all right")
    parser.add_argument("--limit", type=int, default=0, help="only this many turns of each file")
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
            turns = read_turns(path)[: options.limit or None]
            router = AsRouter(models, list(default_toolbox().tools))
            scores, figures = measured(router, turns)
            if options.misses:
                _print_misses(scores)
            facts = {"file": path.name, "model": models.name, **figures, "by_model": router.by_model}
            facts["memory_gb"] = round(models.memory_bytes() / 1e9, 2)
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
