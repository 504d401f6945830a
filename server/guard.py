"""Who may talk to this server: its own pages and programs, never another web site in the same browser."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
REFUSED = "This request comes from another web site and is refused. Open GameForge's own page."
WRONG_HOST = "GameForge answers only under its own address. Open the address that it printed at its start."
POLICY_VIOLATION = 1008  # WebSocket close code

# The page runs Gradio's inline scripts and styles, but nothing may be fetched from or sent to anywhere else: an image
# link in a model's answer cannot carry text of the conversation away.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss: data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class OwnPagesOnly:
    """ASGI middleware: refuses writes and WebSockets with a foreign `Origin`, and foreign `Host` names on a loopback
    server (DNS rebinding). Programs send no `Origin` and pass.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.local_only = is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None:
            await self.app(scope, receive, self.with_headers(send) if scope["type"] == "http" else send)
        elif scope["type"] == "http":
            await JSONResponse({"error": refusal, "detail": ""}, 403)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refusal})

    def refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if self.local_only and not is_loopback(host_name(headers.get("host", "localhost"))):
            return WRONG_HOST
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return None
        if headers.get("sec-fetch-site") == "cross-site":
            return REFUSED
        origin = headers.get("origin")
        if origin is None:
            return None
        # Behind a reverse proxy the browser's host arrives in X-Forwarded-Host, which no foreign page can set.
        own = {headers.get("host"), headers.get("x-forwarded-host")}
        return None if urlsplit(origin).netloc in own else REFUSED

    def with_headers(self, send: Send) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                ]
            await send(message)

        return sender


def host_name(header: str) -> str:
    """The host in `host:port`, `[v6]:port` or a bare name."""
    return urlsplit(f"//{header}").hostname or ""


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
