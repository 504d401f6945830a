"""The built-in chat model: the router first, a local model behind it where the router is unsure.

It calls tools and speaks. With the product's own tools it works without any language model at all; other tools, free
conversation and structured output need the local one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict

from agent.models.chunks import calls_chunk, summed, text_chunk
from agent.models.constrained import allowed_tools, constrained_text, decide_calls, speak
from agent.models.fastpath import CONFIDENT, PRODUCT_TOOLS, FastPath, routed_calls
from agent.models.fusion import fused, wants_second_opinion
from agent.models.guard import guarded
from agent.models.local_model import LocalModel
from agent.models.prompts import CHAT_SYSTEM, tool_prefix, user_text
from agent.models.protocol import ToolSpec, calls_schema, parse_calls, tool_name
from agent.models.turns import Turn, read_turn
from agent.models.words import ask_back, report, small_talk
from agent.router.types import Routing
from errors import GameForgeError, NotReady

GUESS = 0.45
"""Below this confidence the router asks back instead of acting, when no language model can be asked."""

_MAX_CALL_TOKENS = 320
_MAX_CHAT_TOKENS = 160
_SHORTLIST = 4
_MAX_CHARS = 1500  # of one message: processing a prompt takes seconds, and its context is small
_RECENT = 6  # messages
_FREE_CALLS = 3  # a small model that may go on repeats itself

log = logging.getLogger(__name__)


class EmbeddedChatModel(BaseChatModel):
    """`fast_path`: the router; `local`: the language model behind it. When one is missing, the other does it all.

    The turn's facts (gallery, attachments, style packs) are read from the user's message, see `turns.read_turn`.
    `max_tokens` bounds an answer in words; `timeout` is in seconds.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    fast_path: FastPath | None = None
    local: LocalModel | None = None
    confident: float = CONFIDENT
    temperature: float = 0.0
    max_tokens: int = _MAX_CHAT_TOKENS
    timeout: float = 120.0
    stop: list[str] | None = None

    @property
    def _llm_type(self) -> str:
        return "gameforge-embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.local.name if self.local else "router", "temperature": self.temperature}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "gameforge"
        params["ls_model_name"] = kwargs.get("model") or self._identifying_params["model"]
        return params

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """`tool_choice`: None or "auto", "none", "any" or "required", or the name of one tool."""
        specs = [convert_to_openai_tool(tool) for tool in tools]
        if tool_choice is not None:
            allowed_tools(specs, tool_choice)  # a name that is not bound is refused here
        return self.bind(tools=specs, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = summed(self._answer(messages, stop, whole=True, **kwargs))
        assert result is not None, "every path answers"
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
        now = read_turn(messages, turn)
        stop = stop or self.stop
        if now.results and tool_choice in (None, "auto", "none"):
            yield text_chunk(report(now.results), model_name="router", finish_reason="stop")
            return
        ours = bool(tools) and self.fast_path is not None and all(tool_name(tool) in PRODUCT_TOOLS for tool in tools)
        if ours and tool_choice in (None, "auto"):
            yield from self._understand(messages, now, tools, stop, whole)
            return
        if tools and tool_choice != "none":
            calls = self._decide_freely(messages, tools, tool_choice)
            if calls:
                yield calls_chunk(calls, self._local_name)
                return
        yield from self._speak(messages, stop, whole, small_talk(now.text, (), tools))

    @property
    def _local_name(self) -> str:
        return self.local.name if self.local else ""

    # the product's tools

    def _understand(
        self, messages: list[BaseMessage], turn: Turn, tools: Sequence[ToolSpec], stop: list[str] | None, whole: bool
    ) -> Iterator[ChatGenerationChunk]:
        assert self.fast_path is not None
        routing = self.fast_path.route(turn)
        calls, model = self._choose(turn, routing, tools)
        bound = {tool_name(tool) for tool in tools}
        if calls and all(call["name"] in bound for call in calls):
            yield calls_chunk(calls, model, confidence=round(routing.confidence, 3))
        elif calls is None:
            yield text_chunk(ask_back(routing.shortlist, tools), model_name=model, finish_reason="stop")
        else:
            yield from self._speak(messages, stop, whole, small_talk(turn.text, routing.shortlist, tools))

    def _choose(self, turn: Turn, routing: Routing, tools: Sequence[ToolSpec]) -> tuple[list[ToolCall] | None, str]:
        """Calls (empty: speak; None: ask back) and who chose them."""
        unsure = wants_second_opinion(routing, tools, self.confident)
        if unsure and self.local is not None and self.local.ready:
            try:
                return fused(routing, self._decide_shortlisted(turn, routing, tools), tools), self.local.name
            except GameForgeError as error:
                log.warning("The local model gave no decision, the router's stands: %s", error.message)
        if routing.confidence < GUESS:
            return None, "router"
        return routed_calls(routing), "router"

    def _decide_shortlisted(self, turn: Turn, routing: Routing, tools: Sequence[ToolSpec]) -> list[ToolCall]:
        """The local model's calls, limited by grammar to what the router holds possible, held against the message."""
        assert self.local is not None
        wanted = list(dict.fromkeys([*(call.name for call in routing.calls), *routing.shortlist]))[:_SHORTLIST]
        limited = [tool for tool in tools if tool_name(tool) in wanted] or list(tools)
        asked = user_text(turn.text[:_MAX_CHARS], turn.context)
        prompt = as_messages([*tool_prefix(), {"role": "user", "content": asked}])
        with local_faults():
            client = self.local.client(tools=True, max_tokens=_MAX_CALL_TOKENS, timeout=self.timeout)
            text = constrained_text(client, prompt, calls_schema(limited), sleep=time.sleep)
        calls = parse_calls(text, limited)
        if calls is None:
            raise NotReady("The local language model's answer was not whole.", detail=text[:500])
        return guarded(calls, turn.text, turn.context)

    # anything else

    def _decide_freely(
        self, messages: list[BaseMessage], tools: Sequence[ToolSpec], tool_choice: str | None
    ) -> list[ToolCall]:
        if self.local is None:
            raise NotReady(
                "Without a language model only the built-in tools work: set GAMEFORGE_LLM_BASE_URL, "
                "or leave --lite out."
            )
        with local_faults():
            client = self.local.client(tools=False, max_tokens=_MAX_CALL_TOKENS, timeout=self.timeout)
            most = _FREE_CALLS if tool_choice in (None, "auto") else 1
            return decide_calls(client, messages, tools, tool_choice, sleep=time.sleep, most=most)

    def _speak(
        self, messages: list[BaseMessage], stop: list[str] | None, whole: bool, otherwise: str
    ) -> Iterator[ChatGenerationChunk]:
        """In the local model's words when it is there, else `otherwise`."""
        if self.local is None or not self.local.ready:
            yield text_chunk(otherwise, model_name="router", finish_reason="stop")
            return
        recent = shortened([message for message in messages if not isinstance(message, SystemMessage)])
        own_system = any(isinstance(message, SystemMessage) for message in messages) and self.fast_path is None
        with local_faults():
            client = self.local.client(
                tools=False, max_tokens=self.max_tokens, temperature=self.temperature, timeout=self.timeout
            )
            pieces = speak(
                client,
                messages if own_system else recent or [HumanMessage("Hello")],
                stop,
                whole=whole,
                sleep=time.sleep,
                system="" if own_system else CHAT_SYSTEM,
            )
            said = False
            for piece in pieces:
                said = said or bool(piece.message.text.strip())
                yield piece
            if not said:
                yield text_chunk(otherwise)


class local_faults:
    """Turns what the client of the local server raises into NotReady with one sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        import openai

        if isinstance(error, openai.OpenAIError):
            raise NotReady(
                "The local language model stopped or took too long: ask again in a moment.",
                detail=repr(error),
            ) from error


def shortened(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The newest messages, each cut to what a small model can take in."""
    return [
        message
        if len(message.text) <= _MAX_CHARS
        else message.model_copy(update={"content": message.text[:_MAX_CHARS]})
        for message in messages[-_RECENT:]
    ]


def as_messages(rows: Sequence[dict[str, str]]) -> list[BaseMessage]:
    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[row["role"]](row["content"]) for row in rows]
