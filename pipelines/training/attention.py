"""Attention of the UNet while its LoRA is trained on a CPU: the same numbers with fewer and larger products.

peft computes W x + B A x with two thin products and two more passes over the activations for every layer. Here the
small matrix W + B A is formed first, and layers that read the same input (query, key and value) are one product.
Backwards stays low rank: the gradient of the full matrix is never formed.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.attention_processor import AttnProcessor2_0
from torch.nn import functional

FEW_SCORES = 64 * 64  # per head


def use_joined_attention(unet: Any, adapter: str) -> None:
    """Give every plain attention layer of a float32 UNet the processor below."""
    joined = JoinedLoraAttention(adapter)
    unet.set_attn_processor(
        {
            name: joined if type(processor) is AttnProcessor2_0 else processor
            for name, processor in unet.attn_processors.items()
        }
    )


class JoinedLoraAttention(AttnProcessor2_0):
    """Scaled dot-product attention whose projections carry the LoRA `adapter` of peft's layers.

    Whatever it was not written for (the adapter switched off, no gradient wanted, masks, norms within the attention)
    goes the usual way.
    """

    def __init__(self, adapter: str) -> None:
        super().__init__()
        self.adapter = adapter

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        temb: torch.Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        if attention_mask is not None or not torch.is_grad_enabled() or not self._suits(attn):
            return super().__call__(
                attn, hidden_states, encoder_hidden_states, attention_mask, temb, *args, **kwargs
            )  # fmt: skip
        if encoder_hidden_states is None:
            parts = self._project(hidden_states, attn.to_q, attn.to_k, attn.to_v)
        else:
            parts = (
                *self._project(hidden_states, attn.to_q),
                *self._project(encoder_hidden_states, attn.to_k, attn.to_v),
            )
        query, key, value = (part.unflatten(-1, (attn.heads, -1)).transpose(1, 2) for part in parts)
        mixed = _attention(query, key, value).transpose(1, 2).flatten(-2)
        return attn.to_out[1](self._project(mixed, attn.to_out[0])[0])

    def _suits(self, attn: Any) -> bool:
        norms = (attn.spatial_norm, attn.group_norm, attn.norm_q, attn.norm_k)
        return (
            all(norm is None for norm in norms)
            and not attn.norm_cross
            and not attn.residual_connection
            and attn.rescale_output_factor == 1
            and all(self._adapts(layer) for layer in (attn.to_q, attn.to_k, attn.to_v, attn.to_out[0]))
        )

    def _adapts(self, layer: Any) -> bool:
        return (
            getattr(layer, "active_adapters", None) == [self.adapter]
            and not layer.disable_adapters
            and not layer.merged
            and layer.scaling[self.adapter] == 1
        )

    def _project(self, states: torch.Tensor, *layers: Any) -> tuple[torch.Tensor, ...]:
        weights = [layer.base_layer.weight for layer in layers]
        downs = [layer.lora_A[self.adapter].weight for layer in layers]
        ups = [layer.lora_B[self.adapter].weight for layer in layers]
        biases = [layer.base_layer.bias for layer in layers]
        bias = None if biases[0] is None else torch.cat(biases)
        joined: Any = _JoinedLoraLinear.apply(states, weights, bias, *downs, *ups)
        return joined.split([len(weight) for weight in weights], -1)


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """softmax(q k^T / sqrt(d)) v; written out where the scores are few: torch's blocked kernel is slower there."""
    if query.shape[-2] * key.shape[-2] > FEW_SCORES:
        return functional.scaled_dot_product_attention(query, key, value)
    return ((query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)).softmax(-1) @ value


class _JoinedLoraLinear(torch.autograd.Function):
    """x [..., n] to the outputs of k layers side by side; W frozen, gradients for x, A [r, n] and B [m, r]."""

    @staticmethod
    def forward(ctx: Any, states: Any, weights: Any, bias: Any, *pairs: Any) -> Any:
        downs, ups = pairs[: len(weights)], pairs[len(weights) :]
        full = torch.cat([torch.addmm(weight, up, down) for weight, down, up in zip(weights, downs, ups, strict=True)])
        ctx.save_for_backward(states, full, torch.cat(downs), *ups)
        return functional.linear(states, full, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        states, full, down, *ups = ctx.saved_tensors
        grad, flat = grads[0].flatten(0, -2), states.flatten(0, -2)
        to_states = (grad @ full).view_as(states) if ctx.needs_input_grad[0] else None
        rank = ups[0].shape[1]
        each = grad.split([len(up) for up in ups], 1)
        inner = (flat @ down.t()).split(rank, 1)
        to_downs = (torch.cat([part @ up for part, up in zip(each, ups, strict=True)], 1).t() @ flat).split(rank)
        to_ups = [part.t() @ low for part, low in zip(each, inner, strict=True)]
        return to_states, None, None, *to_downs, *to_ups
