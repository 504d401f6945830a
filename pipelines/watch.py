"""What happens between two denoising steps: progress is told, images that nobody wants any more are dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from errors import Cancelled
from pipelines.batching import Item


@dataclass(frozen=True)
class StepEvent:
    """The images `indices` have `step` of `steps` denoising steps behind them."""

    indices: tuple[int, ...]
    step: int
    steps: int


StepListener = Callable[[StepEvent], None]
CancelCheck = Callable[[int], bool]


class OutsideError(Exception):
    """Carries what a caller's own callback raised through the pipeline."""


class Watch:
    """Sits between the pipeline's step callback and the caller: reports progress, drops cancelled images."""

    def __init__(self, on_step: StepListener | None, cancelled: CancelCheck | None) -> None:
        self._on_step = on_step
        self._cancelled = cancelled
        self.alive: list[Item] = []

    def begin(self, batch: list[Item]) -> None:
        self.alive = list(batch)

    def is_cancelled(self, item: Item) -> bool:
        return self._cancelled is not None and self._cancelled(item.index)

    def after_step(self, step: int, steps: int) -> list[int]:
        """Called by the model: `step` of `steps` is done. Returns the rows that are still wanted.

        Raises:
            Cancelled: none is.
        """
        try:
            if self._on_step is not None:
                self._on_step(StepEvent(tuple(item.index for item in self.alive), step, steps))
            rows = [row for row, item in enumerate(self.alive) if not self.is_cancelled(item)]
        except Exception as error:
            raise OutsideError from error
        self.alive = [self.alive[row] for row in rows]
        if not rows:
            raise Cancelled
        return rows
