"""The local language model: a llama.cpp server in a child process, spoken to with the OpenAI protocol on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from agent.models.priority import lower_process
from errors import NotReady

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

TOOL_SLOT = 0
"""Server slot that keeps the tools' prompt prefix."""
FREE_SLOT = 1
"""Server slot for everything else, so that a plan does not push the prefix out."""
_SLOTS = 2
_LOG_TAIL = 2000


@dataclass(frozen=True)
class ServerOptions:
    """`context` in tokens per slot, `threads` for prompt and generation, `load_timeout` in seconds."""

    context: int = 4096
    threads: int = 0
    load_timeout: float = 180.0

    @property
    def resolved_threads(self) -> int:
        """One core is left for the page and the worker: more threads were slower beside other work."""
        return self.threads or max(1, (os.cpu_count() or 2) - 1)


class LocalServer:
    """One child process serving one GGUF file. `start` and `close` may be called from any thread, repeatedly."""

    def __init__(self, model: Path, cache: Path, options: ServerOptions | None = None) -> None:
        self.model = model
        self.options = options or ServerOptions()
        self._cache = cache
        self._key = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._address = ""
        self._log: IO[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None and bool(self._address)

    @property
    def base_url(self) -> str:
        """Base URL of the OpenAI protocol; NotReady when the server is not up."""
        if not self.running:
            raise NotReady("The local language model is not running.", detail=self.log_tail())
        return f"{self._address}/v1"

    @property
    def log_path(self) -> Path:
        return self._cache / "server.log"

    def log_tail(self) -> str:
        try:
            return self.log_path.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def start(self) -> None:
        """Starts the child and waits until it has the weights in memory; NotReady with the reason when it cannot."""
        with self._lock:
            if self.running:
                return
            self._stop()
            self._cache.mkdir(parents=True, exist_ok=True)
            self._log = self.log_path.open("wb")
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("serve.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                encoding="utf-8",
            )
            lower_process(self._process.pid)  # before it has threads, which inherit it
            self._address = self._handshake(self._process)

    def _handshake(self, process: subprocess.Popen[str]) -> str:
        assert process.stdin is not None and process.stdout is not None
        config = {
            "model": str(self.model),
            "name": self.model.stem,
            "context": self.options.context,
            "slots": _SLOTS,
            "threads": self.options.resolved_threads,
            "cache": str(self._cache) + os.sep,
            "key": self._key,
        }
        answer: list[str] = []
        output = process.stdout
        reader = threading.Thread(target=lambda: answer.append(output.readline()), daemon=True)
        try:
            process.stdin.write(json.dumps(config) + "\n")
            process.stdin.flush()
            reader.start()
            reader.join(self.options.load_timeout)
        except OSError:
            pass  # the child is gone already: its exit code below says why
        if answer and answer[0]:
            return str(json.loads(answer[0])["address"])
        slow = process.poll() is None and not answer
        self._stop()
        if slow:
            raise NotReady(
                f"The local language model did not load within {self.options.load_timeout:.0f} s: start again when the "
                "machine is less busy, or leave it out with --lite.",
                detail=self.log_tail(),
            )
        raise NotReady(_death_sentence(process.returncode, self.model), detail=self.log_tail())

    def _stop(self) -> None:
        process, self._process, self._address = self._process, None, ""
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(OSError):  # it died with unread input
                    process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._log is not None:
            self._log.close()
            self._log = None

    def close(self) -> None:
        """Ends the child, also one that is still loading; the memory goes back to the system."""
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
        with self._lock:
            self._stop()

    def memory_bytes(self) -> int:
        """Resident memory of the child, 0 when it is not running."""
        import psutil

        process = self._process
        if process is None or not self.running:
            return 0
        try:
            return int(psutil.Process(process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def chat(self, *, slot: int, max_tokens: int, timeout: float, temperature: float = 0.0) -> ChatOpenAI:
        """A client for this server. `timeout` in seconds without a byte; a prompt not yet cached may need many."""
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        return ChatOpenAI(
            model=self.model.stem,
            base_url=self.base_url,
            api_key=SecretStr(self._key),
            temperature=temperature,
            max_completion_tokens=max_tokens,
            timeout=timeout,
            stream_chunk_timeout=timeout,
            max_retries=0,
            stream_usage=True,
            extra_body={"id_slot": slot, "cache_prompt": True},
        )

    def warm(self, messages: Sequence[dict[str, str]], timeout: float = 600.0) -> bool:
        """Gets `messages` into the tools' slot; True when an earlier run had left them on disk."""
        name = self._prefix_name(messages)
        if (self._cache / name).exists() and self._slot("restore", name):
            return True
        self._post("/v1/chat/completions", _warm_request(messages), timeout)
        if self._slot("save", name):
            for old in self._cache.glob("prefix-*.bin"):
                if old.name != name:
                    old.unlink(missing_ok=True)
        return False

    def _prefix_name(self, messages: Sequence[dict[str, str]]) -> str:
        import xllamacpp

        stat = self.model.stat()
        key = [
            self.model.name,
            stat.st_size,
            stat.st_mtime_ns,
            self.options.context,
            xllamacpp.__version__,
            list(messages),
        ]
        return f"prefix-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]}.bin"

    def _slot(self, action: str, name: str) -> bool:
        return self._post(f"/slots/{TOOL_SLOT}?action={action}", {"filename": name}, 60.0)

    def _post(self, path: str, body: dict[str, Any], timeout: float) -> bool:
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            return httpx.post(self._address + path, json=body, headers=headers, timeout=timeout).is_success
        except httpx.HTTPError as error:
            raise NotReady("The local language model stopped while it was warmed up.", detail=repr(error)) from error


def _warm_request(messages: Sequence[dict[str, str]]) -> dict[str, Any]:
    return {"messages": list(messages), "max_tokens": 1, "temperature": 0, "id_slot": TOOL_SLOT, "cache_prompt": True}


def _death_sentence(code: int | None, model: Path) -> str:
    if code in (-4, 0xC000001D, -1073741795):  # SIGILL, and what Windows calls it
        return "The local language model needs a processor with AVX2; use --lite or an OpenAI-compatible endpoint."
    if code == -9:
        return "The local language model was ended by the system, likely for lack of memory: free some, or use --lite."
    return f"The local language model could not be loaded from {model}: is the file whole, and is there enough memory?"
