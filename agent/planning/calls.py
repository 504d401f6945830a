"""All tool calls of one message -> what runs, what waits for a yes, what is answered at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import ToolCall, ToolMessage

from agent.planning.packs import chosen_packs
from errors import BadRequest, GameForgeError
from jobs.plan import AssetPlan
from tools.context import PlanMaker, ToolContext
from tools.toolbox import Toolbox

GENERATE = "generate_assets"
TRAIN = "create_style_pack"
SAVE = "save_scaffold"
READS_DOCUMENTS = "query_design_docs"
# What a model may still call in a turn in which it read documents: text in them must never start or change anything.
HARMLESS = frozenset({READS_DOCUMENTS, "search_assets", "job_status"})
FROM_DOCUMENTS = "Nothing is started from what documents say. Ask for it in a message of its own."
MAX_CALLS = 12  # in one turn
_SHARED = (
    "style",
    "style_packs",
    "pack_weights",
    "size",
    "transparent",
    "seed",
)  # plans that agree in these become one batch


@dataclass
class PlannedCalls:
    todo: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)  # call id -> what is asked before it runs
    messages: list[ToolMessage] = field(default_factory=list)
    errors: list[GameForgeError] = field(default_factory=list)

    def refuse(self, call: ToolCall, error: GameForgeError) -> None:
        self.errors.append(error)
        self.messages.append(
            ToolMessage(error.message, name=call["name"], tool_call_id=str(call["id"]), status="error")
        )


def plan_calls(
    calls: Sequence[ToolCall],
    earlier: Sequence[ToolCall],
    planner: PlanMaker,
    toolbox: Toolbox,
    context: ToolContext,
) -> PlannedCalls:
    """`earlier` are the calls that this turn made before; the same call is not run twice in a turn."""
    out = PlannedCalls()
    seen = {_key(call) for call in earlier}
    plans: dict[str, AssetPlan] = {}
    for position, call in enumerate(calls, start=len(earlier) + 1):
        if _key(call) in seen:
            note = "Done already in this turn."
            out.messages.append(_silent(call, note))
        elif position > MAX_CALLS:
            out.refuse(
                call, BadRequest(f"That is more than {MAX_CALLS} things at once. Ask for them in several messages.")
            )
        elif call["name"] not in HARMLESS and any(other["name"] == READS_DOCUMENTS for other in earlier):
            out.refuse(call, BadRequest(FROM_DOCUMENTS))
        elif call["name"] not in toolbox.names:
            out.refuse(call, BadRequest(f"I have nothing that does that ({call['name']}). Say it in other words."))
        elif call["name"] == GENERATE:
            seen.add(_key(call))
            _plan(call, planner, context, plans, out)
        elif call["name"] == TRAIN and context.packs is not None and context.conversation_id is not None:
            seen.add(_key(call))
            _prepare_training(call, context, out)
        elif call["name"] == SAVE:
            seen.add(_key(call))
            _prepare_saving(call, context, out)
        else:
            seen.add(_key(call))
            out.todo.append(str(call["id"]))
    _check_total(calls, plans, context.settings.max_assets_per_batch, out)
    out.plans = {call_id: made.model_dump(mode="json") for call_id, made in plans.items()}
    _find_waiting(calls, plans, toolbox, context, out)
    return out


def _plan(
    call: ToolCall, planner: PlanMaker, context: ToolContext, plans: dict[str, AssetPlan], out: PlannedCalls
) -> None:
    try:
        args, notes = call["args"], []
        if context.standing is not None:
            filled = context.standing.fill(context.project, args, context.request)
            args, notes = filled.args, filled.notes
        args, packs, weights = chosen_packs(args, context)
        made = planner.plan(args, context.request)
        chosen = {"style_packs": packs, "pack_weights": weights}
        made = made.model_copy(update={**chosen, "notes": [*made.notes, *notes]})
    except GameForgeError as error:
        out.refuse(call, error)
        return
    for call_id, other in plans.items():
        if all(getattr(made, name) == getattr(other, name) for name in _SHARED):
            plans[call_id] = merge(other, made)
            out.messages.append(_silent(call, "Part of the same batch."))
            return
    plans[str(call["id"])] = made
    out.todo.append(str(call["id"]))


def _prepare_training(call: ToolCall, context: ToolContext, out: PlannedCalls) -> None:
    """Images and name are looked at before the user is asked, and the question tells what it will take."""
    from tools.train import prepare

    try:
        prepared = prepare(call["args"], context)
    except GameForgeError as error:
        out.refuse(call, error)
        return
    out.todo.append(str(call["id"]))
    out.seconds[str(call["id"])] = prepared.estimate.seconds
    out.questions[str(call["id"])] = f"{prepared.sentence} Start it?"


def _prepare_saving(call: ToolCall, context: ToolContext, out: PlannedCalls) -> None:
    """The question names the files; what cannot be saved is said at once."""
    from tools.save import prepare

    try:
        _, question = prepare(call["args"], context)
    except GameForgeError as error:
        out.refuse(call, error)
        return
    out.todo.append(str(call["id"]))
    out.questions[str(call["id"])] = question


def merge(first: AssetPlan, second: AssetPlan) -> AssetPlan:
    """One batch of both, in order; a subject that both have gets the variants of both."""
    items = [item.model_copy() for item in first.items]
    for item in second.items:
        same = next((have for have in items if have.subject.lower() == item.subject.lower()), None)
        if same is None:
            items.append(item)
        else:
            same.variants += item.variants
    return first.model_copy(update={"items": items, "notes": list(dict.fromkeys([*first.notes, *second.notes]))})


def limit_sentence(limit: int) -> str:
    return f"The batch limit is {limit}. Ask for {limit} or fewer, or split the request."


def _check_total(calls: Sequence[ToolCall], plans: dict[str, AssetPlan], limit: int, out: PlannedCalls) -> None:
    """Merged plans can pass the limit though each call kept it."""
    for call in calls:
        call_id = str(call["id"])
        if call_id in plans and plans[call_id].total > limit:
            del plans[call_id]
            out.todo.remove(call_id)
            out.refuse(call, BadRequest(limit_sentence(limit)))


def _find_waiting(
    calls: Sequence[ToolCall],
    plans: dict[str, AssetPlan],
    toolbox: Toolbox,
    context: ToolContext,
    out: PlannedCalls,
) -> None:
    """Long work, and tools that always ask, wait for a yes."""
    if plans:
        from jobs.generation import estimate_seconds

        out.seconds |= {call_id: estimate_seconds(made, context.engine) for call_id, made in plans.items()}
    long = sum(out.seconds[call_id] for call_id in plans) > context.settings.confirm_over_seconds
    for call in calls:
        call_id = str(call["id"])
        if call_id in out.todo and (call["name"] in toolbox.asks_first or (long and call_id in plans)):
            out.waiting.append(call_id)
    if context.auto_confirm:
        out.waiting = []


def _silent(call: ToolCall, text: str) -> ToolMessage:
    return ToolMessage(text, name=call["name"], tool_call_id=str(call["id"]), artifact={"silent": True})


def _key(call: ToolCall) -> str:
    return json.dumps([call["name"], call["args"]], sort_keys=True, default=str)
