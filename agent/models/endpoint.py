"""An OpenAI-compatible endpoint as the chat model: OpenAI, Ollama, vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, PrivateAttr

from agent.models.chunks import calls_chunk, message_chunk, sort_calls, summed
from agent.models.constrained import decide_calls, speak, started, whole_answer
from agent.models.fastpath import FastPath
from agent.models.faults import broke_off, in_words, says_no_tools
from agent.models.probe import Endpoint, probe
from agent.models.protocol import ToolSpec, looks_like_call, parse_calls
from errors import NotReady

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI


class EndpointChatModel(BaseChatModel):
    """Native tool calls where the endpoint has them, else the schema protocol; one-sentence errors.

    With a `fast_path`, turns that the router is sure of are answered without asking the endpoint.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    endpoint: Endpoint
    fast_path: FastPath | None = None
    sleep: Callable[[float], None] = Field(default=time.sleep, exclude=True)

    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _client: Any = PrivateAttr(default=None)

    @property
    def _llm_type(self) -> str:
        return "gameforge-endpoint"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"base_url": self.endpoint.base_url, "model": self.endpoint.model}

    def look(self) -> Endpoint:
        """Probes the endpoint and remembers what was found."""
        found = probe(self.endpoint)
        self._learn(found)
        return found

    def _learn(self, found: Endpoint) -> None:
        with self._lock:
            if (found.base_url, found.model) != (self.endpoint.base_url, self.endpoint.model):
                self._client = None
            self.endpoint = found

    def client(self) -> ChatOpenAI:
        """The langchain-openai client; finds the model's name first when none was set. Raises NotReady."""
        if not self.endpoint.model:
            self._learn(probe(self.endpoint, ask_tools=False))
            if not self.endpoint.model:
                raise NotReady(self.endpoint.reason or f"Set GAMEFORGE_LLM_MODEL to a model of {self.endpoint.host}.")
        with self._lock:
            if self._client is None:
                self._client = openai_client(self.endpoint)
            return self._client

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        specs = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=specs, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = summed(self._answer(messages, stop, whole=True, **kwargs))
        if result is None:
            raise broke_off(self.endpoint.place)
        return result

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from self._answer(messages, stop, whole=False, **kwargs)

    def _answer(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        *,
        whole: bool,
        tools: Sequence[ToolSpec] = (),
        tool_choice: str | None = None,
        turn: Any = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """`whole`: nobody watches, so one request without streaming. Raises NotReady, ResourceError, BadRequest."""
        import openai

        if tools and self.fast_path is not None and (fast := self.fast_path.calls(messages, tools, turn)):
            yield calls_chunk(fast, "router")
            return
        messages = mended(messages)
        with in_words(self.endpoint.place):
            client = self.client()
            if tools and self.endpoint.tools != "schema":
                try:
                    yield from self._native(client, messages, stop, tools, tool_choice, whole, kwargs)
                    return
                except openai.APIError as error:
                    if not says_no_tools(error):
                        raise
                    self._learn(replace(self.endpoint, tools="schema"))
            if tools:
                calls = decide_calls(client, messages, tools, tool_choice, sleep=self.sleep)
                if calls:
                    yield calls_chunk(calls, self.endpoint.model)
                    return
            words = speak(client, messages, stop, whole=whole, sleep=self.sleep, **kwargs)
            yield from words if whole else self._to_the_end(words)

    def _native(
        self,
        client: ChatOpenAI,
        messages: list[BaseMessage],
        stop: list[str] | None,
        tools: Sequence[ToolSpec],
        tool_choice: str | None,
        whole: bool,
        kwargs: dict[str, Any],
    ) -> Iterator[ChatGenerationChunk]:
        """Streams words as they come; calls are given out whole, and text that may be a printed call is held back."""
        bound = client.bind_tools(tools, tool_choice=tool_choice)
        payload = {**getattr(bound, "kwargs", {}), **kwargs}
        if whole:
            message = whole_answer(client, messages, self.sleep, stop=stop, **payload)
            if (
                not message.tool_calls
                and not message.invalid_tool_calls
                and (printed := self._printed(message.text, tools))
            ):
                yield calls_chunk(printed, self.endpoint.model)
            else:
                yield message_chunk(message)
            return
        held: list[ChatGenerationChunk] = []
        pieces: AIMessageChunk | None = None
        text = ""
        for chunk in self._to_the_end(started(lambda: client._stream(messages, stop=stop, **payload), self.sleep)):
            message = chunk.message
            assert isinstance(message, AIMessageChunk)
            if message.tool_call_chunks:
                part = AIMessageChunk(content="", tool_call_chunks=message.tool_call_chunks)
                pieces = part if pieces is None else pieces + part  # type: ignore[assignment]
                continue
            text += message.text
            if looks_like_call(text):
                held.append(chunk)
                continue
            yield from held
            held.clear()
            yield chunk
        if pieces is None and (printed := self._printed(text, tools)):
            yield calls_chunk(printed, self.endpoint.model)
            return
        yield from held
        if pieces is not None:
            good, bad = sort_calls([dict(piece) for piece in pieces.tool_call_chunks])
            yield calls_chunk(good, self.endpoint.model, invalid=bad)

    def _printed(self, text: str, tools: Sequence[ToolSpec]) -> list[ToolCall]:
        """Calls that a server handed out as text; from then on the schema protocol is used there."""
        calls = parse_calls(text, tools) or []
        if calls:
            self._learn(replace(self.endpoint, tools="schema"))
        return calls

    def _to_the_end(self, chunks: Iterator[ChatGenerationChunk]) -> Iterator[ChatGenerationChunk]:
        """Raises NotReady when the stream ends without a finish reason: the server died, however politely."""
        finished = False
        for chunk in chunks:
            info = {**chunk.message.response_metadata, **(chunk.generation_info or {})}
            finished = finished or bool(info.get("finish_reason"))
            yield chunk
        if not finished:
            raise broke_off(self.endpoint.place)


def openai_client(endpoint: Endpoint) -> ChatOpenAI:
    """The langchain-openai client of an endpoint. Retries are ours (`faults.with_retries`): none waits in silence."""
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=endpoint.model,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.key),
        timeout=endpoint.timeout,
        stream_chunk_timeout=endpoint.timeout,
        max_retries=0,
        use_responses_api=False,
    )


def mended(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Calls with broken arguments as calls with none: servers refuse a history that holds broken JSON. What was wrong
    stands in the tool message that answers the call."""
    out: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) and message.invalid_tool_calls:
            empty = [
                ToolCall(name=call["name"] or "unknown", args={}, id=call["id"], type="tool_call")
                for call in message.invalid_tool_calls
            ]
            message = AIMessage(message.content, tool_calls=[*message.tool_calls, *empty], id=message.id)
        out.append(message)
    return out
