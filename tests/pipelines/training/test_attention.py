"""The trainer's own attention gives what peft's layers give, forwards and backwards, and steps aside where it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor2_0

from pipelines.device import Device
from pipelines.loader import load_model
from pipelines.training import attention
from pipelines.training.lora import add_lora
from pipelines.training.settings import TrainingSettings
from tests.pipelines.training.drawn import quick_base

ADAPTER = "pack"
SETTINGS = TrainingSettings(rank=4, convolutions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def unet(folder: Path) -> Iterator[Any]:
    torch.manual_seed(5)
    unet = load_model(str(folder), Device("cpu", "float32")).pipe.unet
    for parameter in add_lora(unet, SETTINGS, ADAPTER):
        torch.nn.init.normal_(parameter, std=0.05)  # B starts at zero: a mistake in A would not show
    yield unet


def step(unet: Any, side: int = 8) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The prediction, and the gradients of a sum of its squares."""
    draw = torch.Generator().manual_seed(1)
    config = unet.config
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    predicted = unet(
        torch.randn(3, config.in_channels, side, side, generator=draw),
        torch.tensor([5, 300, 900]),
        torch.randn(3, 7, config.cross_attention_dim, generator=draw),
        added_cond_kwargs={
            "text_embeds": torch.randn(3, pooled, generator=draw),
            "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(3, 1),
        },
    ).sample
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    if not predicted.requires_grad:
        return predicted, []
    return predicted.detach(), list(torch.autograd.grad((predicted**2).sum(), trained))


@pytest.mark.parametrize("few_scores", [0, attention.FEW_SCORES])
def test_it_computes_what_peft_computes(unet: Any, few_scores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "FEW_SCORES", few_scores)
    unet.set_attn_processor(AttnProcessor2_0())
    predicted, gradients = step(unet)
    attention.use_joined_attention(unet, ADAPTER)
    joined, joined_gradients = step(unet)
    torch.testing.assert_close(joined, predicted, rtol=1e-4, atol=1e-5)
    assert len(gradients) > 8 and all(bool(gradient.abs().max() > 0) for gradient in gradients)
    for ours, theirs in zip(joined_gradients, gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4 * float(theirs.abs().max()))


def test_with_the_adapter_off_or_without_gradients_the_usual_way_is_taken(unet: Any) -> None:
    def both() -> tuple[torch.Tensor, torch.Tensor]:
        unet.set_attn_processor(AttnProcessor2_0())
        usual = step(unet)[0]
        attention.use_joined_attention(unet, ADAPTER)
        return usual, step(unet)[0]

    with torch.no_grad():
        on, ours = both()
        assert torch.equal(on, ours)
    unet.disable_adapters()
    off, ours = both()
    assert torch.equal(off, ours) and not torch.equal(off, on)


def test_other_processors_are_left_alone(unet: Any) -> None:
    class Own(AttnProcessor2_0):
        pass

    name = next(iter(unet.attn_processors))
    own = Own()
    unet.set_attn_processor({each: own if each == name else AttnProcessor2_0() for each in unet.attn_processors})
    attention.use_joined_attention(unet, ADAPTER)
    assert unet.attn_processors[name] is own
    kinds = {type(processor) for each, processor in unet.attn_processors.items() if each != name}
    assert kinds == {attention.JoinedLoraAttention}
