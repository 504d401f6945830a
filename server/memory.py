"""Routes of what a project remembers: preferences told in chat, and what its documents fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from library.notes import PREFERENCE
from server.schemas import DismissIn, FactOut, MemoryOut, NoteOut, PreferenceIn

if TYPE_CHECKING:
    from services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api/memory", tags=["documents"])
    standing, settings = services.chat.standing, services.settings

    @routes.get("", summary="Preferences, and facts of the documents that go into plans and code")
    def known(project: str | None = None) -> MemoryOut:
        name = project or settings.project
        return MemoryOut(
            preferences=[NoteOut.model_validate(note) for note in standing.preferences(name)],
            facts=[FactOut.model_validate(fact.as_dict()) for fact in standing.facts(name)],
            dismissed=[NoteOut.model_validate(note) for note in standing.dismissed(name)],
        )

    @routes.post("/preferences", status_code=201, summary="Remember a preference")
    def remember(wanted: PreferenceIn) -> NoteOut:
        return NoteOut.model_validate(
            standing.notes.add(wanted.project or settings.project, PREFERENCE, wanted.text.strip())
        )

    @routes.post("/dismiss", status_code=201, summary="Leave a fact of the documents out")
    def dismiss(fact: DismissIn) -> NoteOut:
        return NoteOut.model_validate(standing.dismiss(fact.project or settings.project, fact.key))

    @routes.delete("/notes/{note_id}", status_code=204, summary="Forget a preference, or use a left-out fact again")
    def forget(note_id: int) -> Response:
        standing.notes.remove(note_id)
        return Response(status_code=204)

    return routes
