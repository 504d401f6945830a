"""Asks an OpenAI-compatible endpoint what it is: reachable, which models, whether its native tool calls work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from agent.models.faults import Place, in_words, says_no_tools
from errors import BadRequest, GameForgeError

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-4o-mini"
DUMMY_KEY = "local"
"""Local servers check no key, but the client wants one."""

REACH_TIMEOUT_S = 2.0
TOOLS_TIMEOUT_S = 20.0
"""Longer than reaching it: a local server loads its weights at the first question. Nobody waits for it."""

ToolSupport = Literal["unknown", "native", "schema"]

_NOT_FOR_CHAT = re.compile(
    r"embed|rerank|whisper|tts|clip|moderation|dall-e|image|audio|realtime|transcribe|babbage|davinci", re.I
)

PROBE_TOOL = {
    "type": "function",
    "function": {
        "name": "report_number",
        "description": "Report a number.",
        "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
    },
}


@dataclass(frozen=True)
class Endpoint:
    """What is known of an endpoint. `reachable` None: not asked yet; `reason` says why it does not work."""

    base_url: str
    key: str = field(repr=False)
    model: str
    timeout: float
    models: tuple[str, ...] = ()
    reachable: bool | None = None
    tools: ToolSupport = "unknown"
    reason: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_openai(self) -> bool:
        return self.base_url.rstrip("/") == OPENAI_URL

    @property
    def place(self) -> Place:
        return Place(self.host, self.model or "(none)", self.timeout, self.models)


def endpoint_from(base_url: str | None, key: str | None, model: str | None, timeout: float) -> Endpoint:
    """The endpoint that settings name, not yet asked anything.

    The address is always given to the client, so that an environment variable meant for another program cannot send the
    conversation elsewhere. Raises BadRequest for an address without http(s).
    """
    url = (base_url or OPENAI_URL).strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadRequest(f'GAMEFORGE_LLM_BASE_URL is "{base_url}": it must look like http://127.0.0.1:11434/v1.')
    default = OPENAI_MODEL if url == OPENAI_URL else ""
    return Endpoint(
        url, key or DUMMY_KEY, model or default, timeout, tools="native" if url == OPENAI_URL else "unknown"
    )


def probe(endpoint: Endpoint, *, ask_tools: bool = True) -> Endpoint:
    """Asks for the list of models (2 s) and, at a server of one's own, for one small tool call (20 s). Never raises for
    what is wrong at the other end: that stands in `reachable` and `reason`."""
    found = _reach(endpoint)
    if found.reachable and found.model and ask_tools and found.tools == "unknown":
        found = replace(found, tools=_tool_support(found))
    return found


def _reach(endpoint: Endpoint) -> Endpoint:
    """Tries the address as it is and, should that have no list of models, with /v1 behind it."""
    tried = [endpoint.base_url]
    if not endpoint.base_url.endswith("/v1"):
        tried.append(endpoint.base_url + "/v1")
    first: GameForgeError | None = None
    for url in tried:
        candidate = replace(endpoint, base_url=url)
        try:
            models = _list_models(candidate)
        except GameForgeError as error:
            first = first or error
            continue
        if models is None:
            continue
        chat = [name for name in models if not _NOT_FOR_CHAT.search(name)] or list(models)
        model = endpoint.model or (chat[0] if chat else "")
        reason = "" if model else f"{candidate.host} lists no model: load one there, or set GAMEFORGE_LLM_MODEL."
        return replace(candidate, models=tuple(models), model=model, reachable=True, reason=reason)
    if first is None:  # it answers, but lists nothing: usable if the user names a model
        reason = "" if endpoint.model else f"{endpoint.host} does not list its models: set GAMEFORGE_LLM_MODEL."
        return replace(endpoint, reachable=True, reason=reason)
    return replace(endpoint, reachable=False, reason=first.message)


def _client(endpoint: Endpoint, timeout: float) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=endpoint.base_url, api_key=endpoint.key, timeout=timeout, max_retries=0)


def _list_models(endpoint: Endpoint) -> list[str] | None:
    """Names of the models, None when there is no such list at this address."""
    import openai

    client = _client(endpoint, REACH_TIMEOUT_S)
    with client, in_words(replace(endpoint.place, timeout=REACH_TIMEOUT_S)):
        try:
            page = client.models.list()
            return [str(model.id) for model in page.data or []]
        except (
            openai.NotFoundError,
            AttributeError,
            TypeError,
            ValueError,
        ):  # 404, or a page that is no list of models
            return None


def _tool_support(endpoint: Endpoint) -> ToolSupport:
    """Lets the model call one tiny tool. A server that is merely slow or busy stays "unknown"."""
    import openai

    client = _client(endpoint, TOOLS_TIMEOUT_S)
    with client:
        try:
            answer = client.chat.completions.create(
                model=endpoint.model,
                messages=[{"role": "user", "content": "Call report_number with the number 7."}],
                tools=[PROBE_TOOL],
                max_completion_tokens=64,
                temperature=0,
            )
            message = answer.choices[0].message
        except openai.APIError as error:
            return "schema" if says_no_tools(error) else "unknown"
        except (AttributeError, IndexError, TypeError, ValueError):
            return "unknown"
    calls = message.tool_calls or []
    return (
        "native"
        if any(getattr(call, "function", None) and call.function.name == "report_number" for call in calls)
        else "schema"
    )
