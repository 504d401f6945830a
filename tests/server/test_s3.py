"""Generate, review and export through the public doors while the files lie in S3, whose server goes and comes back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import main
from tests.library.s3_server import Server
from tests.server.site import Site

pytest.importorskip("moto")
pytest.importorskip("s3fs")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = Server()
    yield server
    server.process.kill()
    server.process.wait()


def test_the_whole_flow(
    server: Server,
    site_in: Callable[..., Site],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    stored = {"storage_url": "s3://art/files", "storage_endpoint": server.address, "storage_key": "test"}
    site = site_in(**stored, storage_secret="test")
    http, wait = site.http, site.services.worker.wait
    assert site.run("cactus", "rope", "lantern").state == "done"
    assets = http.get("/api/assets").json()
    assert http.post(
        "/api/assets/review", json={"states": {"1": "approved", "2": "rejected", "3": "approved"}}
    ).is_success
    made = http.post("/api/assets/upscale", json={"assets": [1], "factor": 2}).json()
    assert wait(made["id"], 60).state == "done"
    export = http.post("/api/exports", json={"assets": "approved", "format": "phaser"}).json()
    with zipfile.ZipFile(io.BytesIO(http.get(export["url"]).content)) as archive:
        frames = json.loads(archive.read("atlas.json"))["textures"][0]["frames"]
    assert {(frame["filename"], frame["sourceSize"]["w"]) for frame in frames} == {("cactus", 48), ("lantern", 24)}
    assert site.services.library.asset(1).path.startswith("s3://art/files/")

    server.kill()
    other = site.services.library.asset(2).version  # nobody fetched it yet
    for answer in (http.get(f"/api/versions/{other}.png"), http.post("/api/exports", json={"assets": [2]})):
        assert answer.status_code in (404, 503), answer.text
        assert "cannot be reached" in answer.text or "missing" in answer.text
    assert http.post("/api/assets/review", json={"states": {"2": "new"}}).is_success, "decisions need no files"
    job = site.run("torch")
    assert job.state == "failed" and "cannot be reached" in str(site.services.jobs.tasks(job.id)[0].error)

    server.back()
    assert site.services.jobs.retry(job.id) == 1 and wait(job.id, 60).state == "done"
    assert http.get(f"/api/versions/{other}.png").content[:4] == b"\x89PNG"
    assert len(http.get("/api/assets").json()) == len(assets) + 1
    for name, value in {**stored, "storage_secret": "test", "home": str(tmp_path), "local_llm": "off"}.items():
        monkeypatch.setenv(f"GAMEFORGE_{name.upper()}", value)
    assert main(["export", "--approved", "--format", "pixi", "--out", str(tmp_path / "game"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["assets"] == 2 and (tmp_path / "game" / "atlas.png").is_file()
    assert main(["library", "check"]) == 0

    # what a kill left between commit and publish, and what somebody changed behind the library's back
    storage, library = server.files(), site.services.library
    task = site.services.jobs.tasks(job.id)[0]
    torch = library.asset(task.asset_id or 0).version
    staged = f"{storage.root}/staging/{task.id}-{task.attempts}.part"
    storage.fs.mv(f"{storage.root}/{torch[:2]}/{torch[2:4]}/{torch}.png", staged)
    assert library.recover() == 1 and library.storage.staged() == [] and storage.exists(torch)
    storage.fs.pipe_file(f"{storage.root}/{other[:2]}/{other[2:4]}/{other}.png", b"changed by somebody")
    assert main(["library", "check"]) == 1
    capfd.readouterr()
    assert main(["library", "check", "--repair", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["lost"] == [other]
    assert storage.fs.cat_file(f"{storage.root}/damaged/{other}.png") == b"changed by somebody"
