"""`gameforge train` and `packs` as a user types them: what is wrong ends in one sentence, nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cli.packs import image_files, told_captions
from tests.cli.conftest import Outcome
from tests.pipelines.training.drawn import save_drawn

Gameforge = Callable[..., Outcome]


def bad_folder(folder: Path, kind: str) -> list[Path]:
    files = save_drawn(folder, 1)
    if kind == "one":
        return files
    if kind == "copies":
        return [*files, *(_copy(files[0], folder / f"copy-{n}.png") for n in range(19))]
    if kind == "junk":
        (folder / "page.png").write_text("<html>")
        (folder / "bomb.png").write_bytes(_bomb())
        with (folder / "huge.png").open("wb") as huge:
            huge.truncate(2 * 1024**3)
        (folder / "archive.zip").write_bytes(b"PK\x05\x06" + bytes(18))
        return [*files, folder / "page.png", folder / "bomb.png", folder / "huge.png", folder / "archive.zip"]
    return [folder / "missing.png"]


def _copy(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    return target


def _bomb() -> bytes:
    """A PNG header that promises 60000 x 60000 pixels."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "name", "sentences"),
    [
        ("one", "Dustbowl", ["at least 3 images, and there is 1"]),
        ("copies", "Dustbowl", ["at least 3 different images, and there is 1", "near-duplicates"]),
        (
            "junk",
            "Dustbowl",
            ["page.png is not an image", "bomb.png", "huge.png is too large: 2048 MB", "archive.zip is not"],
        ),
        ("missing", "Dustbowl", ["There is no file"]),
        ("one", "a/../b", ["cannot be a style pack's name"]),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_a_line(
    gameforge: Gameforge, tmp_path: Path, kind: str, name: str, sentences: list[str]
) -> None:
    outcome = gameforge("train", *map(str, bad_folder(tmp_path / "refs", kind)), "--name", name, "--json")
    assert outcome.code == 2 and outcome.out == "" and outcome.err.count("\n") == 1
    assert all(sentence in outcome.err for sentence in sentences), outcome.err
    assert gameforge("packs", "--json").json == []


def test_options_that_a_model_cannot_follow_are_refused(gameforge: Gameforge, tmp_path: Path) -> None:
    files = list(map(str, save_drawn(tmp_path / "refs", 3)))
    outcome = gameforge("train", *files, "--name", "Dustbowl", "--text-encoders")
    assert outcome.code == 2 and "Forge Nano has no text encoders" in outcome.err
    outcome = gameforge("train", *files, "--name", "Dustbowl", "--prior-images", "9999")
    assert outcome.code == 2 and "0 to 100 images" in outcome.err


def test_captions_lie_beside_the_images(tmp_path: Path) -> None:
    files = save_drawn(tmp_path, 3)
    files[1].with_suffix(".txt").write_text("oil  lamp\n")
    files[2].with_suffix(".txt").write_text("\n")
    found = image_files([tmp_path])
    assert found == sorted(files) and told_captions(found) == {files[1].name: "oil lamp"}


def test_loras_that_cannot_be_used_are_refused(gameforge: Gameforge, tmp_path: Path) -> None:
    lora = tmp_path / "gloomy.safetensors"
    key = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
    down = {
        f"{key}.lora_down.weight": np.zeros((4, 768), np.float32),
        f"{key}.lora_up.weight": np.zeros((640, 4), np.float32),
    }
    save_file(down, str(lora))
    (tmp_path / "cut.safetensors").write_bytes(lora.read_bytes()[:40])
    (tmp_path / "old.ckpt").write_bytes(b"\x80\x02")
    (tmp_path / "old.pt").write_bytes(b"\x80\x02")
    for name, sentence in {
        "gloomy.safetensors": "was made for Stable Diffusion 1",
        "cut.safetensors": "is damaged",
        "old.ckpt": "is a pickle",
        "old.pt": "is a pickle",
        "none.safetensors": "There is no file",
    }.items():
        outcome = gameforge("packs", "import", str(tmp_path / name))
        assert outcome.code in (1, 2) and sentence in outcome.err and outcome.err.count("\n") == 1, name
    outcome = gameforge("packs", "delete", "Ghost", "--yes")
    assert outcome.code == 1 and "no style pack named Ghost" in outcome.err
