"""The trainer on a real, tiny SDXL: it learns, resumes exactly, and its file works in plain diffusers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errors import Cancelled, NotFound, UserFixable
from pipelines.adapters import adapter_name
from pipelines.device import Device
from pipelines.loaded import LoadedModel
from pipelines.loader import load_model
from pipelines.request import GenerationRequest, StylePackUse
from pipelines.training.check import paint
from pipelines.training.checkpoint import checkpoints
from pipelines.training.progress import read_progress
from pipelines.training.run import LORA_FILE, RunSpec, run, split
from pipelines.training.settings import TrainingSettings
from tests.models import make_tiny_sdxl
from tests.pipelines.training.drawn import draw, quick_base

SETTINGS = TrainingSettings(
    rank=4, learning_rate=5e-3, steps=12, batch=2, convolutions=True, checkpoint_every=4, sample_every=6, warmup=2,
    held_out=1, min_snr_gamma=5.0,
)  # fmt: skip
STOP_AT = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def load(folder: Path) -> Any:
    return lambda spec: load_model(str(folder), Device("cpu", "float32"))


def spec_in(place: Path, folder: Path, settings: TrainingSettings = SETTINGS, name: str = "Dustbowl") -> Path:
    (place / "pictures").mkdir(parents=True)
    pictures = []
    for number in range(6):
        draw(number).save(place / "pictures" / f"{number}.png")
        pictures.append((f"pictures/{number}.png", f"{number}.png", f"thing {number}"))
    RunSpec(name, "dustbowl style", str(folder), "cpu", settings, pictures).write(place)
    return place


def losses(place: Path) -> list[tuple[int, float]]:
    return [(entry["step"], entry["loss"]) for entry in read_progress(place) if entry["kind"] == "step"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, folder: Path, load: Any) -> Path:
    """An unbroken run."""
    place = spec_in(tmp_path_factory.mktemp("runs") / "whole", folder)
    run(place, load)
    return place


def test_a_run_leaves_samples_metrics_and_a_verdict(whole: Path) -> None:
    assert [step for step, _ in losses(whole)] == list(range(1, 13))
    result = json.loads((whole / "result.json").read_text())
    metrics = result["metrics"]
    assert metrics["verdict"] in ("learned", "weak", "not learned") and metrics["sentence"]
    assert metrics["distance_with"]["total"] > 0 and metrics["held_out_images"] == 1
    assert len(result["comparison"]) == 8
    assert all((whole / pair["with"]).is_file() for pair in result["comparison"])
    samples = [entry for entry in read_progress(whole) if entry["kind"] == "sample"]
    assert [entry["step"] for entry in samples] == [0, 6, 12]
    assert all((whole / "samples" / name).is_file() for entry in samples for name in entry["files"])
    assert len(checkpoints(whole / "state")) <= SETTINGS.keep_checkpoints


def test_a_stopped_run_goes_on_as_if_it_had_not_been(whole: Path, tmp_path: Path, folder: Path, load: Any) -> None:
    place = spec_in(tmp_path / "broken", folder)

    def stop() -> bool:
        return bool(losses(place)) and losses(place)[-1][0] == STOP_AT

    with pytest.raises(Cancelled):
        run(place, load, stop)
    assert [step for step, _ in losses(place)] == list(range(1, STOP_AT + 1))
    run(place, load)
    assert losses(place) == losses(whole)


def test_a_killed_run_goes_on_from_its_last_state(whole: Path, tmp_path: Path, folder: Path, load: Any) -> None:
    place = spec_in(tmp_path / "killed", folder)

    class Kill(BaseException):
        pass

    def die() -> bool:
        if losses(place) and losses(place)[-1][0] == STOP_AT:
            raise Kill  # as far as the files go, the same as a kill: nothing is saved on the way out
        return False

    with pytest.raises(Kill):
        run(place, load, die)
    newest = checkpoints(place / "state")[-1]
    assert newest.name == "step-000004.pt"
    (place / "state" / "step-000006.pt").write_bytes(b"half a state")  # killed while it was written
    run(place, load)
    assert losses(place) == losses(whole)


@pytest.mark.slow
def test_the_loss_on_pictures_it_never_saw_falls(tmp_path: Path, folder: Path, load: Any) -> None:
    place = spec_in(tmp_path / "longer", folder, replace(SETTINGS, steps=60, batch=4, sample_every=1000))
    run(place, load)
    metrics = json.loads((place / "result.json").read_text())["metrics"]
    assert metrics["held_out_loss"] < 0.95 * metrics["held_out_loss_without"]


def test_the_file_loads_in_a_script_that_knows_only_diffusers(whole: Path, folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(
        "import sys, torch\n"
        "from diffusers import StableDiffusionXLPipeline\n"
        "pipe = StableDiffusionXLPipeline.from_pretrained(sys.argv[1])\n"
        "pipe.set_progress_bar_config(disable=True)\n"
        "def paint():\n"
        "    made = pipe('a lamp', num_inference_steps=2, height=64, width=64, output_type='latent',\n"
        "                generator=torch.Generator().manual_seed(0))\n"
        "    return made.images\n"
        "before = paint()\n"
        "pipe.load_lora_weights(sys.argv[2], weight_name=sys.argv[3])\n"
        "assert pipe.get_list_adapters(), 'nothing was loaded'\n"
        "print(float((paint() - before).abs().mean()))\n"
    )
    command = [sys.executable, str(script), str(folder), str(whole), LORA_FILE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) > 1e-3


@pytest.fixture(scope="module")
def two(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Two different packs for one base."""
    from safetensors.torch import load_file, save_file

    other = tmp_path_factory.mktemp("other") / "other.safetensors"
    save_file({key: -2 * value for key, value in load_file(str(whole / LORA_FILE)).items()}, str(other))
    yield {"a" * 64: whole / LORA_FILE, "b" * 64: other}


A, B = StylePackUse("One", 1.0, "a" * 64), StylePackUse("Two", 1.0, "b" * 64)


def with_packs(load: Any, two: dict[str, Path]) -> LoadedModel:
    model = load(None)

    def find(use: StylePackUse) -> Path:
        if use.sha256 not in two:
            raise NotFound(f"There is no style pack named {use.pack}.")
        return two[use.sha256]

    model.adapters.find = find
    return model


def latents(model: LoadedModel, *uses: StylePackUse) -> Any:
    request = GenerationRequest(prompt="lamp", seed=5, model=model.source.id, style_packs=uses, steps=2)
    return model.denoise([model.complete(request)]).numpy()


def test_a_hundred_switches_leave_base_and_memory_as_they_were(load: Any, two: dict[str, Path]) -> None:
    import gc

    import torch

    def tensors() -> int:
        gc.collect()  # isinstance, below, would wake lazy objects of other libraries
        return sum(1 for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor))

    fresh = {uses: latents(with_packs(load, two), *uses) for uses in ((), (A,), (B,), (A, replace(B, weight=0.5)))}
    model = with_packs(load, two)
    counts = []
    for turn in range(100):
        uses = list(fresh)[turn % 4]
        assert np.array_equal(latents(model, *uses), fresh[uses]), turn
        if turn in (20, 60, 99):
            counts.append(tensors())
    assert counts[0] >= counts[-1] - 5
    assert not np.allclose(fresh[(A,)], fresh[()]) and not np.allclose(fresh[(A,)], fresh[(B,)])


def test_weight_zero_is_the_base_and_many_packs_leave_the_memory_again(load: Any, two: dict[str, Path]) -> None:
    model = with_packs(load, two)
    base = latents(model)
    assert np.array_equal(latents(model, replace(A, weight=0.0)), base)
    several = [StylePackUse(f"Pack {n}", 1.0, str(n) * 64) for n in range(9)]
    two.update({use.sha256: two[A.sha256] for use in several})
    for use in several:
        assert np.array_equal(latents(model, use), latents(model, A))
    loaded = {name for names in model.pipe.get_list_adapters().values() for name in names}
    assert len(loaded) <= 4 and adapter_name(several[-1]) in loaded
    assert np.array_equal(latents(model), base)


def test_a_pack_of_another_base_is_refused_and_one_of_older_weights_warned_of(
    load: Any, two: dict[str, Path], tmp_path: Path
) -> None:
    model = with_packs(load, two)
    [warning] = _warned(model, two)
    assert "earlier state" in warning
    with pytest.raises(NotFound, match="no style pack named Ghost"):
        latents(model, StylePackUse("Ghost", 1.0, "c" * 64))
    odd = make_tiny_sdxl(tmp_path / "odd", rgba=False)
    config = json.loads((odd / "unet" / "config.json").read_text())
    facts = model.adapters.facts(A)
    from pipelines.lora_file import check_base

    with pytest.raises(UserFixable, match="was made for"):
        check_base(facts, {**config, "block_out_channels": [32, 64]}, "One", "Odd")


def _warned(model: LoadedModel, two: dict[str, Path]) -> list[str]:
    assert model.adapters.warnings([A]) == []
    model.adapters._model_hash = "newer"
    return model.adapters.warnings([A])


def test_pictures_of_a_pack_are_the_same_in_any_batch(load: Any, two: dict[str, Path]) -> None:
    model = with_packs(load, two)
    together = paint(model, ("lamp", "tent", "door"), 3, A)
    alone = [paint(model, (subject,), 3, A)[0] for subject in ("lamp", "tent", "door")]
    for one, other in zip(together, alone, strict=True):
        assert one.size == other.size
        assert np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max() <= 2


@pytest.mark.slow
def test_prior_preservation_trains_on_the_bases_own_pictures_as_well(tmp_path: Path, folder: Path, load: Any) -> None:
    with_prior = spec_in(tmp_path / "prior", folder, replace(SETTINGS, steps=2, prior_images=2))
    run(with_prior, load)
    plain = spec_in(tmp_path / "plain", folder, replace(SETTINGS, steps=2))
    run(plain, load)
    assert losses(with_prior)[0][1] > losses(plain)[0][1]  # the same batch, and the prior's share on top


def test_split_spreads_the_pictures_kept_for_the_check() -> None:
    rows, held = split(16, 2)
    assert len(rows) == 14 and held == [4, 12]
    assert split(5, 0) == ([0, 1, 2, 3, 4], [])
