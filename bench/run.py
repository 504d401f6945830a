"""`gameforge bench`: the product's own speed, each figure beside its reference in the same run.

Ratios carry over between machines, seconds do not: a busy machine slows both sides alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from app import create, listen
from jobs.generation import submit
from jobs.plan import AssetPlan, PlanItem
from library.storage import disk_errors
from services import Services, build_services
from settings import Settings

ROUNDS = 7  # their medians: another program on the machine spoils one or two
BATCH = 32
SUBJECTS = ("cactus", "camel", "clay pot", "skull", "scorpion", "palm tree", "desert rock", "treasure chest")


def bench(args: argparse.Namespace, settings: Settings) -> int:
    with disk_errors(str(settings.home)):
        settings.home.mkdir(parents=True, exist_ok=True)  # measured on the disk that the product works on
        folder = tempfile.TemporaryDirectory(prefix="bench-", dir=settings.home)
    with folder as home:
        settings = settings.model_copy(update={"home": Path(home), "database_url": None, "local_llm": "off"})
        services = build_services(settings)
        services.start(language_models=False)
        try:
            figures = measure(services)
        finally:
            services.close()
    for name, value in figures.items():
        print(f"{name:<26} {value}", file=sys.stderr)
    if args.json:
        print(json.dumps(figures))
    return 0


def measure(services: Services) -> dict[str, Any]:
    run_job(services, one_subject(4))  # loads the model, fills caches
    variants, previews, ratios, overheads, splits, rates = [], [], [], [], [], []
    for _ in range(ROUNDS):
        variants.append(run_job(services, one_subject(4)).seconds)
        plan = many_subjects(BATCH)
        ours = run_job(services, plan)
        previews.append(ours.first_preview)
        one_call = timed(lambda plan=plan: bare_batch(services, plan, [BATCH]))
        bare = timed(lambda plan=plan, sizes=ours.batches: bare_batch(services, plan, sizes))
        plain = timed(lambda plan=plan: plain_loop(services, plan))
        rates.append(BATCH / ours.seconds)
        ratios.append(plain / ours.seconds)
        overheads.append(ours.seconds / bare - 1)
        splits.append(ours.seconds / one_call - 1)
    delays = event_delays(services)
    info = services.engine.info()
    return {
        "model": info.id,
        "device": info.device,
        "variants4_seconds": round(statistics.median(variants), 3),
        "batch32_images_per_second": round(statistics.median(rates), 2),
        "batch32_vs_plain_loop": round(statistics.median(ratios), 2),
        "overhead_vs_bare": round(statistics.median(overheads), 4),
        "overhead_vs_one_call": round(statistics.median(splits), 4),
        "event_delay_p99_ms": round(percentile(delays, 0.99), 2),
        "event_delay_median_ms": round(statistics.median(delays), 2),
        "first_preview_seconds": round(statistics.median(previews), 3),
    }


class JobTimes:
    """Seconds from submission to a job's end and to its first finished image; sizes of its micro-batches."""

    def __init__(self, seconds: float, first_preview: float, batches: list[int]) -> None:
        self.seconds = seconds
        self.first_preview = first_preview
        self.batches = batches


def run_job(services: Services, plan: AssetPlan) -> JobTimes:
    start = time.perf_counter()
    job = submit(
        plan,
        store=services.jobs,
        library=services.library,
        project=services.settings.project,
        conversation_id=None,
        settings=services.settings,
    )
    first = None
    for event in services.bus.subscribe(job=job.id, after=0):
        if event.kind == "task_done" and first is None:
            first = time.perf_counter() - start
        if event.kind in ("job_done", "job_failed", "job_canceled"):
            break
    seconds = time.perf_counter() - start
    ended = services.jobs.get(job.id)
    if ended.state != "done" or first is None:
        raise RuntimeError(f"the measured job ended as {ended.state}: {ended.error}")
    return JobTimes(seconds, first, batch_sizes(services, job.id))


def batch_sizes(services: Services, job_id: int) -> list[int]:
    """As the engine chose them: every asset tells how many images it was painted with."""
    sizes = [asset.metadata["batch_size"] for asset in services.library.assets(job_id=job_id, limit=1000)]
    batches = []
    while sum(batches) < len(sizes):
        batches.append(sizes[sum(batches)])
    return batches


def one_subject(variants: int) -> AssetPlan:
    return AssetPlan(request="bench", items=[PlanItem(subject="rusty sword", variants=variants)], seed=1)


def many_subjects(count: int) -> AssetPlan:
    items = [PlanItem(subject=SUBJECTS[i % len(SUBJECTS)]) for i in range(count)]
    return AssetPlan(request="bench", items=items, seed=100)


def bare_batch(services: Services, plan: AssetPlan, sizes: Sequence[int]) -> None:
    """The pipeline alone, in calls of these sizes: no queue, no sprites, no files, no events."""
    model = services.engine.loaded()
    requests = iter(plan.requests(services.settings.image_model))
    for size in sizes:
        model.paint(list(islice(requests, size)))


def plain_loop(services: Services, plan: AssetPlan) -> None:
    """What a script with diffusers does: one call an image."""
    model = services.engine.loaded()
    for request in plan.requests(services.settings.image_model):
        model.paint([request])


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def event_delays(services: Services) -> list[float]:
    """Delay in ms from the end of each task of a batch of 100 to its event in a WebSocket client of another process."""
    count = services.settings.max_assets_per_batch
    with serving(services) as address:
        command = [sys.executable, "-m", "bench.event_client", f"ws://{address}/api/events", str(count)]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert client.stdout is not None
        client.stdout.readline()
        run_job(services, many_subjects(count))
        output, _ = client.communicate(timeout=120)
    return [float(line) for line in output.split()]


@contextmanager
def serving(services: Services) -> Iterator[str]:
    import uvicorn

    listener = listen("127.0.0.1", 0)
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(uvicorn.Config(create(services), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
