"""The embedded model with the product's tools: router, local model, guard, fusion and words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.models import chat_models
from agent.models.embedded import EmbeddedChatModel
from agent.models.fastpath import FastPath
from agent.models.fusion import fused, wants_second_opinion
from agent.models.guard import guarded
from agent.models.local_model import LocalModel
from agent.models.prompts import EXAMPLES
from agent.models.protocol import calls_schema, make_call, parse_calls
from agent.models.words import ask_back, small_talk
from agent.router import RoutedCall, Router, Routing, TurnContext
from agent.state import CONTEXT_KEY
from errors import NotReady
from settings import Settings
from tools.toolbox import default_toolbox

TOOLS = list(default_toolbox().tools)
SPECS = [convert_to_openai_tool(tool) for tool in TOOLS]


@pytest.fixture(scope="module")
def alone(router: Router) -> EmbeddedChatModel:
    return EmbeddedChatModel(fast_path=FastPath(lambda: router))


@pytest.fixture(scope="module")
def both(router: Router, small_model: LocalModel) -> EmbeddedChatModel:
    """Router and a small real model; `confident` above 1, so that the model is asked about every call."""
    return EmbeddedChatModel(fast_path=FastPath(lambda: router), local=small_model, confident=1.1, max_tokens=12)


def said(text: str, **facts: Any) -> list[HumanMessage]:
    return [HumanMessage(text, additional_kwargs={CONTEXT_KEY: facts})]


# router alone


def test_without_any_language_model_tools_are_called(alone: EmbeddedChatModel) -> None:
    message = alone.bind_tools(TOOLS).invoke(said("32 desert props"))
    [call] = message.tool_calls
    assert call["name"] == "generate_assets" and call["args"]["count"] == 32 and call["args"]["kind"] == "prop"
    assert message.response_metadata["model_name"] == "router"


def test_the_turns_facts_travel_with_the_users_message(alone: EmbeddedChatModel) -> None:
    bound = alone.bind_tools(TOOLS)
    [call] = bound.invoke(said("approve the last two", gallery=8)).tool_calls
    assert call["args"]["approve"] == [7, 8]
    [call] = bound.bind(turn={"gallery": 5}).invoke(said("approve the last two", gallery=8)).tool_calls
    assert call["args"]["approve"] == [4, 5], "what is bound wins"


def test_streaming_gives_the_same_calls(alone: EmbeddedChatModel) -> None:
    whole: Any = None
    for chunk in alone.bind_tools(TOOLS).stream(said("32 desert props")):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None and [call["name"] for call in whole.tool_calls] == ["generate_assets"]


def test_small_talk_names_what_is_near_and_calls_nothing(alone: EmbeddedChatModel) -> None:
    bound = alone.bind_tools(TOOLS)
    hello, able = bound.invoke(said("hello!")), bound.invoke(said("what can you do?"))
    assert hello.tool_calls == [] and hello.text.startswith("Hello!")
    assert "export" in able.text and "style" in able.text
    assert hello.text != able.text


def test_results_are_reported_in_their_own_words(alone: EmbeddedChatModel) -> None:
    call = make_call("generate_assets", {"subject": "desert"})
    failed = make_call("export_assets", {"assets": ["all"], "format": "png"})
    history = [
        *said("32 desert props and export them"),
        AIMessage("", tool_calls=[call, failed]),
        ToolMessage("There is nothing to export yet.", tool_call_id=str(failed["id"]), status="error"),
        ToolMessage("Making 32 images now (job 7).", tool_call_id=str(call["id"])),
    ]
    answer = alone.bind_tools(TOOLS).invoke(history)
    assert answer.text == "Making 32 images now (job 7). There is nothing to export yet."


def test_foreign_tools_need_a_language_model(alone: EmbeddedChatModel) -> None:
    with pytest.raises(NotReady, match="GAMEFORGE_LLM_BASE_URL"):
        alone.bind_tools([{"name": "fly", "description": "Fly", "parameters": {"type": "object"}}]).invoke("fly!")


def test_settings_without_endpoint_give_the_embedded_model(tmp_path: Path, router: Router) -> None:
    models = chat_models(Settings(home=tmp_path, local_llm="off"), lambda: router, tmp_path)
    try:
        assert models.name == "router"
        models.start()
        assert models.wait(30) is False, "there is no local model to wait for"
        rows = {row["kind"]: row for row in models.status()}
        assert rows["router"]["ready"] and not rows["local model"]["ready"]
        assert "--lite" in rows["local model"]["reason"]
        assert models.planner_model is None and models.subjects("desert", 3) == []
    finally:
        models.close()


def test_a_file_of_the_users_own_is_named(tmp_path: Path, router: Router) -> None:
    settings = Settings(home=tmp_path, local_llm_path=tmp_path / "mine.gguf")
    models = chat_models(settings, lambda: router, tmp_path)
    models.start()
    assert models.wait(30) is False
    assert "mine" in models.name and "There is no language model file" in models.name
    models.close()


# with a local model


def test_unsure_turns_go_through_the_local_model(both: EmbeddedChatModel) -> None:
    message = both.bind_tools(TOOLS).invoke(said("32 desert props"))
    assert both.local is not None and message.response_metadata["model_name"] == both.local.name
    assert [call["name"] for call in message.tool_calls] == ["generate_assets"]
    assert message.tool_calls[0]["args"]["count"] == 32


def test_the_local_model_speaks_when_nothing_is_to_be_done(both: EmbeddedChatModel) -> None:
    chunks = [chunk.text for chunk in both.bind_tools(TOOLS).stream(said("hello, how are you?")) if chunk.text]
    assert len(chunks) > 2, "streamed, not composed"


def test_a_local_model_that_died_leaves_the_routers_answer(both: EmbeddedChatModel) -> None:
    assert both.local is not None and both.local._server is not None
    both.local._server.close()
    message = both.bind_tools(TOOLS).invoke(said("32 desert props"))
    assert message.tool_calls[0]["args"]["count"] == 32
    assert both.local.wait(120), "and it comes back"


# guard and fusion


@pytest.mark.parametrize(
    ("text", "context", "call", "kept"),
    [
        (
            "a wooden crate",
            TurnContext(),
            (
                "generate_assets",
                {"subject": "crate", "kind": "prop", "count": 3, "size": 128, "tileable": True, "style": "noir"},
            ),
            {"subject": "crate", "kind": "prop", "count": 1},
        ),
        (
            "five seamless ice textures, 64 px, watercolor",
            TurnContext(),
            (
                "generate_assets",
                {"subject": "ice", "kind": "texture", "count": 5, "size": 64, "tileable": True, "style": "watercolor"},
            ),
            {"subject": "ice", "kind": "texture", "count": 5, "size": 64, "tileable": True, "style": "watercolor"},
        ),
        (
            "two ghosts in ember",
            TurnContext(style_packs=("Ember",)),
            (
                "generate_assets",
                {"subject": "ghost", "kind": "character", "count": 2, "style_pack": "Ember", "seed": 2},
            ),
            {"subject": "ghost", "kind": "character", "count": 2, "style_pack": "Ember"},
        ),
        (
            "enlarge 3 four times",
            TurnContext(gallery=5),
            ("upscale_assets", {"assets": [3, 4], "factor": 2}),
            {"assets": [3, 4], "factor": 4},
        ),
        (
            "a jump script",
            TurnContext(),
            ("scaffold_code", {"requirements": "jump", "engine": "unity"}),
            {"requirements": "jump"},
        ),
        ("keep 2 to 4", TurnContext(gallery=9), ("review_assets", {"approve": [2, 3, 4, 9]}), {"approve": [2, 3, 4]}),
    ],
)
def test_only_what_the_message_says_stays(
    text: str, context: TurnContext, call: tuple[str, dict[str, Any]], kept: dict[str, Any]
) -> None:
    [checked] = guarded([make_call(*call)], text, context)
    assert checked["args"] == kept


def test_calls_without_ground_are_dropped() -> None:
    assert guarded([make_call("create_style_pack", {"name": "Alley"})], "paint me an alley", TurnContext()) == []
    assert guarded([make_call("review_assets", {"approve": []})], "hm", TurnContext(gallery=4)) == []
    twice = [make_call("generate_assets", {"subject": "flame", "kind": kind}) for kind in ("ui", "texture")]
    assert len(guarded(twice, "a flame", TurnContext())) == 1


def routing(confidence: float, *calls: tuple[str, dict[str, Any]]) -> Routing:
    return Routing(tuple(RoutedCall(name, args, confidence) for name, args in calls), confidence, ())


def test_who_is_believed() -> None:
    crate, sword = (
        ("generate_assets", {"subject": "crate", "kind": "prop"}),
        ("generate_assets", {"subject": "sword", "kind": "item"}),
    )
    ask = ("query_design_docs", {"question": "rust?"})

    def names_and_args(calls: Any) -> list[tuple[str, dict[str, Any]]]:
        return [(call["name"], call["args"]) for call in calls]

    assert names_and_args(fused(routing(0.8, crate), [make_call(*sword)], SPECS)) == [crate], (
        "same tool: the router's arguments"
    )
    assert names_and_args(fused(routing(0.8, ask, crate), [make_call(*ask)], SPECS)) == [ask, crate], (
        "the model forgot one"
    )
    assert names_and_args(fused(routing(0.4, ask, crate), [make_call(*ask)], SPECS)) == [ask], "the router was in doubt"
    assert names_and_args(fused(routing(0.8, crate), [make_call(*crate), make_call(*sword)], SPECS)) == [crate, sword]
    assert names_and_args(fused(routing(0.8, crate), [make_call(*ask)], SPECS)) == [crate], "a tool for another"
    assert names_and_args(fused(routing(0.4, crate), [make_call(*ask)], SPECS)) == [ask]
    assert fused(routing(0.47, crate), [], SPECS) == [], "rather nothing than the wrong thing"
    assert names_and_args(fused(routing(0.7, crate), [], SPECS)) == [crate]
    lacking = ("regenerate_assets", {"assets": []})
    whole = ("regenerate_assets", {"assets": [3], "change": "darker"})
    assert names_and_args(fused(routing(0.5, lacking), [make_call(*whole)], SPECS)) == [whole]


def test_when_the_model_is_asked() -> None:
    whole = ("upscale_assets", {"assets": [3]})
    assert not wants_second_opinion(routing(0.95, whole), SPECS, 0.9)
    assert wants_second_opinion(routing(0.85, whole), SPECS, 0.9)
    assert wants_second_opinion(routing(0.99, ("upscale_assets", {"assets": []})), SPECS, 0.9)
    assert not wants_second_opinion(routing(0.7), SPECS, 0.9), "nothing heard, and fairly sure of it"
    assert wants_second_opinion(routing(0.4), SPECS, 0.9)


def test_every_example_of_the_prompt_follows_the_tools_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    import json

    for _, text, answer in EXAMPLES:
        jsonschema.validate(json.loads(answer), calls_schema(SPECS))
        assert parse_calls(answer, SPECS) is not None, text


def test_words_depend_on_what_was_said() -> None:
    assert "draw sprites" in small_talk("hi", (), SPECS)
    assert small_talk("merci !", ("export_assets",), SPECS).startswith("Gladly")
    assert "outside of what I do" in small_talk("what is 2+2", (), SPECS)
    assert "export for your engine" in ask_back(("export_assets", "search_assets"), SPECS)
