"""Requests for code that speak of numbers and items like requests for pictures do."""

from __future__ import annotations

import pytest

from agent.models.fastpath import SAVE
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


@pytest.mark.parametrize(
    ("text", "folder", "replace"),
    [
        ("save it to /home/me/game", "/home/me/game", False),
        ("Please save the code to ~/games/marsh.", "~/games/marsh", False),
        ('write the files into "C:\\games\\my marsh" and overwrite what is there', "C:\\games\\my marsh", True),
        ("save the game", None, False),
        ("save the world", None, False),
        ("save the game to a slot", None, False),
    ],
)
def test_saving_code_to_a_folder_needs_no_model(text: str, folder: str | None, replace: bool) -> None:
    found = SAVE.fullmatch(text)
    assert (found and found["folder"]) == folder and bool(found and found["rest"]) == replace
