"""What may be dropped: hostile, broken and odd files are refused by name, the rest is read right."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from errors import BadRequest
from pipelines.training.pictures import caption_of, check_count, read_pictures
from tests.pipelines.training.drawn import draw, save_drawn


def bomb(path: Path) -> Path:
    """A PNG of a few hundred bytes that claims 50,000 x 50,000 pixels."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 6, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )
    return path


def test_bad_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = save_drawn(tmp_path, 4)
    html = tmp_path / "page.png"
    html.write_text("<html><body>not a picture</body></html>")
    dot = tmp_path / "dot.png"
    Image.new("RGBA", (1, 1), "red").save(dot)
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (32, 32)).save(clear)
    cut = tmp_path / "cut.png"
    cut.write_bytes(good[0].read_bytes()[:200])
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(2 * 1024**3)
    found = read_pictures([html, good[0], dot, *good[1:], empty, clear, bomb(tmp_path / "bomb.png"), huge, cut])
    assert [picture.name for picture in found.pictures] == [file.name for file in good]
    assert len(found.refused) == 7
    for name in ("page.png", "dot.png", "empty.png", "clear.png", "bomb.png", "huge.png", "cut.png"):
        assert sum(name in sentence for sentence in found.refused) == 1, name
    check_count(found)


def test_cmyk_and_16_bit_pictures_keep_what_they_show(tmp_path: Path) -> None:
    cmyk, deep, palette = tmp_path / "lamp.jpg", tmp_path / "rock.png", tmp_path / "tent.gif"
    Image.new("RGB", (40, 40), (200, 80, 30)).convert("CMYK").save(cmyk, quality=95)
    ramp = np.tile(np.linspace(0, 65535, 40).astype(np.uint16), (40, 1))
    Image.fromarray(ramp).save(deep)
    draw(2, 40).convert("P").save(palette)
    red, grey, _ = (picture.image for picture in read_pictures([cmyk, deep, palette]).pictures)
    assert np.abs(np.asarray(red)[20, 20, :3].astype(int) - (200, 80, 30)).max() < 12
    assert 110 < np.asarray(grey)[20, 20, 0] < 145  # scaled, not clipped to white


def test_camera_turn_is_undone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees"
    Image.new("RGB", (60, 20), "blue").save(tmp_path / "photo.jpg", exif=exif)
    [picture] = read_pictures([tmp_path / "photo.jpg"]).pictures
    assert picture.image.size == (20, 60)


def test_copies_are_left_out_with_a_word_and_recolours_are_not(tmp_path: Path) -> None:
    files = [*save_drawn(tmp_path, 3)]
    for number in range(20):
        again = tmp_path / f"again{number}.png"
        draw(1, 64 + number).save(again)
        files.append(again)
    pixels = np.asarray(draw(1)).copy()
    pixels[..., :3] = pixels[..., 2::-1]
    Image.fromarray(pixels).save(tmp_path / "blue.png")
    found = read_pictures([*files, tmp_path / "blue.png"])
    assert [picture.name for picture in found.pictures] == [*(file.name for file in files[:3]), "blue.png"]
    assert len(found.doubles) == 20
    assert any("near-duplicates" in note for note in found.notes())


def test_twenty_copies_of_one_image_are_too_few(tmp_path: Path) -> None:
    for number in range(20):
        draw(1).save(tmp_path / f"{number}.png")
    with pytest.raises(BadRequest, match="at least 3 different images, and there is 1"):
        check_count(read_pictures(sorted(tmp_path.glob("*.png"))))


def test_a_sheet_is_offered_to_be_cut(tmp_path: Path) -> None:
    sheet = Image.new("RGBA", (4 * 40, 2 * 40))
    for number in range(8):
        sheet.paste(draw(number, 32), (number % 4 * 40 + 4, number // 4 * 40 + 4))
    sheet.save(tmp_path / "props.png")
    offered = read_pictures([tmp_path / "props.png"])
    assert offered.sheets == {"props.png": 8} and len(offered.pictures) == 1
    with pytest.raises(BadRequest, match="looks like a sheet of 8 sprites"):
        check_count(offered)
    cut = read_pictures([tmp_path / "props.png"], cut_sheets=True)
    assert len(cut.pictures) == 8
    assert all(max(picture.image.size) <= 32 for picture in cut.pictures)


@pytest.mark.parametrize(
    ("name", "caption"),
    [
        ("rusty_sword-03.png", "rusty sword"),
        ("OilLamp.webp", "oil lamp"),
        ("IMG_2041.jpg", ""),
        ("a3f5d0c9b2e8a3f5d0c9.png", ""),
        ("sprite 12.png", ""),
    ],
)
def test_captions_come_from_names_that_say_something(name: str, caption: str) -> None:
    assert caption_of(name) == caption
