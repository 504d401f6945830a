"""Who works: a process named so that another one can tell whether it is gone.

A name is `host/namespace:pid:start`. The start time guards against reused pids, the pid namespace against containers
that share a host's name.
"""

from __future__ import annotations

import os
import socket
from typing import Literal

import psutil

SAME_START_SECONDS = 2.0  # clocks are adjusted; a pid is not reused this fast


def worker_id() -> str:
    """This process."""
    process = psutil.Process()
    return f"{_host()}:{process.pid}:{process.create_time():.2f}"


def fate(worker: str) -> Literal["alive", "dead", "elsewhere"]:
    """Of a process of this host, whether it ended; one on another host can only be judged by its lease."""
    host, pid, started = worker.rsplit(":", 2)
    if host != _host():
        return "elsewhere"
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return "dead"
        return "alive" if abs(process.create_time() - float(started)) <= SAME_START_SECONDS else "dead"
    except psutil.NoSuchProcess:
        return "dead"
    except psutil.AccessDenied:
        return "alive"


def _host() -> str:
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        namespace = "0"  # no such thing on macOS and Windows
    return f"{socket.gethostname()}/{namespace}"
