"""Requests for code that speak of numbers and items like requests for pictures do."""

from __future__ import annotations

import pytest

from agent.router import Router
from memory.embedder import Embedder


@pytest.fixture(scope="module")
def router() -> Router:
    return Router.load(Embedder())


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("scaffold an inventory with 24 slots, stack of 64 in Godot. Items: rope, lantern, key", ["scaffold_code"]),
        ("please scaffold a shop in Unity with 5 items and 3 save slots", ["scaffold_code"]),
        ("scaffold an inventory in godot and make 8 item icons for it", ["scaffold_code", "generate_assets"]),
    ],
)
def test_scaffold_means_code(router: Router, text: str, calls: list[str]) -> None:
    routed = router.route(text).calls
    assert [call.name for call in routed] == calls
    assert "items: rope, lantern, key" in routed[0].args["requirements"].lower() or "rope" not in text
