"""Who works: a process named so that another one can tell whether it is gone.

A name is `host/namespace:pid:start`. The start time guards against reused pids, the pid namespace against containers
that share a host's name.
"""

from __future__ import annotations

import os
import socket

import psutil

SAME_START_SECONDS = 2.0  # clocks are adjusted; a pid is not reused this fast


def worker_id() -> str:
    """This process."""
    process = psutil.Process()
    return f"{_host()}:{process.pid}:{process.create_time():.2f}"


def is_dead(worker: str) -> bool:
    """True only for a process of this host that certainly ended; others are judged by their lease."""
    host, pid, started = worker.rsplit(":", 2)
    if host != _host():
        return False
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        return abs(process.create_time() - float(started)) > SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _host() -> str:
    try:
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        namespace = "0"  # no such thing on macOS and Windows
    return f"{socket.gethostname()}/{namespace}"
