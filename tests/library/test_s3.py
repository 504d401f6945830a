"""The library over S3: a real server process on loopback that is killed and comes back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import NotReady
from library.check import check
from library.db import Database
from library.library import Library
from library.storage import Storage
from tests.library.test_library import add_asset, add_task

pytest.importorskip("moto")
pytest.importorskip("s3fs")
START_SECONDS = 120


class Server:
    """moto's S3. It keeps everything in memory, so that what was in it before a kill is put back by `restore`."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.kept: dict[str, bytes] = {}
        self.start()

    def start(self) -> None:
        script = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{self.port}'])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.address}/moto-api/", timeout=5).close()
                break
            except OSError:
                assert self.process.poll() is None, "the server died"
                time.sleep(0.1)
        self.files().fs.makedirs("art", exist_ok=True)

    def files(self, cache: Path | None = None) -> Storage:
        options = {"endpoint_url": self.address, "key": "test", "secret": "test"}
        return Storage("s3://art/files", cache, options)

    def kill(self) -> None:
        storage = self.files()
        self.kept = {path: storage.fs.cat_file(path) for path in storage.fs.find("art")}
        self.process.kill()
        self.process.wait()

    def back(self) -> None:
        self.start()
        for path, data in self.kept.items():
            self.files().fs.pipe_file(path, data)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = Server()
    yield server
    server.process.kill()
    server.process.wait()


def test_the_whole_flow_with_the_server_killed_and_back(server: Server, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{(tmp_path / 'gameforge.db').as_posix()}")
    database.migrate()
    library = Library(database, server.files(tmp_path / "cache"))
    batch = library.create_batch("default", "", {})
    task = add_task(library, batch, state="done")
    sha256 = library.storage.stage(f"{task}-1", b"sprite")
    add_asset(library, batch, 1, sha256=sha256, task_id=task, staged_key=f"{task}-1")
    assert library.recover() == 1, "what a kill left between commit and publish is published"
    assert library.version_path(sha256).read_bytes() == b"sprite"
    assert library.asset(1).path == f"s3://art/files/{sha256[:2]}/{sha256[2:4]}/{sha256}.png"
    assert library.storage.staged() == [] and check(library).sound

    server.kill()
    with pytest.raises(NotReady, match="cannot be reached. Start it, or correct GAMEFORGE_STORAGE_ENDPOINT"):
        library.storage.stage("2-1", b"other")
    with pytest.raises(NotReady, match="cannot be reached"):
        library.storage.check_writable()
    assert library.version_path(sha256).read_bytes() == b"sprite", "what was fetched before is at hand"

    server.back()
    other = library.storage.stage("2-1", b"other")
    library.storage.publish("2-1", other)
    add_asset(library, batch, 2, sha256=other)
    assert library.version_path(other).read_bytes() == b"other"

    path = f"art/files/{sha256[:2]}/{sha256[2:4]}/{sha256}.png"
    server.files().fs.pipe_file(path, b"changed by somebody")
    assert check(library).changed == [sha256]
    report = check(library, repair=True)
    assert report.lost == [sha256]
    assert server.files().fs.cat_file(f"art/files/damaged/{sha256}.png") == b"changed by somebody"
    database.dispose()
