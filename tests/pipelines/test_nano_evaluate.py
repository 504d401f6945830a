"""The committed evaluator and the figures of the committed model, on few concepts (`gameforge bench models`: all)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memory.embedder import Embedder
from pipelines.nano.evaluate import Evaluation
from pipelines.nano.evaluator import FILE, Evaluator
from pipelines.nano.metrics import SAME_DRAWING
from pipelines.nano.train_unet import learning_rate

MODEL = Path(__file__).parents[2] / "models" / "forge-nano"


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return Evaluation(MODEL, Embedder(), Evaluator.load(), captions=24)


def test_the_evaluator_knows_real_pictures(evaluation: Evaluation) -> None:
    drawn = evaluation.concepts(heldout=False)
    ranks = evaluation.ranks(evaluation.exemplars([number for _, number in drawn]), [name for name, _ in drawn])
    assert ranks["rank5"] > 0.6  # chance: 0.21
    assert FILE.stat().st_size < 4e6


def test_painted_pictures_are_found_by_their_captions(evaluation: Evaluation) -> None:
    found = evaluation.retrieval()
    assert found["seen"]["rank5"] > 0.5
    assert found["held_out"]["rank5"] > found["chance_rank5"]
    assert {"seen_real", "held_out_real"} < set(found)


def test_held_out_concepts_are_painted_without_their_exemplars(evaluation: Evaluation) -> None:
    rest = evaluation.index.without_held_out()
    assert 0 < len(rest) < len(evaluation.index)
    assert not any(row["heldout"] for row in rest.rows)
    name, number = evaluation.concepts(heldout=True)[0]
    vector = evaluation.embedder.encode([name])[0]
    assert name not in {exemplar.name for exemplar in rest.candidates(name, vector, style="pixel")}
    kept = next(i for i, row in enumerate(evaluation.index.rows) if not row["heldout"] and i > 0)
    moved = next(i for i, row in enumerate(rest.rows) if row["id"] == kept)
    assert np.array_equal(rest.latent(moved).numpy(), evaluation.index.latent(kept).numpy())


def test_a_copy_counts_as_memorised_whichever_way_round(evaluation: Evaluation) -> None:
    numbers = [number for _, number in evaluation.concepts(heldout=False)][:6]
    copies = evaluation.exemplars(numbers)
    elsewhere = [0] * len(numbers)  # the start is not told: it must be found
    assert evaluation.nearest(copies, elsewhere).max() < SAME_DRAWING
    assert evaluation.nearest(np.ascontiguousarray(copies[:, :, ::-1]), elsewhere).max() < SAME_DRAWING


def test_learning_rate_warms_up_stays_and_falls() -> None:
    rates = [learning_rate(step, 1.0, 10, 60, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[30] == 1.0 and rates[59] == 1.0
    assert all(later < earlier for earlier, later in zip(rates[60:], rates[61:], strict=False))
    assert rates[99] == pytest.approx(1 / 40)
