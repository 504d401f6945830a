"""The router as a model's first thought: confident turns need no language model."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from langchain_core.messages import BaseMessage, ToolCall

from agent.models.motions import read_motion
from agent.models.protocol import ToolSpec, make_call, tool_name
from agent.models.turns import Turn, read_turn
from agent.router.types import RoutedCall, Routing, TurnContext
from errors import GameForgeError

CONFIDENT = 0.9
"""Confidence from which the router's calls are taken without a second opinion."""

PRODUCT_TOOLS = frozenset(
    {
        "generate_assets", "create_style_pack", "query_design_docs", "scaffold_code", "review_assets",
        "undo_review", "regenerate_assets", "upscale_assets", "export_assets", "search_assets", "job_status",
        "cancel_job", "label_assets", "save_scaffold", "animate_assets",
    }
)  # fmt: skip
"""Tools that the router was trained on, and two that rules read."""
UNDO_TOOL = "undo_review"
UNDO = re.compile(
    r"(?:please |oops,? |no,? |wait,? )*(?:undo|take (?:that|it|this) back|revert|go back|restore (?:it|them))"
    r"(?: (?:it|that|this|please|again|(?:the |my )?(?:last|previous) (?:one|step|change|review|decision|action"
    r"|approval|rejection|verdict|redo|version)|(?:the |my |that )(?:review|decision|approval|rejection|change|redo)))*"
    r"[\s.!]*",
    re.I,
)


SAVE_TOOL = "save_scaffold"
SAVE = re.compile(
    r"(?:please |now |ok(?:ay)?,? |and |then |yes,? |great,? |can you |could you )*(?:save|write|put|store|copy) "
    r"(?:(?:it|them|this|that|these|those|everything|all)\b ?(?:of (?:it|them) )?|"
    r"(?:all )?(?:(?:the|this|that|my|these|those) )?(?:\w+ )?(?:code|files?|scripts?|scaffold(?:ing)?)\b ?)+"
    r"(?:(?:in)?to|in|under|at|inside) (?:the |my )?(?:folder |directory |path )?"
    r"(?P<quote>[\"'`“]?)(?P<folder>(?:~|/|[A-Za-z]:[\\/]|\.{0,2}[\\/]|[\w.-]+[\\/])[^\n\"'`”]*?)[\"'`”]?"
    r"(?P<rest>,? (?:and |but )?(?:please )?(?:replace|overwrite|don'?t|do not|without)\b[^\n]*)?(?:,? please)?[\s.!]*",
    re.I,
)
"""Starter code to a folder that is named by a path; nothing else is understood as one."""
SAVE_WHERE = re.compile(
    r"(?:please |now |ok(?:ay)?,? |yes,? |great,? |can you |could you )*(?:save|write|store) "
    r"(?:it|them|this|that|(?:(?:all|the|this|that|these|those|my) )*(?:\w+ )?(?:code|scripts?|scaffold(?:ing)?))"
    r"(?: (?:to|in|into|on) (?:(?:a|the|my) )?(?:\w+ )?(?:folder|directory|disk|drive|project))?(?:,? please)?[\s.!?]*",
    re.I,
)
"""The same without a folder: it is asked for."""


class TextRouter(Protocol):
    def route(self, text: str, context: TurnContext) -> Routing: ...


class FastPath:
    """Loads the router once, from any thread, and asks it."""

    def __init__(self, factory: Callable[[], TextRouter]) -> None:
        self._factory = factory
        self._lock = threading.Lock()
        self._router: TextRouter | None = None
        self.reason = "not loaded yet"

    @property
    def ready(self) -> bool:
        return self._router is not None

    def load(self) -> TextRouter:
        """Raises what the factory raises (NotReady without its weights)."""
        with self._lock:
            if self._router is None:
                try:
                    self._router = self._factory()
                except GameForgeError as error:
                    self.reason = error.message
                    raise
                self.reason = ""
            return self._router

    def route(self, turn: Turn) -> Routing:
        if UNDO.fullmatch(turn.text.strip()):
            return Routing((RoutedCall(UNDO_TOOL, {}, 1.0),), 1.0, (UNDO_TOOL,))
        save = SAVE.fullmatch(turn.text.strip())
        if not save and SAVE_WHERE.fullmatch(turn.text.strip()):
            return Routing((RoutedCall(SAVE_TOOL, {"folder": ""}, 1.0),), 1.0, (SAVE_TOOL,))
        if save:
            args = {"folder": save["folder"].strip(), "replace": bool(save["rest"])}
            return Routing((RoutedCall(SAVE_TOOL, args, 1.0),), 1.0, (SAVE_TOOL,))
        motion = None if turn.context.images else read_motion(turn.text, turn.context.gallery)
        if motion is not None:
            return Routing((motion,), motion.confidence, (motion.name,))
        return self.load().route(turn.text, turn.context)

    def calls(self, messages: Sequence[BaseMessage], tools: Sequence[ToolSpec], override: Any = None) -> list[ToolCall]:
        """Calls for a turn that has just begun and that the router is sure of, else none; never waits for loading."""
        turn = read_turn(messages, override)
        if not self.ready or turn.results or turn.calls or not turn.text:
            return []
        routing = self.route(turn)
        names = {tool_name(tool) for tool in tools}
        if routing.confidence < CONFIDENT or not all(call.name in names for call in routing.calls):
            return []
        return routed_calls(routing)


def routed_calls(routing: Routing) -> list[ToolCall]:
    return [make_call(call.name, dict(call.args)) for call in routing.calls]
