"""Which chat model answers, and how far its parts are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel

from agent.models.code import EndpointCoder
from agent.models.embedded import EmbeddedChatModel
from agent.models.endpoint import EndpointChatModel
from agent.models.fastpath import CONFIDENT, FastPath, TextRouter
from agent.models.faults import in_words
from agent.models.local_model import LocalModel
from agent.models.probe import endpoint_from
from agent.models.prompts import tool_prefix
from agent.models.subjects import write_subjects
from agent.models.weights import QWEN_CODER_1_5B
from agent.router.types import TurnContext
from errors import GameForgeError

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

    from settings import Settings

PLAN_TOKENS = 1500

log = logging.getLogger(__name__)


class ChatModels:
    """The chat model of this process and what stands behind it. Nothing heavy happens before `start`."""

    def __init__(
        self, model: EndpointChatModel | EmbeddedChatModel, fast_path: FastPath | None, local: LocalModel | None
    ) -> None:
        self._model = model
        self._fast_path = fast_path
        self._local = local
        self._threads: list[threading.Thread] = []

    @property
    def model(self) -> BaseChatModel:
        """Has `bind_tools`; speaks and streams."""
        return self._model

    @property
    def planner_model(self) -> ChatOpenAI | None:
        """A client that can write within a JSON schema, or None while there is none."""
        try:
            if isinstance(self._model, EndpointChatModel):
                if self._model.endpoint.reachable is False:
                    return None
                return self._model.client()
            if self._local is not None and self._local.ready:
                return self._local.client(tools=False, max_tokens=PLAN_TOKENS, temperature=0.2)
        except GameForgeError as error:
            log.info("No language model for plans: %s", error.message)
        return None

    @property
    def coder(self) -> EndpointCoder | None:
        """Writes code; None without an endpoint (the local model's code is too often wrong)."""
        if not isinstance(self._model, EndpointChatModel) or self._model.endpoint.reachable is False:
            return None
        return EndpointCoder(self._model)

    def subjects(self, theme: str, count: int, kind: str = "prop", avoid: tuple[str, ...] = ()) -> list[str]:
        """`write_subjects` with the model that can; empty when none can just now."""
        client = self.planner_model
        if client is None:
            return []
        if isinstance(self._model, EndpointChatModel):
            with in_words(self._model.endpoint.place):
                return write_subjects(client, theme, count, kind, avoid)
        from agent.models.embedded import local_faults

        with local_faults():
            return write_subjects(client, theme, count, kind, avoid)

    @property
    def name(self) -> str:
        """What the page shows: who answers."""
        if isinstance(self._model, EndpointChatModel):
            endpoint = self._model.endpoint
            name = f"{endpoint.model or 'model'} at {endpoint.host}"
            if endpoint.reachable is False:
                name += " (out of reach)"
            return f"router + {name}" if self._fast_path is not None else name
        if self._local is None or self._local.state == "off":
            return "router"
        reason = self._local.reason
        return f"router + {self._local.name}" + (f" ({reason})" if reason else "")

    def status(self) -> list[dict[str, Any]]:
        """Name, kind, source, ready, reason of each part, as doctor and page show them."""
        rows: list[dict[str, Any]] = []
        if isinstance(self._model, EndpointChatModel):
            endpoint = self._model.endpoint
            how = {
                "native": "native tool calls",
                "schema": "tool calls through a JSON schema",
                "unknown": "",
            }[endpoint.tools]
            asked = "not asked yet" if endpoint.reachable is None else how
            works = endpoint.reachable is True and not endpoint.reason
            name = endpoint.model or "endpoint"
            rows.append(_row(name, "endpoint", endpoint.base_url, works, endpoint.reason or asked))
        if self._fast_path is not None:
            rows.append(_row("router", "router", "built in", self._fast_path.ready, self._fast_path.reason))
        if self._local is not None:
            local = self._local
            memory = local.memory_bytes()
            used = f"{memory / 1e9:.1f} GB of memory" if memory else ""
            rows.append(_row(local.name, "local model", local.source, local.ready, local.reason or used))
        return rows

    def memory_bytes(self) -> int:
        """Resident memory of the local model's process."""
        return self._local.memory_bytes() if self._local is not None else 0

    def check(self) -> None:
        """Asks the endpoint and loads the router in this thread, for doctor. What is wrong there stands in `status`."""
        self._look()
        self._load_router()

    def start(self, *, download: bool = True) -> None:
        """Begins the background work: probe the endpoint, load the router, get the local model ready.

        `download`: whether a local model that is not on this disk may be fetched (about 1 GB).
        """
        for work in (self._look, self._load_router):
            thread = threading.Thread(target=work, name=f"models-{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)
        if self._local is not None:
            self._local.start(download=download)

    def prepare(self, turns: Sequence[tuple[str, TurnContext]], timeout: float = 120.0) -> None:
        """For a process that lives for these turns only: downloads nothing, and loads the local model only when it is
        on this disk and the router is unsure of a turn. Waits `timeout` seconds at most."""
        if self._local is None or self._fast_path is None:
            self._look()
            return
        router = self._fast_path.load()
        if any(router.route(text, context).confidence < CONFIDENT for text, context in turns):
            self._local.start(download=False)
            self._local.wait(timeout)

    def wait(self, timeout: float) -> bool:
        """Waits until everything that is coming is there; False when something is missing. `timeout` in seconds."""
        for thread in self._threads:
            thread.join(timeout)
        return self._local is None or self._local.wait(timeout)

    def close(self) -> None:
        if self._local is not None:
            self._local.close()

    def _look(self) -> None:
        if isinstance(self._model, EndpointChatModel):
            self._model.look()

    def _load_router(self) -> None:
        if self._fast_path is not None:
            try:
                self._fast_path.load()
            except GameForgeError as error:
                log.warning("The router is not available: %s", error.message)


def _row(name: str, kind: str, source: str, ready: bool, reason: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "source": source, "ready": ready, "reason": reason}


def chat_models(settings: Settings, router_factory: Callable[[], TextRouter], home: Path) -> ChatModels:
    """The chat model that the settings name: an endpoint when one is configured, else router and local model.

    Raises BadRequest for an address that is none.
    """
    if settings.has_endpoint:
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
        endpoint = endpoint_from(settings.llm_base_url, key, settings.llm_model, settings.llm_timeout_s)
        fast_path = FastPath(router_factory) if settings.router == "on" else None
        return ChatModels(EndpointChatModel(endpoint=endpoint, fast_path=fast_path), fast_path, None)
    fast_path = FastPath(router_factory)
    local = LocalModel(
        folder=home / "models" / "llm",
        weights=QWEN_CODER_1_5B,
        path=settings.local_llm_path,
        prefix=tool_prefix(),
        enabled=settings.local_llm != "off",
    )
    return ChatModels(
        EmbeddedChatModel(fast_path=fast_path, local=local, timeout=settings.llm_timeout_s), fast_path, local
    )
