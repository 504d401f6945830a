"""Diffusion-DPO (Wallace et al. 2023): what was approved should become likelier than what was rejected.

The loss compares how much better the adapter predicts an approved picture than the frozen base does with how much
better it predicts a rejected one; the base is the same network with the adapter switched off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.training.base import Cache

if TYPE_CHECKING:
    import torch

    from pipelines.training.trainer import Batch, Trainer


class Pairs:
    """Draws (approved, rejected) pairs of one size; of one subject where both sides have it."""

    def __init__(self, liked: Cache, rows: list[int], rejected: Cache) -> None:
        self.liked, self.rejected = liked, rejected
        self.partners: dict[int, list[int]] = {}  # row of a rejected picture -> rows that it may lose to
        for loser in range(len(rejected)):
            alike = [row for row in rows if liked.buckets[row] == rejected.buckets[loser]]
            subject = rejected.requests[loser].subject.casefold()
            same = [row for row in alike if liked.requests[row].subject.casefold() == subject]
            if same or alike:
                self.partners[loser] = same or alike

    def draw(self, count: int, times: tuple[int, int], rng: np.random.Generator) -> tuple[Batch, Batch]:
        """Both sides of a step, with the same noise and noise levels. `times`: from, to (excluded)."""
        import torch

        from pipelines.training.trainer import Batch

        losers = sorted(self.partners)
        first = int(rng.choice(losers))
        losers = [row for row in losers if self.rejected.buckets[row] == self.rejected.buckets[first]]
        lost = np.array([first, *rng.choice(losers, count - 1)], np.int64)
        won = np.array([rng.choice(self.partners[int(row)]) for row in lost], np.int64)
        levels = torch.from_numpy(rng.integers(*times, count))
        shape = self.liked.latents[int(won[0])][0].shape
        noise = torch.from_numpy(rng.standard_normal((count, *shape), dtype=np.float32))
        sides = []
        for cache, rows in ((self.liked, won), (self.rejected, lost)):
            clean = torch.stack([_view(cache, int(row), rng) for row in rows])
            sides.append(Batch(rows, clean, clean, noise, levels, rows))
        return sides[0], sides[1]


def _view(cache: Cache, row: int, rng: np.random.Generator) -> torch.Tensor:
    return cache.latents[row][int(rng.integers(len(cache.latents[row])))]


def preference_loss(trainer: Trainer, pairs: Pairs, step: int) -> torch.Tensor:
    """-log sigmoid(-beta / 2 * margin), scaled by 4 / beta: its first gradient is that of the margin, whatever beta is.

    A larger beta only lets go of a pair sooner, once it is told apart.
    """
    import torch

    beta = trainer.settings.preference_beta
    margin = preference_margin(trainer, pairs, (trainer.settings.seed, step, trainer.accelerator.process_index, 7))
    return -torch.nn.functional.logsigmoid(-0.5 * beta * margin).mean() * 4 / beta


def preference_margin(trainer: Trainer, pairs: Pairs, seed: tuple[int, ...], count: int = 0) -> torch.Tensor:
    """[n]: below 0 where the adapter, measured against the base, favours the approved picture of a pair."""
    settings, levels = trainer.settings, trainer.schedule.config.num_train_timesteps
    times = int(settings.noise_from * levels), max(1, int(settings.noise_to * levels))
    won, lost = pairs.draw(count or max(1, settings.batch // 2), times, np.random.default_rng(seed))
    with trainer.base_alone():
        frozen_won, frozen_lost = trainer.errors(won, pairs.liked), trainer.errors(lost, pairs.rejected)
    return (trainer.errors(won, pairs.liked) - frozen_won) - (trainer.errors(lost, pairs.rejected) - frozen_lost)
