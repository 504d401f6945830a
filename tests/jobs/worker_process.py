"""A process that works on the queue of a home folder until it is killed, or all is done: HOME STEP_SECONDS."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.jobs.desk import Desk
from tests.jobs.small_engine import SmallEngine

if __name__ == "__main__":
    desk = Desk(Path(sys.argv[1]))
    worker = desk.worker(SmallEngine(micro_batch=4, step_seconds=float(sys.argv[2])))
    worker.start()
    print("working", flush=True)
    while desk.store.list(active=True):
        time.sleep(0.05)
    desk.close()
