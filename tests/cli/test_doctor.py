from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome

Gameforge = Callable[..., Outcome]


def test_the_defaults_are_healthy(gameforge: Gameforge):
    outcome = gameforge("doctor", "--json")
    checks = {check["name"]: check for check in outcome.json}
    assert outcome.code == 0
    assert {"home", "disk", "database", "storage", "broker", "embedder", "device", "image model", "router"} <= set(
        checks
    )
    assert checks["image model"]["ok"] and checks["router"]["ok"]
    assert not checks["local model"]["ok"] and not checks["local model"]["required"]


def test_an_endpoint_that_is_down_fails_the_check(gameforge: Gameforge, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    monkeypatch.setenv("GAMEFORGE_LLM_BASE_URL", address)
    outcome = gameforge("doctor")
    assert outcome.code == 1
    (line,) = [line for line in outcome.out.splitlines() if "endpoint" in line and line.startswith("FAIL")]
    assert "Traceback" not in line


def test_a_missing_image_model_fails_the_check(gameforge: Gameforge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GAMEFORGE_IMAGE_MODEL", str(tmp_path / "nowhere"))
    outcome = gameforge("doctor")
    assert outcome.code == 1 and "nowhere" in outcome.out


def test_a_home_that_cannot_be_made_is_one_sentence(
    gameforge: Gameforge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("GAMEFORGE_HOME", str(blocked / "home"))
    outcome = gameforge("ask", "a cactus", "--yes")
    assert outcome.code == 1
    assert "cannot be written" in outcome.err and len(outcome.err.strip().splitlines()) == 1


def test_a_taken_port_is_named(gameforge: Gameforge):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        outcome = gameforge("serve", "--port", str(port))
    assert outcome.code == 1
    assert str(port) in outcome.err and "--port" in outcome.err and len(outcome.err.strip().splitlines()) == 1


def test_a_wrong_setting_is_named(gameforge: Gameforge, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GAMEFORGE_PORT", "many")
    outcome = gameforge("doctor")
    assert outcome.code == 2 and "GAMEFORGE_PORT" in outcome.err


def test_an_unknown_command_is_bad_usage(gameforge: Gameforge):
    assert gameforge("juggle").code == 2
