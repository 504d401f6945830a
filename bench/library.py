"""`gameforge bench library`: the library at 100,000 assets, from the page's own REST doors.

The rows are real, the pictures behind them are not: nothing here reads one. Vectors of meaning are real for the
subjects that occur and random unit vectors for the rest, so that the matrix has one row an asset, the worst case.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.run import percentile, serving
from services import Services, build_services
from settings import Settings

ASSETS = 100_000
ROUNDS = 15
PAGE = 120
THINGS = (
    "barrel", "crate", "boulder", "fence", "bush", "sword", "shield", "potion", "coin", "cactus", "camel", "skull",
    "tent",
    "lantern", "rope", "wagon", "well", "ladder", "bottle", "scroll", "helmet", "axe", "bow", "arrow", "key", "chest",
)  # fmt: skip
LOOKS = (
    "rusty", "wooden", "golden", "broken", "old", "mossy", "burnt", "tiny", "huge", "cursed", "blue", "red", "iron",
    "stone", "icy",
)  # fmt: skip
WORDS = (
    "to hide behind", "to fight with", "to drink", "that burns", "for a knight", "to ride on", "to open a door",
    "from the desert", "to keep gold in", "dead", "that gives light", "to sleep in", "made of wood", "to climb",
    "for a wizard", "to shoot with",
)  # fmt: skip
STATES = ("new", "new", "approved", "rejected")
COLOURS = ("red", "blue", "brown", "green", "gray")


def bench(args: argparse.Namespace, settings: Settings) -> int:
    count = getattr(args, "assets", None) or ASSETS
    with tempfile.TemporaryDirectory() as home:
        settings = settings.model_copy(update={"home": Path(home), "database_url": None, "local_llm": "off"})
        services = build_services(settings)
        try:
            figures = measure(services, count)
        finally:
            services.close()
    for name, value in figures.items():
        print(f"{name:<34} {value}", file=sys.stderr)
    if args.json:
        print(json.dumps(figures))
    return 0


def measure(services: Services, count: int) -> dict[str, Any]:
    """Median and 95th percentile in ms of each kind of request, over REST."""
    import httpx

    fill(services, count)
    fill_vectors(services, count)
    figures: dict[str, Any] = {"library_assets": count}
    with serving(services) as address, httpx.Client(base_url=f"http://{address}", timeout=120) as http:

        def ask(**query: Any) -> Callable[[], None]:
            words = iter(WORDS)

            def request() -> None:
                if query.get("meaning"):  # other words each time: those of the last searches are remembered
                    query["text"] = f"something {next(words)}"
                answer = http.get("/api/assets", params={"limit": PAGE, "project": "default", **query})
                answer.raise_for_status()
                if not answer.json():
                    raise RuntimeError(f"nothing found for {query}")

            return request

        wanted = {
            "first_page": ask(),
            "page_in_the_middle": ask(before=count // 2),
            "filter_state": ask(state="approved"),
            "filter_kind_colour_state": ask(kind="item", colour="blue", state="rejected"),
            "filter_size": ask(size_from=512),
            "search_word_common": ask(text="barrel"),
            "search_word_rare": ask(text="unique0"),
            "search_two_words": ask(text="rusty swords"),
            "search_meaning": ask(meaning=True),
            "search_meaning_filtered": ask(meaning=True, state="approved"),
        }
        for name, request in wanted.items():
            request()  # the first one loads what it needs
            times = [seconds(request) * 1000 for _ in range(ROUNDS)]
            figures[f"library_{name}_ms"] = round(statistics.median(times), 1)
            figures[f"library_{name}_p95_ms"] = round(percentile(times, 0.95), 1)
    return figures


def seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fill(services: Services, count: int) -> None:
    """Rows as a year of work would leave them: batches of 100, one version each."""
    from sqlalchemy import insert

    from library.models import Asset, Batch, Version
    from library.words import searchable

    rng = random.Random(7)
    project = services.library.ensure_project("default").id
    now = time.time()
    with services.database.session() as session:
        session.execute(
            insert(Batch),
            [
                {"id": n + 1, "project_id": project, "request": f"batch {n}", "plan": {}, "created_at": now}
                for n in range((count + 99) // 100)
            ],
        )
        for start in range(0, count, 5000):
            assets, versions = [], []
            for n in range(start, min(count, start + 5000)):
                rare = " unique0" if n == 77 else ""
                subject = f"{rng.choice(LOOKS)} {rng.choice(THINGS)}{rare}"
                state, side = rng.choice(STATES), rng.choice((32, 64, 128, 512 if n % 50 == 0 else 64))
                prompt = f"{subject}, pixel art, crisp outline"
                assets.append(
                    {
                        "id": n + 1, "project_id": project, "batch_id": n // 100 + 1, "number": n % 100 + 1,
                        "subject": subject, "kind": rng.choice(("prop", "item")), "state": state,
                        "current_version_id": n + 1, "words": searchable(subject, prompt),
                        "colour": rng.choice(COLOURS), "created_at": now - (count - n) * 60,
                    }
                )  # fmt: skip
                versions.append(
                    {
                        "id": n + 1, "asset_id": n + 1, "sha256": f"{n:064x}", "prompt": prompt, "seed": n,
                        "width": side, "height": side, "model": "builtin", "details": {"canvas": [64, 64]},
                        "state": state, "created_at": now,
                    }
                )  # fmt: skip
            session.execute(insert(Asset), assets)
            session.execute(insert(Version), versions)


def fill_vectors(services: Services, count: int) -> None:
    import numpy as np

    from memory.vectors import TextVectors

    meaning = services.library.meaning
    if meaning is None:
        return
    meaning.catch_up()
    vectors = meaning.vectors
    if not isinstance(vectors, TextVectors):
        return
    rng = np.random.default_rng(7)
    rows = rng.standard_normal((max(0, count - len(vectors)), services.embedder.dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors.add([f"row {n}" for n in range(len(rows))], rows)
