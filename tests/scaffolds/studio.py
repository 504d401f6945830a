"""A scaffolder over a temporary home, and documents that are lists of passages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scaffolds.layouts import LAYOUTS
from scaffolds.service import Request, Scaffolder
from scaffolds.shelf import Kept
from scaffolds.systems import SYSTEMS
from scaffolds.types import Atlas, Passage
from settings import Settings

ENGINES = tuple(LAYOUTS)
EVERYTHING = ", ".join(system.title for system in SYSTEMS.values()) + ", pause menu"


def scaffolder(
    home: Path, passages: Sequence[Passage] = (), atlases: Sequence[Atlas] = (), **options: Any
) -> Scaffolder:
    settings = options.pop("settings", None) or Settings(home=home)
    return Scaffolder(
        settings,
        documents=lambda project, question, count: passages,
        atlases=lambda project: atlases,
        **options,
    )


def make(
    home: Path, requirements: str, engine: str | None = None, passages: Sequence[Passage] = (), **options: Any
) -> Kept:
    return scaffolder(home, passages, **options).scaffold(Request(requirements, engine))


def text_of(kept: Kept) -> str:
    return "\n".join(file.text for file in kept.scaffold.files)


def problems(kept: Kept) -> list[str]:
    return [f"{file.name}: {problem.sentence()}" for file in kept.scaffold.files for problem in file.problems]
