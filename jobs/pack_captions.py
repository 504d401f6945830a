"""Captions by an image-to-text model: remembered, and given up at the first trouble, so that a training goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from errors import GameForgeError

if TYPE_CHECKING:
    from PIL import Image

Describe = Callable[["Image.Image"], str]
REMEMBERED = 2000


class Captioner:
    """Calls `describe` once for each picture; after an error it answers "" until the trouble was told."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._known: dict[str, str] = {}
        self._trouble = ""

    def __call__(self, image: Image.Image) -> str:
        key = hashlib.sha256(image.tobytes() + repr(image.size).encode()).hexdigest()
        if key not in self._known:
            if self._trouble:
                return ""
            try:
                told = self._describe(image)
            except GameForgeError as error:
                self._trouble = f"{error.message} Until then captions come from file names."
                return ""
            while len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = told
        return self._known[key]

    def take_trouble(self) -> str:
        """What went wrong since the last call, in one sentence; empty when nothing did."""
        told, self._trouble = self._trouble, ""
        return told
