"""Chat chunks with whole tool calls in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, InvalidToolCall, ToolCall, message_chunk_to_message
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

NOT_JSON = "not JSON: "
"""Put before arguments that are no JSON object: the chunk parser would complete a torn one and use it."""


def calls_chunk(
    calls: Sequence[ToolCall], model: str, *, invalid: Sequence[InvalidToolCall] = (), **metadata: Any
) -> ChatGenerationChunk:
    """One chunk that carries the calls whole; `invalid` ones stay invalid when chunks are added up."""
    pieces = [
        tool_call_chunk(name=call["name"], args=json.dumps(call["args"], ensure_ascii=False), id=call["id"], index=at)
        for at, call in enumerate(calls)
    ]
    pieces += [
        tool_call_chunk(name=call["name"], args=_torn(call["args"]), id=call["id"], index=len(calls) + at)
        for at, call in enumerate(invalid)
    ]
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            tool_call_chunks=pieces,
            response_metadata={"model_name": model, "finish_reason": "tool_calls", **metadata},
        )
    )


def _torn(args: str | None) -> str:
    text = args or ""
    return text if text.startswith(NOT_JSON) else NOT_JSON + text


def text_chunk(text: str, **metadata: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, response_metadata=metadata))


def message_chunk(message: AIMessage) -> ChatGenerationChunk:
    """A whole message as one chunk."""
    pieces = calls_chunk(message.tool_calls, "", invalid=message.invalid_tool_calls).message
    assert isinstance(pieces, AIMessageChunk)
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content=message.content,
            tool_call_chunks=pieces.tool_call_chunks,
            response_metadata=message.response_metadata,
            usage_metadata=message.usage_metadata,
            id=message.id,
        )
    )


def sort_calls(pieces: Iterable[dict[str, Any]]) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Calls whose arguments are a whole JSON object, and the others, from merged `tool_call_chunks`."""
    good: list[ToolCall] = []
    bad: list[InvalidToolCall] = []
    for piece in pieces:
        name, text, call_id = piece.get("name") or "", piece.get("args") or "", piece.get("id")
        try:
            args = json.loads(text, strict=False) if text.strip() else {}
        except ValueError:
            args = None
        if name and isinstance(args, dict):
            good.append(ToolCall(name=name, args=args, id=call_id, type="tool_call"))
        else:
            bad.append(
                InvalidToolCall(
                    type="invalid_tool_call",
                    name=name,
                    args=text,
                    id=call_id,
                    error="The arguments are no JSON object.",
                )
            )
    return good, bad


def summed(chunks: Iterable[ChatGenerationChunk]) -> ChatResult | None:
    """All chunks as one result; None when there were none."""
    whole: ChatGenerationChunk | None = None
    for chunk in chunks:
        whole = chunk if whole is None else whole + chunk
    if whole is None:
        return None
    message = message_chunk_to_message(whole.message)  # type: ignore[arg-type]
    return ChatResult(generations=[ChatGeneration(message=message, generation_info=whole.generation_info)])
