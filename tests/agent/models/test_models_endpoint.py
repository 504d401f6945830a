"""The endpoint client against a real server that misbehaves in exact ways."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool

from agent.models import chat_models
from agent.models.endpoint import EndpointChatModel
from agent.models.fastpath import FastPath
from agent.models.probe import endpoint_from, probe
from agent.router import Router
from errors import BadRequest, GameForgeError, NotReady, ResourceError, UserFixable
from settings import Settings
from tests.agent.models import wire
from tests.agent.models.wire import Behaviour, serving
from tools.toolbox import default_toolbox


@tool
def paint(colour: str, coats: int = 1) -> str:
    """Paint the fence."""
    return f"{coats} coats of {colour}"


def model_at(url: str, *, timeout: float = 10.0, pauses: list[float] | None = None, **known: Any) -> EndpointChatModel:
    endpoint = replace(endpoint_from(url, None, "tiny-chat", timeout), **known)
    return EndpointChatModel(endpoint=endpoint, sleep=(pauses if pauses is not None else []).append)


def streamed(model: Any, messages: Any) -> AIMessageChunk:
    whole: AIMessageChunk | None = None
    for chunk in model.stream(messages):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


def closed_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return probe_socket.getsockname()[1]


# finding out


def test_the_first_chat_model_of_the_list_is_taken() -> None:
    with serving(
        wire.calls("report_number", '{"number": 7}'), models=["nomic-embed-text", "qwen3:8b", "llama3"]
    ) as server:
        found = probe(endpoint_from(server.url, None, None, 5.0))
        assert (found.reachable, found.model, found.tools, found.reason) == (True, "qwen3:8b", "native", "")


def test_an_address_without_v1_is_mended() -> None:
    with serving() as server:
        found = probe(endpoint_from(server.url.removesuffix("/v1"), None, None, 5.0), ask_tools=False)
        assert found.base_url == server.url
        assert found.model == "tiny-chat"


@pytest.mark.parametrize(
    ("behaviour", "support"),
    [
        (wire.calls("report_number", '{"number": 7}'), "native"),
        (wire.says('```json\n{"name": "report_number", "arguments": {"number": 7}}\n```'), "schema"),
        (wire.status(500, "tools param requires --jinja flag"), "schema"),
        (wire.status(400, "registry.example/tiny does not support tools"), "schema"),
        (wire.status(503, "loading model"), "unknown"),
    ],
)
def test_the_probe_learns_whether_native_tool_calls_work(behaviour: Behaviour, support: str) -> None:
    with serving(behaviour) as server:
        assert probe(endpoint_from(server.url, None, None, 5.0)).tools == support


def test_a_probe_of_a_dead_endpoint_says_what_to_do() -> None:
    found = probe(endpoint_from(f"http://127.0.0.1:{closed_port()}/v1", None, "any", 5.0))
    assert found.reachable is False
    assert "Nothing listens at 127.0.0.1" in found.reason and "GAMEFORGE_LLM_BASE_URL" in found.reason


def test_a_server_without_models_asks_for_a_name() -> None:
    with serving(models=[]) as server:
        assert "GAMEFORGE_LLM_MODEL" in probe(endpoint_from(server.url, None, None, 5.0)).reason


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="must look like http"):
        endpoint_from("localhost:11434", None, None, 5.0)


def test_other_programs_variables_do_not_redirect_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{closed_port()}/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", dead)
    monkeypatch.setenv("OPENAI_API_BASE", dead)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    with serving(wire.says("here")) as server:
        assert model_at(server.url).invoke("hi").text == "here"
        assert server.keys == ["Bearer local"]


# faults


@pytest.mark.parametrize(
    ("behaviour", "error", "words", "requests"),
    [
        (wire.status(401, "bad key"), NotReady, "refused the key", 1),
        (wire.status(404, "model not found"), NotReady, 'knows no model "tiny-chat"', 1),
        (wire.status(429, "slow down", {"retry-after": "30"}), ResourceError, "try again in 30 s", 1),
        (wire.status(429, "You exceeded your current quota"), ResourceError, "no quota left", 1),
        (wire.status(429, "slow down"), ResourceError, "takes no more requests", 3),
        (wire.status(500, "boom"), NotReady, r"failed \(500\)", 3),
        (wire.status(400, "maximum context length is 4096 tokens"), BadRequest, "start a new one", 1),
        (wire.status(400, "temperature must be positive"), NotReady, "temperature must be positive", 1),
        (wire.page("<html>Welcome to the router's admin page</html>"), NotReady, "could not be read", 1),
        (wire.dies_midway, NotReady, "broke off in the middle", 3),
    ],
)
@pytest.mark.parametrize("with_tools", [False, True])
def test_each_fault_becomes_one_sentence(
    behaviour: Behaviour, error: type[GameForgeError], words: str, requests: int, with_tools: bool
) -> None:
    with serving(behaviour) as server:
        model = model_at(server.url)
        with pytest.raises(error, match=words) as caught:
            (model.bind_tools([paint]) if with_tools else model).invoke("hi")
        assert len(server.requests) == requests
        assert "\n" not in caught.value.message and caught.value.message[-1] in ".!"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (wire.dies_midway, "broke off in the middle"),
        (wire.stops_politely, "broke off in the middle"),
        (wire.fails_in_stream, "out of memory"),
    ],
)
@pytest.mark.parametrize("with_tools", [False, True])
def test_a_server_that_dies_in_mid_answer_is_told_after_what_it_said(
    behaviour: Behaviour, words: str, with_tools: bool
) -> None:
    with serving(behaviour) as server:
        model = model_at(server.url)
        said = ""
        with pytest.raises(NotReady, match=words):
            for chunk in (model.bind_tools([paint]) if with_tools else model).stream("tell me a story"):
                said += chunk.text
        assert said.startswith("Once")
        assert len(server.requests) == 1, "a half answer must not be asked for again"


def test_a_silent_server_is_given_up_in_time() -> None:
    with serving(wire.slow(2.0)) as server:
        with pytest.raises(NotReady, match=r"no answer within 0\.3 s.*GAMEFORGE_LLM_TIMEOUT_S"):
            model_at(server.url, timeout=0.3).invoke("hi")
        assert len(server.requests) == 1


def test_a_refused_connection_is_not_retried() -> None:
    pauses: list[float] = []
    with pytest.raises(NotReady, match="Nothing listens"):
        model_at(f"http://127.0.0.1:{closed_port()}/v1", pauses=pauses).invoke("hi")
    assert pauses == []


def test_a_short_pause_asked_for_by_the_server_is_kept() -> None:
    pauses: list[float] = []
    with serving(wire.status(429, "slow down", {"retry-after": "2"}), wire.status(503), wire.says("fine")) as server:
        assert model_at(server.url, pauses=pauses).invoke("hi").text == "fine"
        assert pauses[0] == 2.0 and len(pauses) == 2


def test_a_stream_is_retried_before_its_first_word() -> None:
    with serving(wire.status(500), wire.says("a", "b")) as server:
        assert streamed(model_at(server.url), "hi").text == "ab"


def test_a_stopped_server_leaves_the_next_turn_usable() -> None:
    with serving(wire.dies_midway, wire.says("back again")) as server:
        model = model_at(server.url)
        with pytest.raises(NotReady):
            list(model.stream("hi"))
        assert streamed(model, "hi").text == "back again"


# tool calls


@pytest.mark.parametrize("stream", [False, True])
def test_native_calls_arrive_whole(stream: bool) -> None:
    with serving(wire.calls("paint", '{"colour": "vermilion", "coats": 2}')) as server:
        bound = model_at(server.url).bind_tools([paint])
        answer = streamed(bound, "paint it") if stream else bound.invoke("paint it")
        assert [(call["name"], call["args"]) for call in answer.tool_calls] == [
            ("paint", {"colour": "vermilion", "coats": 2})
        ]
        assert answer.tool_calls[0]["id"] == "call_1"
        assert server.requests[0]["tools"][0]["function"]["name"] == "paint"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("arguments", ['{"colour": "vermil', '{"colour": "red", coats: 2}', "red please"])
def test_broken_arguments_are_reported_and_never_guessed(stream: bool, arguments: str) -> None:
    with serving(wire.calls("paint", arguments)) as server:
        bound = model_at(server.url).bind_tools([paint])
        answer = streamed(bound, "paint it") if stream else bound.invoke("paint it")
        assert answer.tool_calls == []
        assert [(call["name"], call["id"]) for call in answer.invalid_tool_calls] == [("paint", "call_1")]
        assert arguments in (answer.invalid_tool_calls[0]["args"] or "")


def test_arguments_that_are_no_object_are_told() -> None:
    with serving(wire.calls("paint", '["red"]')) as server:
        bound = model_at(server.url).bind_tools([paint])
        with pytest.raises(NotReady, match="could not be read"):
            bound.invoke("paint it")
        answer = streamed(bound, "paint it")
        assert answer.tool_calls == [] and answer.invalid_tool_calls[0]["name"] == "paint"


def test_a_history_with_broken_arguments_is_sent_in_valid_form() -> None:
    with serving(wire.calls("paint", '{"colour": "verm'), wire.says("Which colour?")) as server:
        bound = model_at(server.url).bind_tools([paint])
        broken = bound.invoke("paint it")
        assert isinstance(broken, AIMessage)
        told = ToolMessage("The arguments were no JSON.", tool_call_id="call_1", status="error")
        assert bound.invoke([HumanMessage("paint it"), broken, told]).text == "Which colour?"
        sent = server.requests[1]["messages"]
        assert [message["role"] for message in sent] == ["user", "assistant", "tool"]
        assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {}


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_printed_as_text_is_understood_and_changes_the_protocol(stream: bool) -> None:
    printed = '```json\n{"name": "paint", "arguments": {"colour": "red"}}\n```'
    decided = '{"calls": [{"tool": "paint", "args": {"colour": "blue"}}]}'
    with serving(wire.says(printed[:9], printed[9:]), wire.says(decided)) as server:
        model = model_at(server.url)
        bound = model.bind_tools([paint])
        first = streamed(bound, "paint it") if stream else bound.invoke("paint it")
        assert first.text == "" and first.tool_calls[0]["args"] == {"colour": "red"}
        second = streamed(bound, "and blue") if stream else bound.invoke("and blue")
        assert second.tool_calls[0]["args"] == {"colour": "blue"}
        assert "tools" not in server.requests[1]
        schema = server.requests[1]["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["calls"]["items"]["anyOf"][0]["properties"]["tool"] == {"const": "paint"}


def test_a_server_that_refuses_tools_gets_the_schema_protocol_at_once() -> None:
    decided = '{"calls": [{"tool": "paint", "args": {"colour": "blue"}}]}'
    with serving(wire.status(500, "tools param requires --jinja flag"), wire.says(decided)) as server:
        bound = model_at(server.url).bind_tools([paint])
        assert bound.invoke("blue please").tool_calls[0]["args"] == {"colour": "blue"}
        assert len(server.requests) == 2


def test_a_server_without_schemas_is_asked_by_prompt_alone() -> None:
    decided = 'Sure: {"calls": []}'
    with serving(
        wire.status(400, "response_format json_schema is not supported"),
        wire.says('{"calls": [{"tool": "paint", "args": {"colour": "blue"}}]}'),
        wire.status(400, "response_format json_schema is not supported"),
        wire.says(decided),
        wire.says("It is a fence."),
    ) as server:
        bound = model_at(server.url, tools="schema").bind_tools([paint])
        assert bound.invoke("blue please").tool_calls[0]["args"] == {"colour": "blue"}
        assert bound.invoke("what is it?").text == "It is a fence."
        assert "response_format" not in server.requests[1]


def test_results_reach_a_schema_server_as_text() -> None:
    with serving(wire.says('{"calls": []}'), wire.says("It is red ", "now.")) as server:
        bound = model_at(server.url, tools="schema").bind_tools([paint])
        call = AIMessage("", tool_calls=[{"name": "paint", "args": {"colour": "red"}, "id": "1", "type": "tool_call"}])
        history = [HumanMessage("red"), call, ToolMessage("1 coats of red", tool_call_id="1", name="paint")]
        chunks = [chunk.text for chunk in bound.stream(history) if chunk.text]
        assert chunks == ["It is red ", "now."]
        assert {message["role"] for request in server.requests for message in request["messages"]} <= {
            "system",
            "user",
            "assistant",
        }
        assert "1 coats of red" in server.requests[1]["messages"][-1]["content"]


def test_words_are_streamed_as_they_come_even_with_tools() -> None:
    with serving(wire.says("One", " two", " three")) as server:
        chunks = [chunk.text for chunk in model_at(server.url).bind_tools([paint]).stream("count") if chunk.text]
        assert chunks == ["One", " two", " three"]


def test_text_that_only_looks_like_a_call_is_shown() -> None:
    with serving(wire.says("{", "curly} thoughts")) as server:
        assert streamed(model_at(server.url).bind_tools([paint]), "hi").text == "{curly} thoughts"


# speed path and composition


def test_the_router_answers_confident_turns_without_asking_the_endpoint(router: Router) -> None:
    with serving(wire.says("Hello there")) as server:
        fast = FastPath(lambda: router)
        fast.load()
        model = EndpointChatModel(endpoint=endpoint_from(server.url, None, "tiny-chat", 5.0), fast_path=fast)
        bound = model.bind_tools(list(default_toolbox().tools))
        answer = bound.invoke("32 desert props")
        assert [call["name"] for call in answer.tool_calls] == ["generate_assets"]
        assert answer.tool_calls[0]["args"]["count"] == 32
        assert server.requests == []
        assert bound.invoke("hello, how are you?").text == "Hello there"
        assert len(server.requests) == 1


def test_settings_decide_who_answers(tmp_path: Path, router: Router) -> None:
    wanted = wire.calls("generate_assets", '{"subject": "desert", "kind": "prop", "count": 32}')
    with serving(wire.calls("report_number", '{"number": 7}'), wanted) as server:
        settings = Settings(home=tmp_path, llm_base_url=server.url, router="off")
        models = chat_models(settings, lambda: router, tmp_path)
        try:
            models.start()
            assert models.wait(30)
            assert models.name == f"tiny-chat at {server.url.split('/')[2]}"
            [row] = models.status()
            assert (row["kind"], row["ready"], row["source"]) == ("endpoint", True, server.url)
            asked = len(server.requests)
            models.model.bind_tools(list(default_toolbox().tools)).invoke("32 desert props")
            assert len(server.requests) == asked + 1, "with the speed path off, each turn goes to the endpoint"
        finally:
            models.close()


def test_an_endpoint_that_is_down_is_told_in_name_and_status(tmp_path: Path, router: Router) -> None:
    settings = Settings(home=tmp_path, llm_base_url=f"http://127.0.0.1:{closed_port()}/v1", llm_model="m")
    models = chat_models(settings, lambda: router, tmp_path)
    models.check()
    assert "out of reach" in models.name
    assert not models.status()[0]["ready"] and "Nothing listens" in models.status()[0]["reason"]
    with pytest.raises(UserFixable, match="Nothing listens"):
        models.model.bind_tools([paint]).invoke("hello")
    assert models.subjects("desert", 3) == []


def test_subjects_come_as_structured_output_and_are_distinct(tmp_path: Path, router: Router) -> None:
    first = json.dumps({"subjects": ["cactus", "Cactuses", "a camel skull", "tumbleweed"]})
    more = json.dumps({"subjects": ["camel skull", "clay jar"]})
    with serving(wire.says(first), wire.says(more)) as server:
        models = chat_models(Settings(home=tmp_path, llm_base_url=server.url, llm_model="m"), lambda: router, tmp_path)
        assert models.subjects("desert", 4, avoid=("tumbleweed",)) == ["cactus", "a camel skull", "clay jar"]
        schema = server.requests[0]["response_format"]["json_schema"]["schema"]["properties"]["subjects"]
        assert (schema["minItems"], schema["maxItems"]) == (4, 4)
        assert "tumbleweed" in server.requests[0]["messages"][-1]["content"]


def test_many_turns_at_once_share_one_client() -> None:
    with serving(wire.says("hi")) as server:
        model = model_at(server.url)
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(model.invoke("hi").text)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == ["hi"] * 8
