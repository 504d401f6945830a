"""What happens when somebody writes, answers, stops, or opens another conversation.

Turns run to their end in ChatService's own threads; these handlers only watch: a page may leave at any time.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from agent.chat import ChatEvent
from errors import GameForgeError, NotFound
from ui.messages import ChatRow, LiveAnswer, append_html, literal, rows, user_row

if TYPE_CHECKING:
    from services import Services

FRAME_SECONDS = 0.05  # a page repaints at most this often
WATCH_SECONDS = 0.4
WATCH_FOR_SECONDS = 300.0

# Of a turn: chat, message box, id of the conversation, notice
Update = tuple[Any, Any, Any, Any]


class ChatHandlers:
    def __init__(self, services: Services) -> None:
        self.services = services
        self.chat = services.chat
        self.settings = services.settings

    # ------------------------------------------------------------ opening

    def load(self, request: gr.Request) -> Iterator[Update]:
        """The conversation in the address (`?c=`), else the one used last."""
        wanted = request.query_params.get("c", "")
        found = self._existing(int(wanted)) if wanted.isdecimal() else None
        if found is None and wanted != "new":
            listed = self.chat.conversations(self.settings.project)
            found = listed[0].id if listed else None
        yield from self.show(found)

    def choose(self, event: gr.EventData) -> Iterator[Update]:
        wanted = event._data.get("id") if isinstance(event._data, dict) else None
        yield from self.show(self._existing(wanted) if isinstance(wanted, int) else None)

    def show(self, conversation_id: int | None) -> Iterator[Update]:
        """History, followed for as long as an answer that another page asked for is on its way."""
        if conversation_id is None:
            yield [], _idle(), None, ""
            return
        until = time.monotonic() + WATCH_FOR_SECONDS
        shown = None
        while True:
            history = self.chat.history(conversation_id)
            waiting = bool(history) and history[-1].role == "user" and time.monotonic() < until
            current = rows(history, conversation_id)
            if waiting:
                current.append(LiveAnswer(conversation_id).row())
            if current != shown or not waiting:
                yield current, _busy() if waiting else _idle(), conversation_id, ""
            shown = current
            if not waiting:
                return
            time.sleep(WATCH_SECONDS)

    # ------------------------------------------------------------ turns

    def send(self, message: dict[str, Any], conversation_id: int | None) -> Iterator[Update]:
        text = (message.get("text") or "").strip()
        files = [Path(path) for path in message.get("files") or []]
        if not text and not files:
            yield gr.skip(), gr.skip(), gr.skip(), notice('Type what you want, for example "32 desert props".')
            return
        conversation_id = self._existing(conversation_id)
        created = conversation_id is None
        if conversation_id is None:
            conversation_id = self.chat.create(self.settings.project).id
        before = rows(self.chat.history(conversation_id), conversation_id)
        try:
            events = self.chat.send(conversation_id, text, files)
        except GameForgeError as error:
            if created:
                self.chat.delete(conversation_id)
            yield gr.skip(), gr.skip(), gr.skip(), notice(error.message, error.detail)
            return
        yield from self._follow(conversation_id, events, [*before, user_row(text)])

    def example(self, conversation_id: int | None, event: gr.SelectData) -> Iterator[Update]:
        yield from self.send({"text": event.value["text"]}, conversation_id)

    def decide(self, event: gr.EventData) -> Iterator[Update]:
        """The answer to an open question: {"id", "decision", "plan"} from the plan editor."""
        answer: dict[str, Any] = event._data
        conversation_id = self._existing(answer.get("id"))
        if conversation_id is None:
            yield [], _idle(), None, notice("This conversation is gone.")
            return
        try:
            events = self.chat.decide(conversation_id, answer["decision"], answer.get("plan"))
        except GameForgeError as error:
            yield gr.skip(), gr.skip(), gr.skip(), notice(error.message, error.detail)
            return
        yield from self._follow(conversation_id, events, None)

    def stop(self, conversation_id: int | None) -> None:
        if conversation_id is not None:
            self.chat.stop(conversation_id)

    def _follow(
        self, conversation_id: int, events: Iterator[ChatEvent], before: list[ChatRow] | None
    ) -> Iterator[Update]:
        """Show a turn as it happens. `before` stands above it; None: read it, without the question just answered."""
        if before is None:
            before = _answered(rows(self.chat.history(conversation_id), conversation_id))
        live = LiveAnswer(conversation_id)
        yield [*before, live.row()], _busy(empty=True), conversation_id, ""
        painted = time.monotonic()
        for event in events:
            if live.add(event) and time.monotonic() - painted >= FRAME_SECONDS:
                yield [*before, live.row()], gr.skip(), gr.skip(), gr.skip()
                painted = time.monotonic()
        final = rows(self.chat.history(conversation_id), conversation_id)
        if final and live.details:
            final[-1] = append_html(final[-1], live.folded_details())
        yield final, _idle(), conversation_id, ""

    def _existing(self, conversation_id: int | None) -> int | None:
        if conversation_id is not None:
            with contextlib.suppress(NotFound):
                return self.services.library.conversation(int(conversation_id)).id
        return None


def notice(sentence: str, detail: str = "") -> str:
    """What is wrong with the message, shown above the box in which it still stands."""
    folded = f"<details><summary>Technical detail</summary><code>{literal(detail)}</code></details>" if detail else ""
    return f'<div class="gf-notice" role="alert">{literal(sentence)}{folded}</div>'


def _answered(shown: list[ChatRow]) -> list[ChatRow]:
    """The open question stands in the last row, and its turn goes on below."""
    if not shown:
        return shown
    asked = [piece for piece in shown[-1]["content"] if "gf-confirm" in piece["text"]]
    return shown[:-1] if asked else shown


def _idle() -> Any:
    return gr.MultimodalTextbox(submit_btn=True, stop_btn=False)


def _busy(*, empty: bool = False) -> Any:
    extra: dict[str, Any] = {"value": None} if empty else {}
    return gr.MultimodalTextbox(submit_btn=False, stop_btn=True, **extra)
