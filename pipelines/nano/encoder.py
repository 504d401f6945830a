"""Turns generation requests into the keyword arguments of a plain SDXL pipeline call for Forge Nano."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.nano.captions import prompt_text
from pipelines.nano.exemplars import ExemplarIndex, Start, start_latents
from pipelines.nano.text import TextEmbedder, pad_states

if TYPE_CHECKING:
    import torch


class NanoRequest(Protocol):
    """What the encoder reads of a request (pipelines.request.GenerationRequest fulfils it)."""

    @property
    def prompt(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def negative_prompt(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def guidance(self) -> float | None: ...
    @property
    def style(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def strength(self) -> float | None: ...
    @property
    def style_packs(self) -> Sequence[object]: ...


def schedule(strength: float, steps: int, train_steps: int = 1000) -> list[int]:
    """Time steps from the start level down: `steps` of them, evenly spaced, ending one stride above zero."""
    first = min(train_steps - 1, max(1, round(strength * train_steps) - 1))
    count = max(1, min(steps, first))
    return [round(first * (count - i) / count) for i in range(count)]


def start_noise(seed: int, salt: str, shape: tuple[int, ...] = (8, 16, 16)) -> torch.Tensor:
    """Gaussian noise from a generator of this image's own: the same in any batch and for any batch order."""
    import torch

    digest = hashlib.sha256(f"{salt}\x1f{seed}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    return torch.randn(shape, generator=generator)


class NanoPromptEncoder:
    """Prompt states, pooled vectors, starting latents and time steps, each row a function of its own request alone."""

    def __init__(self, folder: str | Path, embedder: TextEmbedder) -> None:
        """Reads nano.json, the exemplars and the noise schedule of the model folder. FileNotFoundError if absent."""
        from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

        folder = Path(folder)
        self.settings: dict[str, Any] = json.loads((folder / "nano.json").read_text(encoding="utf-8"))
        self.index = ExemplarIndex.load(folder)
        self._embedder = embedder
        self._encode_text = lru_cache(maxsize=512)(self._encode_one)
        config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
        names = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "rescale_betas_zero_snr")
        self._noise_levels: Any = DDPMScheduler(**{name: config[name] for name in names})

    def style(self, request: NanoRequest) -> str:
        """The named style of a request; free words and None fall back to the model's default."""
        wanted = request.style or ""
        return wanted if wanted in self.settings["styles"] else str(self.settings["default_style"])

    def _text(self, request: NanoRequest) -> str:
        text = prompt_text(request.prompt, self.style(request), request.kind)
        free = request.style if request.style and request.style not in self.settings["styles"] else ""
        return f"{text}, {free}" if free else text

    def start(self, request: NanoRequest) -> Start:
        """The exemplar-based start of one request (also tells which exemplar was used)."""
        subject = request.subject or request.prompt
        embedding = self._encode_text(subject)[1].numpy()
        return start_latents(self.index, subject, embedding, request.seed, self.style(request), request.kind)

    def call_settings(self, request: NanoRequest) -> tuple[int, float, float]:
        """(steps, guidance, strength) of a request with the model's recommendations filled in.

        A strength of 0..1 that a request names is a share of the most that this state of the model can bear; with style
        packs, which were trained on their range, it is the share of the noise schedule itself.
        """
        guidance = self.settings["guidance"] if request.guidance is None else request.guidance
        strength = self.settings["start_strength"]
        if request.strength is not None and any(getattr(use, "weight", 1) for use in request.style_packs):
            strength = request.strength
        elif request.strength is not None:
            strength = min(1.0, max(0.0, request.strength)) * self.settings["max_strength"]
        return request.steps or self.settings["steps"], float(guidance), float(strength)

    def encode(self, requests: Sequence[NanoRequest]) -> dict[str, Any]:
        """Keyword arguments for StableDiffusionXLPipeline.__call__ for n requests.

        prompt_embeds and negative_prompt_embeds [n, max_tokens, 384], pooled ones [n, 384], latents [n, 8, 16, 16]
        noised to the first time step, timesteps (list), guidance_scale, height, width. All float32 on the CPU.
        Raises ValueError for an empty list or when steps, guidance or strength differ within it (one call has
        one schedule: group requests by `call_settings`).
        """
        import torch

        if len({self.call_settings(request) for request in requests}) != 1:
            raise ValueError("Requests of one call must agree on steps, guidance and strength.")
        steps, guidance, strength = self.call_settings(requests[0])
        timesteps = schedule(strength, steps)
        prompts = [self._text(request) for request in requests]
        negatives = [request.negative_prompt for request in requests]
        tokens, pooled = self._embed(prompts)
        negative_tokens, negative_pooled = self._embed(negatives)
        starts = torch.stack([self.start(request).latent for request in requests])
        size = self.settings["size"]
        return {
            "prompt_embeds": tokens,
            "pooled_prompt_embeds": pooled,
            "negative_prompt_embeds": negative_tokens,
            "negative_pooled_prompt_embeds": negative_pooled,
            "latents": self.noised(starts, requests, timesteps),
            "timesteps": timesteps,
            "guidance_scale": guidance,
            "height": size,
            "width": size,
        }

    def noised(self, latents: torch.Tensor, requests: Sequence[NanoRequest], timesteps: Sequence[int]) -> torch.Tensor:
        """Clean latents [n, 8, 16, 16] with the noise of the first time step, each from its own request's seed."""
        import torch

        noise = torch.stack([start_noise(r.seed, f"{r.subject or r.prompt}|{r.kind}") for r in requests])
        return self._noise_levels.add_noise(latents, noise, torch.full((len(requests),), timesteps[0]))

    def _embed(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        pairs = [self._encode_text(text) for text in texts]
        tokens = torch.stack([states for states, _ in pairs]) * self.settings["token_scale"]
        return tokens, torch.stack([vector for _, vector in pairs]) * self.settings["pooled_scale"]

    def _encode_one(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Padded token states [max_tokens, 384] and their unit mean vector [384].

        One text at a time: padding to a longer neighbour shifts float32 results slightly, and rows must not depend on
        their batch.
        """
        import torch

        states, mask = self._embedder.token_states([text])
        padded = pad_states(states, mask, self.settings["max_tokens"])[0]
        weights = torch.as_tensor(mask)[..., None].float()
        mean = (torch.as_tensor(states).float() * weights).sum(1) / weights.sum(1).clamp(min=1)
        return padded, torch.nn.functional.normalize(mean, dim=1)[0]
