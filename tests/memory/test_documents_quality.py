"""Retrieval and declining on the committed question sets, with the real model, against the plain reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory.documents.evaluate import evaluate

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.slow
def test_targets_on_the_question_set() -> None:
    figures = evaluate(DATA / "documents")
    hits, plain, shares = figures["hits"], figures["plain_hits"], figures["shares"]
    for document in (name for name in hits if "." in name):
        assert hits[document]["hit@5"] >= 0.95 and hits[document]["hit@1"] >= 0.75, document
        assert all(hits[document][k] > plain[document][k] for k in ("hit@1", "hit@5")), document
    assert shares["unanswerable declined, all"] >= 0.9
    assert shares["answerable declined, all"] <= 0.05


@pytest.mark.slow
def test_a_document_that_nothing_was_tuned_on() -> None:
    figures = evaluate(DATA / "documents_unseen")
    assert figures["hits"]["all"]["hit@5"] >= 0.9 and figures["hits"]["all"]["hit@1"] >= 0.75
    assert figures["shares"]["unanswerable declined, all"] >= 0.9
