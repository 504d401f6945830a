"""Files: what is written can be read by name, what is foreign is refused with the reason."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from errors import BadRequest, UserFixable
from pipelines.lora_file import LoraFacts, architecture, check_base, convert_to_kohya, read_facts, write_lora

SDXL = {
    "block_out_channels": [320, 640, 1280],
    "cross_attention_dim": 2048,
    "layers_per_block": 2,
    "transformer_layers_per_block": [1, 2, 10],
    "in_channels": 4,
}
KEY = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"


def layers(width: int = 2048, rank: int = 4) -> dict[str, Any]:
    import torch

    torch.manual_seed(0)
    return {f"{KEY}.lora_A.weight": torch.randn(rank, width), f"{KEY}.lora_B.weight": torch.randn(640, rank)}


def written(path: Path) -> Path:
    own = {
        "trigger": "dustbowl style",
        "base_id": "builtin",
        "base_name": "Some Model",
        "base_hash": "0123456789",
        "architecture": architecture(SDXL),
        "start_strength": 0.12,
        "cross_width": 2048,
    }
    training = {"rank": 4, "steps": 10, "captions": ["barrel", "tent"], "images": 2, "resolution": 64}
    write_lora(path, layers(), name="Dustbowl", own=own, training=training)
    return path


def test_what_is_written_is_read_and_other_tools_find_their_fields(tmp_path: Path) -> None:
    path = written(tmp_path / "pack.safetensors")
    facts = read_facts(path)
    assert (facts.trigger, facts.base_name, facts.rank, facts.cross_width, facts.start_strength) == (
        "dustbowl style", "Some Model", 4, 2048, 0.12,
    )  # fmt: skip
    with safe_open(str(path), framework="np") as file:
        metadata = file.metadata()
    assert metadata["modelspec.sai_model_spec"] == "1.0.0"
    assert metadata["modelspec.architecture"] == "stable-diffusion-xl-v1-base/lora"
    assert metadata["ss_network_dim"] == "4" and metadata["ss_base_model_version"] == "sdxl_base_v1-0"
    assert json.loads(metadata["ss_tag_frequency"])["pack"] == {"barrel": 1, "tent": 1}


def test_kohya_names_hold_the_same_numbers(tmp_path: Path) -> None:
    path, kohya = written(tmp_path / "pack.safetensors"), tmp_path / "kohya.safetensors"
    convert_to_kohya(path, kohya)
    with safe_open(str(kohya), framework="np") as theirs, safe_open(str(path), framework="np") as ours:
        name = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
        assert sorted(theirs.keys()) == [f"{name}.alpha", f"{name}.lora_down.weight", f"{name}.lora_up.weight"]
        assert np.array_equal(theirs.get_tensor(f"{name}.lora_down.weight"), ours.get_tensor(f"{KEY}.lora_A.weight"))
        assert float(theirs.get_tensor(f"{name}.alpha")) == 4
    assert read_facts(kohya).cross_width == 2048


@pytest.mark.parametrize("name", ["evil.ckpt", "evil.pt", "evil.bin"])
def test_pickles_are_refused_unopened(tmp_path: Path, name: str) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",))

    (tmp_path / name).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserFixable, match="pickle"):
        read_facts(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_damaged_files_and_files_without_a_lora_are_told_apart(tmp_path: Path) -> None:
    whole = written(tmp_path / "pack.safetensors").read_bytes()
    for name, data in {"cut": whole[: len(whole) // 2], "text": b"hello", "empty": b"", "lie": b"\xff" * 64}.items():
        (tmp_path / f"{name}.safetensors").write_bytes(data)
        with pytest.raises(BadRequest, match="damaged"):
            read_facts(tmp_path / f"{name}.safetensors")
    save_file({"weight": np.zeros((2, 2), np.float32)}, str(tmp_path / "other.safetensors"))
    with pytest.raises(BadRequest, match="holds no LoRA"):
        read_facts(tmp_path / "other.safetensors")


def test_another_base_is_refused_with_the_reason() -> None:
    check_base(LoraFacts(cross_width=2048), SDXL, "Dustbowl", "SDXL")
    with pytest.raises(UserFixable, match="was made for Stable Diffusion 1 and cannot be used with SDXL"):
        check_base(LoraFacts(cross_width=768), SDXL, "Dustbowl", "SDXL")
    with pytest.raises(UserFixable, match="was made for Forge Nano"):
        check_base(LoraFacts(architecture="other", base_name="Forge Nano"), SDXL, "Dustbowl", "SDXL")
