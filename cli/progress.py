"""A job's progress as one line on stderr, from the same events that the page shows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.types import JobView
    from services import Services

FINAL_STATES = ("done", "failed", "canceled")


def follow_job(services: Services, job_id: int, *, quiet: bool = False, noun: str = "images") -> JobView:
    """Wait until the job ends; Ctrl+C cancels it and keeps what is done."""
    job = services.jobs.get(job_id)
    try:
        if job.state not in FINAL_STATES:
            for event in services.bus.subscribe(job=job_id, after=0):
                if not quiet and job.kind == "train":
                    show_training(event.data)
                elif not quiet:
                    show_counts(event.data, noun)
                if event.kind in ("job_done", "job_failed", "job_canceled"):
                    break
    except KeyboardInterrupt:
        services.jobs.cancel(job_id)
        services.worker.wait(job_id)
        raise
    finally:
        if not quiet:
            print(file=sys.stderr)
    return services.jobs.get(job_id)


def show_counts(data: dict, noun: str) -> None:
    total, done = data.get("total", 0), data.get("done", 0)
    failed = f", {data['failed']} failed" if data.get("failed") else ""
    print(f"\r{done}/{total} {noun}{failed} ", end="", file=sys.stderr, flush=True)


def show_training(data: dict) -> None:
    told = data.get("training")
    if told is None:
        return
    if told["kind"] == "phase":
        print(f"\r{told['text']:<60}", end="", file=sys.stderr, flush=True)
    elif told["kind"] == "step":
        left = round(told["seconds_left"])
        text = f"step {data['step']}/{data['steps']}, loss {told['loss']:.4f}, about {left} s left"
        print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)
