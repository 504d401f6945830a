"""How Forge Nano reads prompts: MiniLM token states, padded with zeros, and the mean vector, each scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch

MAX_TOKENS = 16
TOKEN_SCALE = 2.0
POOLED_SCALE = 16.0
WIDTH = 384


class TextEmbedder(Protocol):
    """The part of the product's embedder that prompts need (memory.embedder fulfils it)."""

    def token_states(self, texts: list[str]) -> tuple[Any, Any]:
        """Last hidden states [n, tokens, 384] and attention mask [n, tokens]."""
        ...

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit mean vectors, float32 [n, 384]."""
        ...


def pad_states(states: Any, mask: Any, tokens: int = MAX_TOKENS) -> torch.Tensor:
    """Cut or zero-pad token states to [n, tokens, 384]; masked positions become zero. No scale applied."""
    import torch

    states, mask = torch.as_tensor(states).float(), torch.as_tensor(mask)
    states = states * mask[..., None].to(states.dtype)
    out = torch.zeros(states.shape[0], tokens, states.shape[2])
    keep = min(tokens, states.shape[1])
    out[:, :keep] = states[:, :keep]
    return out


class FolderEmbedder:
    """MiniLM read from a sentence-transformers folder; what training uses, where the product's embedder is absent."""

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def token_states(self, texts: list[str]) -> tuple[Any, Any]:
        import torch

        inputs = self._tokenizer(texts, padding=True, truncation=True, max_length=64, return_tensors="pt")
        with torch.no_grad():
            return self._model(**inputs).last_hidden_state, inputs["attention_mask"]

    def encode(self, texts: list[str]) -> np.ndarray:
        import torch

        states, mask = self.token_states(texts)
        weights = mask[..., None].to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(mean, dim=1).numpy().astype(np.float32)
