"""Files that are read are verified; the check finds and repairs what is wrong."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from errors import BadRequest, NotFound
from library.check import check
from library.library import Library
from library.models import Asset
from library.thumbnails import thumbnail
from tests.library.test_library import add_asset


def png(colour: str, side: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (side, side), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def hashes(library: Library) -> list[str]:
    """Three assets with files."""
    batch = library.create_batch("default", "", {})
    made = []
    for number, colour in enumerate(("red", "green", "blue"), start=1):
        sha256 = library.storage.stage(f"1-{number}", png(colour, 600))
        library.storage.publish(f"1-{number}", sha256)
        add_asset(library, batch, number, sha256=sha256, metadata={"request": {"prompt": colour}})
        made.append(sha256)
    return made


def file(library: Library, sha256: str) -> Path:
    return Path(library.storage.address(sha256))


def test_a_damaged_file_is_never_handed_out(library: Library, hashes: list[str]) -> None:
    library.version_path(hashes[0])
    data = bytearray(file(library, hashes[0]).read_bytes())
    data[100] ^= 1
    file(library, hashes[0]).write_bytes(data)
    with pytest.raises(NotFound, match="is damaged. Run `gameforge library check --repair`"):
        library.version_path(hashes[0])
    file(library, hashes[1]).write_bytes(b"")
    with pytest.raises(NotFound, match="is damaged"):
        thumbnail(library, hashes[1], 64, file(library, hashes[1]).parent)
    assert library.version_path(hashes[2]).read_bytes() == png("blue", 600)


def test_the_check_finds_and_repairs(library: Library, hashes: list[str]) -> None:
    assert check(library).sound
    file(library, hashes[0]).unlink()
    file(library, hashes[1]).write_bytes(b"something else")
    stray = library.storage.stage("1-9", png("white"))
    library.storage.publish("1-9", stray)
    with library.database.session() as session:
        session.get_one(Asset, 3).current_version_id = None
        session.get_one(Asset, 3).words = ""

    found = check(library)
    assert (found.missing, found.changed, found.orphaned) == ([hashes[0]], [hashes[1]], [stray])
    assert found.lost == [hashes[0], hashes[1]] and not found.sound

    repaired = check(library, repair=True, remake=lambda sha256, details: png(details["request"]["prompt"], 600))
    assert repaired.lost == [] and len(repaired.repaired) == 6
    assert library.version_path(hashes[1]).read_bytes() == png("green", 600)
    assert (Path(library.storage.root) / "orphaned" / f"{stray}.png").is_file()
    assert [asset.id for asset in library.assets(text="cactus")] == [3, 2, 1]
    assert check(library).sound


def test_what_cannot_be_made_again_is_named(library: Library, hashes: list[str]) -> None:
    file(library, hashes[0]).unlink()
    report = check(library, repair=True, remake=lambda sha256, details: b"another picture")
    assert report.lost == [hashes[0]]


def test_small_copies(library: Library, hashes: list[str], tmp_path: Path) -> None:
    small = thumbnail(library, hashes[0], 128, tmp_path / "small")
    with Image.open(small) as image:
        assert image.size == (128, 128)
    assert thumbnail(library, hashes[0], 128, tmp_path / "small") == small
    with pytest.raises(BadRequest, match="64, 128, 256, 512"):
        thumbnail(library, hashes[0], 100, tmp_path)
    with pytest.raises(NotFound):
        thumbnail(library, "0" * 64, 64, tmp_path)


def test_what_a_killed_disk_check_leaves_is_removed(library: Library) -> None:
    library.storage.stage("writable-31183", b"probe")
    assert library.recover() == 1
    assert library.storage.staged() == []
