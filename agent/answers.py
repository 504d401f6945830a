"""What the user reads at the end of a turn, and what is streamed on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agent.planning.summary import plan_sentence
from agent.state import this_turn
from errors import GameForgeError
from jobs.plan import AssetPlan

Writer = Callable[[Any], None]

ASK_AGAIN = "I could not work that out. Please say it in other words, for example: 32 desert props."


@dataclass(frozen=True)
class Composed:
    entry: dict[str, Any]  # for the transcript: {"role", "text", "parts"}
    new_text: str  # what the model has not said itself
    gallery: dict[str, Any] | None  # what numbers refer to from now on; None: as before


def compose(messages: Sequence[AnyMessage], plans: dict[str, dict[str, Any]]) -> Composed:
    """The assistant's words and parts of this turn, from its messages. Never empty."""
    turn = this_turn(list(messages))
    results = [message for message in turn if isinstance(message, ToolMessage)]
    said = [message.text.strip() for message in turn if isinstance(message, AIMessage) and message.text.strip()]
    last = turn[-1] if turn else None
    spoke_last = isinstance(last, AIMessage) and bool(last.text.strip()) and not last.tool_calls
    new_text = "" if spoke_last else " ".join(_sentences(results, plans)) or ASK_AGAIN
    parts: list[dict[str, Any]] = [{"type": "plan", "plan": plan} for plan in plans.values()]
    gallery = None
    for message in results:
        made = message.artifact or {}
        parts += made.get("parts", [])
        gallery = made.get("gallery") or gallery
    text = "\n\n".join([*said, new_text] if new_text else said)
    failed = any(message.status == "error" for message in results)
    entry = {"role": "assistant", "text": text, "parts": parts, **({"error": True} if failed else {})}
    return Composed(entry, new_text, gallery)


def _sentences(results: list[ToolMessage], plans: dict[str, dict[str, Any]]) -> list[str]:
    sentences: list[str] = []
    for message in results:
        artifact = message.artifact or {}
        if artifact.get("unusable"):
            continue
        plan = plans.get(message.tool_call_id)
        if plan is not None and message.status != "error" and not artifact.get("declined"):
            sentences.append(plan_sentence(AssetPlan.model_validate(plan)))
        if artifact.get("declined"):
            sentences.append("All right, nothing was started.")
        elif not artifact.get("silent"):
            sentences.append(message.text)
    return list(dict.fromkeys(sentences))


def tell_error(write: Writer, error: GameForgeError) -> None:
    """An expected error; its sentence also stands in the reply."""
    write({"kind": "error", "data": {"message": error.message, "exit_code": error.exit_code, "detail": error.detail}})


def tell_text(write: Writer, text: str, turn: Sequence[AnyMessage]) -> None:
    """Stream text that no model wrote, set off from what the model said before it."""
    spoke = any(isinstance(message, AIMessage) and message.text.strip() for message in turn)
    write({"kind": "token", "data": {"text": f"\n\n{text}" if spoke else text}})
