"""Samplers by the names that people use."""

from __future__ import annotations

import inspect
from typing import Any

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


def takes_timesteps(sampler: str) -> bool:
    """Whether a sampler can walk a given list of time steps (models that start from a picture need it)."""
    import diffusers

    name, options, _ = SAMPLERS[sampler]
    kind = getattr(diffusers, name)
    return "timesteps" in inspect.signature(kind.set_timesteps).parameters and not options.get("use_karras_sigmas")


def keep_rows(scheduler: Any, kept: Any, batch: int) -> None:
    """Keep only these rows (int64) of what a multistep scheduler remembers of earlier steps of a batch."""
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
