"""Tiny SDXL-class models with random weights, in exactly the layouts in which real ones come.

They paint noise, but through the real classes: same files, same conditioning, same calls.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NATIVE = 64  # px
TEXT_WIDTHS = (32, 48)  # of the two text encoders; loaders tell them apart by it


def make_tiny_sdxl(folder: Path, *, rgba: bool = False, seed: int = 0) -> Path:
    """A complete SDXL diffusers folder at tiny width: both text encoders, both tokenizers, 64 px.

    With `rgba` the decoder gives four channels, alpha included.
    """
    import torch
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    torch.manual_seed(seed)
    tokenizer = _tokenizer(folder / "vocabulary")
    parts: dict[str, Any] = {
        "vae": _vae(4 if rgba else 3),
        "text_encoder": CLIPTextModel(_text_config(TEXT_WIDTHS[0], layers=2)),
        # Loaders of single files know SDXL by a tensor of this encoder's tenth layer.
        "text_encoder_2": CLIPTextModelWithProjection(_text_config(TEXT_WIDTHS[1], layers=11)),
        "tokenizer": tokenizer,
        "tokenizer_2": tokenizer,
        "unet": _unet(),
        "scheduler": _scheduler(),
    }
    pipe = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    pipe.save_pretrained(str(folder))
    return folder


def make_single_file(folder: Path, file: Path) -> Path:
    """The same model as `folder` in one .safetensors file with the original (CompVis and Stability) tensor names."""
    import torch
    from safetensors.torch import load_file, save_file

    parts = {part: {} for part in ("unet", "vae", "text_encoder", "text_encoder_2")}
    for part in parts:
        for weights in (folder / part).glob("*.safetensors"):
            parts[part].update(load_file(str(weights)))
    config = json.loads((folder / "unet/config.json").read_text())
    tensors: dict[str, torch.Tensor] = {}
    for name, value in parts["unet"].items():
        tensors["model.diffusion_model." + _original_unet_name(name, config)] = value
    for name, value in parts["vae"].items():
        original = _original_vae_name(name, levels=2)
        is_projection = ".attn_1." in original and value.ndim == 2
        tensors["first_stage_model." + original] = value[:, :, None, None] if is_projection else value
    for name, value in parts["text_encoder"].items():
        name = name if name.startswith("text_model.") else f"text_model.{name}"
        tensors[f"conditioner.embedders.0.transformer.{name}"] = value
    for name, value in _original_open_clip(parts["text_encoder_2"]).items():
        tensors[f"conditioner.embedders.1.model.{name}"] = value
    save_file({name: value.contiguous() for name, value in tensors.items()}, str(file))
    return file


def _scheduler() -> Any:
    from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
    )


def _unet() -> Any:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    config: dict[str, Any] = {
        "sample_size": NATIVE // 2,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "norm_num_groups": 8,
        "attention_head_dim": (2, 4),
        "cross_attention_dim": sum(TEXT_WIDTHS),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": TEXT_WIDTHS[1] + 6 * 8,
    }
    return UNet2DConditionModel(**config)


def _vae(channels: int) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    config: dict[str, Any] = {
        "in_channels": channels,
        "out_channels": channels,
        "block_out_channels": (16, 32),
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "layers_per_block": 1,
        "latent_channels": 4,
        "norm_num_groups": 8,
        "sample_size": NATIVE,
        "scaling_factor": 0.13025,
    }
    return AutoencoderKL(**config)


def _text_config(width: int, layers: int) -> Any:
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=2 + 2 * 256,
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=77,
        hidden_act="gelu",
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def _tokenizer(folder: Path) -> Any:
    """A CLIP tokenizer that knows single bytes and nothing else."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    symbols = list(bytes_to_unicode().values())
    names = ["<|startoftext|>", "<|endoftext|>", *symbols, *(symbol + "</w>" for symbol in symbols)]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)


_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def _original_unet_name(name: str, config: dict[str, Any]) -> str:
    """In the original all blocks are numbered through: input_blocks.0 is conv_in, each level ends with a resampler."""
    for ours, original in _UNET_ENDS.items():
        if name.startswith(ours + "."):
            return original + name[len(ours) :]
    per_level = config["layers_per_block"] + 1
    block, *rest = name.split(".")
    if block == "mid_block":
        kind, number, *tail = rest
        place = 1 if kind == "attentions" else 2 * int(number)
        return f"middle_block.{place}." + _resnet_tail(kind, tail)
    level, kind, number, *tail = rest
    if block == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{1 + int(level) * per_level + per_level - 1}.0.op." + ".".join(tail[1:])
        return f"input_blocks.{1 + int(level) * per_level + int(number)}.{_slot(kind)}." + _resnet_tail(kind, tail)
    if kind == "upsamplers":
        has_attention = config["up_block_types"][int(level)].startswith("CrossAttn")
        return f"output_blocks.{(int(level) + 1) * per_level - 1}.{2 if has_attention else 1}." + ".".join(tail)
    return f"output_blocks.{int(level) * per_level + int(number)}.{_slot(kind)}." + _resnet_tail(kind, tail)


def _slot(kind: str) -> int:
    return 1 if kind == "attentions" else 0


def _resnet_tail(kind: str, tail: list[str]) -> str:
    return ".".join([_RESNET[tail[0]], *tail[1:]] if kind == "resnets" else tail)


def _original_vae_name(name: str, levels: int) -> str:
    side, *rest = name.split(".")
    if side not in ("encoder", "decoder"):
        return name
    renamed = {"conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut", "group_norm": "norm"}
    tail = [renamed.get(word, word) for word in rest]
    if rest[0] == "mid_block":
        if rest[1] == "resnets":
            return ".".join([side, f"mid.block_{int(rest[2]) + 1}", *tail[3:]])
        words = {"to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out", "norm": "norm"}
        end = [words[tail[3]], *(tail[5:] if rest[3] == "to_out" else tail[4:])]
        return ".".join([side, "mid.attn_1", *end])
    if rest[0] in ("down_blocks", "up_blocks"):
        level = int(rest[1]) if side == "encoder" else levels - 1 - int(rest[1])
        direction = "down" if side == "encoder" else "up"
        if rest[2] == "resnets":
            return ".".join([side, f"{direction}.{level}.block.{rest[3]}", *tail[4:]])
        return ".".join([side, f"{direction}.{level}.{direction}sample", *tail[4:]])
    return ".".join([side, *tail])


def _original_open_clip(tensors: dict[str, Any]) -> dict[str, Any]:
    """OpenCLIP keeps query, key and value in one matrix."""
    import torch

    out: dict[str, Any] = {}
    ends = {
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.final_layer_norm.weight": "ln_final.weight",
        "text_model.final_layer_norm.bias": "ln_final.bias",
    }
    words = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for name, value in tensors.items():
        if name == "text_projection.weight":
            out["text_projection"] = value.T
        elif name in ends:
            out[ends[name]] = value
        elif ".q_proj." in name:
            block, end = name.split(".self_attn.")[0], name.rsplit(".", 1)[1]
            joined = torch.cat([tensors[name.replace("q_proj", f"{part}_proj")] for part in "qkv"])
            out[f"{_resblock(block)}.attn.in_proj_{end}"] = joined
        elif ".out_proj." in name:
            out[f"{_resblock(name.split('.self_attn.')[0])}.attn.out_proj.{name.rsplit('.', 1)[1]}"] = value
        elif ".layers." in name and ".self_attn." not in name:
            block, tail = ".".join(name.split(".")[:4]), ".".join(name.split(".")[4:])
            for ours, original in words.items():
                tail = tail.replace(ours, original)
            out[f"{_resblock(block)}.{tail}"] = value
    return out


def _resblock(block: str) -> str:
    return f"transformer.resblocks.{block.split('.')[3]}"
