"""Run one tool call: expected errors become a sentence for user and model, bugs go through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.messages import ToolMessage
from langgraph.prebuilt.tool_node import ToolCallRequest, ToolInvocationError
from langgraph.types import Command

from agent.answers import tell_error
from errors import BadRequest, Cancelled, GameForgeError


def run_tool(
    request: ToolCallRequest, execute: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
) -> ToolMessage | Command[Any]:
    """Wrapper for `ToolNode`."""
    try:
        context: Any = request.runtime.context
        if context.stopped():
            raise Cancelled
        return execute(request)
    except ToolInvocationError as error:
        return failed(request, BadRequest(_argument_sentence(error), detail=str(error)))
    except GameForgeError as error:
        return failed(request, error)


def failed(request: ToolCallRequest, error: GameForgeError) -> ToolMessage:
    tell_error(request.runtime.stream_writer, error)
    call = request.tool_call
    return ToolMessage(error.message, name=call["name"], tool_call_id=str(call["id"]), status="error")


def _argument_sentence(error: ToolInvocationError) -> str:
    """ "size: Input should be a valid integer" in words that fit into a chat."""
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])} ({problem['msg'].lower()})"
        for problem in error.filtered_errors or error.source.errors()
    ]
    return f"That needs another way of saying it: {'; '.join(problems)}."
