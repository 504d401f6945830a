"""MiniLM with low-rank changes (LoRA, Hu et al. 2021); what reads its states is in `heads`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loading import MODEL_LOADING
from memory.embedder import builtin_folder, check_builtin

if TYPE_CHECKING:
    import torch
    from torch import nn

RANK = 48
WORD_PIECES = "embeddings.word_embeddings"
MAX_PIECES = 256  # of a message; MiniLM was trained on no more
_DATA = Path(__file__).parents[1] / "data"
WEIGHTS = _DATA / "tagger.safetensors"
CHARACTERS = _DATA / "characters.txt"  # one after the other: rows of the table behind those of MiniLM


def base() -> tuple[Any, Any]:
    """(tokenizer, BertModel) of the built-in embedder, a copy of its own, with word pieces for more characters: MiniLM
    knows a few Japanese ones only, and a single one that it does not know hides a whole word from it.

    Raises:
        NotReady: the package is missing or its weights are not the published ones.
    """
    from safetensors.torch import load_file
    from tokenizers import AddedToken, Tokenizer
    from transformers import BertConfig, BertModel

    folder = builtin_folder()
    check_builtin(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_PIECES)
    tokenizer.enable_padding()
    make: Any = BertModel
    with MODEL_LOADING:
        model = make(BertConfig.from_pretrained(folder), add_pooling_layer=False)
        model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)  # but for the pooler
        likenesses = [tokenizer.encode(character).ids[1] for character in characters()]
        tokenizer.add_tokens([AddedToken(character, normalized=False) for character in characters()])
        _grow(model, likenesses)
    return tokenizer, model.eval()


def characters() -> str:
    """Those that MiniLM does not know or, as voiced kana, not from others."""
    return CHARACTERS.read_text(encoding="utf-8").strip()


def _grow(model: Any, likenesses: list[int]) -> None:
    """A row more for each of these rows, equal to it until it is changed."""
    import torch
    from torch import nn

    table = model.get_submodule(WORD_PIECES)
    rows = torch.cat([table.weight.data, table.weight.data[likenesses]])
    model.embeddings.word_embeddings = nn.Embedding.from_pretrained(rows, padding_idx=table.padding_idx)


def logits(model: Any, heads: nn.Module, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Of requests, slots and kinds side by side, [n, pieces, labels], from word pieces and their mask, [n, pieces]."""
    return heads(model(ids, attention_mask=mask, output_hidden_states=True).hidden_states, mask)


def adapted(model: Any) -> Iterator[tuple[str, nn.Module]]:
    """(name, layer) of what is changed: the encoder's linear layers and the table of word pieces."""
    from torch import nn

    yield WORD_PIECES, model.get_submodule(WORD_PIECES)  # MiniLM read English alone: pieces of other languages are raw
    for name, layer in model.named_modules():
        if name.startswith("encoder.") and isinstance(layer, nn.Linear):
            yield name, layer


def merge(model: Any, weights: dict[str, torch.Tensor]) -> None:
    """Add the low-rank changes to the layers, in place: up [rows, RANK] x down [RANK, columns]."""
    import torch

    with torch.no_grad():
        for name, layer in adapted(model):
            down, up = weights[f"{name}.down"].float(), weights[f"{name}.up"].float()
            weight: torch.Tensor = layer.get_parameter("weight")
            weight += up @ down
