"""How late do events reach a WebSocket client in another process? One delay in ms a line, for `task_done` events.

Usage: python -m bench.event_client ws://HOST:PORT/api/events COUNT
"""

from __future__ import annotations

import json
import sys
import time

from websockets.sync.client import connect

SILENCE_SECONDS = 120.0


def main(url: str, count: int) -> int:
    with connect(url) as socket:
        print("connected", flush=True)
        seen = 0
        while seen < count:
            event = json.loads(socket.recv(timeout=SILENCE_SECONDS))
            if event.get("kind") == "task_done":
                print(f"{(time.time() - event['at']) * 1000:.3f}", flush=True)
                seen += 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
