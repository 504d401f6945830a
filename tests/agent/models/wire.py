"""A real HTTP server on loopback that speaks the OpenAI protocol and misbehaves on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Exchange"], None]


class Exchange(BaseHTTPRequestHandler):
    """One request; behaviours answer through it."""

    protocol_version = "HTTP/1.1"
    server: Wire  # pyright: ignore[reportIncompatibleVariableOverride]
    body: dict[str, Any]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.body = {}
        self.server.paths.append(self.path)
        if self.server.models is None or not self.path.endswith("/v1/models"):
            self.json(404, {"error": {"message": "no such page"}})
        else:
            self.json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.models]})

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(self.body)
        self.server.keys.append(self.headers.get("Authorization", ""))
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    @property
    def streaming(self) -> bool:
        return bool(self.body.get("stream"))

    def json(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self.raw(status, json.dumps(data).encode(), "application/json", headers)

    def raw(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def open_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, data: Any) -> None:
        text = f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
        self.wfile.write(f"{len(text):x}\r\n".encode() + text + b"\r\n")
        self.wfile.flush()

    def delta(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})

    def end_stream(self) -> None:
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def message(self, message: dict[str, Any], finish: str) -> None:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        self.json(
            200,
            {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage},
        )


class Wire(ThreadingHTTPServer):
    """`script`: what the chat completions do, one entry a request, the last one for ever."""

    daemon_threads = True

    def __init__(self, *script: Behaviour, models: list[str] | None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.script = list(script)
        self.models = models
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are part of the tests


@contextmanager
def serving(*script: Behaviour, models: list[str] | None = None) -> Iterator[Wire]:
    server = Wire(*(script or (says("hello"),)), models=["tiny-chat"] if models is None else models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(*pieces: str) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        if not exchange.streaming:
            exchange.message({"content": "".join(pieces)}, "stop")
            return
        exchange.open_stream()
        for piece in pieces:
            exchange.delta({"content": piece})
        exchange.delta({}, "stop")
        exchange.end_stream()

    return behave


def calls(name: str, arguments: str) -> Behaviour:
    """A native tool call with these raw arguments, in two pieces when streamed."""

    def behave(exchange: Exchange) -> None:
        whole = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
        if not exchange.streaming:
            exchange.message({"content": None, "tool_calls": [whole]}, "tool_calls")
            return
        half = len(arguments) // 2
        exchange.open_stream()
        exchange.delta(
            {"tool_calls": [{"index": 0, **whole, "function": {"name": name, "arguments": arguments[:half]}}]}
        )
        exchange.delta({"tool_calls": [{"index": 0, "function": {"arguments": arguments[half:]}}]})
        exchange.delta({}, "tool_calls")
        exchange.end_stream()

    return behave


def status(code: int, message: str = "no", headers: dict[str, str] | None = None) -> Behaviour:
    return lambda exchange: exchange.json(code, {"error": {"message": message, "type": "test"}}, headers)


def page(text: str) -> Behaviour:
    return lambda exchange: exchange.raw(200, text.encode(), "text/html")


def slow(seconds: float) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        time.sleep(seconds)
        says("late")(exchange)

    return behave


def dies_midway(exchange: Exchange) -> None:
    """Half an answer, then the connection is cut."""
    if exchange.streaming:
        exchange.open_stream()
        exchange.delta({"content": "Once upon"})
    else:
        exchange.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")
        exchange.wfile.flush()
    exchange.close_connection = True
    exchange.connection.shutdown(2)


def stops_politely(exchange: Exchange) -> None:
    """A stream that ends in good form but without a finish reason."""
    exchange.open_stream()
    exchange.delta({"content": "Once upon"})
    exchange.wfile.write(b"0\r\n\r\n")


def fails_in_stream(exchange: Exchange) -> None:
    exchange.open_stream()
    exchange.delta({"content": "Once"})
    exchange.event({"error": {"message": "out of memory", "code": 500}})
    exchange.end_stream()
