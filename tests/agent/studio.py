"""A whole assistant over a temporary home: real queue, library, planner, graph; the model is scripted or built in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from agent.chat import ChatEvent, ChatService
from agent.planning import Planner, Vocabulary
from jobs.events import EventBus
from jobs.generation import GenerationHandler
from jobs.ingest import IngestHandler
from jobs.packs import PackDesk
from jobs.store import JobStore
from jobs.types import Limits
from jobs.worker import Worker
from library.db import Database
from library.documents import DocumentStore
from library.library import Library
from library.storage import Storage
from library.style_packs import StylePacks
from memory.documents.memory import DocumentMemory
from memory.documents.vectors import ChromaVectors
from memory.embedder import Embedder
from settings import Settings
from tests.jobs.small_engine import SmallEngine
from tools.toolbox import Toolbox, default_toolbox

VOCABULARY = Vocabulary.load()
EMBEDDER = Embedder()


def call(name: str, call_id: str, /, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args, "id": call_id, "type": "tool_call"}


def check_order(messages: Sequence[BaseMessage]) -> None:
    """What OpenAI-compatible servers demand: each call is answered before anybody else speaks."""
    waiting: set[str] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            assert message.tool_call_id in waiting, f"answer to no call: {message!r}"
            waiting.remove(message.tool_call_id)
        else:
            assert not waiting, f"calls without an answer: {waiting}"
            if isinstance(message, AIMessage):
                waiting = {str(c["id"]) for c in (*message.tool_calls, *message.invalid_tool_calls)}
    assert not waiting, f"calls without an answer: {waiting}"


class ScriptedModel(BaseChatModel):
    """Answers from a list, one a round; refuses message orders that servers refuse."""

    script: list[Any]
    _seen: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def seen(self) -> list[list[BaseMessage]]:
        return self._seen

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        check_order(messages)
        assert any(isinstance(message, HumanMessage) for message in messages)
        self._seen.append(list(messages))
        answer = self.script.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, AIMessage) else AIMessage(answer)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        answer = self._next(messages)
        for word in answer.text.split(" ") if answer.text else []:
            yield ChatGenerationChunk(message=AIMessageChunk(content=word + " "))
        pieces = [
            tool_call_chunk(name=c["name"], args=c["args"], id=c["id"], index=i)
            for i, c in enumerate([*_as_text(answer.tool_calls), *answer.invalid_tool_calls])
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=pieces))


def _as_text(calls: Sequence[Any]) -> list[dict[str, Any]]:
    import json

    return [{**c, "args": json.dumps(c["args"])} for c in calls]


class Models:
    def __init__(self, model: BaseChatModel) -> None:
        self.model = model
        self.name = "scripted"


class Studio:
    """`script`: answers of the scripted model; else pass `model`."""

    def __init__(
        self,
        home: Path,
        script: list[Any] | None = None,
        *,
        model: BaseChatModel | None = None,
        tools: Sequence[BaseTool] = (),
        asks_first: Sequence[str] = (),
        step_seconds: float = 0.0,
        scaffolder: Any = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings(home=home, **settings)
        self.database = Database(self.settings.resolved_database_url)
        self.database.migrate()
        self.library = Library(self.database, Storage(self.settings.resolved_storage_url))
        self.bus = EventBus(self.database)
        self.jobs = JobStore(self.database, Limits.of(self.settings), self.bus)
        self.engine = SmallEngine(step_seconds=step_seconds)
        self.model = model or ScriptedModel(script=list(script or []))
        loras = Storage((home / "packs").as_uri(), suffix=".safetensors")
        styles = StylePacks(self.database, self.library.storage, loras, EMBEDDER.encode)
        self.packs = PackDesk(self.settings, self.jobs, self.library, styles, self.engine)  # type: ignore[arg-type]
        self.planner = Planner(VOCABULARY, EMBEDDER, limit=self.settings.max_assets_per_batch)
        self.documents = DocumentStore(self.database)
        self.memory = DocumentMemory(self.documents, EMBEDDER, ChromaVectors(home / "chroma"))
        self.worker = Worker(
            self.jobs,
            {
                "generate": GenerationHandler(self.engine, self.library, 8),  # type: ignore[arg-type]
                "ingest": IngestHandler(self.memory, self.documents, self.settings),
            },
        )
        self.chat = ChatService(
            settings=self.settings,
            library=self.library,
            jobs=self.jobs,
            engine=self.engine,  # type: ignore[arg-type]
            models=Models(self.model),
            planner=self.planner,
            packs=self.packs,
            documents=self.memory,
            scaffolder=scaffolder,
            toolbox=Toolbox(default_toolbox(tools).tools, frozenset(asks_first) | default_toolbox().asks_first),
        )

    def start(self) -> int:
        """A new conversation."""
        return self.chat.create("default").id

    def say(self, conversation: int, text: str, *attachments: Path, yes: bool = False) -> list[ChatEvent]:
        return list(self.chat.send(conversation, text, list(attachments), auto_confirm=yes))

    def run_jobs(self) -> None:
        """Work until the queue is empty."""
        self.worker.start()
        for job in self.jobs.list(active=True, limit=1000):
            self.worker.wait(job.id)

    def close(self) -> None:
        self.worker.stop()
        self.chat.close()
        self.memory.close()
        self.bus.close()
        self.database.dispose()


def of_kind(events: Sequence[ChatEvent], kind: str) -> list[dict[str, Any]]:
    return [event.data for event in events if event.kind == kind]


def text_of(events: Sequence[ChatEvent]) -> str:
    return "".join(data["text"] for data in of_kind(events, "token"))
