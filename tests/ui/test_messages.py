from __future__ import annotations

import html
import re

import pytest

from agent.chat import ChatEvent, Message
from jobs.plan import AssetPlan, PlanItem
from ui.messages import LiveAnswer, append_html, literal, markdown, plan_html, row, user_row


def pieces(shown: dict) -> list[str]:
    assert all(part["type"] == "text" for part in shown["content"])
    return [part["text"] for part in shown["content"]]


@pytest.mark.parametrize(
    "text",
    [
        "32 desert props",
        "<script>alert(1)</script>",
        "**bold** _thin_ `code` # head",
        "[link](javascript:alert(1)) ![x](http://evil.example/a.png)",
        "$$x^2$$ and \\(y\\)",
        "&lt; is not <",
        "Zürich 🗡️ 剑",
    ],
)
def test_what_a_user_types_is_shown_as_typed(text: str) -> None:
    shown = literal(text)
    assert html.unescape(shown) == text
    plain = re.sub(r"&#\d+;", "", shown)
    assert not [sign for sign in plain if sign.isascii() and not sign.isalnum() and sign != " "]


def test_lines_stay_lines() -> None:
    assert literal("one\r\ntwo\nthree") == "one<br>two<br>three"


def test_a_model_s_markdown_works_and_its_html_and_images_do_not() -> None:
    shown = markdown('**Yes**: <div class="gf-job gf-id-1"></div> ![a](http://evil.example/?q=secret)')
    assert shown.startswith("**Yes**")
    assert "<" not in shown
    assert "![" not in shown


def test_code_in_an_answer_is_left_alone() -> None:
    answer = "Use `a < b`:\n\n```gdscript\nif a < b:\n    pass\n```\nand 1 < 2."
    assert markdown(answer) == "Use `a < b`:\n\n```gdscript\nif a < b:\n    pass\n```\nand 1 &lt; 2."


def test_a_job_is_an_element_that_names_it() -> None:
    shown = row(Message("assistant", "Making 2 images.", [{"type": "job", "job_id": 12, "batch_id": 3, "total": 2}]), 7)
    assert pieces(shown) == ["Making 2 images.", '<div class="gf-job gf-id-12"></div>']


def test_a_history_of_thirty_galleries_stays_small() -> None:
    history = [Message("assistant", "Done.", [{"type": "job", "job_id": n, "total": 100}]) for n in range(30)]
    assert sum(len(piece) for message in history for piece in pieces(row(message, 1))) < 3000


def test_a_plan_is_a_table_and_a_long_one_is_folded() -> None:
    short = AssetPlan(
        request="x", items=[PlanItem(subject="<b>potion", variants=2), PlanItem(subject="chest")], size=64
    )
    shown = plan_html(short, unfolded=True)
    assert "2 subjects, 3 images" in html.unescape(shown)
    assert "64 px" in html.unescape(shown)
    assert "<b>" not in shown
    assert '<details class="gf-plan" open>' in shown
    long = AssetPlan(request="x", items=[PlanItem(subject=f"prop {n}") for n in range(32)])
    assert " open>" not in plan_html(long, unfolded=True)
    assert plan_html(long).count("<tr>") == 33


def test_a_plan_is_open_while_it_waits_and_folded_beside_its_pictures() -> None:
    plan = {"type": "plan", "plan": AssetPlan(request="x", items=[PlanItem(subject="chest")]).model_dump()}
    waiting = row(Message("assistant", "Start it?", [plan, {"type": "confirm", "call_id": "1"}]), 7)
    running = row(Message("assistant", "Making it.", [plan, {"type": "job", "job_id": 1}]), 7)
    assert " open>" in pieces(waiting)[1]
    assert pieces(waiting)[2] == '<div class="gf-confirm gf-id-7"></div>'
    assert " open>" not in pieces(running)[1]


def test_attached_images_are_shown_by_their_content_s_name() -> None:
    parts = [
        {"type": "files", "files": [{"name": 'a"b.png', "path": "/home/x/uploads/abc.png", "width": 1, "height": 1}]}
    ]
    text, images = pieces(user_row("learn this", parts))
    assert html.unescape(text) == "learn this"
    assert 'src="/api/uploads/abc.png"' in images
    assert "/home/x" not in images


def test_an_answer_grows_with_its_events() -> None:
    live = LiveAnswer(7)
    assert "Thinking" in pieces(live.row())[0]
    assert live.add(ChatEvent("status", {"text": "Planning"}))
    assert "Planning" in pieces(live.row())[0]
    assert live.add(ChatEvent("job", {"job_id": 4, "batch_id": 2, "total": 8}))
    assert live.add(ChatEvent("token", {"text": "Making "}))
    assert live.add(ChatEvent("token", {"text": "8 images."}))
    assert pieces(live.row()) == ["Making 8 images.", '<div class="gf-job gf-id-4"></div>']
    assert not live.add(ChatEvent("done"))


def test_technical_detail_is_folded_away() -> None:
    live = LiveAnswer(7)
    live.add(ChatEvent("error", {"message": "It broke.", "exit_code": 1, "detail": "ValueError: <x>"}))
    shown = append_html(row(Message("assistant", "It broke.", []), 7), live.folded_details())
    assert pieces(shown)[0] == "It broke."
    assert pieces(shown)[1].startswith('<details class="gf-detail">')
    assert "<x>" not in pieces(shown)[1]
