"""What reads a message's word pieces off MiniLM's states."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from agent.router.tagger.labels import KIND_LABELS, REQUEST_LABELS, SLOT_LABELS

LAYERS = (0, 3, 6)  # of the encoder's states, 0 its word pieces
HIDDEN = 192  # each way


class Heads(nn.Module):
    """A bidirectional LSTM over states of several layers (as in BiLSTM taggers, Huang et al. 2015), and logits of
    requests, slots and kinds side by side from it and the last layer. MiniLM's last states were made to be averaged and
    resemble each other within a sentence: from them alone "approve 2, reject 3" could not be told apart.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in LAYERS)
        self.lstm = nn.LSTM(width * len(LAYERS), HIDDEN, bidirectional=True, batch_first=True)
        self.out = nn.Linear(width + 2 * HIDDEN, REQUEST_LABELS + SLOT_LABELS + KIND_LABELS)

    def forward(self, states: Sequence[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        """[n, pieces, labels] from all layers' states, [n, pieces, width] each, and the mask of pieces, [n, pieces]."""
        chosen = [norm(states[layer]) for norm, layer in zip(self.norms, LAYERS, strict=True)]
        packed = nn.utils.rnn.pack_padded_sequence(
            torch.cat(chosen, dim=-1), mask.sum(dim=-1).cpu(), batch_first=True, enforce_sorted=False
        )
        read, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=mask.shape[1])
        return self.out(torch.cat([states[-1], read], dim=-1))
