"""The one description of an image to make. Whatever an output depends on is in here, so it can be replayed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

KINDS = ("prop", "item", "icon", "character", "tile", "texture", "ui", "background", "effect")
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class StylePackUse:
    """A LoRA applied to the base model with a weight (0 is off, 1 as trained)."""

    pack: str
    weight: float = 1.0
    sha256: str = ""  # of the LoRA file: which version of the pack


@dataclass(frozen=True)
class GenerationRequest:
    """One image. Equal requests give the same image, whatever batch they run in (within float noise)."""

    prompt: str
    seed: int  # 0..MAX_SEED
    subject: str = ""  # the words the user would call it by
    negative_prompt: str = ""
    model: str = "builtin"
    style_packs: tuple[StylePackUse, ...] = field(default_factory=tuple)
    kind: str = "prop"  # one of KINDS
    style: str | None = None  # a named style of the model ("pixel", "3d", "flat") or free words
    width: int = 0  # px that the model paints; 0: the model's own size
    height: int = 0
    steps: int = 0  # 0: the model's recommendation
    guidance: float | None = None
    sampler: str = "dpmpp_2m"
    size: int | None = None  # px, longest side of the finished sprite; None: as painted
    colors: int | None = None  # palette size of the finished sprite; None: as painted
    transparent: bool = True
    tileable: bool = False
    init: str | None = None  # sha256 of the version it starts from
    change: str | None = None  # what is to be different from that version, in words
    strength: float | None = None  # 0..1, how far it may leave its start
    mask: str | None = None  # sha256 of a picture, white where it may change, as large as its start

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "style_packs": tuple(vars(use).copy() for use in self.style_packs)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> GenerationRequest:
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        packs = tuple(StylePackUse(**use) for use in values.pop("style_packs", ()))
        return cls(**values, style_packs=packs)

    def replaced(self, **changes: Any) -> GenerationRequest:
        return replace(self, **changes)

    @property
    def key(self) -> str:
        """Stable hash of everything that the image depends on (64 hex digits)."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
