"""State of a run on disk: weights, optimizer, random numbers. Written whole or not at all; the last few are kept."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

from errors import ResourceError

log = logging.getLogger(__name__)

_NAME = re.compile(r"step-(\d+)\.pt")


def save_checkpoint(folder: Path, step: int, state: dict[str, Any], keep: int) -> None:
    """Write `state` as of `step` and remove all but the newest `keep`. Raises ResourceError when the disk is full."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "writing.tmp"
    try:
        torch.save({**state, "step": step, "torch_rng": torch.get_rng_state()}, partial)
        os.replace(partial, folder / f"step-{step:06d}.pt")
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        raise ResourceError(
            "The training could not be saved: the disk is full or cannot be written. Free space, then retry.",
            detail=str(error),
        ) from error
    for old in checkpoints(folder)[:-keep]:
        old.unlink(missing_ok=True)


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The newest state that can be read, with the random numbers set as they were; None when there is none."""
    import torch

    for file in reversed(checkpoints(folder)):
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged file makes the reader raise all sorts of errors; an older one will do
            log.warning("The state %s cannot be read: %r", file.name, error)
            continue
        torch.set_rng_state(state.pop("torch_rng"))
        return state
    return None


def checkpoints(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(file for file in folder.glob("step-*.pt") if _NAME.fullmatch(file.name))
