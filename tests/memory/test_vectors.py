"""The index of meanings: survives restarts, other processes and cut-off files; and what the library finds with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from errors import BadRequest
from library.db import Database
from library.library import Library
from library.meaning import MeaningSearch
from library.review import bin_assets, decide
from library.storage import Storage
from memory.embedder import Embedder
from memory.vectors import TextVectors
from tests.library.test_library import add_asset

EMBEDDER = Embedder()
THINGS = ("wooden barrel", "gold coin", "stone wall", "health potion", "iron sword", "bread loaf", "blue gem", "key")


def test_rows_are_kept_and_shared(tmp_path: Path) -> None:
    first, second = TextVectors(tmp_path, EMBEDDER), TextVectors(tmp_path, EMBEDDER)
    assert first.rows(["barrel", "coin", "barrel"]).tolist() == [0, 1, 0]
    assert second.rows(["coin", "sword"]).tolist() == [1, 2]
    assert first.rows(["sword"], most=0).tolist() == [2]
    assert first.rows(["new"], most=0).tolist() == [-1]
    scores = first.scores("money")
    assert scores.shape == (3,) and scores.argmax() == 1


def test_what_a_crash_cut_off_is_written_again(tmp_path: Path) -> None:
    TextVectors(tmp_path, EMBEDDER).rows(["barrel", "coin"])
    with (tmp_path / "vectors.f16").open("ab") as file:
        file.write(b"half a vec")
    with (tmp_path / "texts.jsonl").open("ab") as file:
        file.write(b'"swo')
    again = TextVectors(tmp_path, EMBEDDER)
    assert again.rows(["coin", "sword"]).tolist() == [1, 2]
    kept = np.fromfile(tmp_path / "vectors.f16", np.float16).reshape(3, -1)
    assert np.allclose(np.linalg.norm(kept, axis=1), 1, atol=0.01)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    database = Database(f"sqlite:///{(tmp_path / 'gameforge.db').as_posix()}")
    database.migrate()
    library = Library(database, Storage((tmp_path / "files").as_uri()))
    batch = library.create_batch("default", "", {})
    for number, subject in enumerate(THINGS, start=1):
        add_asset(library, batch, number, subject)
    library.meaning = MeaningSearch(library, TextVectors(tmp_path / "vectors", EMBEDDER))
    return library


def test_found_by_what_it_is(library: Library) -> None:
    assert library.meaning is not None
    names = [asset.subject for asset, _ in library.meaning.find("something to drink when wounded", limit=2)]
    assert names[0] == "health potion"
    assert library.meaning.find("money", limit=1)[0][0].subject == "gold coin"
    hiding = {asset.subject for asset, _ in library.meaning.find("something to hide behind", limit=3)}
    assert "stone wall" in hiding or "wooden barrel" in hiding
    with pytest.raises(BadRequest, match="Say what to look for"):
        library.meaning.find("  ")


def test_filters_and_new_assets_count(library: Library) -> None:
    assert library.meaning is not None
    decide(library, {4: "approved", 5: "approved"})
    found = library.meaning.find("a weapon", limit=10, state="approved")
    assert [asset.subject for asset, _ in found][0] == "iron sword" and len(found) <= 2
    add_asset(library, 1, 9, "crossbow")
    assert "crossbow" in {asset.subject for asset, _ in library.meaning.find("a weapon", limit=2)}
    bin_assets(library, [5])
    assert "iron sword" not in {asset.subject for asset, _ in library.meaning.find("a weapon", limit=10)}
