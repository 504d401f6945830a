"""Documents attached to a message: a job reads them before the message itself is answered."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.messages import ChatEvent
from errors import BadRequest
from jobs.ingest import Selection, copy_upload, submit_ingest
from library.documents import DocumentStore

if TYPE_CHECKING:
    from jobs.store import JobStore
    from library.db import Database
    from settings import Settings

WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.1
NAMES_SHOWN = 5


def keep_documents(paths: Sequence[Path], settings: Settings) -> Selection:
    """Take copies of attached documents. Raises BadRequest (missing, too large), ResourceError (disk)."""
    chosen = Selection()
    for path in paths:
        if not path.is_file():
            raise BadRequest(f"There is no file {path.name}. Attach it again.")
        chosen.files.append(copy_upload(path, path.name, settings))
    return chosen


def shown_files(chosen: Selection) -> list[dict[str, Any]]:
    return [{"name": one.name, "path": one.path.name, "document": True} for one in chosen.files]


def read_attached(
    chosen: Selection,
    *,
    jobs: JobStore,
    database: Database,
    project: str,
    conversation_id: int,
    put: queue.SimpleQueue[ChatEvent | None],
    stop: threading.Event,
) -> tuple[dict[str, Any], str]:
    """Queue the job, wait for its end, and return (the message's part, a sentence about what was read)."""
    documents = DocumentStore(database)
    job = submit_ingest(chosen, store=jobs, documents=documents, project=project, conversation_id=conversation_id)
    part = {"type": "job", "kind": "ingest", "job_id": job.id, "batch_id": None, "total": job.total}
    put.put(ChatEvent("status", {"text": f"Reading {', '.join(one.name for one in chosen.files[:NAMES_SHOWN])}"}))
    put.put(ChatEvent("job", {key: value for key, value in part.items() if key != "type"}))
    until = time.monotonic() + WAIT_SECONDS
    while not jobs.get(job.id).finished and time.monotonic() < until:
        if stop.wait(LOOK_SECONDS):
            jobs.cancel(job.id)
            break
    return part, _sentence(jobs, job.id)


def _sentence(jobs: JobStore, job_id: int) -> str:
    tasks = jobs.tasks(job_id)
    read = [task for task in tasks if task.state == "done"]
    broken = [task.error or "It was stopped." for task in tasks if task.state in ("failed", "canceled")]
    waiting = len(tasks) - len(read) - len(broken)
    words = []
    if read:
        names = ", ".join(task.label for task in read[:NAMES_SHOWN]) + (" and more" if len(read) > NAMES_SHOWN else "")
        passages = sum(task.result.get("passages", 0) for task in read)
        words.append(f"I have read {names} ({passages} passage{'s' if passages != 1 else ''}). Ask me what it says.")
    if waiting:
        words.append("I am still reading; ask again when the job is done.")
    return " ".join([*words, *broken[:NAMES_SHOWN]])
