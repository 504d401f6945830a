# ruff: noqa: E501 (tables)
"""Starter code over REST: made, read, packed, and saved only after a look and a yes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server import errors, scaffolds
from settings import Settings
from tests.scaffolds.studio import scaffolder


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "games").mkdir()
    settings = Settings(home=tmp_path / "home", save_root=tmp_path / "games")
    services: Any = SimpleNamespace(settings=settings, scaffolder=scaffolder(settings.home, settings=settings))
    app = FastAPI(responses=errors.RESPONSES)
    errors.install(app)
    app.include_router(scaffolds.router(services))
    with TestClient(app) as client:
        yield client


def made(client: TestClient, **wanted: Any) -> dict[str, Any]:
    answer = client.post(
        "/api/scaffolds", json={"requirements": "inventory with 12 slots", "engine": "godot", **wanted}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_made_read_and_packed(client: TestClient) -> None:
    scaffold = made(client)
    assert client.get(f"/api/scaffolds/{scaffold['id']}").json() == scaffold
    for file in scaffold["files"]:
        assert "\n".join("".join(text for _, text in line) for line in file["tokens"]) == file["text"].rstrip("\n")
        assert file["checked_by"] == "gdtoolkit" and file["problems"] == []
    assert any(kind == "k" for line in scaffold["files"][1]["tokens"] for kind, _ in line)
    packed = client.get(f"/api/scaffolds/{scaffold['id']}/zip")
    assert packed.headers["content-type"] == "application/zip" and "attachment" in packed.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.namelist() == [file["name"] for file in scaffold["files"]]


def test_saved_only_after_a_yes_and_only_where_allowed(client: TestClient, tmp_path: Path) -> None:
    save = f"/api/scaffolds/{made(client)['id']}/save"
    games = tmp_path / "games"
    look = client.post(save, json={"folder": str(games)}).json()
    assert not look["written"] and len(look["new"]) == 3 and list(games.iterdir()) == []
    done = client.post(save, json={"folder": str(games), "confirm": True}).json()
    assert done["written"] and (games / "scripts" / "inventory.gd").is_file()
    (games / "scripts" / "game.gd").write_text("mine")
    refused = client.post(save, json={"folder": str(games), "confirm": True})
    assert refused.status_code == 400 and "scripts/game.gd" in refused.json()["error"]
    assert (games / "scripts" / "game.gd").read_text() == "mine"
    for elsewhere in (str(tmp_path), "/etc", f"{games}/..", ""):
        answer = client.post(save, json={"folder": elsewhere, "confirm": True, "replace": True})
        assert answer.status_code == 400 and answer.json()["error"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [({"requirements": ""}, 400), ({"engine": "unreal"}, 400), ({"requirements": "x" * 10_000}, 400), ({"requirements": "flux capacitor"}, 400)],
)  # fmt: skip
def test_bad_requests(client: TestClient, wanted: dict[str, Any], status: int) -> None:
    body = {"requirements": "inventory", "engine": "godot", **wanted}
    answer = client.post("/api/scaffolds", json=body)
    assert answer.status_code == status and set(answer.json()) == {"error", "detail"}


def test_unknown_ids(client: TestClient) -> None:
    for path in ("0123456789abcdef", "..%2F..%2Fetc", "x"):
        assert client.get(f"/api/scaffolds/{path}").status_code == 404
