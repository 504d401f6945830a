"""A question that no tool was chosen for may still be one that the design documents answer."""

from __future__ import annotations

import re
import uuid
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from tools.context import ToolContext

TOOL = "query_design_docs"
ROUTER = "router"  # the built-in side made the call
_QUESTION = re.compile(
    r"^\s*(?:(?:and|so|ok|hey|please)[,\s]+)*"
    r"(?:what|how|who|whom|whose|where|when|which|why|does|do|did|is|are|was|can|could|will|tell me|explain"
    r"|describe)\b|\?\s*$",
    re.I,
)


_OF_ART = re.compile(
    r"\b(?:images?|pictures?|assets?|sprites?|gallery|library|drawn|drew|generated|made|(?:have|did|do) (?:i|we)|icons?"
    r"|textures?|tiles?|props?|show|find)\b",
    re.I,
)


def may_be_looked_up(messages: list[AnyMessage], context: ToolContext) -> bool:
    """Is it a question, and are there documents? Endpoints choose for themselves."""
    if context.documents is None or context.settings.has_endpoint or not messages:
        return False
    if not context.documents.knows(context.project):
        return False
    last = messages[-1]
    return isinstance(last, HumanMessage) and bool(_QUESTION.search(last.text)) and len(last.text) < 1000


def looked_up(reply: AIMessage, messages: list[AnyMessage], context: ToolContext) -> AIMessage:
    """`reply`, or a call that looks the question up when the documents answer it and no other tool is meant.

    "What enemies are there?" reads like a search for pictures; it is one when it speaks of pictures.
    """
    question = messages[-1].text
    searches = [call["name"] for call in reply.tool_calls] == ["search_assets"] and not _OF_ART.search(question)
    if (reply.tool_calls and not searches) or reply.invalid_tool_calls or context.documents is None:
        return reply
    if not context.documents.answer(context.project, question, context.asked_before).answered:
        return reply
    made: dict[str, Any] = {"name": TOOL, "args": {"question": question}, "id": f"call_{uuid.uuid4().hex[:12]}"}
    return AIMessage("", tool_calls=[{**made, "type": "tool_call"}], response_metadata={"model_name": ROUTER})
