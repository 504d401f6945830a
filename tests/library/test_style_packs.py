"""Packs by name and by meaning, versions, deletion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import BadRequest, NotFound
from library.db import Database
from library.library import Library
from library.storage import Storage
from library.style_packs import StylePacks
from memory.embedder import Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def packs(tmp_path: Path, embedder: Embedder) -> Iterator[StylePacks]:
    database = Database(f"sqlite:///{(tmp_path / 'packs.db').as_posix()}")
    database.migrate()
    Library(database, Storage((tmp_path / "files").as_uri())).ensure_project("default")
    loras = Storage((tmp_path / "packs").as_uri(), suffix=".safetensors")
    yield StylePacks(database, Storage((tmp_path / "files").as_uri()), loras, embedder.encode)
    database.dispose()


def add(packs: StylePacks, name: str, *captions: str) -> int:
    with packs.database.session() as session:
        pack = packs.reserve(session, "default", name, f"{name.lower()} style")
        files = {"references": [{"caption": caption} for caption in captions]}
        packs.add_version(session, pack, lora="a" * 64, origin="trained", base={}, settings={}, metrics={}, files=files)
    return pack


def test_a_pack_is_found_by_name_spelling_and_meaning(packs: StylePacks) -> None:
    add(packs, "Dustbowl", "cowboy hat", "saloon door", "horse saddle", "revolver")
    add(packs, "Neon Harbour", "robot", "hologram", "neon sign", "cyber drone")
    add(packs, "Mossy Hollow", "mushroom", "fern", "tree stump", "fairy lamp")
    for words, name in {
        "dustbowl": "Dustbowl",
        "my DUSTBOWL style": "Dustbowl",
        "Dust bowl": "Dustbowl",
        "neon harbor": "Neon Harbour",
        "the mossy hollow pack": "Mossy Hollow",
        "western": "Dustbowl",
        "my wild west style": "Dustbowl",
        "cyberpunk": "Neon Harbour",
        "forest": "Mossy Hollow",
    }.items():
        assert packs.find("default", words).name == name, words
    with pytest.raises(NotFound, match="There are: Dustbowl, Mossy Hollow, Neon Harbour"):
        packs.find("default", "quarterly tax report")


def test_versions_roll_back_and_forward(packs: StylePacks) -> None:
    pack = add(packs, "Dustbowl")
    with packs.database.session() as session:
        packs.add_version(session, pack, lora="b" * 64, origin="trained", base={}, settings={}, metrics={}, files={})
    assert packs.get(pack).current == 2
    back = packs.use_version(pack, 1)
    assert back.version is not None and back.version.lora == "a" * 64
    assert [version.number for version in back.versions] == [2, 1]


def test_a_deleted_pack_frees_its_name_until_it_is_restored(packs: StylePacks) -> None:
    first = add(packs, "Dustbowl")
    packs.delete(first)
    second = add(packs, "dustbowl")
    assert second != first and [pack.id for pack in packs.list("default")] == [second]
    with pytest.raises(BadRequest, match="named Dustbowl by now"):
        packs.restore(first)
    packs.delete(second)
    assert packs.restore(first).name == "Dustbowl"
    with pytest.raises(NotFound):
        packs.get(second)
