"""Content-addressed files: complete or absent, and readable errors."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from errors import BadRequest, NotFound, NotReady, ResourceError
from library.storage import Storage
from tests.library.test_database import unprivileged

DATA = b"pixels"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage((tmp_path / "files").as_uri())


def test_a_published_file_lies_under_its_hash(storage: Storage, tmp_path: Path) -> None:
    assert storage.stage("1-1", DATA) == SHA
    assert storage.staged() == ["1-1"]
    assert not storage.exists(SHA)
    storage.publish("1-1", SHA)
    path = storage.path(SHA)
    assert path == tmp_path / "files" / SHA[:2] / SHA[2:4] / f"{SHA}.png"
    assert str(path) == storage.address(SHA)
    assert path.read_bytes() == DATA
    with storage.open(SHA) as file:
        assert file.read() == DATA
    assert storage.staged() == []


def test_publishing_twice_does_no_harm(storage: Storage) -> None:
    storage.stage("1-1", DATA)
    storage.publish("1-1", SHA)
    storage.publish("1-1", SHA)
    storage.stage("2-1", DATA)
    storage.publish("2-1", SHA)
    assert storage.staged() == []
    assert storage.path(SHA).read_bytes() == DATA


def test_discarding(storage: Storage) -> None:
    storage.stage("1-1", DATA)
    storage.discard("1-1")
    storage.discard("1-1")
    assert storage.staged() == []
    with pytest.raises(NotFound, match="is missing"):
        storage.publish("1-1", SHA)


def test_a_missing_file(storage: Storage) -> None:
    with pytest.raises(NotFound, match=f"The file of version {SHA[:12]} is missing."):
        storage.path(SHA)
    with pytest.raises(NotFound):
        storage.open(SHA)


@pytest.mark.parametrize("name", ["../../etc/passwd", "abc", SHA.upper(), SHA + "0", ""])
def test_only_hashes_name_files(storage: Storage, name: str) -> None:
    with pytest.raises(BadRequest, match="64 hex digits"):
        storage.path(name)


def test_a_remote_store_is_read_through_a_cache(tmp_path: Path) -> None:
    storage = Storage("memory://bucket/files", cache=tmp_path / "cache")
    storage.stage("1-1", DATA)
    assert storage.staged() == ["1-1"]
    storage.publish("1-1", SHA)
    assert storage.staged() == []
    assert storage.address(SHA) == f"memory:///bucket/files/{SHA[:2]}/{SHA[2:4]}/{SHA}.png"
    path = storage.path(SHA)
    assert path.is_relative_to(tmp_path / "cache")
    assert storage.path(SHA).read_bytes() == DATA
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(storage: Storage, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(code, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="The disk with .*files is full. Free some space, then try again."):
        storage.stage("1-1", DATA)
    assert storage.staged() == []


def test_a_folder_that_cannot_be_written(storage: Storage, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with unprivileged(), pytest.raises(NotReady, match="The folder .*files cannot be written."):
            storage.check_writable()
    finally:
        tmp_path.chmod(0o755)


def test_checking_leaves_nothing(storage: Storage) -> None:
    storage.check_writable()
    assert storage.staged() == []
