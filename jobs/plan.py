"""What a request for images becomes before anything runs: a typed, editable plan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from pipelines.request import MAX_SEED, GenerationRequest, StylePackUse

Kind = Literal["prop", "item", "icon", "character", "tile", "texture", "ui", "background", "effect"]


class PlanItem(BaseModel):
    """One subject and how many variants of it (each with its own seed)."""

    subject: str = Field(min_length=1, max_length=300)
    kind: Kind = "prop"
    variants: int = Field(default=1, ge=1)
    tileable: bool = False


class AssetPlan(BaseModel):
    """Distinct subjects in one look. `total` images come out of it."""

    request: str = Field(description="the user's words")
    items: list[PlanItem] = Field(min_length=1)
    style: str | None = None
    style_packs: list[str] = Field(default_factory=list)
    pack_weights: list[float] = Field(default_factory=list, description="one per style pack; missing ones are 1")
    size: int | None = Field(default=None, ge=8, le=2048, description="px, longest side; None: as the model paints")
    transparent: bool = True
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED, description="first seed; None: drawn when it runs")
    notes: list[str] = Field(default_factory=list, description="what the planner wants the user to know")

    def pack_uses(self) -> list[StylePackUse]:
        """The packs by name, with their weights."""
        weights = [*self.pack_weights, *[1.0] * len(self.style_packs)]
        return [StylePackUse(pack, weight) for pack, weight in zip(self.style_packs, weights, strict=False)]

    @property
    def total(self) -> int:
        return sum(item.variants for item in self.items)

    def requests(self, model: str = "builtin", packs: Sequence[StylePackUse] | None = None) -> list[GenerationRequest]:
        """One request per image, in plan order, each with its own seed (consecutive from `seed`).

        `packs` are the plan's style packs with their versions pinned.
        """
        first = self.seed if self.seed is not None else random.SystemRandom().randrange(MAX_SEED)
        out: list[GenerationRequest] = []
        for item in self.items:
            for _ in range(item.variants):
                out.append(
                    GenerationRequest(
                        prompt=item.subject,
                        subject=item.subject,
                        seed=(first + len(out)) % (MAX_SEED + 1),
                        model=model,
                        style=self.style,
                        style_packs=tuple(self.pack_uses() if packs is None else packs),
                        kind=item.kind,
                        size=self.size,
                        transparent=self.transparent and not item.tileable,
                        tileable=item.tileable,
                    )
                )
        return out
