from __future__ import annotations

import json
import threading
import time
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server.site import Site

PATIENCE = 30.0  # seconds; only a broken stream waits so long


def read_until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Messages up to the first of `kind`."""
    seen = []
    while not seen or seen[-1]["kind"] != kind:
        seen.append(json.loads(socket.recv(timeout=PATIENCE)))
    return seen


def test_events_of_a_job_arrive_in_order_with_images(site: Site) -> None:
    with connect(site.events_url) as socket:
        job = site.submit("cactus", "rope", "lantern")
        site.services.worker.start()
        events = read_until(socket, "job_done")
    durable = [event for event in events if event["id"]]
    assert [event["id"] for event in durable] == sorted({event["id"] for event in durable})
    assert {event["job_id"] for event in events} == {job.id}
    done = [event for event in events if event["kind"] == "task_done"]
    assert [event["data"]["done"] for event in done] == [1, 2, 3]
    for event in done:
        asset = event["data"]["asset"]
        assert "path" not in asset
        assert site.http.get(asset["url"]).status_code == 200, "an image is there when its event arrives"


def test_resuming_after_an_event_gives_the_rest_and_nothing_twice(site: Site) -> None:
    job = site.run("cactus", "rope", "lantern")
    with connect(f"{site.events_url}?job={job.id}&after=0") as socket:
        whole = [event["id"] for event in read_until(socket, "job_done")]
    with connect(f"{site.events_url}?job={job.id}&after={whole[2]}") as socket:
        assert [event["id"] for event in read_until(socket, "job_done")] == whole[3:]


def test_one_job_of_several(site: Site) -> None:
    with connect(site.events_url) as everything:
        first, second = site.submit("cactus"), site.submit("rope")
        with connect(f"{site.events_url}?job={second.id}&after=0") as only:
            site.services.worker.start()
            assert {event["job_id"] for event in read_until(only, "job_done")} == {second.id}
        seen = read_until(everything, "job_done") + read_until(everything, "job_done")
    assert {event["job_id"] for event in seen} == {first.id, second.id}


def test_a_client_that_never_reads_holds_nobody_up(site: Site) -> None:
    with connect(site.events_url, max_queue=1), connect(site.events_url) as reader:
        site.submit(*(f"prop {number}" for number in range(40)))
        site.services.worker.start()
        events = read_until(reader, "job_done")
    assert sum(event["kind"] == "task_done" for event in events) == 40


def test_clients_that_leave_are_forgotten(site: Site) -> None:
    for _ in range(3):
        with connect(site.events_url):
            pass
    until = time.monotonic() + PATIENCE
    while site.services.bus._subscribers and time.monotonic() < until:
        time.sleep(0.02)
    assert not site.services.bus._subscribers


def test_a_stopping_server_ends_the_stream(site: Site) -> None:
    closed = threading.Event()

    def listen() -> None:
        with connect(site.events_url) as socket:
            connected.set()
            try:
                while True:
                    socket.recv(timeout=PATIENCE)
            except ConnectionClosed:
                closed.set()

    connected = threading.Event()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert connected.wait(PATIENCE)
    site.services.bus.close()
    assert closed.wait(PATIENCE)
