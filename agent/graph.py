"""The assistant as a LangGraph graph: understand -> plan -> (confirm) -> act -> answer.

Nodes tell the page what happens through the custom stream, as {"kind", "data"} of an `agent.messages.ChatEvent`.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from agent.answers import compose, tell_error, tell_text
from agent.asking import ask
from agent.lookup import looked_up, may_be_looked_up
from agent.planning.calls import PlannedCalls, plan_calls
from agent.state import TurnState, this_turn, turn_calls, turn_results
from agent.toolrun import run_tool
from jobs.plan import AssetPlan
from tools.context import PlanMaker, ToolContext
from tools.toolbox import Toolbox

ROUTER = "router"  # name under which the built-in router answers
MAX_ROUNDS = 5  # times that the model is asked in one turn
RECURSION_LIMIT = 25  # steps of the graph in one turn; LangGraph's own default is 10,007


class Models(Protocol):
    """What the graph needs of `agent.models.ChatModels`."""

    @property
    def model(self) -> BaseChatModel: ...


def build_graph(
    models: Models, planner: PlanMaker, toolbox: Toolbox, checkpointer: BaseCheckpointSaver[Any] | None
) -> CompiledStateGraph[TurnState, ToolContext, TurnState, TurnState]:
    """The compiled graph. Run it with `context=ToolContext(...)` and `recursion_limit=RECURSION_LIMIT`.

    It pauses with `interrupt()` at work that needs a yes; resume with {"decision": "yes" | "edit" | "no", "plan"}.
    """

    def understand(state: TurnState, runtime: Runtime[ToolContext]) -> Command[Literal["understand", "plan", "answer"]]:
        messages, rounds = state.get("messages", []), state.get("rounds", 0) + 1
        runtime.stream_writer({"kind": "status", "data": {"text": "Thinking"}})
        write, held = runtime.stream_writer, []
        if may_be_looked_up(messages, runtime.context):
            write = held.append  # the documents may know better than the model's words
        reply = ask(models.model, toolbox, messages, write, runtime.context.stopped)
        if write is not runtime.stream_writer:
            found = looked_up(reply, messages, runtime.context)
            for event in held if found is reply else ():
                runtime.stream_writer(event)
            reply = found
        update: dict[str, Any] = {"messages": [reply], "rounds": rounds}
        if reply.invalid_tool_calls:
            update["messages"] = [reply, *_unusable(reply)]
            return Command(goto="understand" if _first_unusable(messages) else "answer", update=update)
        return Command(goto="plan" if reply.tool_calls else "answer", update=update)

    def plan(state: TurnState, runtime: Runtime[ToolContext]) -> Command[Literal["confirm", "act", "answer"]]:
        messages = state.get("messages", [])
        last = next(message for message in reversed(messages) if isinstance(message, AIMessage))
        earlier = turn_calls(messages)[: -len(last.tool_calls)]
        planned = plan_calls(last.tool_calls, earlier, planner, toolbox, runtime.context)
        for call in last.tool_calls:
            runtime.stream_writer({"kind": "tool", "data": {"name": call["name"], "args": call["args"]}})
        for error in planned.errors:
            tell_error(runtime.stream_writer, error)
        for call_id, made in planned.plans.items():
            data = {"plan": made, "seconds": planned.seconds.get(call_id), "call_id": call_id}
            runtime.stream_writer({"kind": "plan", "data": data})
        update = _planned_update(planned)
        return Command(goto=_next_step(update, last), update=update)

    def confirm(state: TurnState) -> Command[Literal["confirm", "act", "answer"]]:
        waiting, plans = list(state.get("waiting", [])), dict(state.get("plans", {}))
        calls = {call["id"]: call for call in turn_calls(state.get("messages", []))}
        call = calls[waiting.pop(0)]
        call_id = str(call["id"])
        question = {
            "call_id": call_id,
            "tool": call["name"],
            "args": call["args"],
            "plan": plans.get(call_id),
            "seconds": state.get("seconds", {}).get(call_id),
            "question": state.get("questions", {}).get(call_id),
        }
        answer = interrupt(question)
        update: dict[str, Any] = {"waiting": waiting, "todo": list(state.get("todo", [])), "plans": plans}
        if answer["decision"] == "no":
            update["todo"].remove(call_id)
            note = "The user declined; nothing was started."
            update["messages"] = [
                ToolMessage(note, name=call["name"], tool_call_id=call_id, artifact={"declined": True})
            ]
        elif answer["decision"] == "edit":
            plans[call_id] = AssetPlan.model_validate(answer["plan"]).model_dump(mode="json")
        return Command(goto=_next_step(update, _caller(state, call_id)), update=update)

    def after_act(state: TurnState, runtime: Runtime[ToolContext]) -> Literal["understand", "answer"]:
        """A model at an endpoint reads the results and may go on; the built-in one says all in its first message."""
        messages = state.get("messages", [])
        author = next(message for message in reversed(messages) if isinstance(message, AIMessage))
        by_endpoint = runtime.context.settings.has_endpoint and author.response_metadata.get("model_name") != ROUTER
        declined = any((message.artifact or {}).get("declined") for message in turn_results(messages))
        return "understand" if by_endpoint and not declined and state.get("rounds", 0) < MAX_ROUNDS else "answer"

    def answer(state: TurnState, runtime: Runtime[ToolContext]) -> dict[str, Any]:
        messages = state.get("messages", [])
        composed = compose(messages, state.get("plans", {}))
        update: dict[str, Any] = {"transcript": [composed.entry]}
        if composed.gallery is not None:
            update["gallery"] = composed.gallery
        if composed.new_text:
            tell_text(runtime.stream_writer, composed.new_text, this_turn(messages))
            update["messages"] = [AIMessage(composed.new_text)]
        return update

    graph = StateGraph(TurnState, context_schema=ToolContext)
    graph.add_node("understand", understand)
    graph.add_node("plan", plan)
    graph.add_node("confirm", confirm)
    graph.add_node("act", ToolNode(list(toolbox.tools), name="act", handle_tool_errors=False, wrap_tool_call=run_tool))
    graph.add_node("answer", answer)
    graph.add_edge(START, "understand")
    graph.add_conditional_edges("act", after_act)
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=checkpointer, name="gameforge")


def _next_step(update: dict[str, Any], caller: AIMessage) -> Any:
    """Ask first what waits; then one `Send` per call, so that a resume never runs finished siblings again."""
    if update["waiting"]:
        return "confirm"
    plans = update["plans"]
    said = [{"name": call["name"], "args": call["args"]} for call in caller.tool_calls]  # "the rest" is what none names
    sends = [
        Send("act", {"__type": "tool_call_with_context", "tool_call": call, "state": {"plans": plans, "said": said}})
        for call in caller.tool_calls
        if call["id"] in update["todo"]
    ]
    return sends or "answer"


def _planned_update(planned: PlannedCalls) -> dict[str, Any]:
    return {
        "messages": planned.messages,
        "todo": planned.todo,
        "waiting": planned.waiting,
        "plans": planned.plans,
        "seconds": planned.seconds,
        "questions": planned.questions,
    }


def _caller(state: TurnState, call_id: str) -> AIMessage:
    return next(
        message
        for message in reversed(state.get("messages", []))
        if isinstance(message, AIMessage) and any(call["id"] == call_id for call in message.tool_calls)
    )


def _unusable(reply: AIMessage) -> list[ToolMessage]:
    """Each call of a message with broken calls needs an answer; the model is told what was wrong."""
    broken = {call["id"]: f"The arguments were not valid JSON ({call['error']})." for call in reply.invalid_tool_calls}
    whole = {call["id"]: "Not run: another call of this message was broken." for call in reply.tool_calls}
    again = " Nothing was run. Call again with valid arguments."
    return [
        ToolMessage(text + again, tool_call_id=call_id, status="error", artifact={"unusable": True})
        for call_id, text in (broken | whole).items()
        if call_id
    ]


def _first_unusable(messages: list[AnyMessage]) -> bool:
    return not any((message.artifact or {}).get("unusable") for message in turn_results(messages))
