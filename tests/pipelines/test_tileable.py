from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines.engine import GeneratedImage, ImageEngine
from pipelines.request import GenerationRequest
from pipelines.sprites import resize_wrapped
from pipelines.tileable import VISIBLE_SEAM, circular_padding, make_seamless, seam


def shifted_difference(module_call, tensor, factor: int, shift: int) -> float:  # type: ignore[no-untyped-def]
    """Largest difference between 'shift, then compute' and 'compute, then shift'."""
    import torch

    with torch.inference_mode():
        out = module_call(tensor)
        moved = module_call(tensor.roll((shift, shift), (2, 3)))
    return float((out.roll((shift * factor, shift * factor), (2, 3)) - moved).abs().max() / out.abs().max())


def test_denoiser_and_decoder_see_over_the_edge_and_are_restored(rgba_engine: ImageEngine) -> None:
    import torch

    pipe = rgba_engine.loaded().pipe
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, 4, 16, 16, generator=generator)
    words, pooled = torch.randn(1, 77, 80, generator=generator), torch.randn(1, 48, generator=generator)

    def denoise(latents: torch.Tensor) -> torch.Tensor:
        added = {"text_embeds": pooled, "time_ids": torch.zeros(1, 6)}
        return pipe.unet(latents, 500, words, added_cond_kwargs=added).sample

    def decode(latents: torch.Tensor) -> torch.Tensor:
        return pipe.vae.decode(latents).sample

    for module, call, factor in ((pipe.unet, denoise, 1), (pipe.vae, decode, 2)):
        plain = shifted_difference(call, noise, factor, 4)
        with circular_padding(module):
            wrapped = shifted_difference(call, noise, factor, 4)
        assert wrapped < 1e-4 < 1e-2 < plain
        assert shifted_difference(call, noise, factor, 4) == pytest.approx(plain, rel=1e-3)
    with pytest.raises(ValueError, match="on purpose"), circular_padding(pipe.unet):
        raise ValueError("on purpose")
    layers = [layer for layer in pipe.unet.modules() if isinstance(layer, torch.nn.Conv2d)]
    assert layers and {layer.padding_mode for layer in layers} == {"zeros"}


def test_seam_tells_wrapping_from_cut_textures() -> None:
    x = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    wave = (np.sin(x)[:, None] + np.cos(2 * x)[None]) * 60 + 128
    wrapping = Image.fromarray(wave.astype(np.uint8))
    assert seam(wrapping) <= 1.1
    assert seam(wrapping.crop((0, 0, 50, 50))) > VISIBLE_SEAM
    assert seam(Image.new("RGB", (8, 8), "grey")) == 1


def test_resizing_a_texture_keeps_it_seamless() -> None:
    rng = np.random.default_rng(0)
    spectrum = np.fft.fft2(rng.normal(size=(64, 64, 3)), axes=(0, 1))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(64), np.fft.fftfreq(64)))
    smooth = np.fft.ifft2(spectrum * np.exp(-((frequency / 0.05) ** 2))[..., None], axes=(0, 1)).real
    texture = Image.fromarray((128 + 100 * smooth / np.abs(smooth).max()).astype(np.uint8)).convert("RGBA")
    before = seam(texture)
    assert before < 1.2
    for size in ((32, 32), (100, 100), (150, 60)):
        resized = resize_wrapped(texture, size)
        assert resized.size == size
        assert seam(resized) < 1.2


def test_edges_that_do_not_meet_are_joined_and_the_middle_is_left_alone() -> None:
    rng = np.random.default_rng(0)
    spectrum = np.fft.fft2(rng.normal(size=(128, 128, 3)), axes=(0, 1))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    smooth = np.fft.ifft2(spectrum * np.exp(-((frequency / 0.06) ** 2))[..., None], axes=(0, 1)).real
    cut = Image.fromarray((128 + 90 * smooth / np.abs(smooth).max()).astype(np.uint8)).crop((0, 0, 90, 70))
    assert seam(cut) > VISIBLE_SEAM
    joined = make_seamless(cut.convert("RGBA"))
    assert seam(joined) < 1.2
    before, after = np.asarray(cut, np.int32), np.asarray(joined.convert("RGB"), np.int32)
    assert np.array_equal(before[20:-20, 20:-20], after[20:-20, 20:-20])
    assert after.std() > 0.8 * before.std()  # no blurred cross


def test_tileable_images_come_out_without_a_seam(rgba_engine: ImageEngine) -> None:
    base = GenerationRequest(
        prompt="stone", seed=3, model=rgba_engine.model, kind="texture", steps=3, guidance=1.0, transparent=False
    )
    wanted = [base.replaced(seed=seed, tileable=tileable) for tileable in (True, False) for seed in range(4)]
    results = list(rgba_engine.generate(wanted))
    made = {r.index: r for r in results if isinstance(r, GeneratedImage)}
    assert len(made) == 8
    for i in range(4):
        assert 0.3 < (made[i].seam or 0) < 1.2
        assert made[i].image.tobytes() != made[i + 4].image.tobytes()
    assert all(made[i].seam is None for i in range(4, 8))
