"""Samplers by the names that people use, and starting from a picture instead of from noise."""

from __future__ import annotations

from typing import Any

from pipelines.device import Device

# name -> (diffusers class, options, label that other tools use in image metadata)
SAMPLERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}, "DPM++ 2M"),
    "dpmpp_2m_karras": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True},
        "DPM++ 2M Karras",
    ),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}, "DPM++ 2M SDE"),
    "euler": ("EulerDiscreteScheduler", {}, "Euler"),
    "euler_a": ("EulerAncestralDiscreteScheduler", {}, "Euler a"),
    "ddim": ("DDIMScheduler", {}, "DDIM"),
    "unipc": ("UniPCMultistepScheduler", {}, "UniPC"),
}


def make_scheduler(sampler: str, trained: Any) -> Any:
    """A fresh scheduler (they keep state between steps) with the noise schedule that the model was trained on."""
    import diffusers

    name, options, _ = SAMPLERS[sampler]
    kind = getattr(diffusers, name)
    if isinstance(trained, kind):  # the model's own settings of its own sampler stay, but for the variant asked for
        return kind.from_config(trained.config, **options)
    kept = {key: value for key, value in trained.config.items() if not key.startswith(("use_", "algorithm_", "final_"))}
    return kind.from_config(kept, **options)


def sampler_label(sampler: str) -> str:
    return SAMPLERS[sampler][2] if sampler in SAMPLERS else sampler


def start_from(kwargs: dict[str, Any], scheduler: Any, device: Device) -> None:
    """Turn `start_latents` [n, c, h, w] and `strength` (0..1) of a call into `latents` and the last `timesteps`.

    The start is noised to the level where the remaining steps begin (SDEdit, Meng et al. 2022), with noise from each
    image's own generator.
    """
    from diffusers.utils.torch_utils import randn_tensor

    clean, strength = kwargs.pop("start_latents"), kwargs.pop("strength")
    steps = kwargs.pop("num_inference_steps")
    scheduler.set_timesteps(steps)
    kept = max(1, round(steps * strength))
    timesteps = scheduler.timesteps[-kept * scheduler.order :]
    noise = randn_tensor(tuple(clean.shape), generator=kwargs["generator"], dtype=clean.dtype)
    noised = scheduler.add_noise(clean, noise, timesteps[:1])
    kwargs["latents"] = (noised / scheduler.init_noise_sigma).to(device.name, kwargs["prompt_embeds"].dtype)
    kwargs["timesteps"] = [int(t) for t in timesteps]


def drop_rows(scheduler: Any, kept: Any, batch: int) -> None:
    """Remove images from what a multistep scheduler remembers of earlier steps. `kept`: row numbers, int64 tensor."""
    import torch

    def shrink(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.ndim == 4 and value.shape[0] == batch:
            return value[kept]
        return value

    for name, value in list(vars(scheduler).items()):
        if isinstance(value, list):
            setattr(scheduler, name, [shrink(entry) for entry in value])
        elif isinstance(value, torch.Tensor):
            setattr(scheduler, name, shrink(value))
