"""`gameforge bench models`: what the built-in models are worth, measured again from the files that ship.

Quality needs neither training data nor a network; seconds are those of this machine, as busy as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.models.evaluate import LOCAL_LIMIT, language_figures, process_memory_gb
from bench.run import BATCH, many_subjects, one_subject, run_job
from errors import NotReady
from memory.embedder import Embedder
from pipelines.nano.evaluate import SECTIONS, Evaluation
from pipelines.nano.evaluator import Evaluator
from pipelines.sources import BUILTIN, BUILTIN_FOLDER, locate
from services import build_services
from settings import Settings

ROUNDS = 3
PARTS = ("image", "language")


def bench_models(args: argparse.Namespace, settings: Settings) -> int:
    """Measures the parts in `args.only` (default: all): a table to stderr, with `args.json` one object to stdout."""
    figures: dict[str, Any] = {}
    parts = args.only or PARTS
    if "image" in parts:
        figures["image"] = {"speed": image_speed(settings), **image_quality()}
    if "language" in parts:
        figures["language"] = language(settings, args.turns)
    for name, value in flat(figures):
        say(f"{name:<58} {value}")
    if args.json:
        print(json.dumps(figures))
    return 0


def language(settings: Settings, turns: Sequence[Path]) -> dict[str, Any]:
    """`turns`: files of turns, and a number that caps the turns of each side, spread evenly over the files."""
    limit = next((int(str(value)) for value in turns if str(value).isdigit()), 0)
    files = [value for value in turns if not str(value).isdigit()]
    return language_figures(settings, files, limit=limit, local_limit=limit or LOCAL_LIMIT, say=say)


def image_speed(settings: Settings) -> dict[str, Any]:
    """Seconds of whole jobs (queue, files, sprite clean-up), memory of this process without a language model.

    Medians of three after one to warm up; `first_preview_seconds` counts from the plan of the 32 props.
    """
    say("Speed of the image model")
    with tempfile.TemporaryDirectory() as home:
        own = {"home": Path(home), "database_url": None, "local_llm": "off", "image_model": BUILTIN}
        services = build_services(settings.model_copy(update=own))
        services.start(language_models=False)
        try:
            run_job(services, one_subject(4))
            four = [run_job(services, one_subject(4)).seconds for _ in range(ROUNDS)]
            many = [run_job(services, many_subjects(BATCH)) for _ in range(ROUNDS)]
            device = services.engine.info().device
        finally:
            services.close()
    return {
        "device": device,
        "variants4_seconds": round(statistics.median(four), 3),
        "props32_seconds": round(statistics.median(job.seconds for job in many), 3),
        "first_preview_seconds": round(statistics.median(job.first_preview for job in many), 3),
        "process_memory_gb": process_memory_gb(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def image_quality() -> dict[str, Any]:
    """Retrieval, silhouettes, colours, diversity and memory of the built-in model at its own settings.

    Raises:
        NotReady: the evaluator's weights are not there.
    """
    folder = locate(BUILTIN).path or BUILTIN_FOLDER
    try:
        evaluator = Evaluator.load()
    except FileNotFoundError as error:
        raise NotReady(
            "The evaluator's weights are missing. Get the project's folder `models` again, "
            "or measure with `--only language`."
        ) from error
    evaluation = Evaluation(folder, Embedder(), evaluator)
    figures: dict[str, Any] = {"settings": {name: evaluation.encoder.settings[name] for name in _SHOWN}}
    for name in SECTIONS:
        say(f"Image model: {name}")
        figures[name] = getattr(evaluation, name)()
    return figures


_SHOWN = ("start_strength", "max_strength", "steps", "guidance", "training_samples")


def flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested figures as dotted names and values."""
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
