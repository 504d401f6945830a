"""LoRA files as other tools write and read them: .safetensors, diffusers' or kohya's key names, metadata of both."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import BadRequest, ResourceError

if TYPE_CHECKING:
    import torch

MAX_BYTES = 4 * 1024**3
_PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
_DOWN = re.compile(r"\.(?:lora_A|lora_down|lora\.down)\.(?:\w+\.)?weight$")
SDXL_ARCHITECTURE = "stable-diffusion-xl-v1-base/lora"


@dataclass(frozen=True)
class LoraFacts:
    """What a file says about itself; empty where it does not."""

    trigger: str = ""
    base_id: str = ""
    base_name: str = ""
    base_hash: str = ""
    architecture: str = ""  # see `architecture`
    start_strength: float | None = None  # share of the noise schedule that images with it begin at
    rank: int = 0
    cross_width: int = 0  # of the attention's context: 2048 SDXL, 768 SD 1, 1024 SD 2
    keys: int = 0
    title: str = ""


def architecture(unet_config: Any) -> str:
    """A short hash of what a LoRA's shapes depend on."""
    names = (
        "block_out_channels",
        "cross_attention_dim",
        "layers_per_block",
        "transformer_layers_per_block",
        "in_channels",
    )
    text = json.dumps([_plain(unet_config.get(name)) for name in names])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def read_facts(path: Path, name: str = "") -> LoraFacts:
    """Read a file's header; no tensor is loaded.

    Raises:
        BadRequest: a pickle, damaged, or no LoRA. One sentence with `name` (or the file's).
    """
    from safetensors import SafetensorError, safe_open

    label = name or path.name
    if path.suffix.lower() in _PICKLES:
        raise BadRequest(f"{path.name} is a pickle, which can run code when it is opened. Use a .safetensors file.")
    try:
        with safe_open(str(path), framework="np") as file:
            metadata = file.metadata() or {}
            shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118 (no iterator)
    except (SafetensorError, OSError, ValueError) as error:
        raise BadRequest(f"{label} is damaged or no .safetensors file. Get it again.", detail=str(error)) from error
    downs = {key: shape for key, shape in shapes.items() if _DOWN.search(key)}
    if not downs:
        raise BadRequest(f"{label} holds no LoRA that this program can read.")
    unet = {key: shape for key, shape in downs.items() if "unet" in key or key.startswith("diffusion_model")}
    context = [shape[1] for key, shape in (unet or downs).items() if re.search(r"attn2[._]to_k", key)]
    own = _own(metadata)
    return LoraFacts(
        trigger=str(metadata.get("modelspec.trigger_phrase") or own.get("trigger") or ""),
        base_id=str(own.get("base_id", "")),
        base_name=str(own.get("base_name", "")),
        base_hash=str(own.get("base_hash", "")),
        architecture=str(own.get("architecture", "")),
        start_strength=own.get("start_strength"),
        rank=min(min(shape[:2]) for shape in downs.values()),
        cross_width=max(context, default=0),
        keys=len(downs),
        title=str(metadata.get("modelspec.title") or metadata.get("ss_output_name") or ""),
    )


def _own(metadata: dict[str, str]) -> dict[str, Any]:
    try:
        own = json.loads(metadata.get("gameforge", "{}"))
    except ValueError:
        return {}
    return own if isinstance(own, dict) else {}


def check_base(facts: LoraFacts, unet_config: Any, pack: str, model_name: str) -> None:
    """Raises BadRequest, with the reason, when a pack was made for another base model."""
    width = unet_config.get("cross_attention_dim")
    width = max(width) if isinstance(width, (list, tuple)) else width
    made_for = facts.base_name or {2048: "SDXL", 768: "Stable Diffusion 1", 1024: "Stable Diffusion 2"}.get(
        facts.cross_width, "another model"
    )
    other_shape = facts.architecture and facts.architecture != architecture(unet_config)
    other_width = facts.cross_width and width and facts.cross_width != width
    if other_shape or other_width:
        raise BadRequest(
            f"The style pack {pack} was made for {made_for} and cannot be used with {model_name}. "
            "Choose that model, or train the pack again on this one."
        )


def check_fits(path: Path, facts: LoraFacts, pipe: Any, pack: str, model_name: str) -> None:
    """`check_base`, and for files in diffusers' names each module and shape besides. Raises BadRequest."""
    from safetensors import safe_open

    check_base(facts, pipe.unet.config, pack, model_name)
    modules = dict(pipe.unet.named_modules())
    with safe_open(str(path), framework="np") as file:
        for key in file.keys():  # noqa: SIM118 (no iterator)
            if not (key.startswith("unet.") and key.endswith(".lora_A.weight")):
                continue
            module = modules.get(key.removeprefix("unet.").removesuffix(".lora_A.weight"))
            module = getattr(module, "base_layer", module)
            weight = getattr(module, "weight", None)
            if weight is None or weight.shape[1] != file.get_slice(key).get_shape()[1]:
                raise BadRequest(
                    f"The style pack {pack} does not fit {model_name}: it adapts parts that this model does not have. "
                    "Train it again on this model."
                )


def write_lora(
    path: Path, layers: dict[str, torch.Tensor], *, name: str, own: dict[str, Any], training: dict[str, Any]
) -> str:
    """Write a LoRA in diffusers' key names with the metadata that ComfyUI, A1111 and InvokeAI show; returns its sha256.

    Args:
        layers: `unet.<module>.lora_A.weight` and so on, as `save_lora_weights` names them.
        own: what `read_facts` gives back, and how to use the pack.
        training: settings of the run, for the `ss_*` fields.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    rank = int(training.get("rank", 0))
    captions = training.get("captions", [])
    metadata = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": SDXL_ARCHITECTURE if own.get("cross_width") == 2048 else f"{own['base_name']}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": name,
        "modelspec.description": f"Style pack {name}, trained on {training.get('images', 0)} images.",
        "modelspec.date": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
        "modelspec.resolution": f"{training.get('resolution', 0)}x{training.get('resolution', 0)}",
        "modelspec.trigger_phrase": str(own.get("trigger", "")),
        "modelspec.prediction_type": str(training.get("prediction_type", "epsilon")),
        "modelspec.usage_hint": f"Add {own.get('trigger', '')} to the prompt; weight 1.",
        "ss_output_name": name,
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(rank),
        "ss_base_model_version": "sdxl_base_v1-0" if own.get("cross_width") == 2048 else str(own["base_name"]),
        "ss_sd_model_name": str(own["base_name"]),
        "ss_sd_model_hash": str(own.get("base_hash", "")),
        "ss_learning_rate": str(training.get("learning_rate", "")),
        "ss_max_train_steps": str(training.get("steps", "")),
        "ss_num_train_images": str(training.get("images", "")),
        "ss_batch_size_per_device": str(training.get("batch", "")),
        "ss_min_snr_gamma": str(training.get("min_snr_gamma", "")),
        "ss_seed": str(training.get("seed", "")),
        "ss_tag_frequency": json.dumps({"pack": {caption: captions.count(caption) for caption in captions}}),
        "gameforge": json.dumps(own, sort_keys=True),
    }
    partial = path.with_suffix(".tmp")
    try:
        save_file({key: value.contiguous() for key, value in layers.items()}, str(partial), metadata=metadata)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise ResourceError(
            f"The style pack {name} could not be saved: the disk is full or cannot be written. Free space, then go on.",
            detail=str(error),
        ) from error
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kohya_layers(layers: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same LoRA under the key names of kohya-ss/sd-scripts: `lora_unet_down_blocks_..._to_k.lora_down.weight`."""
    import torch

    out: dict[str, torch.Tensor] = {}
    prefixes = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}
    for key, value in layers.items():
        part, rest = key.split(".", 1)
        module, _, end = rest.rpartition(".lora_")
        side = {"A": "down", "B": "up"}[end[0]]
        name = f"{prefixes[part]}_{module.replace('.', '_')}"
        out[f"{name}.lora_{side}.weight"] = value
        if side == "down":
            out[f"{name}.alpha"] = torch.tensor(float(value.shape[0]))
    return out


def convert_to_kohya(source: Path, target: Path) -> None:
    """Write a file of ours anew under kohya's names, with its metadata."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(str(source), framework="np") as file:
        metadata = file.metadata() or {}
    save_file(
        kohya_layers(load_file(str(source))), str(target), metadata={**metadata, "modelspec.implementation": "kohya"}
    )
