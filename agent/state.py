"""State of one conversation's graph. Plain types and messages only: it is kept in checkpoints over restarts."""

from __future__ import annotations

import operator
from typing import Annotated, Any, Literal, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolCall, ToolMessage
from langgraph.graph.message import add_messages

Decision = Literal["yes", "edit", "no"]
CONTEXT_KEY = "gameforge"  # in a HumanMessage's additional_kwargs: {"gallery", "images", "style_packs"}


class TurnState(TypedDict, total=False):
    messages: Annotated[list[AnyMessage], add_messages]  # what the model sees
    transcript: Annotated[list[dict[str, Any]], operator.add]  # what the user sees: {"role", "text", "parts"}
    gallery: dict[str, Any] | None  # what numbers refer to: {"job_id": n} or {"assets": [ids]}
    # of the running turn
    rounds: int  # times that the model was asked
    todo: list[str]  # ids of calls to run
    waiting: list[str]  # ids of calls that still need the user's yes
    plans: dict[str, dict[str, Any]]  # call id -> AssetPlan
    seconds: dict[str, float]  # call id -> estimated seconds of work
    questions: dict[str, str]  # call id -> what to ask before it runs, where the plan does not say it


def new_turn(text: str, context: dict[str, Any], parts: list[dict[str, Any]]) -> TurnState:
    """Input that starts a turn."""
    return {
        "messages": [HumanMessage(text, additional_kwargs={CONTEXT_KEY: context})],
        "transcript": [{"role": "user", "text": text, "parts": parts}],
        "rounds": 0,
        "todo": [],
        "waiting": [],
        "plans": {},
        "seconds": {},
        "questions": {},
    }


def this_turn(messages: list[AnyMessage]) -> list[AnyMessage]:
    """Messages since the user last spoke, without theirs."""
    start = max((i for i, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    return list(messages[start + 1 :])


def turn_calls(messages: list[AnyMessage]) -> list[ToolCall]:
    """Calls that the model made in this turn."""
    return [call for message in this_turn(messages) if isinstance(message, AIMessage) for call in message.tool_calls]


def turn_results(messages: list[AnyMessage]) -> list[ToolMessage]:
    return [message for message in this_turn(messages) if isinstance(message, ToolMessage)]


def unanswered(messages: list[AnyMessage]) -> list[tuple[str, str]]:
    """(id, name) of calls in the whole conversation that no tool message answers, broken ones included."""
    answered = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    open_calls = []
    for message in messages:
        if isinstance(message, AIMessage):
            for call in (*message.tool_calls, *message.invalid_tool_calls):
                if call["id"] and call["id"] not in answered:
                    open_calls.append((call["id"], call["name"] or ""))
    return open_calls
