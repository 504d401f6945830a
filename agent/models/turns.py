"""Reading a conversation: what the user last said, what the turn can refer to, what the tools answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.router.types import RoutedCall, TurnContext
from agent.state import CONTEXT_KEY


@dataclass(frozen=True)
class Turn:
    """`results` are the tool messages since the user spoke; empty while the turn is still to be understood."""

    text: str
    context: TurnContext
    results: tuple[ToolMessage, ...]
    calls: tuple[dict[str, Any], ...]


def read_turn(messages: Sequence[BaseMessage], override: TurnContext | dict[str, Any] | None = None) -> Turn:
    """The running turn of a conversation.

    The context stands at the user's message, in `additional_kwargs["gameforge"]` (`gallery`, `images`, `style_packs`),
    so that it is kept with the conversation; `override` (bound as `turn=`) wins.
    """
    start = max((i for i, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    spoken = messages[start] if start >= 0 else None
    after = messages[start + 1 :]
    facts: TurnContext | dict[str, Any] = {}
    if override is not None:
        facts = override
    elif spoken is not None:
        facts = spoken.additional_kwargs.get(CONTEXT_KEY) or {}
    context = facts if isinstance(facts, TurnContext) else turn_context(facts)
    if context.previous is None:
        context = replace(context, previous=_previous(messages[:start]) if start > 0 else None)
    return Turn(
        text=spoken.text if spoken is not None else "",
        context=context,
        results=tuple(message for message in after if isinstance(message, ToolMessage)),
        calls=tuple(dict(call) for message in after if isinstance(message, AIMessage) for call in message.tool_calls),
    )


def _previous(messages: Sequence[BaseMessage]) -> RoutedCall | None:
    """The last call of the turn that ends these messages."""
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            return None
        if isinstance(message, AIMessage) and message.tool_calls:
            last = message.tool_calls[-1]
            return RoutedCall(last["name"], dict(last["args"]))
    return None


def turn_context(facts: dict[str, Any]) -> TurnContext:
    gallery, images = facts.get("gallery"), facts.get("images") or 0
    return TurnContext(
        gallery=gallery if isinstance(gallery, int) else None,
        images=images if isinstance(images, int) else len(images),
        style_packs=tuple(facts.get("style_packs") or ()),
    )
