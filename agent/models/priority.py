"""Work that nobody waits for gives way to the pictures: fetching, loading and warming a language model."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

import psutil

LOW = 10  # "nice": about a tenth of a core that the app wants, all of one that nobody wants


def lower_process(pid: int) -> None:
    """Give a child the lower priority for good: only an administrator may raise it again."""
    with contextlib.suppress(psutil.Error, OSError):  # it has ended, or the system does not allow it
        low = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else LOW
        psutil.Process(pid).nice(low)


def lower_this_thread() -> None:
    """Linux alone has priorities of threads; elsewhere nothing happens."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)
