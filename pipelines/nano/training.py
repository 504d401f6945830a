"""What both trainers share: atomic checkpoints, a JSON-lines log, a thread count that may change while running, EMA."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class RunLog:
    """Appends one JSON object a line with the seconds since the run started."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._start = time.monotonic()

    def write(self, **values: Any) -> None:
        values["seconds"] = round(time.monotonic() - self._start, 1)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write through a temporary file so that a killed run never leaves half a checkpoint."""
    import torch

    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    import torch

    return torch.load(path, map_location="cpu", weights_only=False) if path.exists() else None


def follow_threads(path: Path | None) -> None:
    """Use as many CPU threads as the file says; an unreadable or half-written file changes nothing."""
    import torch

    if path is None or not path.exists():
        return
    text = path.read_text(encoding="utf-8").strip()
    if text.isdigit() and int(text) > 0 and int(text) != torch.get_num_threads():
        torch.set_num_threads(int(text))


class Ema:
    """Exponential moving average of a module's parameters, with a short warm-up of the decay."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self.shadow = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def update(self, module: torch.nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in module.state_dict().items():
            shadow = self.shadow[name]
            if value.dtype.is_floating_point:
                shadow.lerp_(value.detach(), 1 - decay)
            else:
                shadow.copy_(value)
