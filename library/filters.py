"""Which assets a list shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypedDict

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from errors import BadRequest
from library.models import Asset, Label, Project, Task, Version
from library.views import ASSET_STATES
from library.words import terms

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "gray", "white")


class Wanted(TypedDict, total=False):
    """The fields of `Filter`, for keyword arguments."""

    project: str | None
    batch_id: int | None
    job_id: int | None
    ids: Collection[int] | None
    state: str | None
    text: str | None
    kind: str | None
    style_pack: str | None
    tag: str | None
    collection: str | None
    colour: str | None
    origin: str | None
    size_from: int | None
    size_to: int | None
    since: float | None
    until: float | None
    deleted: bool


@dataclass(frozen=True)
class Filter:
    """What must hold of an asset in its current version; None: anything. Sizes are px of the longer side."""

    project: str | None = None
    batch_id: int | None = None
    job_id: int | None = None
    ids: Collection[int] | None = None
    state: str | None = None
    text: str | None = None  # every word of it in subject, prompt or tags
    kind: str | None = None
    style_pack: str | None = None
    tag: str | None = None
    collection: str | None = None
    colour: str | None = None  # one of COLOURS
    origin: str | None = None
    size_from: int | None = None
    size_to: int | None = None
    since: float | None = None  # Unix seconds of the asset
    until: float | None = None
    deleted: bool = False  # only what is in the bin

    def apply(self, query: Select[Asset, Version]) -> Select[Asset, Version]:
        """Raises BadRequest for a state or colour that does not exist."""
        return query.where(*self.conditions())

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [
            Asset.deleted_at.is_not(None) if self.deleted else Asset.deleted_at.is_(None)
        ]
        if self.project is not None:
            found.append(Asset.project_id == select(Project.id).where(Project.name == self.project).scalar_subquery())
        if self.batch_id is not None:
            found.append(Asset.batch_id == self.batch_id)
        if self.job_id is not None:
            found.append(Asset.id.in_(select(Task.asset_id).where(Task.job_id == self.job_id)))
        if self.ids is not None:
            found.append(Asset.id.in_(list(self.ids)))
        if self.state is not None:
            check_state(self.state)
            found.append(Asset.state == self.state)
        found += [Asset.words.contains(word, autoescape=True) for word in terms(self.text or "")]
        if self.colour is not None:
            if self.colour not in COLOURS:
                raise BadRequest(f"Colours are {', '.join(COLOURS)}; there is no colour {self.colour!r}.")
            found.append(Asset.colour == self.colour)
        for column, value in (
            (Asset.kind, self.kind),
            (Version.style_pack, self.style_pack),
            (Version.origin, self.origin),
        ):
            if value is not None:
                found.append(column == value)
        for kind, name in (("tag", self.tag), ("collection", self.collection)):
            if name is not None:
                named = select(Label.asset_id).where(Label.kind == kind, func.lower(Label.name) == name.lower())
                found.append(Asset.id.in_(named))
        if self.size_from is not None:
            found.append(or_(Version.width >= self.size_from, Version.height >= self.size_from))
        if self.size_to is not None:
            found.append(and_(Version.width <= self.size_to, Version.height <= self.size_to))
        if self.since is not None:
            found.append(Asset.created_at >= self.since)
        if self.until is not None:
            found.append(Asset.created_at <= self.until)
        return found


def check_state(state: str) -> None:
    """Raises BadRequest unless there is such a state."""
    if state not in ASSET_STATES:
        raise BadRequest(f"Assets are {', '.join(ASSET_STATES)}; there is no state {state!r}.")
