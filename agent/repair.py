"""Close a turn that broke off: a tool call without an answer makes the next turn's model refuse the messages."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph

from agent.state import this_turn, unanswered


def repair(
    graph: CompiledStateGraph[Any, Any, Any, Any],
    config: RunnableConfig,
    sentence: str,
    lost_parts: list[dict[str, Any]],
) -> None:
    """Answer open calls, keep what finished siblings said, and note `sentence` in the transcript.

    `get_state` shows results of finished siblings that are not committed yet, `update_state` would drop them: they are
    written again. `lost_parts` are shown beside the sentence.
    """
    messages = graph.get_state(config).values.get("messages", [])
    finished = [message for message in this_turn(messages) if isinstance(message, ToolMessage)]
    open_calls = [
        ToolMessage(sentence, name=name or None, tool_call_id=call_id, status="error")
        for call_id, name in unanswered(messages)
    ]
    parts = [part for message in finished for part in (message.artifact or {}).get("parts", [])]
    shown = {part.get("job_id") for part in parts}
    parts += [part for part in lost_parts if part["job_id"] not in shown]
    entry = {"role": "assistant", "text": sentence, "parts": parts, "error": True}
    update: dict[str, Any] = {
        "messages": [*finished, *open_calls, AIMessage(sentence)],
        "transcript": [entry],
    }
    if parts and (jobs := [part["job_id"] for part in parts if part["type"] == "job"]):
        update["gallery"] = {"job_id": jobs[-1]}
    graph.update_state(config, update, as_node="answer")
