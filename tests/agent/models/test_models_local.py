"""The local server process: chat, streaming, schema calls, time-outs, death and rebirth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from agent.models.endpoint import EndpointChatModel
from agent.models.local import FREE_SLOT, TOOL_SLOT, LocalServer, ServerOptions
from agent.models.local_model import LocalModel
from agent.models.priority import LOW
from agent.models.probe import endpoint_from
from agent.models.subjects import write_subjects
from agent.models.weights import SMOLLM2_135M
from errors import NotReady

PREFIX = [{"role": "system", "content": "You answer in one short sentence. " * 20}]


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def as_endpoint(server: LocalServer, *, timeout: float = 60.0) -> EndpointChatModel:
    key = server.chat(slot=0, max_tokens=1, timeout=1).openai_api_key
    assert key is not None and not callable(key)
    return EndpointChatModel(endpoint=endpoint_from(server.base_url, key.get_secret_value(), None, timeout))


def test_a_real_server_chats_and_streams_as_an_endpoint(small_server: LocalServer) -> None:
    model = as_endpoint(small_server)
    found = model.look()
    assert found.reachable and found.model == small_server.model.stem
    assert model.invoke("Say hello.", max_tokens=12).text.strip()
    chunks = [chunk.text for chunk in model.stream("Count to five.", max_tokens=12) if chunk.text]
    assert len(chunks) > 3


@pytest.mark.skipif(sys.platform == "win32", reason="priorities are other numbers there")
def test_a_real_server_gives_way_to_the_pictures(small_server: LocalServer) -> None:
    """Fetched, loaded and warmed up beside the first request, it took the cores from it."""
    assert small_server._process is not None
    assert psutil.Process(small_server._process.pid).nice() >= LOW


def test_a_real_server_calls_tools_through_the_schema(small_server: LocalServer) -> None:
    model = as_endpoint(small_server)
    assert model.look().tools == "schema", "this model prints its calls as text"
    bound = model.bind_tools([get_weather], tool_choice="any")
    [call, *_] = bound.invoke("What is the weather in Lisbon?", max_tokens=200).tool_calls
    assert call["name"] == "get_weather" and isinstance(call["args"]["city"], str)


def test_a_real_server_that_is_too_slow_is_given_up(small_server: LocalServer) -> None:
    model = as_endpoint(small_server, timeout=0.2)
    long_text = "Tell me everything about cacti. " * 150
    with pytest.raises(NotReady, match="no answer within"):
        model.bind(max_tokens=500).invoke(long_text)


def test_a_wrong_key_is_refused(small_server: LocalServer) -> None:
    endpoint = endpoint_from(small_server.base_url, "wrong", "any", 10.0)
    with pytest.raises(NotReady, match="refused the key"):
        EndpointChatModel(endpoint=endpoint).invoke("hi")


def test_subjects_are_distinct_and_no_more_than_asked(small_server: LocalServer) -> None:
    client = small_server.chat(slot=FREE_SLOT, max_tokens=120, timeout=120)
    subjects = write_subjects(client, "desert", 3, avoid=["cactus"])
    assert 1 <= len(subjects) <= 3
    assert len({subject.lower() for subject in subjects}) == len(subjects)
    assert "cactus" not in [subject.lower() for subject in subjects]


def test_the_warmed_prefix_outlives_the_process(small_weights: Path, tmp_path: Path) -> None:
    server = LocalServer(small_weights, tmp_path, ServerOptions(context=1024))
    try:
        server.start()
        assert server.warm(PREFIX) is False
        assert server.memory_bytes() > 50e6
        server.close()
        assert not server.running and server.memory_bytes() == 0
        server.start()
        assert server.warm(PREFIX) is True, "restored from disk"
        client = server.chat(slot=TOOL_SLOT, max_tokens=4, timeout=60)
        answer = client.invoke([("system", PREFIX[0]["content"]), HumanMessage("hi")])
        assert answer.usage_metadata is not None
        cached = answer.usage_metadata.get("input_token_details", {}).get("cache_read", 0)
        assert cached > 100, "the prompt was not processed again"
        assert len(list(tmp_path.glob("prefix-*.bin"))) == 1
    finally:
        server.close()


def test_a_broken_file_is_told_in_a_sentence_and_the_process_lives(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + os.urandom(5000))
    model = LocalModel(folder=tmp_path, weights=SMOLLM2_135M, path=broken)
    model.start()
    assert model.wait(60) is False
    assert model.state == "failed" and "could not be loaded" in model.reason
    with pytest.raises(NotReady, match="not ready"):
        model.client(tools=True, max_tokens=5)
    model.close()


def test_a_model_that_is_off_or_not_there_starts_nothing(tmp_path: Path) -> None:
    off = LocalModel(folder=tmp_path, weights=SMOLLM2_135M, enabled=False)
    off.start()
    assert off.wait(1) is False and off.state == "off" and "--lite" in off.reason
    missing = LocalModel(folder=tmp_path, weights=SMOLLM2_135M)
    missing.start(download=False)
    assert missing.wait(1) is False and missing.reason == "not downloaded yet"


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_server_comes_back_by_itself(small_weights: Path, tmp_path: Path) -> None:
    model = LocalModel(folder=tmp_path, weights=SMOLLM2_135M, path=small_weights, options=ServerOptions(context=512))
    try:
        model.start()
        assert model.wait(60), model.reason
        process = model._server._process if model._server else None
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert model.ready is False, "found dead, and started again"
        assert model.wait(60), model.reason
        assert model.client(tools=False, max_tokens=4).invoke("hi").text
    finally:
        model.close()


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_the_server_dies_with_its_parent(small_weights: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys, time
        from pathlib import Path
        from agent.models.local import LocalServer, ServerOptions
        server = LocalServer(Path({str(small_weights)!r}), Path({str(tmp_path)!r}), ServerOptions(context=512))
        server.start()
        print(server._process.pid, flush=True)
        time.sleep(60)
        """
    )
    root = Path(__file__).parents[3]
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        stat = Path(f"/proc/{child}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return  # dead, waiting to be collected by init
        time.sleep(0.1)
    pytest.fail("the server outlived its parent")
