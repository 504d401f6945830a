"""The LoRA itself: which modules it adapts, how it is put on the UNet, and the loss of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

ATTENTION = ("to_k", "to_q", "to_v", "to_out.0")  # as diffusers' own recipe
TEXT = ("q_proj", "k_proj", "v_proj", "out_proj")
WIDER = ("conv1", "conv2", "conv_shortcut", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "conv_in", "conv_out")


def lora_config(settings: TrainingSettings, *, text: bool = False) -> Any:
    """alpha = rank, so that a reader which ignores alpha loads the same thing."""
    from peft import LoraConfig

    targets = TEXT if text else ATTENTION + (WIDER if settings.convolutions else ())
    return LoraConfig(
        r=settings.rank, lora_alpha=settings.rank, init_lora_weights="gaussian", target_modules=list(targets)
    )


def add_lora(module: Any, settings: TrainingSettings, name: str, *, text: bool = False) -> list[torch.nn.Parameter]:
    """Freeze the module (a UNet, or with `text` a text encoder) and add the adapter `name`.

    Returns its parameters, in float32.
    """
    import torch

    module.requires_grad_(False)
    module.add_adapter(lora_config(settings, text=text), adapter_name=name)
    module.enable_adapters()
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.data = parameter.data.to(torch.float32)
    return parameters


def target_and_weight(
    schedule: Any, clean: torch.Tensor, shown: torch.Tensor, noise: torch.Tensor, times: torch.Tensor, gamma: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Noisy input, target and weight per row.

    The input is `shown` (the picture, or a recoloured copy) with noise; the target asks for `clean`. With
    shown = clean this is the usual objective; min-SNR weights after Hang et al. 2023 (`gamma` 0: none).
    """
    import torch

    cumulative = schedule.alphas_cumprod.to(clean)[times].view(-1, 1, 1, 1)
    signal, level = cumulative.sqrt(), (1 - cumulative).sqrt()
    noisy = signal * shown + level * noise
    if schedule.config.prediction_type == "v_prediction":
        target = (signal * noisy - clean) / level.clamp(min=1e-3)
    elif schedule.config.prediction_type == "sample":
        target = clean
    else:
        target = (noisy - signal * clean) / level.clamp(min=1e-3)
    ratio = (cumulative / (1 - cumulative).clamp(min=1e-6)).flatten()
    if gamma <= 0:
        return noisy, target, torch.ones_like(ratio)
    weight = ratio.clamp(max=gamma)
    if schedule.config.prediction_type == "v_prediction":
        weight = weight / (ratio + 1)
    elif schedule.config.prediction_type == "epsilon":
        weight = weight / ratio.clamp(min=1e-6)
    return noisy, target, weight
