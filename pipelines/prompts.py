"""Turns requests into what a pipeline call needs to know about their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pipelines.request import GenerationRequest

STYLE_WORDS = {
    "pixel": "pixel art, crisp pixels, limited palette",
    "3d": "3d render, soft light, rounded shapes",
    "flat": "flat vector illustration, clean shapes",
}
KIND_WORDS = {
    "prop": "game prop",
    "item": "game item",
    "icon": "game icon",
    "character": "game character, full body",
    "tile": "game tile",
    "texture": "game texture",
    "ui": "game interface element",
    "background": "game background",
    "effect": "game visual effect",
}
PLAIN_BACKGROUND = "single object, centered, isolated on a plain flat light grey background"
SEAMLESS = "seamless tileable texture, even light, seen from above"
CUT_OUT_NEGATIVE = "drop shadow, scenery, patterned background, cropped, frame, text, watermark"


class PromptEmbedder(Protocol):
    """The part of a sentence embedder that prompt encoders need."""

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors, float32 [n, dimension]."""
        ...

    def token_states(self, texts: list[str]) -> tuple[Any, Any]:
        """Hidden states [n, tokens, dimension] and attention mask [n, tokens]."""
        ...


class PromptEncoder(Protocol):
    """Encodes the words of requests for a model; row i depends on request i alone."""

    def encode(self, requests: Sequence[GenerationRequest]) -> dict[str, Any]:
        """Arguments for the pipeline call: `prompt_embeds`, `pooled_prompt_embeds` and their negative counterparts."""
        ...


def full_prompt(request: GenerationRequest, native_alpha: bool) -> str:
    """The words for a text-to-image model that was not trained on our vocabulary."""
    parts = [request.prompt.strip(), KIND_WORDS.get(request.kind, "")]
    if request.style:
        parts.append(STYLE_WORDS.get(request.style, request.style))
    if request.tileable:
        parts.append(SEAMLESS)
    elif request.transparent and not native_alpha:
        parts.append(PLAIN_BACKGROUND)
    return ", ".join(part for part in parts if part)


def full_negative_prompt(request: GenerationRequest, native_alpha: bool) -> str:
    parts = [request.negative_prompt.strip()]
    if request.transparent and not request.tileable and not native_alpha:
        parts.append(CUT_OUT_NEGATIVE)
    return ", ".join(part for part in parts if part)


class StartingEncoder(Protocol):
    """What encoders of models that always start from a latent (`timesteps` among their arguments) do besides."""

    def noised(self, latents: Any, requests: Sequence[GenerationRequest], timesteps: Sequence[int]) -> Any:
        """Clean latents [n, c, h, w] with the noise of the first of `timesteps`, each from its own request's seed."""
        ...


class TextEncoderPrompts:
    """Prompts through the pipeline's own text encoders (SDXL: CLIP-L and CLIP-bigG)."""

    def __init__(self, pipe: Any, native_alpha: bool) -> None:
        self._pipe = pipe
        self._native_alpha = native_alpha

    def states(self, requests: Sequence[GenerationRequest]) -> tuple[Any, Any]:
        """Prompt states [n, tokens, width] and pooled vectors [n, width], with gradients where they are on."""
        positive, _, pooled, _ = self._encode(requests, guided=False)
        return positive, pooled

    def _encode(self, requests: Sequence[GenerationRequest], *, guided: bool) -> tuple[Any, Any, Any, Any]:
        return self._pipe.encode_prompt(
            prompt=[full_prompt(request, self._native_alpha) for request in requests],
            negative_prompt=[full_negative_prompt(request, self._native_alpha) for request in requests],
            device=self._pipe._execution_device,
            do_classifier_free_guidance=guided,
        )

    def encode(self, requests: Sequence[GenerationRequest]) -> dict[str, Any]:
        import torch

        guided = any((request.guidance or 0.0) > 1.0 for request in requests)
        with torch.inference_mode():
            positive, negative, pooled, negative_pooled = self._encode(requests, guided=guided)
        kwargs = {"prompt_embeds": positive, "pooled_prompt_embeds": pooled}
        if guided:
            kwargs.update(negative_prompt_embeds=negative, negative_pooled_prompt_embeds=negative_pooled)
        return kwargs
