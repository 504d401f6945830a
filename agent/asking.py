"""Ask the language model for its next message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage

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
    return AIMessage(
        content=whole.content,
        tool_calls=whole.tool_calls,
        invalid_tool_calls=whole.invalid_tool_calls,
        response_metadata=whole.response_metadata,
    )


def _broken_off(whole: AIMessageChunk | None, error: GameForgeError, write: Writer) -> AIMessage:
    said = whole.text.strip() if whole is not None else ""
    tell_error(write, error)
    write({"kind": "token", "data": {"text": f"\n\n{error.message}" if said else error.message}})
    return AIMessage(f"{said}\n\n{error.message}" if said else error.message)
