"""What goes into the router and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RoutedCall:
    name: str
    args: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.0  # 0..1, that tool and arguments are what was meant


@dataclass(frozen=True)
class TurnContext:
    """What a turn can refer to."""

    gallery: int | None = None  # how many pictures the last gallery showed
    images: int = 0  # how many are attached to this message
    style_packs: tuple[str, ...] = ()
    previous: RoutedCall | None = None  # the last call of the turn before: "and for bosses?", "5 more of those"


@dataclass(frozen=True)
class Routing:
    """`calls` empty: no tool is wanted, with that confidence. `shortlist`: tools that may be meant, likeliest first.

    `settled`: a rule that allows for no second reading (nothing to read, hostile, a follow-up). `wary`: it may be
    hostile, and only a sure second reading says otherwise.
    """

    calls: tuple[RoutedCall, ...]
    confidence: float
    shortlist: tuple[str, ...]
    settled: bool = False
    wary: bool = False
