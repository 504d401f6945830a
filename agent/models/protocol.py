"""Tool calls without tool support: the model fills a JSON schema in, and what it filled in becomes calls.

For servers whose native `tools` do not work. Only the schema names the tools that may be called; the text of the prompt
stays the same for every turn, so that its processed prefix can be kept.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage

MAX_CALLS = 6
MAX_CHARS = 120
"""Longest string argument (unless its schema says otherwise): a small model may not find an end by itself."""
MAX_ITEMS = 40
"""Longest list argument, likewise."""

ToolSpec = dict[str, Any]
"""A tool as the OpenAI protocol writes it: {"type": "function", "function": {name, description, parameters}}."""

_FENCE = re.compile(r"```(?:\w+)?\s*(.*?)```", re.S)
_MARKER = re.compile(r"</?tool_call>|<\|tool_call\|>|\[TOOL_CALLS\]")


def tool_name(tool: ToolSpec) -> str:
    return str(tool["function"]["name"])


def calls_schema(tools: Sequence[ToolSpec], *, least: int = 0, most: int = MAX_CALLS) -> dict[str, Any]:
    """Schema of `{"calls": [{"tool": name, "args": {...}}]}` over the given tools."""
    return {
        "type": "object",
        "properties": {
            "calls": {
                "type": "array",
                "minItems": least,
                "maxItems": most,
                "items": {"anyOf": [_call_schema(tool["function"]) for tool in tools]},
            }
        },
        "required": ["calls"],
        "additionalProperties": False,
    }


def _call_schema(function: dict[str, Any]) -> dict[str, Any]:
    parameters = _bounded(_without_null(dict(function.get("parameters") or {})))
    parameters.setdefault("type", "object")
    parameters.setdefault("properties", {})
    parameters["additionalProperties"] = False
    return {
        "type": "object",
        "properties": {"tool": {"const": function["name"]}, "args": parameters},
        "required": ["tool", "args"],
        "additionalProperties": False,
    }


def _without_null(schema: Any) -> Any:
    """Optional arguments are left out rather than written as null: fewer tokens, and no invented nulls."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    slim = {
        key: _without_null(value) for key, value in schema.items() if key not in ("default", "description", "title")
    }
    if isinstance(schema.get("properties"), dict):  # an argument may well be called "title"
        slim["properties"] = {key: _without_null(value) for key, value in schema["properties"].items()}
    choices = slim.get("anyOf")
    if isinstance(choices, list):
        kept = [choice for choice in choices if choice != {"type": "null"}]
        if len(kept) == 1:
            slim.pop("anyOf")
            slim.update(kept[0])
        elif kept:
            slim["anyOf"] = kept
    return slim


def _bounded(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _bounded(value) for key, value in schema.items()}
    if out.get("type") == "string" and not out.keys() & {"enum", "const", "maxLength", "pattern", "format"}:
        out["maxLength"] = MAX_CHARS
    if out.get("type") == "array":
        out.setdefault("maxItems", MAX_ITEMS)
    return out


def response_format(schema: dict[str, Any], name: str = "answer") -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}


def instructions(tools: Sequence[ToolSpec], *, must_call: bool = False) -> str:
    """System text that explains the tools and the form of the answer."""
    lines = [
        "You decide which tools to call for the user's message. Answer with JSON alone: "
        '{"calls": [{"tool": NAME, "args": {...}}]}, in the order of the request.',
        "Give an optional argument only when the user asked for it. Do not ask again for a result that is there.",
    ]
    if must_call:
        lines.append("Call at least one tool.")
    else:
        lines.append('When no tool is needed, answer {"calls": []}.')
    lines.append("Tools:")
    for tool in tools:
        function = tool["function"]
        parameters = function.get("parameters") or {}
        required = set(parameters.get("required") or ())
        arguments = [
            f"{name}{'' if name in required else '?'}: {_type_words(spec)}"
            + (f" ({spec['description']})" if isinstance(spec, dict) and spec.get("description") else "")
            for name, spec in (parameters.get("properties") or {}).items()
        ]
        lines.append(f"- {function['name']}({'; '.join(arguments)}): {function.get('description', '')}".rstrip(": "))
    return "\n".join(lines)


def _type_words(spec: Any) -> str:
    if not isinstance(spec, dict):
        return "any"
    if "enum" in spec:
        return "|".join(str(value) for value in spec["enum"])
    if "anyOf" in spec:
        return " or ".join(_type_words(choice) for choice in spec["anyOf"] if choice != {"type": "null"})
    if spec.get("type") == "array":
        return f"list of {_type_words(spec.get('items'))}"
    return str(spec.get("type", "any"))


def plain_history(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The conversation in roles that every chat template knows: calls and results become text."""
    out: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage):
            calls = [{"tool": call["name"], "args": call["args"]} for call in message.tool_calls]
            text = message.text
            if calls:
                text = (text + "\n" if text else "") + json.dumps({"calls": calls}, ensure_ascii=False)
            if text:
                out.append(AIMessage(text))
        elif isinstance(message, ToolMessage):
            failed = " (failed)" if message.status == "error" else ""
            out.append(HumanMessage(f"[Result of {message.name or 'the tool'}{failed}, data only]\n{message.text}"))
        elif isinstance(message, SystemMessage):
            out.append(SystemMessage(message.text))
        else:
            out.append(HumanMessage(message.text))
    return out


def one_system(system: str, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """All system texts in one message at the front, as many chat templates demand."""
    texts = [system, *(message.text for message in messages if isinstance(message, SystemMessage))]
    rest = [message for message in messages if not isinstance(message, SystemMessage)]
    return [SystemMessage("\n\n".join(text for text in texts if text)), *rest]


def parse_calls(text: str, tools: Sequence[ToolSpec]) -> list[ToolCall] | None:
    """Tool calls found in text that is (or holds, fenced or marked) JSON; None when there is no such JSON in it.

    Understands our own form and the ones that models print when their server did not recognise a call:
    `{"name": ..., "arguments"|"parameters": ...}`, alone or in a list.
    """
    found = _json_in(text)
    if found is None:
        return None
    if isinstance(found, dict) and isinstance(found.get("calls", found.get("tool_calls")), list):
        entries = found.get("calls", found.get("tool_calls"))
    else:
        entries = found if isinstance(found, list) else [found]
    known = {tool_name(tool): tool for tool in tools}
    calls: list[ToolCall] = []
    for entry in entries or []:
        call = _call(entry, known)
        if call is None:
            return None
        calls.append(call)
    return calls


def _call(entry: Any, known: dict[str, ToolSpec]) -> ToolCall | None:
    if not isinstance(entry, dict):
        return None
    if isinstance(entry.get("function"), dict):
        entry = entry["function"]
    name = entry.get("tool", entry.get("name"))
    arguments = entry.get("args", entry.get("arguments", entry.get("parameters", {})))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return None
    if not isinstance(name, str) or name not in known or not isinstance(arguments, dict):
        return None
    return make_call(name, arguments)


def make_call(name: str, arguments: dict[str, Any]) -> ToolCall:
    """A call with an id of its own."""
    return ToolCall(name=name, args=arguments, id=f"call_{uuid.uuid4().hex[:24]}", type="tool_call")


def looks_like_call(text: str) -> bool:
    """Whether a text that is still arriving may turn out to be a printed tool call."""
    start = text.lstrip()
    return not start or start[0] in "{[" or start.startswith("`"[: len(start)]) or start.startswith("<")


def _json_in(text: str) -> Any:
    text = _MARKER.sub("", text).strip()
    fenced = _FENCE.search(text)
    for candidate in (text, fenced.group(1).strip() if fenced else None):
        if not candidate or candidate[0] not in "{[":
            continue
        try:
            return json.loads(candidate)
        except ValueError:
            try:
                return json.JSONDecoder().raw_decode(candidate)[0]
            except ValueError:
                continue
    return None
