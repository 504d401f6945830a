"""Trainings as jobs: a real process on a tiny SDXL, killed, resumed, kept, exported, used, deleted."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from safetensors.numpy import load, save_file

from errors import BadRequest, NotFound, ResourceError, UserFixable
from jobs import train_process
from jobs.generation import submit
from jobs.imports import import_art
from jobs.plan import AssetPlan, PlanItem
from jobs.train_process import PROCESS_FILE
from jobs.training import TrainingHandler, end_leftover
from library.check import check
from library.review import set_states
from pipelines.training.progress import read_progress
from pipelines.training.run import RunSpec
from services import Services, build_services
from settings import Settings
from tests.pipelines.training.drawn import quick_base, save_drawn

PATIENCE = 240.0


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def services(tmp_path: Path, tiny: Path) -> Iterator[Services]:
    made = build_services(Settings(home=tmp_path / "home", image_model=str(tiny), device="cpu", local_llm="off"))
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return save_drawn(tmp_path / "refs", 6)


def until(done: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := done()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.1)
    return value


def steps_of(folder: Path) -> list[int]:
    return [entry["step"] for entry in read_progress(folder) if entry["kind"] == "step"]


@pytest.mark.slow
def test_a_pack_from_images_to_use_through_a_kill(services: Services, files: list[Path]) -> None:
    desk = services.packs
    prepared = desk.prepare("default", "Dustbowl", files, preset="fast")
    assert "on 6 images (fast) takes about" in prepared.sentence
    job = desk.submit("default", prepared)
    assert desk.packs.names("default") == ()  # not before it is trained
    with pytest.raises(BadRequest, match="is being trained right now"):
        desk.prepare("default", "dustbowl", files)
    folder = desk.run_folder(job.id)
    services.worker.start()
    until(lambda: len(steps_of(folder)) > 30)
    os.kill(json.loads((folder / PROCESS_FILE).read_text())["pid"], signal.SIGKILL)
    view = services.worker.wait(job.id, PATIENCE)
    assert view.state == "done", view.error
    steps = steps_of(folder)
    assert steps == list(range(1, len(steps) + 1)) and len(steps) == prepared.settings.steps
    assert any("Going on from step 25" in entry.get("text", "") for entry in read_progress(folder))

    pack = desk.packs.find("default", "my Dustbowl style")
    version = pack.version
    assert version is not None and version.number == 1 and version.base["name"] == "Tiny"
    assert version.metrics["verdict"] and len(version.files["references"]) == 6
    assert version.files["references"][0]["caption"] == "barrel"
    pictures = [reference["sha256"] for reference in version.files["references"]]
    pictures += [pair[kind] for pair in version.files["comparison"] for kind in ("with", "without")]
    assert all(services.library.version_path(sha256).is_file() for sha256 in pictures)
    assert check(services.library).sound  # nobody takes the pack's pictures for orphans
    told = desk.progress(job.id)
    assert len(told["steps"]) == prepared.settings.steps and told["samples"]
    assert desk.run_picture(job.id, told["samples"][0]["files"][0]).is_file()
    with pytest.raises(NotFound):
        desk.run_picture(job.id, "..%2Frun.json")

    _export(desk.export(pack.id), desk.packs.lora_path(version.lora))
    _use(services)
    _versions(services, pack.id)


def _export(made: tuple[str, bytes], lora: Path) -> None:
    name, data = made
    assert name == "Dustbowl-1.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert archive.read("Dustbowl.safetensors") == lora.read_bytes()
        kohya = load(archive.read("Dustbowl-kohya.safetensors"))
        record = json.loads(archive.read("pack.json"))
    assert any(key.startswith("lora_unet_") for key in kohya)
    assert sum(name.endswith(".png") for name in names) == 6 and "README.txt" in names
    assert record["trigger"] == "dustbowl style"


def _use(services: Services) -> None:
    plan = AssetPlan(request="2 props", items=[PlanItem(subject="lamp"), PlanItem(subject="tent")], seed=4)
    made = {}
    for packs in ([], ["Dustbowl"]):
        wanted = plan.model_copy(update={"style_packs": packs})
        job = submit(
            wanted, store=services.jobs, library=services.library, project="default", settings=services.settings,
            packs=services.packs.uses,
        )  # fmt: skip
        assert services.worker.wait(job.id, PATIENCE).state == "done"
        made[bool(packs)] = services.library.assets(job_id=job.id)
    assert [asset.style_pack for asset in made[True]] == ["Dustbowl"] * 2
    assert [asset.style_pack for asset in made[False]] == [None] * 2
    used = made[True][0].metadata["request"]["style_packs"][0]
    assert used["pack"] == "Dustbowl" and len(used["sha256"]) == 64
    assert {asset.version for asset in made[True]}.isdisjoint(asset.version for asset in made[False])
    set_states(services.library, {asset.id: "approved" for asset in made[True]})


def _versions(services: Services, pack_id: int) -> None:
    desk = services.packs
    better = desk.improve("default", desk.packs.get(pack_id), preset="fast")
    assert better.improves == pack_id and len(better.found.pictures) + len(better.found.doubles) == 8
    assert {"lamp", "tent"} <= {picture.caption for picture in better.found.pictures} or better.found.doubles
    with pytest.raises(BadRequest, match='named Dustbowl already.*"improve Dustbowl"'):
        desk.prepare("default", " DUSTBOWL ", [])
    desk.packs.delete(pack_id)
    assert desk.packs.names("default") == ()
    with pytest.raises(NotFound, match="no style pack named Dustbowl"):
        desk.packs.find("default", "Dustbowl")
    assert desk.packs.restore(pack_id).current == 1
    with pytest.raises(NotFound, match="no version 7"):
        desk.packs.use_version(pack_id, 7)


@pytest.mark.slow
def test_stop_keeps_the_state_and_retry_goes_on(services: Services, files: list[Path]) -> None:
    desk = services.packs
    job = desk.submit("default", desk.prepare("default", "Dustbowl", files, preset="balanced"))
    folder = desk.run_folder(job.id)
    services.worker.start()
    until(lambda: len(steps_of(folder)) > 40)
    process = psutil.Process(json.loads((folder / PROCESS_FILE).read_text())["pid"])
    services.jobs.cancel(job.id)
    until(lambda: not process.is_running())
    stopped_at = steps_of(folder)[-1]
    assert services.jobs.get(job.id).state == "canceled" and desk.packs.names("default") == ()
    assert services.jobs.retry(job.id) == 1
    assert services.worker.wait(job.id, PATIENCE).state == "done"
    assert any(f"Going on from step {stopped_at}" in entry.get("text", "") for entry in read_progress(folder))
    assert desk.packs.names("default") == ("Dustbowl",)


@pytest.mark.slow
def test_a_disk_that_is_full_when_the_pack_is_saved_costs_no_training(
    services: Services, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file size limit of the process stands in for a full disk: the write itself fails, in the middle of a file."""
    desk = services.packs
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    stage = desk.packs.files.stage

    def stage_on_full_disk(key: str, data: bytes) -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
        try:
            return stage(key, data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    job = desk.submit("default", desk.prepare("default", "Dustbowl", files, preset="fast"))
    folder = desk.run_folder(job.id)
    with monkeypatch.context() as patched:
        patched.setattr(desk.packs.files, "stage", stage_on_full_disk)
        services.worker.start()
        view = services.worker.wait(job.id, PATIENCE)
    assert view.state == "failed" and view.error is not None and "is full. Free some space" in view.error
    assert desk.packs.names("default") == () and desk.packs.files.staged() == []
    learned = steps_of(folder)
    assert services.jobs.retry(job.id) == 1
    assert services.worker.wait(job.id, PATIENCE).state == "done"
    assert desk.packs.names("default") == ("Dustbowl",) and steps_of(folder) == learned


def test_a_leftover_trainer_is_told_by_pid_and_start_time(tmp_path: Path) -> None:
    me = psutil.Process()
    (tmp_path / PROCESS_FILE).write_text(json.dumps({"pid": me.pid, "started": me.create_time() - 100}))
    end_leftover(tmp_path)  # another process had this pid: nothing is ended
    (tmp_path / PROCESS_FILE).write_text("{half")
    end_leftover(tmp_path)
    (tmp_path / PROCESS_FILE).unlink()
    end_leftover(tmp_path)


@pytest.mark.parametrize("name", ["", "   ", "a/b", "../up", "a\\b", ".hidden", "x" * 41, "new\nline"])
def test_names_that_cannot_be_are_refused(services: Services, files: list[Path], name: str) -> None:
    with pytest.raises(BadRequest, match="name"):
        services.packs.prepare("default", name, files)


def test_too_few_and_too_many_images_are_refused(services: Services, files: list[Path]) -> None:
    with pytest.raises(BadRequest, match="at least 3 images, and there is 1"):
        services.packs.prepare("default", "Dustbowl", files[:1])
    with pytest.raises(BadRequest, match="500 images are too many"):
        services.packs.prepare("default", "Dustbowl", files[:1] * 500)
    with pytest.raises(BadRequest, match="Nothing is approved yet"):
        services.packs.improve("default", _imported(services, files[0].parent))


def test_the_next_version_learns_from_approved_and_against_rejected(
    services: Services, files: list[Path], tmp_path: Path
) -> None:
    desk = services.packs
    pack = _imported(services, tmp_path)
    made = import_art(services.library, files, "default", services.settings).assets
    set_states(services.library, dict.fromkeys(made[:4], "approved"))
    with pytest.raises(BadRequest, match="Nothing is rejected yet"):
        desk.improve("default", pack, against_rejected=True)
    set_states(services.library, dict.fromkeys(made[4:], "rejected"))
    prepared = desk.improve("default", pack, preset="fast", against_rejected=True)
    assert len(prepared.found.pictures) == 4 and len(prepared.rejected) == 2
    assert "It also learns from 2 rejected images." in prepared.sentence
    job = desk.submit("default", prepared)
    spec = RunSpec.read(desk.run_folder(job.id))
    assert spec.settings.preference_weight > 0
    subjects = {services.library.asset(asset).subject for asset in made[4:]}
    assert {caption for _, _, caption in spec.rejected} == subjects
    assert all((desk.run_folder(job.id) / file).is_file() for file, _, _ in spec.rejected)


def _lora(path: Path, width: int) -> Path:
    key = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
    rng = np.random.default_rng(0)
    tensors = {
        f"{key}.lora_A.weight": rng.standard_normal((2, width), np.float32),
        f"{key}.lora_B.weight": rng.standard_normal((64, 2), np.float32),
    }
    save_file(tensors, str(path))
    return path


def _width(services: Services) -> int:
    config = json.loads((Path(services.settings.image_model) / "unet" / "config.json").read_text())
    return int(config["cross_attention_dim"])


def _imported(services: Services, folder: Path) -> Any:
    return services.packs.import_lora("default", _lora(folder / "gloomy_wood.safetensors", _width(services)))


def test_loras_of_other_tools_are_imported_and_others_refused(services: Services, tmp_path: Path) -> None:
    pack = _imported(services, tmp_path)
    assert (pack.name, pack.current, pack.versions[0].origin) == ("gloomy wood", 1, "imported")
    services.packs.check_usable("default", ["Gloomy Wood"])
    assert services.packs.find_file(services.packs.uses("default", ["gloomy wood"])[0]).is_file()
    with pytest.raises(BadRequest, match="already"):
        _imported(services, tmp_path)
    with pytest.raises(UserFixable, match="was made for Stable Diffusion 1 and cannot be used"):
        services.packs.import_lora("default", _lora(tmp_path / "old.safetensors", 768))
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "old.safetensors").read_bytes()[:50])
    with pytest.raises(BadRequest, match="damaged"):
        services.packs.import_lora("default", tmp_path / "cut.safetensors")
    (tmp_path / "evil.ckpt").write_bytes(b"\x80\x04")
    with pytest.raises(UserFixable, match="pickle"):
        services.packs.import_lora("default", tmp_path / "evil.ckpt")


def test_a_full_disk_is_a_sentence(services: Services, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    prepared = services.packs.prepare("default", "Dustbowl", files)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(ResourceError, match="is full"):
        services.packs.submit("default", prepared)
    assert services.jobs.list() == [] and services.packs.packs.list("default") == []
    assert not list(services.packs.runs.iterdir())  # what was written before it was full is gone


def test_a_disk_that_fills_up_while_training_is_a_sentence_and_nothing_is_lost(
    services: Services, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.training import run

    desk = services.packs
    job = desk.submit("default", desk.prepare("default", "Dustbowl", files, preset="fast"))
    folder = desk.run_folder(job.id)
    (folder / "state").mkdir()
    (folder / "state" / "step-000025.pt").write_bytes(b"what was learned")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "run", full)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its own
    assert train_process.main([str(folder)]) == train_process.DISK_FULL
    (folder / PROCESS_FILE).unlink()  # it names this process, which the handler would end as a leftover
    monkeypatch.setattr(TrainingHandler, "_start", lambda *_: subprocess.Popen([sys.executable, "-c", "exit(5)"]))
    services.worker.start()
    view = services.worker.wait(job.id, PATIENCE)
    assert view.state == "failed" and view.error is not None and "is full. Free space, then go on" in view.error
    assert (folder / "state" / "step-000025.pt").exists() and (folder / "run.json").exists()
    assert services.jobs.retry(job.id) == 1
    services.jobs.cancel(job.id)
