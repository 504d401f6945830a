"""The local model's life: fetched, loaded, warmed and, should it die, started again; all in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.models.fetch import Progress, WeightsFetcher
from agent.models.local import FREE_SLOT, TOOL_SLOT, LocalServer, ServerOptions
from agent.models.priority import lower_this_thread
from agent.models.weights import Weights, check_gguf
from errors import Cancelled, GameForgeError, NotReady

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

State = Literal["off", "idle", "missing", "fetching", "loading", "warming", "ready", "failed"]

MAX_RESTARTS = 3


class LocalModel:
    """One GGUF model and where it stands. Every method may be called from any thread; `start` never blocks.

    `path` is a file of the user's own; without it `weights` are taken from `folder`, fetched there if need be.
    `prefix` are the messages that every tool turn begins with: they are processed once, ahead of the first turn.
    """

    def __init__(
        self,
        *,
        folder: Path,
        weights: Weights,
        path: Path | None = None,
        prefix: Sequence[dict[str, str]] = (),
        options: ServerOptions | None = None,
        enabled: bool = True,
        fetcher: WeightsFetcher | None = None,
    ) -> None:
        self._path = path
        self._weights = weights
        self._prefix = list(prefix)
        self._options = options
        self._cache = folder / "cache"
        self._fetcher = fetcher or WeightsFetcher(weights, folder, on_progress=self._progressed)
        self._changed = threading.Condition()
        self._state: State = "idle" if enabled else "off"
        self._reason = "" if enabled else "left out (GAMEFORGE_LOCAL_LLM=off or --lite)"
        self._percent = 0
        self._source = ""
        self._server: LocalServer | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._restarts = 0

    @property
    def name(self) -> str:
        return self._path.stem if self._path else self._weights.name

    @property
    def state(self) -> State:
        return self._state

    @property
    def ready(self) -> bool:
        """Whether a question would be answered now. One that died is started again by asking this."""
        if self._state == "ready" and self._server is not None and not self._server.running:
            self._revive()
        return self._state == "ready"

    @property
    def reason(self) -> str:
        """Why it is not ready, in words; empty when it is."""
        return {
            "idle": "not started",
            "missing": "not downloaded yet",
            "fetching": f"getting ready, {self._percent} % downloaded",
            "loading": "loading",
            "warming": "warming up",
            "ready": "",
        }.get(self._state, self._reason)

    @property
    def source(self) -> str:
        """Where the file is from: its path, or where it was downloaded from in this run."""
        return str(self._path or self._fetcher.path) + (f" ({self._source})" if self._source else "")

    @property
    def percent(self) -> int:
        return self._percent

    def memory_bytes(self) -> int:
        return self._server.memory_bytes() if self._server else 0

    def present(self) -> bool:
        """Whether the weights are on this disk."""
        return self._path is not None or self._fetcher.present()

    def start(self, *, download: bool = True) -> None:
        """Fetches (unless `download` is off), loads and warms the model in the background."""
        with self._changed:
            if self._closed or self._state == "off" or (self._thread is not None and self._thread.is_alive()):
                return
            if self._state == "ready":
                return
            if not download and not self.present():
                self._state = "missing"
                return
            self._state = "loading" if self.present() else "fetching"
            self._thread = threading.Thread(target=self._run, name="local-model", daemon=True)
            self._thread.start()

    def wait(self, timeout: float) -> bool:
        """Waits while it is on its way; True when it is ready then. `timeout` in seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._state in ("fetching", "loading", "warming") and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
        return self.ready

    def close(self) -> None:
        """Stops whatever is under way and ends the server."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._fetcher.cancel()
        if self._server is not None:
            self._server.close()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def client(self, *, tools: bool, max_tokens: int, temperature: float = 0.0, timeout: float = 120.0) -> ChatOpenAI:
        """A client; `tools`: for prompts that begin with the warmed prefix. Raises NotReady."""
        if not self.ready or self._server is None:
            raise NotReady(f"The local language model is not ready ({self.reason}): try again in a moment.")
        slot = TOOL_SLOT if tools else FREE_SLOT
        return self._server.chat(slot=slot, max_tokens=max_tokens, temperature=temperature, timeout=timeout)

    def _run(self) -> None:
        lower_this_thread()
        try:
            path = check_gguf(self._path) if self._path is not None else self._fetcher.fetch()
            if self._closed:
                raise Cancelled
            self._set("loading")
            server = LocalServer(path, self._cache, self._options)
            self._server = server
            server.start()
            if self._closed:
                server.close()
                return
            if self._prefix:
                self._set("warming")
                server.warm(self._prefix)
            self._set("ready")
        except Cancelled:
            self._fail("stopped")
        except GameForgeError as error:
            self._fail(error.message)
        except OSError as error:  # no room for the log, no process to be had
            self._fail(f"The local language model could not be started: {error}")

    def _revive(self) -> None:
        with self._changed:
            if self._closed or self._state != "ready":
                return
            self._restarts += 1
            if self._restarts > MAX_RESTARTS:
                self._state = "failed"
                self._reason = (
                    f"The local language model stopped {self._restarts} times and is left off until the next start."
                )
                return
            self._state = "loading"
        self.start()

    def _progressed(self, progress: Progress) -> None:
        self._percent = int(100 * progress.done / max(1, progress.total))
        self._source = {"hub": "from its publisher's hub repository", "packages": "from packages"}.get(
            progress.source, self._source
        )

    def _set(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def _fail(self, reason: str) -> None:
        with self._changed:
            self._state, self._reason = "failed", "stopped" if self._closed else reason
            self._changed.notify_all()
