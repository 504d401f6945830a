"""The full local model on turns that neither it nor the router was tuned on. Slow: 1 GB and many seconds a turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.models import chat_models
from agent.models.evaluate import AsRouter, measured
from agent.router import Router
from agent.router.evaluate import read_turns
from settings import Settings
from tools.toolbox import default_toolbox

TURNS = Path(__file__).parents[2] / "data" / "turns_fresh.jsonl"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_local_model_behind_the_router_makes_it_better(router: Router) -> None:
    settings = Settings()
    turns = read_turns(TURNS)
    tools = list(default_toolbox().tools)
    models = chat_models(settings, lambda: router, settings.home)
    try:
        alone = measured(AsRouter(models, tools), turns)[1]  # nothing is started: the router answers
        models.start()
        assert models.wait(3000), models.name
        both = measured(AsRouter(models, tools), turns)[1]
    finally:
        models.close()
    assert both["tool"] >= alone["tool"] >= 90
    assert both["tool_and_arguments"] >= alone["tool_and_arguments"]
