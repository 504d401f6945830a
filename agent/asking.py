"""Ask the language model for its next message."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, InvalidToolCall, ToolCall

from agent.answers import Writer, tell_error
from agent.prompts import prompt
from errors import Cancelled, GameForgeError
from tools.toolbox import Toolbox


def ask(
    model: BaseChatModel,
    toolbox: Toolbox,
    messages: Sequence[AnyMessage],
    write: Writer,
    stopped: Callable[[], bool],
) -> AIMessage:
    """The model's next message; its text is streamed as it comes.

    A model that is down, or that dies on the way, answers with what it said so far and a sentence about the trouble.
    """
    whole: AIMessageChunk | None = None
    try:
        for chunk in model.bind_tools(list(toolbox.tools)).stream(prompt(messages)):
            if stopped():
                raise Cancelled
            if chunk.text:
                write({"kind": "token", "data": {"text": chunk.text}})
            piece = chunk if isinstance(chunk, AIMessageChunk) else AIMessageChunk(**chunk.model_dump(exclude={"type"}))
            whole = piece if whole is None else whole + piece
    except GameForgeError as error:
        return _broken_off(whole, error, write)
    if whole is None:
        return AIMessage("")
    calls, broken = _calls(whole)
    return AIMessage(
        content=whole.content,
        tool_calls=calls,
        invalid_tool_calls=broken,
        response_metadata=whole.response_metadata,
    )


def _calls(whole: AIMessageChunk) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Calls whose arguments are whole JSON objects, and the others.

    A streamed message mends cut-off JSON by itself: `"count": 3` of a lost "32" would run.
    """
    if not whole.tool_call_chunks:
        return whole.tool_calls, whole.invalid_tool_calls
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    seen: set[str] = set()  # some servers give every call of a message the same id, or none
    for chunk in whole.tool_call_chunks:
        call_id = chunk["id"] if chunk["id"] and chunk["id"] not in seen else f"call_{uuid.uuid4().hex[:12]}"
        seen.add(call_id)
        try:
            args = json.loads(chunk["args"] or "{}")
            if not isinstance(args, dict):
                raise ValueError("not a JSON object")
        except ValueError as error:
            broken.append(
                InvalidToolCall(
                    name=chunk["name"], args=chunk["args"], id=call_id, error=str(error), type="invalid_tool_call"
                )
            )
        else:
            calls.append(ToolCall(name=chunk["name"] or "", args=args, id=call_id, type="tool_call"))
    return calls, broken


def _broken_off(whole: AIMessageChunk | None, error: GameForgeError, write: Writer) -> AIMessage:
    said = whole.text.strip() if whole is not None else ""
    tell_error(write, error)
    write({"kind": "token", "data": {"text": f"\n\n{error.message}" if said else error.message}})
    return AIMessage(f"{said}\n\n{error.message}" if said else error.message)
