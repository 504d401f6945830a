"""One optimisation step of the full-size SDXL UNet (published configuration, random weights, bf16, on a CPU)."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import pytest

from pipelines.device import Device
from pipelines.loaded import LoadedModel
from pipelines.lora_file import SDXL_ARCHITECTURE, architecture, read_facts, write_lora
from pipelines.sources import ModelSource
from pipelines.training.base import Cache
from pipelines.training.progress import Progress
from pipelines.training.settings import TrainingSettings
from pipelines.training.trainer import Trainer

# https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0, unet/config.json
SDXL_UNET: dict[str, Any] = {
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
LATENT = 8  # 64 px: the lowest that its two downsamplers allow well


def full_size() -> LoadedModel:
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
    from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

    torch.manual_seed(0)
    small: Any = AutoencoderKL
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**SDXL_UNET)
    unet = unet.to(torch.bfloat16).to_empty(device="cpu")
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if parameter.ndim > 1:
                parameter.uniform_(-1, 1).mul_((3 / parameter[0].numel()) ** 0.5)
            else:
                parameter.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
    parts: Any = {
        "vae": small(block_out_channels=(32, 32, 32, 32), down_block_types=("DownEncoderBlock2D",) * 4,
                             up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1),
        "text_encoder": None, "text_encoder_2": None, "tokenizer": None, "tokenizer_2": None, "unet": unet,
        "scheduler": EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    }  # fmt: skip
    pipe = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    prompts: Any = None
    return LoadedModel(ModelSource("sdxl", "folder"), pipe, Device("cpu", "bfloat16"), prompts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_step_of_full_size_sdxl_and_its_file_in_a_fresh_pipeline(tmp_path: Path) -> None:
    import gc

    import torch

    torch.manual_seed(1)
    cache = Cache(
        latents=[torch.randn(1, 4, LATENT, LATENT) for _ in range(3)],
        copies=[],
        embeds=torch.randn(4, 77, 2048),
        pooled=torch.randn(4, 1280),
        time_ids=torch.tensor([[64.0, 64, 0, 0, 64, 64]] * 3),
        buckets=[(64, 64)] * 3,
    )
    settings = TrainingSettings(
        rank=8, learning_rate=1e-3, steps=1, batch=1, resolution=64, precision="bf16", gradient_checkpointing=True,
        warmup=0, mirror=False,
    )  # fmt: skip
    model = full_size()
    assert sum(parameter.numel() for parameter in model.pipe.unet.parameters()) > 2.5e9
    trainer = Trainer(model, cache, settings, [0, 1, 2], tmp_path, Progress(tmp_path))
    [loss] = trainer.run()
    assert 0 < loss < 100
    layers = trainer.layers()
    assert any(bool(value.abs().sum() > 0) for key, value in layers.items() if "lora_B" in key)
    own = {
        "trigger": "x style",
        "base_name": "SDXL",
        "architecture": architecture(model.pipe.unet.config),
        "cross_width": 2048,
    }
    write_lora(tmp_path / "pack.safetensors", layers, name="X", own=own, training={"rank": 8})
    facts = read_facts(tmp_path / "pack.safetensors")
    assert facts.cross_width == 2048 and SDXL_ARCHITECTURE.startswith("stable-diffusion-xl")
    del trainer, model
    gc.collect()

    fresh = full_size()
    fresh.pipe.load_lora_weights(str(tmp_path), weight_name="pack.safetensors", adapter_name="x")
    assert fresh.pipe.get_list_adapters() == {"unet": ["x"]}
    loaded = dict(fresh.pipe.unet.named_parameters())
    for key, value in layers.items():
        name = key.removeprefix("unet.").replace(".weight", ".x.weight")
        assert torch.allclose(loaded[name].float(), value, atol=2e-3), key
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory {peak:.1f} GiB, loss {loss:.4f}")
