"""Systems and parameters -> files, through Jinja templates (`templates/<engine>/`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from scaffolds import naming
from scaffolds.check import checked
from scaffolds.content import ITEM_SYSTEMS, Content
from scaffolds.layouts import LAYOUTS
from scaffolds.reading import Values
from scaffolds.types import Atlas, CodeFile

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Spec:
    """Everything that the templates know."""

    title: str
    engine: str
    systems: tuple[str, ...]
    values: Values
    content: Content
    atlases: tuple[Atlas, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)

    def has(self, *systems: str) -> bool:
        return any(system in self.systems for system in systems)

    @property
    def with_items(self) -> bool:
        return bool(ITEM_SYSTEMS & set(self.systems))


@cache
def environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # code, not HTML: every word of a user goes through one of the filters below
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        s=naming.string, comment=naming.comment, snake=naming.snake, pascal=naming.pascal, f=naming.number
    )
    return made


def render(spec: Spec) -> tuple[CodeFile, ...]:
    """All files of the systems, checked. Their order is that of reading: data first, what wires it together last."""
    given: dict[str, Any] = {
        "spec": spec,
        "has": spec.has,
        "title": spec.title,
        "items": spec.content.items,
        "recipes": spec.content.recipes,
        "quests": spec.content.quests,
        "lines": spec.content.lines,
        "enemies": spec.content.enemies,
        "currency": spec.content.currency,
        "atlases": spec.atlases,
        "atlas": spec.atlases[0] if spec.atlases else None,
        **{system: SimpleNamespace(**values) for system, values in spec.values.items()},
    }
    files = []
    for name, template in files_of(spec.engine, (*spec.systems, *(["atlas"] if spec.atlases else []))):
        text = environment().get_template(f"{spec.engine}/{template}.j2").render(given)
        files.append(checked(name, text))
    return tuple(files)


def files_of(engine: str, systems: Sequence[str]) -> list[tuple[str, str]]:
    """(file, template) pairs of an engine's systems, each once."""
    layout = LAYOUTS[engine]
    wanted: list[tuple[str, str]] = []
    for needs, pair in layout:
        if needs is None or needs & set(systems):
            wanted.append(pair)
    return list(dict.fromkeys(wanted))
