"""Two opinions on a turn, the router's and a small language model's, made into one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import ToolCall

from agent.models.fastpath import routed_calls
from agent.models.protocol import ToolSpec, tool_name
from agent.router.types import Routing

OUTVOTED = 0.45
"""Below this confidence, where the router alone would ask back, the model decides."""

SILENCED = 0.5
"""Below this confidence the model's "no tool" counts: doing nothing by mistake costs less than doing wrong."""

UNHEARD = 0.6
"""Below this confidence of the router that nothing is asked for, the model is asked."""


def wants_second_opinion(routing: Routing, tools: Sequence[ToolSpec], confident: float) -> bool:
    """Whether the model is worth asking: the router is unsure, or found no value for an argument that a tool needs."""
    if not routing.calls:
        return routing.confidence < min(confident, UNHEARD)
    return routing.confidence < confident or any(_lacking(call.name, call.args, tools) for call in routing.calls)


def _lacking(name: str, args: dict[str, Any], tools: Sequence[ToolSpec]) -> bool:
    parameters = next((tool["function"].get("parameters", {}) for tool in tools if tool_name(tool) == name), {})
    return any(args.get(argument) in (None, "", []) for argument in parameters.get("required", ()))


def fused(routing: Routing, model: Sequence[ToolCall], tools: Sequence[ToolSpec]) -> list[ToolCall]:
    """The calls to make.

    Where both hear the same tools, the router's arguments count (it reads numbers and names by rule) unless one that
    the tool needs is missing. A model this small forgets parts of a message, and takes one tool for another, more often
    than the router does: what it says counts where it hears more of the same message ("upscale 9, then export it": the
    export, too), and otherwise only when the router was in real doubt.
    """
    router = routed_calls(routing)
    heard, said = Counter(call["name"] for call in router), Counter(call["name"] for call in model)
    if heard == said:
        return _completed(router, model, tools)
    if not said:
        return [] if routing.confidence < SILENCED else router
    return list(model) if heard < said or routing.confidence < OUTVOTED else router


def _completed(router: Sequence[ToolCall], model: Sequence[ToolCall], tools: Sequence[ToolSpec]) -> list[ToolCall]:
    left = list(model)
    out: list[ToolCall] = []
    for call in router:
        twin = next(other for other in left if other["name"] == call["name"])
        left.remove(twin)
        out.append(twin if _lacking(call["name"], call["args"], tools) else call)
    return out
