"""Conversations: what page, command line and REST talk to."""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, StateSnapshot
from sqlalchemy.exc import OperationalError

from agent.attached import keep_documents, read_attached, shown_files
from agent.graph import RECURSION_LIMIT, Models, build_graph
from agent.messages import (
    EMPTY,
    NO,
    YES,
    ChatEvent,
    Message,
    check_length,
    keep_attachments,
    part_documents,
    question,
    wordless,
)
from agent.preview import plan_only
from agent.repair import repair
from agent.said import as_asked, last_said, last_scaffold
from agent.standing import Standing
from agent.state import Decision, new_turn
from agent.turns import Turns
from errors import BadRequest, GameForgeError, NotFound
from library.notes import NoteStore
from memory.checkpoints import ChatCheckpoints, open_checkpoints
from tools.context import Gallery, ToolContext
from tools.toolbox import Toolbox, default_toolbox

if TYPE_CHECKING:
    from agent.planning import Planner
    from jobs.packs import PackDesk
    from jobs.store import JobStore
    from library.library import Library
    from library.views import ConversationView
    from memory.documents.memory import DocumentMemory
    from pipelines.engine import ImageEngine
    from scaffolds.service import Scaffolder
    from settings import Settings

__all__ = ["ChatEvent", "ChatService", "Message"]

logger = logging.getLogger(__name__)

NEW_CHAT = "New chat"
TITLE_LENGTH = 60
BROKEN = "Something broke inside GameForge. What was finished is kept; please try again."
UNSAVED = (
    "The chat could not be saved: the disk is full or the data folder cannot be written. "
    "Free space there, then send the message again."
)
STORAGE_ERRORS = (OSError, sqlite3.OperationalError, OperationalError)
UNFINISHED = "This answer was not finished. Send the message again if nothing more comes."


class ChatService:
    """One turn at a time in a conversation, many conversations side by side; a turn ends though nobody reads along."""

    def __init__(
        self,
        *,
        settings: Settings,
        library: Library,
        jobs: JobStore,
        engine: ImageEngine,
        models: Models,
        planner: Planner,
        scaffolder: Scaffolder | None = None,
        packs: PackDesk | None = None,
        toolbox: Toolbox | None = None,
        checkpoints: ChatCheckpoints | None = None,
        documents: DocumentMemory | None = None,
    ) -> None:
        self._settings = settings
        self._library = library
        self._jobs = jobs
        self._engine = engine
        self._models = models
        self._planner = planner
        self._scaffolder = scaffolder
        self._documents = documents
        self.standing = Standing(NoteStore(library.database), documents, library)
        self._packs = packs
        self._toolbox = toolbox or default_toolbox()
        self._checkpoints = checkpoints or open_checkpoints(settings.home / "chats.db")
        self._graph = build_graph(models, planner, self._toolbox, self._checkpoints)
        self._turns = Turns()

    # ------------------------------------------------------------ conversations

    def conversations(self, project: str) -> list[ConversationView]:
        return self._library.conversations(project)

    def create(self, project: str, title: str | None = None) -> ConversationView:
        return self._library.create_conversation(project, title or NEW_CHAT)

    def delete(self, conversation_id: int) -> None:
        """The conversation goes, its jobs and assets stay. Raises NotFound."""
        with self._turns.alone(conversation_id):
            self._library.delete_conversation(conversation_id)
            self._checkpoints.delete_thread(str(conversation_id))

    def history(self, conversation_id: int) -> list[Message]:
        """Raises NotFound."""
        self._library.conversation(conversation_id)
        state = self._state(conversation_id)
        messages = [Message(m["role"], m["text"], m["parts"]) for m in state.values.get("transcript", [])]
        pending = _open_question(state)
        if pending is not None:
            plan = [{"type": "plan", "plan": pending["plan"]}] if pending["plan"] else []
            messages.append(Message("assistant", pending["text"], [*plan, {"type": "confirm", **pending}]))
        elif state.next and not self._turns.running(conversation_id):
            messages.append(Message("assistant", UNFINISHED, []))
        return messages

    def pending(self, conversation_id: int) -> dict[str, Any] | None:
        """The open confirm: {"call_id", "tool", "args", "plan", "seconds", "text"}."""
        return _open_question(self._state(conversation_id))

    # ------------------------------------------------------------ turns

    def send(
        self,
        conversation_id: int,
        text: str,
        attachments: Sequence[Path] = (),
        *,
        auto_confirm: bool = False,
    ) -> Iterator[ChatEvent]:
        """Run a turn. It starts now and goes on though the iterator is dropped.

        Raises:
            NotFound: no such conversation.
            BadRequest: the message is too long or an attachment is no good; nothing is stored.
        """
        conversation = self._library.conversation(conversation_id)
        check_length(text, self._settings)
        given, images = part_documents(attachments)
        files, refused = keep_attachments(images, self._settings)
        chosen = keep_documents(given, self._settings)
        if not text.strip() and not files and not given:
            return iter(_said(EMPTY))

        def turn(put: queue.SimpleQueue[ChatEvent | None], stop: threading.Event) -> None:
            state = self._tidied(conversation_id)
            if not state.values.get("transcript"):
                self._name(conversation_id, text or (files or shown_files(chosen))[0]["name"])
            self._library.touch(conversation_id)
            context = self._context(conversation.project, conversation_id, state, text, files, auto_confirm, stop)
            context = replace(context, refused=tuple(refused))
            if _open_question(state) is not None:
                decision = "yes" if YES.fullmatch(text.strip()) else "no"
                asked = replace(context, **as_asked(state))
                self._stream(conversation_id, Command(resume={"decision": decision, "plan": None}), asked, put)
                if decision == "yes" or NO.fullmatch(text.strip()):
                    return
            shown = [*files, *shown_files(chosen)]
            parts: list[dict[str, Any]] = [{"type": "files", "files": shown, "refused": refused}] if shown else []
            trouble = wordless(text) if text.strip() else None if given else _ask_about(len(files))
            note = None if shown else self.standing.hear(conversation.project, text)
            if chosen.files:
                part, read = read_attached(
                    chosen,
                    jobs=self._jobs,
                    database=self._library.database,
                    project=conversation.project,
                    conversation_id=conversation_id,
                    put=put,
                    stop=stop,
                )
                parts.append(part)
                note = None if text.strip() else read
            if trouble or note:
                self._note(conversation_id, text, parts, trouble or note or "")
                for event in _said(trouble) if trouble else [ChatEvent("token", {"text": note})]:
                    put.put(event)
                return
            facts = {
                "gallery": context.gallery.total or None,
                "images": len(files),
                "style_packs": list(context.style_packs),
            }
            self._stream(conversation_id, new_turn(text, facts, parts), context, put)

        return self._turns.run(conversation_id, self._guarded(conversation_id, turn))

    def decide(
        self, conversation_id: int, decision: Decision, plan: dict[str, Any] | None = None
    ) -> Iterator[ChatEvent]:
        """Answer the open confirm. Raises BadRequest: nothing is open, or the edited plan is no good (it stays)."""
        conversation = self._library.conversation(conversation_id)
        pending = self.pending(conversation_id)
        if pending is None:
            raise BadRequest("Nothing waits for an answer in this conversation.")
        if decision not in ("yes", "edit", "no"):
            raise BadRequest('Answer with "yes", "edit" or "no".')
        edited = self._planner.check(plan) if decision == "edit" else None

        def turn(put: queue.SimpleQueue[ChatEvent | None], stop: threading.Event) -> None:
            state = self._state(conversation_id)
            still_open = _open_question(state)
            if still_open is None or still_open["call_id"] != pending["call_id"]:
                raise BadRequest("That was answered already.")
            context = self._context(conversation.project, conversation_id, state, "", [], False, stop)
            context = replace(context, **as_asked(state))
            resume = {"decision": decision, "plan": edited and edited.model_dump(mode="json")}
            self._stream(conversation_id, Command(resume=resume), context, put)

        return self._turns.run(conversation_id, self._guarded(conversation_id, turn))

    def stop(self, conversation_id: int) -> None:
        """End the running turn and the running jobs of this conversation. What is finished stays."""
        self._turns.stop(conversation_id)
        for job in self._jobs.list(conversation_id=conversation_id, active=True, limit=1000):
            self._jobs.cancel(job.id)

    def plan_only(self, text: str, *, images: int = 0, gallery: int | None = None) -> dict[str, Any]:
        """What would be done: {"reply", "tool_calls", "error"}. Nothing runs, nothing is kept.

        Raises:
            BadRequest: the message is too long.
        """
        check_length(text, self._settings)
        context = self._context(self._settings.project, None, None, text, [], True, threading.Event())
        return plan_only(text, images, gallery, self._models.model, self._planner, self._toolbox, context)

    def close(self) -> None:
        self._turns.close()
        self._checkpoints.close()

    # ------------------------------------------------------------ inside

    def _state(self, conversation_id: int) -> StateSnapshot:
        return self._graph.get_state(_config(conversation_id))

    def _tidied(self, conversation_id: int) -> StateSnapshot:
        """The state, after a turn that broke off has been closed so that no call is left without an answer."""
        self._mend(conversation_id, UNFINISHED)
        return self._state(conversation_id)

    def _mend(self, conversation_id: int, sentence: str) -> None:
        state = self._state(conversation_id)
        if state.next and not state.interrupts:
            repair(self._graph, _config(conversation_id), sentence, self._lost_jobs(conversation_id, state))

    def _lost_jobs(self, conversation_id: int, state: StateSnapshot) -> list[dict[str, Any]]:
        """Jobs that were started just before the process died, so that the chat does not know them."""
        parts = [part for entry in state.values.get("transcript", []) for part in entry["parts"]]
        known = {part.get("job_id") for part in parts if part["type"] == "job"}
        return [
            {"type": "job", "job_id": job.id, "batch_id": job.batch_id, "total": job.total}
            for job in self._jobs.list(conversation_id=conversation_id, limit=1000)
            if job.id not in known
        ]

    def _guarded(self, conversation_id: int, turn: Any) -> Any:
        """Expected errors become events; a bug is logged with its traceback, shown as one, and the thread is mended."""

        def guarded(put: queue.SimpleQueue[ChatEvent | None], stop: threading.Event) -> None:
            try:
                turn(put, stop)
            except GameForgeError as error:
                self._tidied(conversation_id)
                for event in _said(error.message, error):
                    put.put(event)
            except Exception as error:
                logger.exception("a turn of conversation %s broke", conversation_id)
                sentence = UNSAVED if isinstance(error, STORAGE_ERRORS) else BROKEN
                detail = f"{type(error).__name__}: {error}"
                put.put(ChatEvent("token", {"text": sentence}))
                put.put(ChatEvent("error", {"message": sentence, "exit_code": 1, "detail": detail}))
                with contextlib.suppress(*STORAGE_ERRORS):  # the next turn mends what cannot be written now
                    self._mend(conversation_id, sentence)

        return guarded

    def _stream(
        self, conversation_id: int, graph_input: Any, context: ToolContext, put: queue.SimpleQueue[ChatEvent | None]
    ) -> None:
        config = _config(conversation_id)
        steps: Iterator[Any] = self._graph.stream(
            graph_input, config, context=context, stream_mode="custom", durability="sync"
        )
        for told in steps:
            put.put(ChatEvent(told["kind"], told["data"]))
        pending = self.pending(conversation_id)
        if pending is not None:
            put.put(ChatEvent("token", {"text": pending["text"]}))
            put.put(ChatEvent("confirm", pending))
        else:
            self._checkpoints.prune([str(conversation_id)])

    def _note(self, conversation_id: int, text: str, parts: list[dict[str, Any]], answer: str) -> None:
        """Keep an exchange that the model has no part in."""
        entries = [{"role": "user", "text": text, "parts": parts}, {"role": "assistant", "text": answer, "parts": []}]
        self._graph.update_state(_config(conversation_id), {"transcript": entries}, as_node="answer")

    def _name(self, conversation_id: int, text: str) -> None:
        if self._library.conversation(conversation_id).title == NEW_CHAT:
            line = " ".join(text.split())
            short = line if len(line) <= TITLE_LENGTH else line[:TITLE_LENGTH].rsplit(" ", 1)[0] + "…"
            self._library.rename_conversation(conversation_id, short)

    def _context(
        self,
        project: str,
        conversation_id: int | None,
        state: StateSnapshot | None,
        text: str,
        files: Sequence[dict[str, Any]],
        auto_confirm: bool,
        stop: threading.Event,
    ) -> ToolContext:
        files = files or last_said(state)[1]
        return ToolContext(
            settings=self._settings,
            library=self._library,
            jobs=self._jobs,
            engine=self._engine,
            planner=self._planner,
            project=project,
            scaffolder=self._scaffolder,
            scaffold=last_scaffold(state),
            conversation_id=conversation_id,
            request=text,
            gallery=self._gallery(state.values.get("gallery") if state is not None else None),
            attachments=tuple(Path(file["path"]) for file in files),
            attachment_names=tuple(file["name"] for file in files),
            style_packs=self._packs.packs.names(project) if self._packs is not None else (),
            packs=self._packs,
            auto_confirm=auto_confirm,
            stopped=stop.is_set,
            documents=self._documents,
            standing=self.standing,
            asked_before=_said_before(state),
        )

    def _gallery(self, shown: dict[str, Any] | None) -> Gallery:
        if not shown:
            return Gallery()
        if "assets" in shown:
            ids = shown["assets"]
            return Gallery(dict(enumerate(ids, start=1)), len(ids))
        try:
            job = self._jobs.get(shown["job_id"])
        except NotFound:
            return Gallery()
        assets = self._library.assets(job_id=job.id, limit=max(1, job.total))
        return Gallery({asset.number: asset.id for asset in assets}, job.total, job.id)


def _config(conversation_id: int) -> RunnableConfig:
    return {"configurable": {"thread_id": str(conversation_id)}, "recursion_limit": RECURSION_LIMIT}


def _said_before(state: StateSnapshot | None) -> tuple[str, ...]:
    entries = state.values.get("transcript", []) if state is not None else []
    return tuple(entry["text"] for entry in entries if entry["role"] == "user")[-6:]


def _open_question(state: StateSnapshot) -> dict[str, Any] | None:
    if not state.interrupts:
        return None
    asked = state.interrupts[0].value
    return {**asked, "text": question(asked)}


def _said(sentence: str, error: GameForgeError | None = None) -> list[ChatEvent]:
    shown = error or BadRequest(sentence)
    data = {"message": shown.message, "exit_code": shown.exit_code, "detail": shown.detail}
    return [ChatEvent("token", {"text": sentence}), ChatEvent("error", data), ChatEvent("done")]


def _ask_about(images: int) -> str:
    return f"What should I do with {'this image' if images == 1 else f'these {images} images'}?"
