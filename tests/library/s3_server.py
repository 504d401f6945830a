"""A real S3 server process on loopback that can be killed and comes back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from library.storage import Storage

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
