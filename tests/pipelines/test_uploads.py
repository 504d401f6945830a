from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from errors import BadRequest
from pipelines.uploads import ImageFacts, check_image, open_image

MOST_PIXELS, MOST_BYTES = 64_000_000, 50 * 1024 * 1024


def check(path: Path) -> ImageFacts:
    return check_image(path, MOST_PIXELS, MOST_BYTES)


def png_bomb(path: Path, side: int) -> None:
    """A black PNG of side x side pixels in a few hundred kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    compressor = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join(compressor.compress(row) for _ in range(side)) + compressor.flush()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello, I am a text", "is not an image"),
        (b"<html><script>alert(1)</script></html>", "is not an image"),
        (b"%PDF-1.7", "is not an image"),
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n", "is damaged|is not an image"),
    ],
)
def test_what_is_no_image_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "upload.png"
    path.write_bytes(content)
    with pytest.raises(BadRequest, match=f"upload.png {words}"):
        check(path)


def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    for side in (9_000, 30_000):
        path = tmp_path / f"{side}.png"
        png_bomb(path, side)
        assert path.stat().st_size < 1_000_000
        tracemalloc.start()
        with pytest.raises(BadRequest, match="too large|too many pixels"):
            check(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000


def test_truncated_files_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
    for name in ("cut.png", "cut.jpg", "cut.webp", "cut.gif"):
        path = tmp_path / name
        noise.save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(BadRequest, match=f"{name} is (damaged|not an image)"):
            check(path)


def test_size_limits(tmp_path: Path) -> None:
    path = tmp_path / "big.bmp"
    Image.new("RGB", (100, 100)).save(path)
    with pytest.raises(BadRequest, match="too large: 0 MB"):
        check_image(path, MOST_PIXELS, 1000)
    with pytest.raises(BadRequest, match="100 x 100 pixels"):
        check_image(path, 5000, MOST_BYTES)
    with pytest.raises(BadRequest, match="cannot be read"):
        check(tmp_path / "missing.png")


def test_unusual_images_are_fine(tmp_path: Path) -> None:
    frames = [Image.new("P", (20, 10), colour) for colour in (1, 2, 3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("CMYK", (20, 10), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    Image.fromarray(np.full((10, 20), 40_000, np.uint16)).save(tmp_path / "deep.png")
    Image.new("1", (20, 10), 1).save(tmp_path / "bits.png")
    Image.new("RGBA", (20, 10), (255, 0, 0, 128)).save(tmp_path / "wrong-name.jpg", "WEBP", lossless=True)
    for file in tmp_path.iterdir():
        facts = check(file)
        assert (facts.width, facts.height) == (20, 10)
        assert open_image(file).mode == "RGBA"
    assert check(tmp_path / "wrong-name.jpg").format == "WEBP"
    assert open_image(tmp_path / "deep.png").getpixel((0, 0)) == (156, 156, 156, 255)
    assert open_image(tmp_path / "print.jpg").getpixel((5, 5))[0] > 200  # type: ignore[index]


def test_camera_rotation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (20, 10)).save(tmp_path / "turned.jpg", exif=exif)
    assert open_image(tmp_path / "turned.jpg").size == (10, 20)
