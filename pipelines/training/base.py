"""What training needs of a base model: latents of pictures, embeddings of captions, the noise schedule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.request import GenerationRequest
from pipelines.training.canvas import bucket, on_canvas, recoloured
from pipelines.training.pictures import Picture
from pipelines.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from pipelines.loaded import LoadedModel
    from pipelines.training.lessons import Lesson

COPIES = 10  # recoloured copies of each picture
ENCODE_AT_ONCE = 8


@dataclass
class Cache:
    """All that a step needs, computed once. `latents[i]` is [views, c, h, w]: as it is and, where it may, mirrored.

    The pictures come first, then the lessons.
    """

    latents: list[torch.Tensor]
    copies: list[torch.Tensor]  # [views * n, c, h, w] each: other looks of the same; empty without `restyle`
    embeds: torch.Tensor  # [n + 1, tokens, width]; the last row is the empty prompt's
    pooled: torch.Tensor  # [n + 1, width]
    time_ids: torch.Tensor  # [n, 6]: original size, crop, target size
    buckets: list[tuple[int, int]]  # px
    requests: list[GenerationRequest] = field(default_factory=list)  # the captions, one for each row of `embeds`
    lessons: int = 0

    def __len__(self) -> int:
        return len(self.latents)


def caption_request(model: LoadedModel, caption: str, trigger: str) -> GenerationRequest:
    """How a caption reads to the model: as a request for that picture with the pack on."""
    from pipelines.adapters import with_trigger

    request = GenerationRequest(prompt=caption, subject=caption, seed=0, model=model.source.id)
    return with_trigger(model.complete(request), [trigger])


def build_cache(
    model: LoadedModel,
    pictures: Sequence[Picture],
    trigger: str,
    settings: TrainingSettings,
    seed: int = 0,
    lessons: Sequence[Lesson] = (),
) -> Cache:
    """Encode pictures and captions. After this neither decoder nor text encoders are needed to train."""
    import numpy as np
    import torch

    alpha = model.pipe.vae.config.in_channels == 4
    rng = np.random.default_rng((seed, 77))
    latents, copies, ids, buckets = [], [], [], []
    for picture in pictures:
        size = bucket(*picture.image.size, settings.resolution)
        canvas = on_canvas(picture.image, size, alpha=alpha)
        views = [canvas, _mirrored(canvas)] if settings.mirror else [canvas]
        latents.append(encode(model, views))
        if settings.restyle > 0:
            copies.append(encode(model, [recoloured(view, rng) for view in views for _ in range(COPIES)]))
        buckets.append(size)
        ids.append([size[1], size[0], 0, 0, size[1], size[0]])
    if lessons:
        size = lessons[0].target.size  # canvases as the model paints them
        targets = encode(model, [lesson.target for lesson in lessons])
        latents += [target[None] for target in targets]
        copies += [lesson.start[None] for lesson in lessons]
        buckets += [size] * len(lessons)
        ids += [[size[1], size[0], 0, 0, size[1], size[0]]] * len(lessons)
    captions = [*(picture.caption for picture in pictures), *(lesson.caption for lesson in lessons)]
    requests = [caption_request(model, caption, trigger) for caption in captions]
    embeds, pooled = embed(model, requests)
    empty = model.complete(GenerationRequest(prompt="", seed=0, model=model.source.id))
    none, none_pooled = embed(model, [empty])
    return Cache(
        latents=latents,
        copies=copies,
        requests=[*requests, empty],
        embeds=torch.cat([embeds, none]),
        pooled=torch.cat([pooled, none_pooled]),
        time_ids=torch.tensor(ids, dtype=torch.float32),
        buckets=buckets,
        lessons=len(lessons),
    )


def encode(model: LoadedModel, images: Sequence[Image.Image]) -> torch.Tensor:
    """Latents in the UNet's scale, float32 [n, c, h, w], on the CPU. The encoder's mean is taken, not a sample."""
    import torch

    vae = model.pipe.vae
    pixels = torch.stack([_tensor(image) for image in images])
    out = []
    with torch.inference_mode():
        for start in range(0, len(pixels), ENCODE_AT_ONCE):
            part = pixels[start : start + ENCODE_AT_ONCE].to(vae.device, vae.dtype)
            out.append(vae.encode(part).latent_dist.mean.float().cpu())
    latents = torch.cat(out)
    config = vae.config
    if config.latents_mean is not None and config.latents_std is not None:
        mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (config.latents_mean, config.latents_std))
        latents = (latents - mean) / std
    return (latents * config.scaling_factor).clone()


def embed(model: LoadedModel, requests: Sequence[GenerationRequest]) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompt states and pooled vectors, float32 on the CPU."""
    import torch

    rows = []
    for request in requests:  # row by row, as painting does
        encoded = model.prompts.encode([request])
        rows.append((encoded["prompt_embeds"].float().cpu(), encoded["pooled_prompt_embeds"].float().cpu()))
    return torch.cat([row for row, _ in rows]).clone(), torch.cat([row for _, row in rows]).clone()


def noise_schedule(model: LoadedModel) -> Any:
    """The forward process that the model was trained with."""
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler

    config = model.pipe.scheduler.config
    names = (
        "num_train_timesteps",
        "beta_start",
        "beta_end",
        "beta_schedule",
        "prediction_type",
        "rescale_betas_zero_snr",
    )
    return DDPMScheduler(**{name: config[name] for name in names if name in config})


def _tensor(image: Image.Image) -> torch.Tensor:
    import numpy as np
    import torch

    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def _mirrored(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.mirror(image)
