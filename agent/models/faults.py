"""What can go wrong at a language model's endpoint, in one sentence each."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from errors import BadRequest, GameForgeError, NotReady, ResourceError

T = TypeVar("T")

RETRY_AFTER_LIMIT_S = 5.0
"""A server that asks for a longer pause is reported instead of waited for in silence."""

_TOO_LONG = re.compile(
    r"context.{0,12}(length|size|window)|maximum context|too many tokens|exceed\w* .{0,20}context", re.I
)
_NO_TOOLS = re.compile(
    r"\btools?\b.{0,60}(--jinja|not support|unsupported|not allowed|extra|unknown|unrecognized)"
    r"|(not support|unsupported|unknown|unrecognized).{0,60}\btools?\b|tool[_-]choice|tool.call.parser",
    re.I | re.S,
)
_NO_SCHEMA = re.compile(r"response_format|json_schema|grammar|structured", re.I)


@dataclass(frozen=True)
class Place:
    """Where a model is asked, for the sentences: `host` as the user knows it, `timeout` in seconds, models there."""

    host: str
    model: str
    timeout: float
    models: tuple[str, ...] = field(default=())


def says_no_tools(error: BaseException) -> bool:
    """Whether a server refused a request because of its `tools`."""
    return _status(error) in (400, 404, 422, 500, 501) and bool(_NO_TOOLS.search(_message(error)))


def says_no_schema(error: BaseException) -> bool:
    """Whether a server refused a request because of its `response_format`."""
    return _status(error) in (400, 404, 422, 500, 501) and bool(_NO_SCHEMA.search(_message(error)))


@contextmanager
def in_words(place: Place) -> Iterator[None]:
    """Turns what the OpenAI client raises into errors with one sentence for the user."""
    import openai

    try:
        yield
    except GameForgeError:
        raise
    except openai.APIError as error:
        raise describe(error, place) from error
    except openai.OpenAIError as error:
        raise NotReady(
            f"The language model at {place.host} could not be asked: {_short(error)}", detail=repr(error)
        ) from error


def describe(error: BaseException, place: Place) -> GameForgeError:
    """The error of ours that says what `error` (an `openai.APIError`) means for the user."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return NotReady(
            f"The language model at {place.host} gave no answer within {place.timeout:g} s: see whether it is still "
            "loading and ask again, or raise GAMEFORGE_LLM_TIMEOUT_S.",
            detail=repr(error),
        )
    if isinstance(error, openai.APIConnectionError):
        return _connection(error, place)
    status = _status(error)
    if status is None:
        return NotReady(
            f"The language model at {place.host} reported a failure in mid-answer: {_short(error)}", detail=repr(error)
        )
    return _status_error(status, error, place)


def _connection(error: BaseException, place: Place) -> GameForgeError:
    causes = list(_chain(error))
    texts = " ".join(str(cause) for cause in causes).lower()
    detail = repr(causes[-1])
    if (
        any(isinstance(cause, socket.gaierror) for cause in causes)
        or "name or service" in texts
        or "getaddrinfo" in texts
    ):
        return NotReady(f"The host of {place.host} is unknown: correct GAMEFORGE_LLM_BASE_URL, or check the network.",
                        detail=detail)  # fmt: skip
    if any(isinstance(cause, ssl.SSLError) for cause in causes) or "certificate" in texts:
        return NotReady(f"The certificate of {place.host} is not trusted: use http:// for a local server, or mend it.",
                        detail=detail)  # fmt: skip
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or "refused" in texts:
        return NotReady(f"Nothing listens at {place.host}: start the model server, or correct GAMEFORGE_LLM_BASE_URL.",
                        detail=detail)  # fmt: skip
    if any(type(cause).__name__ in ("RemoteProtocolError", "ReadError", "WriteError") for cause in causes):
        return broke_off(place, detail)
    return NotReady(f"The language model at {place.host} cannot be reached: check the network and the address.",
                    detail=detail)  # fmt: skip


def broke_off(place: Place, detail: str = "") -> NotReady:
    """The server ended the connection before its answer was whole."""
    return NotReady(
        f"The language model at {place.host} broke off in the middle of its answer: "
        "see whether it still runs, then ask again.",
        detail=detail,
    )


def _status_error(status: int, error: BaseException, place: Place) -> GameForgeError:
    said, detail = _short(error), repr(error)
    if status in (401, 403):
        return NotReady(f"{place.host} refused the key: set OPENAI_API_KEY (or GAMEFORGE_LLM_API_KEY) to a valid one.",
                        detail=detail)  # fmt: skip
    if status == 404:
        known = f" It has: {', '.join(place.models[:6])}." if place.models and place.model not in place.models else ""
        return NotReady(
            f'{place.host} knows no model "{place.model}" at this address: correct GAMEFORGE_LLM_MODEL or '
            f"GAMEFORGE_LLM_BASE_URL (which mostly ends with /v1).{known}",
            detail=detail,
        )
    if status == 429:
        if "quota" in _message(error).lower():
            return ResourceError(f"The account at {place.host} has no quota left: top it up, or use another model.",
                                 detail=detail)  # fmt: skip
        pause = retry_after(error)
        when = f"in {pause:.0f} s" if pause else "in a minute"
        return ResourceError(f"{place.host} takes no more requests just now: try again {when}.", detail=detail)
    if status == 413 or (status in (400, 422, 500) and _TOO_LONG.search(_message(error))):
        return BadRequest("This conversation is too long for the language model: start a new one.", detail=detail)
    if status >= 500:
        return NotReady(
            f"The language model at {place.host} failed ({status}): try again, and see its log if it stays so.",
            detail=detail,
        )
    return NotReady(f"{place.host} refused the request ({status}): {said}", detail=detail)


def retry_after(error: BaseException) -> float | None:
    """Seconds that the server asked to wait, if it said."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", {})
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, TypeError, ValueError):
            continue
    return None


def with_retries(call: Callable[[], T], *, attempts: int = 3, sleep: Callable[[float], None]) -> T:
    """`call`, again after 5xx, a broken connection or a short `retry-after`; never after a time-out."""
    import openai

    for attempt in range(1, attempts + 1):
        try:
            return call()
        except openai.APITimeoutError:
            raise
        except (openai.APIConnectionError, openai.InternalServerError, openai.RateLimitError) as error:
            pause = retry_after(error)
            if pause is None:
                pause = 0.25 * 2**attempt
            hopeless = says_no_tools(error) or says_no_schema(error) or "quota" in _message(error).lower()
            if attempt == attempts or pause > RETRY_AFTER_LIMIT_S or hopeless or _refused(error):
                raise
            sleep(pause)
    raise AssertionError("attempts must be at least 1")


def _refused(error: BaseException) -> bool:
    return any(isinstance(cause, ConnectionRefusedError | socket.gaierror) for cause in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _status(error: BaseException) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _message(error: BaseException) -> str:
    return f"{getattr(error, 'message', '')} {getattr(error, 'body', '')}"


def _short(error: BaseException) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(said or getattr(error, "message", "") or error).split())
    return (text[:200] + "…" if len(text) > 200 else text).rstrip(".") + "."
