"""The process that trains: `python -m jobs.train_process FOLDER`, started and watched by `jobs.training`.

A process of its own gives all memory back for certain and can be stopped for certain. It never outlives its parent:
when that is gone, the state is saved and the process ends; the job goes back to the queue at the next start.
Exit codes: 0 done, 3 stopped (state saved), 4 an expected error (told in the progress file), 5 the disk is full, which
cannot be told in a file, else a crash.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from errors import Cancelled, GameForgeError

if TYPE_CHECKING:
    from pipelines.loaded import LoadedModel
    from pipelines.training.run import RunSpec

PROCESS_FILE = "process.json"
STOPPED, FAILED, DISK_FULL = 3, 4, 5
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: list[str] | None = None) -> int:
    import psutil

    from pipelines.training.progress import Progress
    from pipelines.training.run import run

    folder = Path((argv or sys.argv[1:])[0])
    parent, asked = os.getppid(), False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        if os.environ.get("RANK", "0") == "0":
            me = psutil.Process()
            (folder / PROCESS_FILE).write_text(json.dumps({"pid": me.pid, "started": me.create_time()}))
        run(folder, load, lambda: asked or os.getppid() != parent)
    except Cancelled:
        return STOPPED
    except GameForgeError as error:
        with contextlib.suppress(OSError):
            Progress(folder).write("failed", error=error.message, detail=error.detail)
            return FAILED
        return DISK_FULL
    except OSError as error:
        if error.errno in FULL:
            return DISK_FULL
        raise
    return 0


def load(spec: RunSpec) -> LoadedModel:
    from memory.embedder import Embedder
    from pipelines.device import choose_device
    from pipelines.loader import load_model

    return load_model(spec.model, choose_device(spec.device), Embedder())


if __name__ == "__main__":
    sys.exit(main())
