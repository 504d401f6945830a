"""Enlarging finished pictures: pixel art by Scale2x, anything else by a model of the user's or by filtered resampling.

Scale2x (Andrea Mazzoleni, AdvanceMAME, 2001; the same rule as Eric Johnston's EPX) copies pixels only: no new colour
appears and alpha stays as hard as it was.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from errors import BadRequest, NotReady, ResourceError
from pipelines.sprites import clean_alpha, resize, resize_wrapped

Method = Literal["auto", "pixels", "scale2x", "smooth", "model"]
METHODS: tuple[Method, ...] = ("auto", "pixels", "scale2x", "smooth", "model")
FACTORS = (2, 3, 4, 8)
MAX_SIDE = 8192
PIXEL_ART_COLOURS = 96  # distinct visible colours, at most, of a picture that counts as pixel art
PIXEL_ART_SIDE = 256  # px
WRAP = 16  # px around a tile that a model sees beyond its edge
TILE = 512  # px of the input that a model works on at once


def is_pixel_art(image: Image.Image) -> bool:
    """Small, hard-edged, or with few colours: what would be spoilt by smoothing."""
    pixels = np.asarray(image.convert("RGBA"))
    if max(image.size) > PIXEL_ART_SIDE:
        return False
    alpha = pixels[..., 3]
    visible = pixels[alpha > 0][:, :3]
    hard = bool(np.isin(alpha, (0, 255)).all())
    return hard and (max(image.size) <= 96 or len(np.unique(visible, axis=0)) <= PIXEL_ART_COLOURS)


def upscale(
    image: Image.Image,
    factor: int,
    *,
    method: Method = "auto",
    pixelated: bool | None = None,
    tileable: bool = False,
    model: Upscaler | None = None,
) -> tuple[Image.Image, str]:
    """The picture `factor` times as large (RGBA), and the method that was used.

    Args:
        method: `pixels` repeats pixels, `scale2x` rounds their corners, `smooth` resamples (Lanczos, premultiplied),
            `model` uses the upscaler; `auto` takes scale2x for pixel art, else the model where there is one.
        pixelated: whether it is pixel art; None: judged by the picture.
        tileable: its edges wrap around, and do so afterwards.

    Raises:
        BadRequest: no such factor or method, or the result would be too large.
        NotReady: a model is asked for and there is none.
    """
    check(factor, method, image.size)
    image = image.convert("RGBA")
    if method == "auto":
        pixelated = is_pixel_art(image) if pixelated is None else pixelated
        method = "scale2x" if pixelated else "model" if model is not None else "smooth"
    if method == "model":
        if model is None:
            raise NotReady("There is no upscaling model. Set GAMEFORGE_UPSCALER to a .safetensors file of one.")
        return model.upscale(image, factor, tileable=tileable), "model"
    if method == "pixels" or (method == "scale2x" and factor == 3):
        return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST), "pixels"
    if method == "scale2x":
        pixels = np.asarray(image)
        for _ in range({2: 1, 4: 2, 8: 3}[factor]):
            pixels = scale2x(pixels, wrap=tileable)
        return Image.fromarray(pixels), "scale2x"
    size = (image.width * factor, image.height * factor)
    return (resize_wrapped(image, size) if tileable else resize(image, size)), "smooth"


def check(factor: int, method: str, size: tuple[int, int]) -> None:
    """Raises BadRequest."""
    if factor not in FACTORS:
        raise BadRequest(f"Images can be enlarged 2, 3, 4 or 8 times; {factor} is none of these.")
    if method not in METHODS:
        raise BadRequest(f"Ways to enlarge are {', '.join(METHODS)}; there is no {method!r}.")
    if max(size) * factor > MAX_SIDE:
        raise BadRequest(f"{size[0]} x {size[1]} px times {factor} is more than {MAX_SIDE} px. Take a smaller factor.")


def scale2x(pixels: np.ndarray, *, wrap: bool = False) -> np.ndarray:
    """uint8 [h, w, 4] -> [2h, 2w, 4]: a pixel becomes four; corners take their neighbours' colour where these agree."""
    packed = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
    around = np.pad(packed, 1, "wrap" if wrap else "edge")
    up, down, left, right = around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]
    edge = (up != down) & (left != right)
    out = np.empty((2 * packed.shape[0], 2 * packed.shape[1]), np.uint32)
    out[0::2, 0::2] = np.where(edge & (left == up), left, packed)
    out[0::2, 1::2] = np.where(edge & (up == right), right, packed)
    out[1::2, 0::2] = np.where(edge & (left == down), left, packed)
    out[1::2, 1::2] = np.where(edge & (down == right), right, packed)
    return out[..., None].view(np.uint8).reshape(*out.shape, 4)


class Upscaler:
    """Any single-image super-resolution model in a .safetensors file that spandrel knows, loaded on first use."""

    def __init__(self, file: Path, device: str = "auto") -> None:
        self.file = file
        self._wanted_device = device
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        return self.file.stem

    def load(self) -> Any:
        """Raises NotReady (missing, damaged, another kind of model, spandrel not installed)."""
        with self._lock:
            if self._model is None:
                self._model = self._read()
            return self._model

    def _read(self) -> Any:
        from pipelines.device import choose_device

        if not self.file.is_file():
            raise NotReady(f"The upscaling model {self.file} is not there. Correct GAMEFORGE_UPSCALER.")
        if self.file.suffix != ".safetensors":
            raise NotReady(
                f"{self.file.name} is no .safetensors file. Other formats can run code, so they stay closed."
            )
        try:
            from spandrel import ImageModelDescriptor, ModelLoader  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            message = "Upscaling models need the package spandrel: pip install 'gameforge[upscale]'."
            raise NotReady(message, detail=str(error)) from error
        device = choose_device(self._wanted_device)
        try:
            model = ModelLoader(device=device.name).load_from_file(str(self.file))
        except Exception as error:  # whatever a foreign file makes the reader throw
            message = f"{self.file.name} is damaged or no upscaling model that spandrel knows."
            raise NotReady(message, detail=f"{type(error).__name__}: {error}") from error
        if not isinstance(model, ImageModelDescriptor) or model.scale < 2:
            raise NotReady(f"{self.file.name} does not enlarge pictures. Use a 2x or 4x model.")
        return model.eval()

    def upscale(self, image: Image.Image, factor: int, *, tileable: bool = False) -> Image.Image:
        """Colours through the model (as often as needed, then resampled to the factor), alpha by resampling.

        Raises NotReady, ResourceError (out of memory).
        """
        model = self.load()
        size = (image.width * factor, image.height * factor)
        pixels = np.asarray(image.convert("RGBA"))
        alpha = Image.fromarray(pixels[..., 3])
        colours = _spread(pixels)
        reach = min(WRAP, image.width, image.height)
        while colours.shape[1] < size[0]:
            padded = np.pad(colours, ((reach,) * 2, (reach,) * 2, (0, 0)), "wrap" if tileable else "edge")
            large = self._run(model, padded)
            cut = reach * model.scale
            colours = large[cut:-cut, cut:-cut]
        rgb = Image.fromarray(colours)
        if rgb.size != size:
            rgb = rgb.resize(size, Image.Resampling.LANCZOS)
        if tileable or pixels[..., 3].min() == 255:
            return rgb.convert("RGBA")
        hard = bool(np.isin(pixels[..., 3], (0, 255)).all())
        rgb.putalpha(alpha.resize(size, Image.Resampling.LANCZOS))
        return clean_alpha(rgb, hard=hard and is_pixel_art(image))

    def _run(self, model: Any, pixels: np.ndarray) -> np.ndarray:
        """uint8 [h, w, 3] -> [h * scale, w * scale, 3], in tiles that overlap."""
        import torch

        from pipelines.device import is_out_of_memory

        scale, height, width = model.scale, *pixels.shape[:2]
        out = np.empty((height * scale, width * scale, 3), np.uint8)
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                y, x = max(0, top - WRAP), max(0, left - WRAP)
                part = pixels[y : top + TILE + WRAP, x : left + TILE + WRAP]
                tensor = torch.from_numpy(part.copy()).permute(2, 0, 1)[None].float().to(model.device) / 255
                try:
                    with torch.inference_mode():
                        made = model(tensor)[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
                except RuntimeError as error:
                    if is_out_of_memory(error):
                        raise ResourceError("There is not enough memory to enlarge this image.") from error
                    raise
                bottom, end = min(top + TILE, height), min(left + TILE, width)
                inner = made[(top - y) * scale : (bottom - y) * scale, (left - x) * scale : (end - x) * scale]
                out[top * scale : bottom * scale, left * scale : end * scale] = np.rint(inner * 255).astype(np.uint8)
        return out


def _spread(pixels: np.ndarray) -> np.ndarray:
    """Colours [h, w, 3] with those of the nearest visible pixel under transparent ones, so that edges get no halo."""
    from scipy.ndimage import distance_transform_edt

    hidden = pixels[..., 3] == 0
    if not hidden.any() or hidden.all():
        return pixels[..., :3]
    nearest: Any = distance_transform_edt(hidden, return_distances=False, return_indices=True)
    return pixels[..., :3][tuple(nearest)]
