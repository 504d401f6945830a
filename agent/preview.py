"""What a message would lead to, without running or keeping anything."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel

from agent.answers import ASK_AGAIN
from agent.asking import ask
from agent.messages import EMPTY, wordless
from agent.planning.calls import plan_calls
from agent.planning.summary import plan_sentence
from agent.state import new_turn
from errors import GameForgeError
from jobs.plan import AssetPlan
from tools.context import PlanMaker, ToolContext
from tools.toolbox import Toolbox


def plan_only(
    text: str,
    images: int,
    gallery: int | None,
    model: BaseChatModel,
    planner: PlanMaker,
    toolbox: Toolbox,
    context: ToolContext,
) -> dict[str, Any]:
    """{"reply", "tool_calls": [{"name", "args"}], "error": None or {"message", "exit_code"}}."""
    sentence = wordless(text) if text.strip() else EMPTY
    if sentence is not None and not (images and not text.strip()):
        return {"reply": sentence, "tool_calls": [], "error": {"message": sentence, "exit_code": 2}}
    facts = {"gallery": gallery, "images": images, "style_packs": list(context.style_packs)}
    messages = list(new_turn(text, facts, []).get("messages", []))
    errors: list[dict[str, Any]] = []

    def note(event: Any) -> None:
        if event["kind"] == "error":
            errors.append(event["data"])

    reply = ask(model, toolbox, messages, note, context.stopped)
    planned = plan_calls(reply.tool_calls, [], planner, toolbox, context)
    problems: list[GameForgeError] = planned.errors
    said = [reply.text.strip()] if reply.text.strip() else []
    said += [plan_sentence(AssetPlan.model_validate(plan)) for plan in planned.plans.values()]
    said += [error.message for error in problems]
    if not said:
        names = [call["name"] for call in reply.tool_calls]
        said = [f"This would run {', '.join(names)}."] if names else [ASK_AGAIN]
    errors += [{"message": error.message, "exit_code": error.exit_code} for error in problems]
    calls = [{"name": call["name"], "args": call["args"]} for call in reply.tool_calls]
    return {"reply": " ".join(said), "tool_calls": calls, "error": errors[0] if errors else None}
