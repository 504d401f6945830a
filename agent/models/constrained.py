"""The schema protocol at work: one constrained request that decides the calls, one free request that speaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.outputs import ChatGenerationChunk

from agent.models.chunks import message_chunk
from agent.models.faults import says_no_schema, with_retries
from agent.models.protocol import (
    MAX_CALLS,
    ToolSpec,
    calls_schema,
    instructions,
    one_system,
    parse_calls,
    plain_history,
    response_format,
    tool_name,
)
from errors import NotReady

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

Sleep = Callable[[float], None]


def allowed_tools(tools: Sequence[ToolSpec], tool_choice: str | None) -> tuple[list[ToolSpec], int]:
    """Tools that `tool_choice` (None, auto, none, any, required or a name) leaves, and the least number of calls."""
    if tool_choice in (None, "auto"):
        return list(tools), 0
    if tool_choice == "none":
        return [], 0
    if tool_choice in ("any", "required"):
        return list(tools), 1
    named = [tool for tool in tools if tool_name(tool) == tool_choice]
    if not named:
        raise ValueError(f"tool_choice {tool_choice!r} is none of the bound tools")
    return named, 1


def decide_calls(
    client: ChatOpenAI,
    messages: Sequence[BaseMessage],
    tools: Sequence[ToolSpec],
    tool_choice: str | None,
    *,
    sleep: Sleep,
    most: int = MAX_CALLS,
) -> list[ToolCall]:
    """The calls that the model wants; empty when it would rather speak. Raises `openai.APIError`, NotReady."""
    allowed, least = allowed_tools(tools, tool_choice)
    if not allowed:
        return []
    prompt = one_system(instructions(allowed, must_call=least > 0), plain_history(messages))
    text = constrained_text(client, prompt, calls_schema(allowed, least=least, most=most), sleep=sleep)
    calls = parse_calls(text, allowed)
    if calls is None or len(calls) < least:
        if least == 0:
            return []  # it answered in words against the schema: let it speak
        raise NotReady(
            "The language model did not call a tool as it was told to: ask again, or use a larger model.",
            detail=text[:500],
        )
    return calls


def constrained_text(client: ChatOpenAI, prompt: list[BaseMessage], schema: dict[str, Any], *, sleep: Sleep) -> str:
    """Text that follows the schema where the server can enforce it, else whatever the prompt alone achieves."""
    import openai

    try:
        return _ask(client, prompt, sleep, response_format=response_format(schema))
    except openai.APIError as error:
        if not says_no_schema(error):
            raise
    return _ask(client, prompt, sleep)


def constrained_json(client: ChatOpenAI, prompt: list[BaseMessage], schema: dict[str, Any], *, sleep: Sleep) -> Any:
    """The parsed answer. Raises NotReady when it is no JSON."""
    text = constrained_text(client, prompt, schema, sleep=sleep)
    try:
        start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=0)
        return json.JSONDecoder().raw_decode(text[start:])[0]
    except ValueError as error:
        raise NotReady(
            "The language model's answer was no JSON: ask again, or use a larger model.", detail=text[:500]
        ) from error


def _ask(client: ChatOpenAI, prompt: list[BaseMessage], sleep: Sleep, **kwargs: Any) -> str:
    return whole_answer(client, prompt, sleep, **kwargs).text


def whole_answer(client: ChatOpenAI, messages: Sequence[BaseMessage], sleep: Sleep, **kwargs: Any) -> AIMessage:
    """One answer without streaming. Raises `openai.APIError`, or NotReady for a body that is not of the protocol."""
    import openai

    try:
        result = with_retries(lambda: client._generate(list(messages), **kwargs), sleep=sleep)
    except openai.LengthFinishReasonError as error:
        raise NotReady("The language model came to no end: ask for less at once.", detail=repr(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # so the client fails on a foreign body
        raise unreadable(client, error) from error
    message = result.generations[0].message
    if not isinstance(message, AIMessage):
        raise unreadable(client, TypeError(f"{type(message).__name__} is no answer"))
    reason = (result.generations[0].generation_info or {}).get("finish_reason")
    return message.model_copy(update={"response_metadata": {"finish_reason": reason, **message.response_metadata}})


def unreadable(client: ChatOpenAI, error: Exception) -> NotReady:
    host = urlsplit(str(client.openai_api_base)).netloc
    return NotReady(
        f"The answer of the language model at {host} could not be read: see whether the address is that of an "
        "OpenAI-compatible server (it mostly ends with /v1).",
        detail=repr(error),
    )


def speak(
    client: ChatOpenAI,
    messages: Sequence[BaseMessage],
    stop: list[str] | None,
    *,
    whole: bool,
    sleep: Sleep,
    system: str = "",
    **kwargs: Any,
) -> Iterator[ChatGenerationChunk]:
    """An answer in words, streamed unless `whole`."""
    prompt = one_system(system, plain_history(messages)) if system else plain_history(messages)
    if whole:
        yield message_chunk(whole_answer(client, prompt, sleep, stop=stop, **kwargs))
        return
    yield from started(lambda: client._stream(prompt, stop=stop, **kwargs), sleep)


def started(stream: Callable[[], Iterator[ChatGenerationChunk]], sleep: Sleep) -> Iterator[ChatGenerationChunk]:
    """A stream that is retried until its first chunk came, not after."""

    def open_it() -> tuple[ChatGenerationChunk | None, Iterator[ChatGenerationChunk]]:
        pieces = iter(stream())
        return next(pieces, None), pieces

    first, rest = with_retries(open_it, sleep=sleep)
    if first is not None:
        yield first
        yield from rest
