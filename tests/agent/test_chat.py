"""Conversations through ChatService, down to real jobs and files."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.messages import AIMessage

from tests.agent.studio import Studio, call, of_kind, text_of

Make = Callable[..., Studio]


def generate(call_id: str, subject: str, count: int, kind: str = "prop", **args: object) -> AIMessage:
    return AIMessage("", tool_calls=[call("generate_assets", call_id, subject=subject, kind=kind, count=count, **args)])


def test_a_request_becomes_a_plan_a_job_and_pictures(studio: Make) -> None:
    s = studio([generate("1", "desert", 32)])
    chat = s.start()
    events = s.say(chat, "32 desert props")

    assert [event.kind for event in events if event.kind not in ("status", "token")] == ["tool", "plan", "job", "done"]
    assert len(of_kind(events, "plan")[0]["plan"]["items"]) == 32
    job = s.jobs.get(of_kind(events, "job")[0]["job_id"])
    assert (job.total, job.conversation_id) == (32, chat)
    s.run_jobs()
    assets = s.library.assets(job_id=job.id)
    assert len({asset.subject for asset in assets}) == 32
    assert [asset.subject for asset in assets] == [i["subject"] for i in of_kind(events, "plan")[0]["plan"]["items"]]

    user, assistant = s.chat.history(chat)
    assert (user.role, user.text) == ("user", "32 desert props")
    assert [part["type"] for part in assistant.parts] == ["plan", "job"]
    assert assistant.text and assistant.text in text_of(events)
    assert s.chat.conversations("default")[0].title == "32 desert props"
