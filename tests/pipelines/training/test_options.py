"""Options of a training on a real, tiny SDXL: text encoders adapted, and rejected pictures as the losing side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from errors import NotReady
from pipelines.device import Device
from pipelines.loader import load_model
from pipelines.lora_file import convert_to_kohya, write_lora
from pipelines.request import GenerationRequest, StylePackUse
from pipelines.training.base import build_cache
from pipelines.training.pictures import Picture
from pipelines.training.preference import preference_margin
from pipelines.training.progress import Progress
from pipelines.training.settings import TrainingSettings
from pipelines.training.trainer import Trainer
from tests.pipelines.training.drawn import draw, quick_base

SETTINGS = TrainingSettings(
    rank=4, learning_rate=5e-3, steps=3, batch=2, checkpoint_every=100, sample_every=100, warmup=0, mirror=False,
    caption_dropout=0.0,
)  # fmt: skip
USE = StylePackUse("Dustbowl", 1.0, "c" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pictures(count: int, look: Any = lambda image: image) -> list[Picture]:
    return [Picture(f"{n}.png", look(draw(n)), f"thing {n}") for n in range(count)]


def trainer(folder: Path, place: Path, settings: TrainingSettings, rejected: list[Picture] | None = None) -> Trainer:
    model = load_model(str(folder), Device("cpu", "float32"))
    if rejected:  # its untrained encoder gives a thirtieth of unit variance: all pictures would drown in the noise
        model.pipe.vae.register_to_config(scaling_factor=30 * model.pipe.vae.config.scaling_factor)
    cache = build_cache(model, pictures(4), "dustbowl style", settings)
    losing = build_cache(model, rejected, "dustbowl style", settings) if rejected else None
    return Trainer(model, cache, settings, [0, 1, 2, 3], place, Progress(place), None, losing)


def negative(image: Image.Image) -> Image.Image:
    inverted = ImageOps.invert(image.convert("RGB"))
    inverted.putalpha(image.getchannel("A"))
    return inverted


def test_text_encoders_learn_and_their_part_of_the_file_changes_pictures(folder: Path, tmp_path: Path) -> None:
    import torch

    settings = replace(SETTINGS, text_encoders=True)
    made = trainer(folder, tmp_path, settings)
    rows = np.arange(4)
    states, pooled = made._words(rows, made.cache)  # an adapter that has learned nothing changes nothing
    assert torch.allclose(states, made.cache.embeds[rows], atol=1e-5)
    assert torch.allclose(pooled, made.cache.pooled[rows], atol=1e-5)
    made.run()
    layers = made.layers()
    text = {name: value for name, value in layers.items() if name.startswith("text_encoder")}
    assert any(name.startswith("text_encoder_2.") for name in text) and any("unet." in name for name in layers)
    assert any(bool(value.abs().sum() > 0) for name, value in text.items() if "lora_B" in name)

    resumed = trainer(folder, tmp_path, replace(settings, steps=4))
    assert resumed.start == 3
    assert all(torch.equal(layers[name], value) for name, value in resumed.layers().items())

    own = {"trigger": "dustbowl style", "base_name": "Tiny", "cross_width": 64}
    write_lora(tmp_path / "text.safetensors", text, name="Dustbowl", own=own, training={"rank": 4})
    convert_to_kohya(tmp_path / "text.safetensors", tmp_path / "kohya.safetensors")
    latents = {}
    for name in ("", "text", "kohya"):
        model = load_model(str(folder), Device("cpu", "float32"))
        file = tmp_path / f"{name}.safetensors"
        model.adapters.find = lambda _, file=file: file
        uses = (USE,) if name else ()
        request = GenerationRequest(prompt="lamp, dustbowl style", seed=5, model=model.source.id, style_packs=uses)
        for _ in range(2):  # the second time nothing is loaded any more
            latents[name] = model.denoise([model.complete(request)]).numpy()
        plain = model.denoise([model.complete(request.replaced(style_packs=()))]).numpy()
        assert np.array_equal(plain, latents[""])  # and switched off it is gone
    assert np.abs(latents["text"] - latents[""]).max() > 1e-3
    assert np.allclose(latents["kohya"], latents["text"], atol=1e-4)


def test_a_model_without_text_encoders_says_so(folder: Path, tmp_path: Path) -> None:
    model = load_model(str(folder), Device("cpu", "float32"))
    cache = build_cache(model, pictures(3), "", SETTINGS)
    model.pipe.text_encoder_2 = None
    with pytest.raises(NotReady, match="no text encoders"):
        Trainer(model, cache, replace(SETTINGS, text_encoders=True), [0], tmp_path, Progress(tmp_path))


def test_training_favours_what_was_approved_over_what_was_rejected(folder: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, convolutions=True, learning_rate=1e-2, steps=8, noise_to=0.5, min_snr_gamma=0.0)
    settings = replace(settings, preference_weight=2.0, preference_beta=50.0)
    made = trainer(folder, tmp_path, settings, pictures(4, negative))
    assert made.pairs is not None and made.pairs.partners == {n: [n] for n in range(4)}  # of the same subject
    assert not margin(made, 2).any()  # it starts at the base
    made.run()
    after = margin(made, 16)
    assert float((after < 0).mean()) > 0.9
    assert after.mean() < -0.02  # the usual loss alone leaves it within 0.005 of 0


def margin(made: Trainer, count: int) -> np.ndarray:
    """On noise and noise levels that no step saw."""
    import torch

    assert made.pairs is not None
    with torch.no_grad():
        return preference_margin(made, made.pairs, (1,), count).numpy()


@pytest.mark.slow
def test_rejected_pictures_of_other_subjects_lose_to_any(folder: Path, tmp_path: Path) -> None:
    others = [replace(picture, caption="another") for picture in pictures(2, negative)]
    made = trainer(folder, tmp_path, replace(SETTINGS, preference_weight=0.5), others)
    assert made.pairs is not None and made.pairs.partners == {0: [0, 1, 2, 3], 1: [0, 1, 2, 3]}
    [first, *_] = made.run()
    assert np.isfinite(first)
