"""A model that is ready to paint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from errors import BadRequest, UserFixable
from pipelines.device import Device, is_out_of_memory, release_cached_memory
from pipelines.prompts import PromptEncoder
from pipelines.request import MAX_SEED, GenerationRequest
from pipelines.sampling import SAMPLERS, make_scheduler, start_from
from pipelines.sources import ModelSource
from pipelines.tileable import circular_padding

if TYPE_CHECKING:
    import torch
    from PIL import Image

MAX_SIDE = 2048
MAX_STEPS = 150
SIDE_STEP = 8
Callback = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


@dataclass
class LoadedModel:
    """A pipeline with its prompt encoder. Not safe for two threads at once: its owner holds a lock."""

    source: ModelSource
    pipe: Any  # StableDiffusionXLPipeline
    device: Device
    prompts: PromptEncoder
    hash: str = ""

    def __post_init__(self) -> None:
        self._scheduler = self.pipe.scheduler
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
        if request.style_packs:
            names = ", ".join(use.pack for use in request.style_packs)
            raise UserFixable(f"There is no style pack named {names}. Leave it out, or make it first.")
        if request.init is not None:
            raise UserFixable("Starting from an existing image is not possible yet. Describe the image instead.")
        if request.sampler not in SAMPLERS:
            raise BadRequest(f"The sampler {request.sampler!r} is not known. Use one of {', '.join(sorted(SAMPLERS))}.")
        if not 0 <= request.seed <= MAX_SEED:
            raise BadRequest(f"The seed must lie between 0 and {MAX_SEED}.")
        width, height = request.width or self.native_size, request.height or self.native_size
        for side in (width, height):
            if not SIDE_STEP <= side <= MAX_SIDE or side % SIDE_STEP:
                raise BadRequest(f"Width and height must be multiples of {SIDE_STEP} from {SIDE_STEP} to {MAX_SIDE}.")
        steps = request.steps or self.source.steps
        if not 1 <= steps <= MAX_STEPS:
            raise BadRequest(f"Steps must lie between 1 and {MAX_STEPS}.")
        guidance = self.source.guidance if request.guidance is None else request.guidance
        return request.replaced(width=width, height=height, steps=steps, guidance=guidance)

    def call_kwargs(self, requests: Sequence[GenerationRequest]) -> dict[str, Any]:
        """Arguments of the pipeline call that makes these (complete, alike) requests, one generator per image."""
        import torch

        first = requests[0]
        generators = [torch.Generator("cpu").manual_seed(request.seed) for request in requests]
        self.pipe.scheduler = make_scheduler(first.sampler, self._scheduler)
        kwargs = dict(self.prompts.encode(requests))
        kwargs.update(
            generator=generators,
            guidance_scale=first.guidance,
            width=first.width,
            height=first.height,
            num_inference_steps=first.steps,
        )
        if "start_latents" in kwargs:
            start_from(kwargs, self.pipe.scheduler, self.device)
        return kwargs

    def denoise(self, requests: Sequence[GenerationRequest], callback: Callback | None = None) -> torch.Tensor:
        """Latents of requests that are complete and share size, steps, guidance and sampler: [n, c, h, w]."""
        import torch

        kwargs = self.call_kwargs(requests)
        if callback is not None:
            kwargs["callback_on_step_end"] = callback
            kwargs["callback_on_step_end_tensor_inputs"] = list(self.pipe._callback_tensor_inputs)
        with torch.inference_mode(), circular_padding(self.pipe.unet, enabled=requests[0].tileable):
            return self.pipe(**kwargs, output_type="latent").images

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
            scaled = latents.to(vae.dtype) / config.scaling_factor
            if config.latents_mean is not None and config.latents_std is not None:
                shape = (1, -1, 1, 1)
                mean, std = (torch.tensor(v).view(shape).to(scaled) for v in (config.latents_mean, config.latents_std))
                scaled = scaled * std + mean
            if tileable and tiles:
                vae.disable_tiling()  # tiles would not see the opposite edge
            try:
                decoded = vae.decode(scaled.to(self.pipe._execution_device), return_dict=False)[0]
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
