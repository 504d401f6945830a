"""Loads any SDXL-class model into one shape: `LoadedModel`. Nothing above it knows which model it is.

The built-in model, hub ids, diffusers folders and single .safetensors files all become a `StableDiffusionXLPipeline`
with an encoder for prompts; a model without text encoders brings its own encoder through its card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from errors import NotReady, ResourceError
from pipelines.device import GIB, Device, free_memory, module_bytes, use_physical_cores
from pipelines.loaded import LoadedModel
from pipelines.prompts import PromptEmbedder, PromptEncoder, TextEncoderPrompts
from pipelines.sources import CARD_FILE, SDXL_CONFIG_REPO, ModelSource, config_folder, is_small, locate, weight_files

OFFLINE = "Connect to the internet once, or set GAMEFORGE_IMAGE_MODEL to a model on this disk."
WORKING_BYTES = 3 * GIB  # what painting one 1024 px image needs beside the weights
TILING_BELOW = 6 * GIB


def load_model(model: str, device: Device, embedder: PromptEmbedder | None = None) -> LoadedModel:
    """Load a model onto a device, with memory savings where they are needed.

    Raises:
        NotReady: it is missing, incomplete, of another kind, or cannot be fetched.
        ResourceError: it does not fit into memory.
    """
    source = locate(model)
    if is_small(source):
        device = replace(device, dtype="float32")
    _check_fit(source, device)
    pipe = _load_pipeline(source, device)
    if source.kind == "hub":
        source = locate(model)  # its files are on this disk now
    _check_complete(source, pipe)
    pipe.set_progress_bar_config(disable=True)
    encoder = _prompt_encoder(source, pipe, embedder)
    use_physical_cores()
    _place(pipe, device)
    return LoadedModel(source=source, pipe=pipe, device=device, prompts=encoder, hash=weights_hash(source))


def _load_pipeline(source: ModelSource, device: Device) -> Any:
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline
    from diffusers.utils import logging as diffusers_logging

    diffusers_logging.disable_progress_bar()  # a command's messages go to stderr, one line each
    options: dict[str, Any] = {"dtype": device.torch_dtype, "add_watermarker": False}
    try:
        if source.kind == "file":
            assert source.path is not None
            return _load_single_file(source.path, options)
        options.update(use_safetensors=True, variant=_variant(source))
        if source.kind == "folder":
            return StableDiffusionXLPipeline.from_pretrained(str(source.path), local_files_only=True, **options)
        return _download(source.id, options)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise NotReady(
            f"The image model {source.id!r} could not be loaded: files are missing, damaged or of another kind.",
            detail=f"{type(error).__name__}: {error}",
        ) from error


def _load_single_file(path: Path, options: dict[str, Any]) -> Any:
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

    config = config_folder(path)
    if config is not None:
        options = {**options, "config": str(config), "local_files_only": True}
    try:
        return StableDiffusionXLPipeline.from_single_file(str(path), **options)
    except OSError as error:
        if config is not None:
            raise
        raise NotReady(
            f"{path.name} needs the small configuration files of {SDXL_CONFIG_REPO}, which are not on this disk. "
            f"Connect to the internet once, or put them into a folder {path.with_suffix('').name!r} beside it.",
            detail=str(error),
        ) from error


def _download(repo: str, options: dict[str, Any]) -> Any:
    """From the hub, or without the network from its folder on this disk. Half precision is fetched where it is used."""
    from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import StableDiffusionXLPipeline

    half = options["dtype"].itemsize == 2 or options["variant"] == "fp16"
    trouble: Exception | None = None
    for variant in ("fp16", None) if half else (None, "fp16"):
        try:
            return StableDiffusionXLPipeline.from_pretrained(repo, **{**options, "variant": variant})
        except (OSError, ValueError) as error:
            trouble = error
    raise NotReady(f"The image model {repo!r} could not be fetched. {OFFLINE}", detail=str(trouble)) from trouble


def _check_complete(source: ModelSource, pipe: Any) -> None:
    """A checkpoint that lacks tensors loads without a word; the gaps are parameters without memory."""
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        module = getattr(pipe, part)
        missing = [name for name, tensor in module.named_parameters() if tensor.is_meta] if module is not None else []
        if missing:
            raise NotReady(
                f"The image model {source.name} is not a complete SDXL model: {len(missing)} tensors of its {part} are "
                "missing. Use another file.",
                detail=", ".join(missing[:5]),
            )


def _variant(source: ModelSource) -> str | None:
    """Folders may hold half-precision files only, named `*.fp16.safetensors`."""
    return "fp16" if any(".fp16." in file.name for file in weight_files(source)) else None


def _prompt_encoder(source: ModelSource, pipe: Any, embedder: PromptEmbedder | None) -> PromptEncoder:
    if pipe.text_encoder_2 is not None:
        return TextEncoderPrompts(pipe, source.native_alpha)
    if source.path is None or not source.card:
        raise NotReady(f"The image model {source.id!r} has no text encoders and no {CARD_FILE} that replaces them.")
    if embedder is None:
        raise NotReady(f"The image model {source.id!r} reads prompts through the embedding model, which is missing.")
    from pipelines.nano.encoder import NanoPromptEncoder

    try:
        return NanoPromptEncoder(source.path, embedder)
    except (OSError, ValueError, KeyError) as error:
        raise NotReady(
            f"The folder of {source.name} is incomplete or damaged. Get it again.", detail=str(error)
        ) from error


def _check_fit(source: ModelSource, device: Device) -> None:
    """Refuse early what cannot fit, before minutes of loading end in a killed process."""
    if device.kind != "cpu":
        return
    stored = sum(_float32_bytes(file) for file in weight_files(source))
    free = free_memory(device)
    if stored > free:
        raise ResourceError(
            f"The image model {source.name} needs about {stored / GIB:.0f} GB of memory and {free / GIB:.0f} GB are "
            "free. Close other programs or choose a smaller model."
        )


def _float32_bytes(file: Path) -> int:
    """Size in memory as float32, from the file's header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(file), framework="np") as tensors:
            shapes = [tensors.get_slice(name).get_shape() for name in tensors.keys()]  # noqa: SIM118 (no iterator)
    except (SafetensorError, OSError) as error:
        raise NotReady(f"The model file {file.name} is damaged. Get it again.", detail=str(error)) from error
    return 4 * sum(_product(shape) for shape in shapes)


def _product(shape: Sequence[int]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _place(pipe: Any, device: Device) -> None:
    """Put the modules where they compute; on a card that is too small they visit it one after the other."""
    import torch

    if device.dtype == "float16" and pipe.vae.config.force_upcast:
        pipe.vae.to(dtype=torch.float32)  # SDXL's decoder overflows in float16
    if device.kind == "cpu":
        pipe.to("cpu")
        pipe.unet.to(memory_format=torch.channels_last)  # a sixth faster on x86, equal within float32 rounding
        return
    weights = module_bytes(pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2)
    free = free_memory(device)
    pipe.vae.enable_slicing()
    if free - weights < TILING_BELOW:
        pipe.vae.enable_tiling()
    if device.kind == "cuda" and weights + WORKING_BYTES > free:
        pipe.enable_model_cpu_offload(device=device.name)
    else:
        pipe.to(device.name)


def weights_hash(source: ModelSource) -> str:
    """First ten hex digits of the sha256 of the weights (of the denoiser, for folders), as other tools print them."""
    files = [file for file in weight_files(source) if source.kind == "file" or file.parent.name == "unet"]
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()[:10] if files else ""
