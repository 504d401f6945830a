"""Training of Forge Nano on invented data: starts from given weights, resumes exactly, becomes a model folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.nano import package, train_unet
from pipelines.nano.data import write_set
from pipelines.nano.records import Record
from pipelines.nano.training import load_checkpoint
from tests.pipelines.test_nano_data import blob

MODEL = Path(__file__).parents[2] / "models" / "forge-nano"
COUNT = 4


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of four pictures that is its own cache of latents and captions."""
    folder = tmp_path_factory.mktemp("nano")
    records = [Record(f"x/{i}", f"thing {i}", "pixel", ["prop"], "s", "CC0-1.0") for i in range(COUNT)]
    write_set(((record, blob(64, (8, 8, 50, 50), (1, 2, 3, 255))) for record in records), folder)
    rng = np.random.default_rng(0)
    np.save(folder / "latents.npy", rng.standard_normal((COUNT, 2, 8, 16, 16)).astype(np.float16))
    np.save(folder / "caption_states.npy", rng.standard_normal((COUNT + 1, 16, 384)).astype(np.float16))
    np.save(folder / "caption_pooled.npy", rng.standard_normal((COUNT + 1, 384)).astype(np.float16))
    np.save(folder / "caption_index.npy", np.repeat(np.arange(1, COUNT + 1)[:, None], 4, 1).astype(np.int32))
    (folder / "vae.json").write_text('{"scaling_factor": 1.0}', encoding="utf-8")
    return folder


def train(monkeypatch: pytest.MonkeyPatch, data: Path, out: Path, steps: int) -> dict:
    places = ["--data", str(data), "--cache", str(data), "--out", str(out), "--init", str(MODEL / "unet")]
    sizes = ["--steps", str(steps), "--batch", "2", "--cooldown-from", "1", "--save-every", "1"]
    monkeypatch.setattr(sys, "argv", ["train_unet", *places, *sizes])
    train_unet.main()
    state = load_checkpoint(out / "checkpoint.pt")
    assert state is not None
    return state


def test_training_goes_on_from_given_weights_and_becomes_a_folder(
    monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path
) -> None:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    given = UNet2DConditionModel.from_pretrained(MODEL / "unet", torch_dtype=torch.float32).state_dict()
    state = train(monkeypatch, data, tmp_path / "run", 1)
    change = torch.stack([(state["model"][name] - value).abs().max() for name, value in given.items()]).max()
    assert 0 < change < 1e-3
    package.write_unet(tmp_path / "run" / "checkpoint.pt", tmp_path / "model")
    packed = UNet2DConditionModel.from_pretrained(tmp_path / "model" / "unet", torch_dtype=torch.float32).state_dict()
    name = "conv_in.weight"
    assert torch.allclose(packed[name], state["ema"][name], atol=1e-3)
    card = json.loads((tmp_path / "model" / "nano.json").read_text(encoding="utf-8"))
    before = json.loads((MODEL / "nano.json").read_text(encoding="utf-8"))
    assert card["training_samples"] == before["training_samples"] + 2


@pytest.mark.slow
def test_a_resumed_run_sees_the_same_batches(monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path) -> None:
    whole = train(monkeypatch, data, tmp_path / "whole", 2)
    train(monkeypatch, data, tmp_path / "halves", 1)
    resumed = train(monkeypatch, data, tmp_path / "halves", 2)
    assert whole["step"] == resumed["step"] == 2
    for name in ("conv_in.weight", "mid_block.resnets.0.conv1.weight"):
        assert torch.allclose(whole["model"][name], resumed["model"][name], atol=1e-4)
