"""Edit by mask: what a picture shows under the mask is painted anew, everything else stays as it is, byte for byte.

While the picture is denoised, latents outside the mask are put back to the noised original after every step (blended
latent diffusion, Avrahami et al. 2023; diffusers' inpainting pipelines do the same for models without mask channels).
So any SDXL model and the built-in one paint what fits its surroundings. The result is then cut along the mask.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter, UnidentifiedImageError

from errors import BadRequest
from pipelines.request import GenerationRequest
from pipelines.sprites import Finished, clean_alpha, flatten, reduce_palette, resize
from pipelines.starts import Placement, is_pixelated, placement

CHOSEN = 128  # luminance (or alpha) from which a pixel of a mask counts
ASPECT_TOLERANCE = 0.02
FEATHER = 0.004  # of the longer side: how far soft pictures fade in, inside the mask
_ERASE = re.compile(
    r"\W*(?:please\s+)?"
    r"(?:erase|remove|delete|cut|clear|nothing|transparent|empty|gone|make (?:it|this|that) transparent)"
    r"(?:\s+(?:it|this|that|them|all|out|away|off|here))*\W*",
    re.I,
)


@dataclass(frozen=True)
class Edit:
    """The whole picture (RGBA) and the mask of what may change (L, 0 or 255), of equal size."""

    canvas: Image.Image
    mask: Image.Image


def is_erasure(change: str | None) -> bool:
    """Whether the words ask for empty space: that takes no model."""
    return bool(change) and _ERASE.fullmatch(change or "") is not None


def read_mask(data: bytes, size: tuple[int, int]) -> Image.Image:
    """A mask for a picture of `size`, from an image file: white, or painted on transparent ground, is what may change.

    Returns L with 0 and 255. Raises BadRequest: no image, another shape, nothing or everything is left out.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            mask = _chosen(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        message = "The mask cannot be read as an image. Give a PNG, white where the picture may change."
        raise BadRequest(message, detail=str(error)) from error
    width, height = size
    if abs(mask.width * height - mask.height * width) > ASPECT_TOLERANCE * mask.width * height + max(mask.size):
        raise BadRequest(
            f"The mask is {mask.width} x {mask.height} px and the picture {width} x {height}. "
            "Give one of the same shape."
        )
    if mask.size != size:
        mask = mask.resize(size, Image.Resampling.NEAREST)
    if mask.getbbox() is None:
        raise BadRequest("The mask is empty: paint over what should change.")
    return mask


def _chosen(image: Image.Image) -> Image.Image:
    """Binary mask: by luminance where the file is opaque, by alpha where the painting lies on transparent ground."""
    rgba = np.asarray(image.convert("RGBA"))
    alpha = rgba[..., 3]
    values = alpha if alpha.min() < CHOSEN else np.asarray(image.convert("L"))
    return Image.fromarray(np.where(values >= CHOSEN, 255, 0).astype(np.uint8))


def mask_bytes(mask: Image.Image) -> bytes:
    out = io.BytesIO()
    mask.save(out, "PNG")
    return out.getvalue()


def model_mask(edit: Edit, request: GenerationRequest) -> Image.Image:
    """The mask where the model paints (L), placed as its picture is."""
    place = placement(edit.canvas.size, request)
    fitted = Image.new("L", (request.width, request.height))
    fitted.paste(edit.mask.resize(place.size, Image.Resampling.NEAREST), place.offset)
    return fitted


def latent_masks(masks: Sequence[Image.Image], height: int, width: int) -> Any:
    """float32 [n, 1, height, width]: 1 where any pixel below may change."""
    import torch

    pixels = torch.stack([torch.from_numpy(np.asarray(mask, np.float32) / 255) for mask in masks])[:, None]
    return torch.nn.functional.adaptive_max_pool2d(pixels, (height, width))


class Blend:
    """Holds latents outside the mask to the noised original, step after step."""

    def __init__(self, clean: Any, noise: Any, masks: Any) -> None:
        self.clean, self.noise, self.masks = clean, noise, masks

    def keep(self, rows: Sequence[int]) -> None:
        kept = list(rows)
        self.clean, self.noise, self.masks = self.clean[kept], self.noise[kept], self.masks[kept]

    def apply(self, latents: Any, scheduler: Any, timestep: Any) -> Any:
        """`latents` after the step at `timestep`; the scheduler has gone on to the next noise level."""
        import torch

        steps = scheduler.timesteps
        index = getattr(scheduler, "step_index", None)
        if index is None:
            index = int((steps.cpu() - float(timestep)).abs().argmin()) + 1
        kept = self.clean.to(latents)
        if index < len(steps):
            level = torch.as_tensor(steps[index]).reshape(1).repeat(len(latents)).to(latents.device)
            kept = scheduler.add_noise(kept, self.noise.to(latents), level)
        masks = self.masks.to(latents)
        return masks * latents + (1 - masks) * kept


def finish_edit(painted: Image.Image | None, edit: Edit, request: GenerationRequest, native_alpha: bool) -> Finished:
    """The canvas with the painted picture (None: nothing at all) inside the mask; the rest has the bytes it had."""
    canvas = edit.canvas.convert("RGBA")
    inside = Image.new("RGBA", canvas.size)
    if painted is not None:
        inside = _as_canvas(painted, canvas, request, native_alpha)
    pixelated = is_pixelated(canvas.size, request)
    weights = edit.mask
    if painted is not None and not pixelated:
        soft = edit.mask.filter(ImageFilter.GaussianBlur(max(1.0, FEATHER * max(canvas.size))))
        weights = Image.fromarray(np.minimum(np.asarray(soft), np.asarray(edit.mask)))  # nothing leaks out of the mask
    old, new = np.asarray(canvas, np.float32), np.asarray(inside, np.float32)
    share = np.asarray(weights, np.float32)[..., None] / 255
    alpha = old[..., 3:] * (1 - share) + new[..., 3:] * share
    colour = old[..., :3] * old[..., 3:] * (1 - share) + new[..., :3] * new[..., 3:] * share
    mixed = np.concatenate([np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0), alpha], -1)
    changed = np.asarray(edit.mask)[..., None] > 0
    pixels = np.where(changed, np.rint(mixed), old).astype(np.uint8)
    return Finished(Image.fromarray(pixels), None, (0, 0), canvas.size, None, ())


def _as_canvas(
    painted: Image.Image, canvas: Image.Image, request: GenerationRequest, native_alpha: bool
) -> Image.Image:
    """What the model painted, in the canvas' own pixels and with its kind of alpha."""
    pixelated = is_pixelated(canvas.size, request)
    opaque = canvas.getchannel("A").getextrema()[0] == 255
    if opaque or request.tileable or not request.transparent:
        image = flatten(painted, fill=False)
    elif native_alpha:
        image = clean_alpha(painted, hard=pixelated)
    else:
        from pipelines.cutout import cut_out

        image = clean_alpha(cut_out(painted.convert("RGB"))[0], hard=pixelated)
    if request.colors is not None:
        image = reduce_palette(image, request.colors)
    place: Placement = placement(canvas.size, request)
    left, top = place.offset
    part = image.crop((left, top, left + place.size[0], top + place.size[1]))
    if part.size == canvas.size:
        return part
    if pixelated:
        return part.resize(canvas.size, Image.Resampling.NEAREST)
    return resize(part, canvas.size)
