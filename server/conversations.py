"""Routes of conversations: list, rename, delete, and the question that waits for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from server.schemas import ConfirmOut, ConversationIn, ConversationOut

if TYPE_CHECKING:
    from services import Services


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api/conversations", tags=["conversations"])
    library = services.library

    @routes.get("", summary="List conversations, last used first")
    def conversations(project: str | None = None) -> list[ConversationOut]:
        found = library.conversations(project or services.settings.project)
        return [ConversationOut.model_validate(item) for item in found]

    @routes.get("/{conversation_id}", summary="One conversation")
    def conversation(conversation_id: int) -> ConversationOut:
        return ConversationOut.model_validate(library.conversation(conversation_id))

    @routes.patch("/{conversation_id}", summary="Rename a conversation")
    def rename(conversation_id: int, change: ConversationIn) -> ConversationOut:
        library.rename_conversation(conversation_id, change.title)
        return ConversationOut.model_validate(library.conversation(conversation_id))

    @routes.delete("/{conversation_id}", status_code=204, summary="Delete a conversation; its images stay")
    def delete(conversation_id: int) -> Response:
        services.chat.delete(conversation_id)
        return Response(status_code=204)

    @routes.get("/{conversation_id}/pending", summary="The question that waits for a yes, an edit or a no")
    def pending(conversation_id: int) -> ConfirmOut:
        library.conversation(conversation_id)
        return ConfirmOut(pending=services.chat.pending(conversation_id))

    return routes
