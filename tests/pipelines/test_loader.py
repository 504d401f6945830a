from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from errors import GameForgeError, NotReady, ResourceError, UserFixable
from pipelines import loader
from pipelines.device import Device
from pipelines.engine import GeneratedImage, ImageEngine
from pipelines.loader import load_model
from pipelines.request import GenerationRequest
from pipelines.sources import locate
from tests.models import make_single_file

CPU = Device("cpu", "float32")


def paint(engine: ImageEngine) -> np.ndarray:
    request = GenerationRequest(
        prompt="red stone", negative_prompt="blue", seed=7, model=engine.model, steps=3, guidance=3.0, transparent=False
    )
    (result,) = engine.generate([request])
    assert isinstance(result, GeneratedImage)
    return np.asarray(result.image, np.int32)


@pytest.fixture(scope="module")
def single_file(rgb_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = make_single_file(rgb_model, tmp_path_factory.mktemp("single") / "my-model.safetensors")
    config = file.with_suffix("")
    shutil.copytree(rgb_model, config, ignore=shutil.ignore_patterns("*.safetensors"))
    return file


def test_a_single_file_paints_what_its_folder_paints(rgb_model: Path, single_file: Path) -> None:
    folder, single = ImageEngine(str(rgb_model), device="cpu"), ImageEngine(str(single_file), device="cpu")
    assert np.abs(paint(folder) - paint(single)).max() <= 1
    info = single.info()
    assert (info.name, info.native_size, info.native_alpha) == ("my-model", 64, False)


def test_the_negative_prompt_counts(rgb_model: Path) -> None:
    engine = ImageEngine(str(rgb_model), device="cpu")
    base = GenerationRequest(prompt="pot", seed=1, model=engine.model, steps=3, guidance=5.0, transparent=False)
    one, other = engine.generate([base, base.replaced(negative_prompt="blue")])
    assert isinstance(one, GeneratedImage) and isinstance(other, GeneratedImage)
    assert np.abs(np.asarray(one.image, np.int32) - np.asarray(other.image, np.int32)).max() > 2


def test_a_single_file_without_its_configuration_says_what_to_do(
    single_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    lonely = tmp_path / "lonely.safetensors"
    lonely.write_bytes(single_file.read_bytes())
    with pytest.raises(NotReady, match="internet once, or put them into a folder 'lonely'"):
        load_model(str(lonely), CPU)


def test_a_hub_model_offline_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NotReady, match="Connect to the internet once"):
        load_model("nobody/no-such-model", CPU)


def test_a_hub_model_on_this_disk_needs_no_network(
    rgb_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    engine = ImageEngine("somebody/tiny", device="cpu")
    assert "downloads it" in engine.info().reason
    repository = tmp_path / "models--somebody--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    shutil.copytree(rgb_model, repository / "snapshots" / ("0" * 40))
    assert (engine.info().ready, engine.info().name, engine.info().native_size) == (True, "tiny", 64)
    assert np.array_equal(paint(engine), paint(ImageEngine(str(rgb_model), device="cpu")))
    assert engine.info().hash


def test_a_truncated_or_foreign_file_is_named(single_file: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(single_file.read_bytes()[:5000])
    with pytest.raises(NotReady, match="cut.safetensors is damaged"):
        load_model(str(cut), CPU)
    partial = tmp_path / "partial.safetensors"
    tensors = load_file(str(single_file))
    save_file({k: v for k, v in tensors.items() if "resblocks.3" not in k}, str(partial))
    shutil.copytree(single_file.with_suffix(""), tmp_path / "partial")
    with pytest.raises(NotReady, match="not a complete SDXL model"):
        load_model(str(partial), CPU)


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "MODEL.CKPT"])
def test_pickles_are_refused_unopened(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(UserFixable, match="pickle"):
        locate(str(tmp_path / name))


def test_folders_with_pickled_weights_only_are_refused(rgb_model: Path, tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(rgb_model, folder)
    (folder / "unet/diffusion_pytorch_model.safetensors").unlink()
    torch.save({}, folder / "unet/diffusion_pytorch_model.bin")
    with pytest.raises(NotReady, match="could not be loaded"):
        load_model(str(folder), CPU)


def test_other_kinds_of_models_are_named(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(NotReady, match="FluxPipeline"):
        locate(str(tmp_path))
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(NotReady, match="cannot be read"):
        locate(str(tmp_path))
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NotReady, match="holds no diffusers model"):
        locate(str(empty))


def test_a_model_that_cannot_fit_is_refused_before_loading(rgb_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "free_memory", lambda device: 1000)
    with pytest.raises(ResourceError, match="smaller model"):
        load_model(str(rgb_model), CPU)


def test_a_model_without_text_encoders_needs_a_card(rgb_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wordless"
    shutil.copytree(rgb_model, folder)
    index = json.loads((folder / "model_index.json").read_text())
    for part in ("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"):
        index[part] = [None, None]
        shutil.rmtree(folder / part)
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(GameForgeError, match="no text encoders"):
        load_model(str(folder), CPU)
