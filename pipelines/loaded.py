"""A model that is ready to paint."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errors import BadRequest, UserFixable
from pipelines.adapters import Adapters, with_trigger
from pipelines.colours import read_recolouring
from pipelines.device import Device, is_out_of_memory, release_cached_memory
from pipelines.masked import Blend, latent_masks, model_mask
from pipelines.prompts import PromptEncoder
from pipelines.request import MAX_SEED, GenerationRequest, StylePackUse
from pipelines.sampling import SAMPLERS, keep_rows, make_scheduler, takes_timesteps
from pipelines.sources import ModelSource
from pipelines.sprites import resize
from pipelines.starts import MODERATE, picture_tensor
from pipelines.tileable import circular_padding

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from pipelines.batching import Item

MAX_SIDE = 2048
MAX_STEPS = 150
SIDE_STEP = 8
AfterStep = Callable[[int, int], list[int]]


@dataclass
class LoadedModel:
    """A pipeline with its prompt encoder. Not safe for two threads at once: its owner holds a lock."""

    source: ModelSource
    pipe: Any  # StableDiffusionXLPipeline
    device: Device
    prompts: PromptEncoder
    hash: str = ""

    def __post_init__(self) -> None:
        self.adapters = Adapters(self.pipe, self.source.name, self.hash)
        self._trained_scheduler = self.pipe.scheduler
        self._schedulers: dict[str, Any] = {}
        # Asked for in every call: diffusers walks all modules to tell a dtype.
        self._unet_dtype, self._vae_dtype = self.pipe.unet.dtype, self.pipe.vae.dtype
        self._decode_batch = 0  # 0: as many as come

    @property
    def native_size(self) -> int:
        return self.pipe.default_sample_size * self.pipe.vae_scale_factor

    @property
    def native_alpha(self) -> bool:
        return self.pipe.vae.config.out_channels == 4

    def complete(self, request: GenerationRequest) -> GenerationRequest:
        """The same request with the model's defaults filled in.

        Raises:
            UserFixable: it asks for what this model cannot do.
        """
        if request.model != self.source.id:
            raise UserFixable(f"This image asks for the model {request.model!r}, but {self.source.id!r} is loaded.")
        for use in request.style_packs:
            self.adapters.facts(use)
        if request.sampler not in SAMPLERS:
            raise BadRequest(f"The sampler {request.sampler!r} is not known. Use one of {', '.join(sorted(SAMPLERS))}.")
        if self.source.start_strength is not None and not takes_timesteps(request.sampler):
            names = ", ".join(name for name in sorted(SAMPLERS) if takes_timesteps(name))
            raise BadRequest(f"{self.source.name} cannot use the sampler {request.sampler!r}. Use one of {names}.")
        if not 0 <= request.seed <= MAX_SEED:
            raise BadRequest(f"The seed must lie between 0 and {MAX_SEED}.")
        complete = request.replaced(
            width=request.width or self.native_size,
            height=request.height or self.native_size,
            steps=request.steps or (self.source.pack_steps if _active(request) else self.source.steps),
            guidance=self.source.guidance if request.guidance is None else request.guidance,
            style=request.style or self.source.default_style,
            strength=self._strength(request),
        )
        self._check_sizes(complete)
        return complete

    def _strength(self, request: GenerationRequest) -> float | None:
        """With packs, a model that starts from pictures has to leave them further: as far as the packs were trained."""
        if not _active(request) or self.source.start_strength is None:
            if request.strength is not None:
                return request.strength
            return MODERATE if request.init is not None else self.source.default_strength
        reach = 0.0
        for use in _active(request):
            trained = self.adapters.facts(use).start_strength or self.source.pack_strength
            reach = max(reach, trained * min(1.0, abs(use.weight)))
        return max(self.source.start_strength, reach * (1.0 if request.strength is None else request.strength))

    def _check_sizes(self, request: GenerationRequest) -> None:
        for side in (request.width, request.height):
            if self.source.fixed_size and side != self.native_size:
                size = f"{self.native_size} x {self.native_size}"
                raise BadRequest(f"{self.source.name} paints {size} pixels only. Ask for another size of the sprite.")
            if not SIDE_STEP <= side <= MAX_SIDE or side % SIDE_STEP:
                raise BadRequest(f"Width and height must be multiples of {SIDE_STEP} from {SIDE_STEP} to {MAX_SIDE}.")
        if not 1 <= request.steps <= MAX_STEPS:
            raise BadRequest(f"Steps must lie between 1 and {MAX_STEPS}.")
        if request.strength is not None and not 0 < request.strength <= 1:
            raise BadRequest("Strength must lie between 0 (excluded) and 1.")

    def call_kwargs(
        self, requests: Sequence[GenerationRequest], starts: Sequence[Image.Image] | None = None
    ) -> dict[str, Any]:
        """Arguments of the pipeline call that makes these (complete, alike) requests, one generator per image.

        `starts` are the pictures that they start from, RGBA in the size that the model paints.
        """
        import torch

        first = requests[0]
        triggers = [self.adapters.facts(use).trigger for use in _active(first)]
        requests = [with_trigger(request, triggers) for request in requests]
        generators = [torch.Generator("cpu").manual_seed(request.seed) for request in requests]
        self.pipe.scheduler = self._fresh_scheduler(first.sampler)
        kwargs: dict[str, Any] = {
            "generator": generators,
            "guidance_scale": first.guidance,
            "width": first.width,
            "height": first.height,
            "num_inference_steps": first.steps,
            **self.prompts.encode(requests),
        }
        if starts is not None:
            pixels = picture_tensor(starts, self.pipe.vae.config.in_channels).to(self.device.name)
            if "timesteps" in kwargs:  # the model starts from latents of its own in any case
                encoder: Any = self.prompts  # a StartingEncoder
                kwargs["latents"] = encoder.noised(self._encode(pixels), requests, kwargs["timesteps"])
            else:
                del kwargs["width"], kwargs["height"]
                # The pipeline takes four channels for latents, so a picture with alpha has to come as such.
                image = self._encode(pixels) if pixels.shape[1] == 4 else (pixels + 1) / 2
                kwargs.update(image=image, strength=first.strength)
        if "latents" in kwargs:
            kwargs["latents"] = kwargs["latents"].to(self._unet_dtype)
        return kwargs

    def _blend(
        self, requests: Sequence[GenerationRequest], starts: Sequence[Image.Image], masks: Sequence[Image.Image]
    ) -> Blend:
        import torch

        clean = self._encode(picture_tensor(starts, self.pipe.vae.config.in_channels).to(self.device.name))
        generators = [torch.Generator("cpu").manual_seed((request.seed + 1) % MAX_SEED) for request in requests]
        noise = torch.stack([torch.randn(clean.shape[1:], generator=generator) for generator in generators])
        return Blend(clean, noise, latent_masks(masks, *clean.shape[2:]))

    def filled_in(self, item: Item) -> Image.Image | None:
        """What an item starts from. A model that paints from examples of its own gets one into the mask, as large as it
        fits, unless the change is one of colour: by itself it would only vary what is there.
        """
        start, request = item.start, item.request
        words = " ".join((request.change or "").split())
        if start is None or item.edit is None or not words or read_recolouring(words):
            return start
        example = getattr(self.prompts, "start", None)
        box = model_mask(item.edit, request).getbbox()
        if example is None or box is None:
            return start
        latent = example(request.replaced(subject=words, prompt=words)).latent[None]
        picture = self.decode(latent.to(self.device.name))[0].convert("RGBA")
        picture = picture.crop(picture.getchannel("A").getbbox())
        factor = min((box[2] - box[0]) / picture.width, (box[3] - box[1]) / picture.height)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        corner = ((box[0] + box[2] - size[0]) // 2, (box[1] + box[3] - size[1]) // 2)
        filled = start.copy()
        filled.alpha_composite(resize(picture, size), corner)
        return filled

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Latents in the denoiser's scale, the same for the same pixels (the mean, no sample)."""
        import torch

        vae = self.pipe.vae
        with torch.inference_mode():
            latents = vae.encode(pixels.to(self._vae_dtype)).latent_dist.mean
        return (latents * vae.config.scaling_factor).float().cpu()

    def _pipeline(self, kwargs: dict[str, Any]) -> Any:
        """The pipeline for a call: the loaded one, or for a start from a picture its sibling over the same modules."""
        if "image" not in kwargs:
            return self.pipe
        from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
            StableDiffusionXLImg2ImgPipeline,
        )

        sibling = StableDiffusionXLImg2ImgPipeline(**self.pipe.components, add_watermarker=False)
        sibling.set_progress_bar_config(disable=True)
        return sibling

    def _fresh_scheduler(self, sampler: str) -> Any:
        """Schedulers remember earlier steps, so each call gets its own; a copy is ten times faster than a new one."""
        if sampler not in self._schedulers:
            self._schedulers[sampler] = make_scheduler(sampler, self._trained_scheduler)
        return copy.deepcopy(self._schedulers[sampler])

    def denoise(
        self,
        requests: Sequence[GenerationRequest],
        after_step: AfterStep | None = None,
        starts: Sequence[Image.Image] | None = None,
        masks: Sequence[Image.Image] | None = None,
    ) -> torch.Tensor:
        """Latents of requests that are complete and share size, steps, guidance and sampler: [n, c, h, w].

        Args:
            after_step: called with (steps done, steps in all); returns the rows to go on with, in order. What it raises
                ends the call.
            masks: what of each start may change (L, in the size that the model paints).
        """
        import torch

        packs = self.adapters.applied(requests[0].style_packs)  # they may adapt the text encoders, too
        with packs, torch.inference_mode(), circular_padding(self.pipe.unet, enabled=requests[0].tileable):
            kwargs = self.call_kwargs(requests, starts)
            pipe = self._pipeline(kwargs)
            blend = self._blend(requests, starts, masks) if starts is not None and masks is not None else None
            if after_step is not None or blend is not None:
                kwargs["callback_on_step_end"] = _callback(after_step, kwargs["generator"], blend)
                kwargs["callback_on_step_end_tensor_inputs"] = list(pipe._callback_tensor_inputs)
            return pipe(**kwargs, output_type="latent").images

    def decode(self, latents: torch.Tensor, *, tileable: bool = False) -> list[Image.Image]:
        """RGB or RGBA pictures from latents, in smaller portions when memory runs out."""
        pictures: list[Image.Image] = []
        while len(pictures) < len(latents):
            portion = min(self._decode_batch or len(latents), len(latents) - len(pictures))
            try:
                pictures += self._decode(latents[len(pictures) : len(pictures) + portion], tileable)
                continue
            except (RuntimeError, MemoryError) as error:
                if portion == 1 or not is_out_of_memory(error):
                    raise
            self._decode_batch = portion // 2
            release_cached_memory(self.device)
        return pictures

    def _decode(self, latents: torch.Tensor, tileable: bool) -> list[Image.Image]:
        import torch

        vae = self.pipe.vae
        config = vae.config
        tiles = getattr(vae, "use_tiling", False)
        with torch.inference_mode(), circular_padding(vae, enabled=tileable):
            scaled = latents.to(self._vae_dtype) / config.scaling_factor
            if config.latents_mean is not None and config.latents_std is not None:
                shape = (1, -1, 1, 1)
                mean, std = (torch.tensor(v).view(shape).to(scaled) for v in (config.latents_mean, config.latents_std))
                scaled = scaled * std + mean
            if tileable and tiles:
                vae.disable_tiling()  # tiles would not see the opposite edge
            try:
                decoded = vae.decode(scaled, return_dict=False)[0]
            finally:
                if tiles:
                    vae.enable_tiling()
        return self.pipe.image_processor.postprocess(decoded.float(), output_type="pil")

    def paint(self, requests: Sequence[GenerationRequest]) -> list[Image.Image]:
        """The bare pipeline: all requests in one call, nothing done to the pictures.

        Raises:
            UserFixable: a request asks for what this model cannot do.
        """
        complete = [self.complete(request) for request in requests]
        return self.decode(self.denoise(complete), tileable=complete[0].tileable)


def _active(request: GenerationRequest) -> list[StylePackUse]:
    return [use for use in request.style_packs if use.weight != 0]


def _callback(
    after_step: AfterStep | None, generators: list[torch.Generator], blend: Blend | None
) -> Callable[..., dict[str, Any]]:
    """A `callback_on_step_end` that takes unwanted images out of everything that the loop goes on with, and holds
    masked ones to their originals.

    The pipeline and its scheduler keep no other reference to a row: tensors are handed back, what multistep schedulers
    remember is shrunk, and the list of generators is the very list that they draw from.
    """
    import torch

    def callback(pipe: Any, step: int, timestep: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        batch = len(generators)
        rows = after_step(step + 1, pipe.num_timesteps) if after_step is not None else list(range(batch))
        if len(rows) < batch:
            generators[:] = [generators[row] for row in rows]
            kept = torch.tensor(rows)
            keep_rows(pipe.scheduler, kept, batch)
            both = torch.cat([kept, kept + batch])  # with guidance, conditioning comes as [negatives; positives]
            tensors = {name: t[(kept if len(t) == batch else both).to(t.device)] for name, t in tensors.items()}
            if blend is not None:
                blend.keep(rows)
        if blend is not None:
            tensors["latents"] = blend.apply(tensors["latents"], pipe.scheduler, timestep)
        return tensors

    return callback
