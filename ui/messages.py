"""A conversation as Gradio's chat shows it.

Pictures never travel through Gradio: a job is an empty element whose class names its id, and static/gallery.js fills it
from REST and the event socket. (Gradio's sanitizer keeps classes and drops `data-*`.) So a message stays a few bytes
long, and a reload, a second tab or a restarted server shows the same as the first look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from agent.chat import ChatEvent, Message
from jobs.plan import AssetPlan

ROWS_OPEN = 12

ChatRow = dict[str, Any]  # {"role", "content": [{"type": "text", "text"}]}

_CODE = re.compile(r"(^```.*?^```[^\S\n]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_HEX = re.compile(r"[^0-9a-f]")
_PUNCTUATION = re.compile(r"[^\w\s]")


def rows(history: Iterable[Message], conversation_id: int) -> list[ChatRow]:
    return [row(message, conversation_id) for message in history]


def row(message: Message, conversation_id: int) -> ChatRow:
    if message.role == "user":
        return user_row(message.text, message.parts)
    return _answer(markdown(message.text), message.parts, conversation_id)


def user_row(text: str, parts: Sequence[dict[str, Any]] = ()) -> ChatRow:
    files = [file for part in parts if part["type"] == "files" for file in part["files"]]
    reading = [part_html(part, 0) for part in parts if part["type"] == "job"]
    return _row("user", [literal(text), "".join(_thumbnail(file) for file in files), *reading])


class LiveAnswer:
    """An answer while its events arrive: the words first, then one element for each plan, job and question."""

    def __init__(self, conversation_id: int) -> None:
        self.conversation_id = conversation_id
        self.status = "Thinking"
        self.text = ""
        self.parts: list[dict[str, Any]] = []
        self.details: list[str] = []

    def add(self, event: ChatEvent) -> bool:
        """True when there is something new to see."""
        if event.kind == "token":
            self.text += event.data["text"]
        elif event.kind == "status":
            self.status = event.data["text"]
        elif event.kind == "error":
            if event.data.get("detail"):
                self.details.append(event.data["detail"])
            return False
        elif event.kind in ("plan", "confirm", "job", "files", "citation", "nearest"):
            self.parts.append({"type": event.kind, **event.data})
        else:
            return False
        return True

    def row(self) -> ChatRow:
        said = markdown(self.text) or f'<p class="gf-status">{literal(self.status)} …</p>'
        return _answer(said, self.parts, self.conversation_id)

    def folded_details(self) -> list[str]:
        return [
            f'<details class="gf-detail"><summary>Technical detail</summary><code>{literal(detail)}</code></details>'
            for detail in self.details
        ]


def append_html(row: ChatRow, pieces: Iterable[str]) -> ChatRow:
    return {**row, "content": [*row["content"], *({"type": "text", "text": piece} for piece in pieces)]}


def _answer(said: str, parts: Sequence[dict[str, Any]], conversation_id: int) -> ChatRow:
    """A plan that waits for a yes is shown at once; beside its pictures it is folded."""
    asks = any(part["type"] == "confirm" for part in parts)
    cited = [citation_html(part) for part in parts if part["type"] == "citation"]
    row_of_them = [f'<div class="gf-citations">{"".join(cited)}</div>'] if cited else []
    return _row("assistant", [said, *row_of_them, *(part_html(part, conversation_id, asks) for part in parts)])


def part_html(part: dict[str, Any], conversation_id: int, asks: bool = False) -> str:
    """The element of one part; empty for kinds that the page has nothing to show for."""
    kind = part["type"]
    if kind == "job":
        kind = "gf-ingest" if part.get("kind") == "ingest" else "gf-job"
        return f'<div class="{kind} gf-id-{int(part["job_id"])}"></div>'
    if kind == "nearest" and part["passages"]:
        summary = "More on this" if part["answered"] else "The nearest passages"
        links = "".join(citation_html(passage) for passage in part["passages"])
        is_open = "" if part["answered"] else " open"
        return (
            f'<details class="gf-nearest"{is_open}><summary>{summary}</summary>'
            f'<div class="gf-citations">{links}</div></details>'
        )
    if kind == "confirm":
        return f'<div class="gf-confirm gf-id-{conversation_id}"></div>'
    if kind == "files" and "scaffold" in part:
        return f'<div class="gf-scaffold gf-ref-{_HEX.sub("", str(part["scaffold"]))}"></div>'
    if kind == "files" and "export" in part:
        return f'<div class="gf-export gf-ref-{_HEX.sub("", str(part["export"]))}"></div>'
    if kind == "plan":
        return plan_html(AssetPlan.model_validate(part["plan"]), unfolded=asks)
    return ""


def citation_html(citation: dict[str, Any]) -> str:
    """static/documents.js makes a button of it that opens the passage."""
    place = f"{citation['document']} > {citation['heading']}"
    ids = f"gf-id-{int(citation['passage_id'])} gf-doc-{int(citation['document_id'])}"
    return f'<span class="gf-citation {ids}">{literal(place)}</span>'


def plan_html(plan: AssetPlan, *, unfolded: bool = False) -> str:
    """A table; of many rows it is folded in any case."""
    images = f"{plan.total} image{'s' if plan.total != 1 else ''}"
    subjects = f"{len(plan.items)} subject{'s' if len(plan.items) != 1 else ''}"
    look = [plan.style, *plan.style_packs, f"{plan.size} px" if plan.size else None]
    summary = " · ".join([f"Plan: {subjects}, {images}", *(part for part in look if part)])
    lines = "".join(
        f"<tr><td>{number}</td><td>{literal(item.subject)}</td><td>{item.kind}</td><td>{item.variants}</td></tr>"
        for number, item in enumerate(plan.items, start=1)
    )
    head = "<tr><th>#</th><th>Subject</th><th>Kind</th><th>Variants</th></tr>"
    is_open = " open" if unfolded and len(plan.items) <= ROWS_OPEN else ""
    return (
        f'<details class="gf-plan"{is_open}><summary>{literal(summary)}</summary>'
        f"<table><thead>{head}</thead><tbody>{lines}</tbody></table></details>"
    )


def literal(text: str) -> str:
    """Text exactly as typed: no markdown, HTML or formula in it takes effect."""
    escaped = _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};" if match[0].isascii() else match[0], text.strip())
    return escaped.replace("_", "&#95;").replace("\r\n", "\n").replace("\n", "<br>")


def markdown(text: str) -> str:
    """A model's answer: markdown takes effect, HTML and images do not. Code is left alone, Gradio escapes it itself."""
    pieces = _CODE.split(text.strip())
    pieces[::2] = [piece.replace("<", "&lt;").replace("![", "!&#91;") for piece in pieces[::2]]
    return "".join(pieces)


def _thumbnail(file: dict[str, Any]) -> str:
    name = literal(file["name"])
    if file.get("document"):
        return f'<span class="gf-attached">{name}</span>'
    return f'<img class="gf-upload" src="/api/uploads/{Path(file["path"]).name}" alt="{name}" title="{name}">'


def _row(role: str, pieces: Iterable[str]) -> ChatRow:
    return {"role": role, "content": [{"type": "text", "text": piece} for piece in pieces if piece]}
