"""The endpoint's model as a writer of code (`scaffolds.writer.CodeModel`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.models.constrained import speak
from agent.models.faults import broke_off, in_words
from errors import Cancelled

if TYPE_CHECKING:
    from agent.models.endpoint import EndpointChatModel

_KINDS: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


class EndpointCoder:
    def __init__(self, model: EndpointChatModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        endpoint = self._model.endpoint
        return f"{endpoint.model or 'the model'} at {endpoint.host}"

    def write(self, messages: Sequence[tuple[str, str]], stopped: Callable[[], bool]) -> str:
        """The whole answer, streamed so that it can be stopped. Raises GameForgeError, Cancelled."""
        prompt = [_KINDS[role](text) for role, text in messages]
        place = self._model.endpoint.place
        text, finished = "", False
        with in_words(place):
            for chunk in speak(self._model.client(), prompt, None, whole=False, sleep=time.sleep):
                if stopped():
                    raise Cancelled
                text += chunk.message.text
                info = {**chunk.message.response_metadata, **(chunk.generation_info or {})}
                finished = finished or bool(info.get("finish_reason"))
        if not finished:
            raise broke_off(place)
        return text
