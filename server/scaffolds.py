"""Routes of starter code: make it, look at it, take it as a zip, save it to a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from scaffolds.engines import ENGINES
from scaffolds.highlight import lines
from scaffolds.service import Request
from scaffolds.shelf import Kept, SavePlan
from scaffolds.systems import SYSTEMS

if TYPE_CHECKING:
    from services import Services

ScaffoldId = Annotated[str, Path(description="16 hex digits, as chat messages and answers name it")]


class ScaffoldIn(BaseModel):
    requirements: str = Field(description="what the code should do, in words")
    engine: str | None = Field(None, description="godot, unity, phaser, pygame, bevy or generic; null: found out")
    project: str | None = None


class ProblemOut(BaseModel):
    line: int
    column: int
    message: str


class FileOut(BaseModel):
    name: str = Field(description="relative path")
    path: str = Field(description="where it lies on the server's disk")
    text: str
    tokens: list[list[tuple[str, str]]] = Field(description="by line: (Pygments class, text)")
    checked_by: str = Field(description="the parser that read it; empty: none does")
    problems: list[ProblemOut]


class FactOut(BaseModel):
    system: str
    label: str
    value: str
    quote: str
    document: str | None
    heading: str | None


class ScaffoldOut(BaseModel):
    id: str
    title: str
    engine: str
    engine_name: str
    systems: list[str]
    author: str = Field(description='"templates", or the model that wrote it')
    rounds: int = Field(description="times that parse errors went back to the model")
    files: list[FileOut]
    facts: list[FactOut]
    wiring: list[str]
    notes: list[str]
    save_root: str = Field(description="saving is allowed to folders below this one")

    @classmethod
    def of(cls, kept: Kept, save_root: str) -> ScaffoldOut:
        scaffold = kept.scaffold
        files: list[dict[str, Any]] = [
            {
                "name": file.name,
                "path": str(kept.path(file.name)),
                "text": file.text,
                "tokens": lines(file.name, file.text),
                "checked_by": file.checked_by,
                "problems": [vars(problem) for problem in file.problems],
            }
            for file in scaffold.files
        ]
        facts = [
            {
                "system": fact.system,
                "label": fact.label,
                "value": fact.value,
                "quote": fact.quote,
                "document": fact.passage.document if fact.passage else None,
                "heading": fact.passage.heading if fact.passage else None,
            }
            for fact in scaffold.facts
        ]
        names = {name: getattr(scaffold, name) for name in ("title", "engine", "author", "rounds")}
        lists = {name: list(getattr(scaffold, name)) for name in ("systems", "wiring", "notes")}
        engine_name = ENGINES[scaffold.engine].name
        return cls.model_validate(
            {
                "id": kept.id, "engine_name": engine_name, "files": files, "facts": facts, "save_root": save_root,
                **names, **lists,
            }
        )  # fmt: skip


class SaveIn(BaseModel):
    folder: str = Field(description="absolute path of an existing folder")
    confirm: bool = Field(False, description="false: only say what would be written; true: write it")
    replace: bool = Field(False, description="files that are there and differ may be replaced")


class SaveOut(BaseModel):
    folder: str
    written: bool
    new: list[str]
    replaced: list[str] = Field(description="files that are there and differ")
    same: list[str] = Field(description="files that are there already")

    @classmethod
    def of(cls, plan: SavePlan, written: bool) -> SaveOut:
        return cls(
            folder=str(plan.folder),
            written=written,
            new=list(plan.new),
            replaced=list(plan.replaced),
            same=list(plan.same),
        )


class CatalogueOut(BaseModel):
    engines: dict[str, str]
    systems: dict[str, str]


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api/scaffolds", tags=["code"])
    scaffolder = services.scaffolder
    root = services.settings.resolved_save_root

    @routes.get("", summary="Engines and systems that there are templates for")
    def catalogue() -> CatalogueOut:
        return CatalogueOut(
            engines={engine.id: engine.name for engine in ENGINES.values()},
            systems={system.id: system.title for system in SYSTEMS.values()},
        )

    @routes.post("", summary="Write starter code")
    def make(wanted: ScaffoldIn) -> ScaffoldOut:
        project = wanted.project or services.settings.project
        kept = scaffolder.scaffold(Request(wanted.requirements, wanted.engine, project))
        return ScaffoldOut.of(kept, str(root))

    @routes.get("/{scaffold_id}", summary="Its files, highlighted, with notes")
    def scaffold(scaffold_id: ScaffoldId) -> ScaffoldOut:
        return ScaffoldOut.of(scaffolder.shelf.get(scaffold_id), str(root))

    @routes.get("/{scaffold_id}/zip", summary="All files as a zip", response_class=Response)
    def packed(scaffold_id: ScaffoldId) -> Response:
        kept = scaffolder.shelf.get(scaffold_id)
        name = f"{kept.scaffold.engine}-scaffold-{kept.id[:6]}.zip"
        return Response(
            scaffolder.shelf.zipped(kept),
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @routes.post("/{scaffold_id}/save", summary="Copy the files into a folder, after a look at what that would change")
    def save(scaffold_id: ScaffoldId, wanted: SaveIn) -> SaveOut:
        kept = scaffolder.shelf.get(scaffold_id)
        if not wanted.confirm:
            return SaveOut.of(scaffolder.shelf.plan_save(kept, wanted.folder, root), False)
        return SaveOut.of(scaffolder.shelf.save(kept, wanted.folder, root, replace=wanted.replace), True)

    return routes
