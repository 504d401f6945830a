"""What comes in and goes out of a chat, and the checks on what comes in."""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from errors import BadRequest, ResourceError
from settings import Settings

EventKind = Literal[
    "status", "token", "plan", "confirm", "job", "tool", "citation", "nearest", "files", "error", "done"
]
EMPTY = 'Type what you want, for example "32 desert props".'
YES = re.compile(
    r"(?:y|yes|yep|yeah|yup|ok|okay|sure|go|go ahead|go on|do it|start|start it|run it|please do|fine|👍|✅)[\s.!]*",
    re.I,
)
NO = re.compile(r"(?:n|no|nope|nah|cancel|stop|don'?t|do not|never ?mind|abort|forget it|👎|❌)[\s.!]*", re.I)


@dataclass(frozen=True)
class ChatEvent:
    """Something that happened in a turn; `data` is JSON-ready.

    status {"text"}; token {"text"}; plan {"plan", "seconds", "call_id"}; confirm {"call_id", "tool", "args", "plan",
    "seconds", "text"}; job {"job_id", "batch_id", "total"}; tool {"name", "args"}; citation {"document", "heading",
    "passage", "passage_id", "document_id"}; nearest {"answered", "passages": citations}; files {"files"};
    error {"message", "exit_code", "detail"} (the sentence also comes as a token); done {}.
    """

    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One entry of a conversation as the page shows it. `parts` are {"type": "plan" | "job" | "confirm" | ...}."""

    role: Literal["user", "assistant"]
    text: str
    parts: list[dict[str, Any]]


def check_length(text: str, settings: Settings) -> None:
    """Raises BadRequest for a message over the limit, before anything is stored."""
    if len(text) > settings.max_message_chars:
        raise BadRequest(
            f"The message has {len(text):,} characters and the limit is {settings.max_message_chars:,}. "
            "Shorten it, or split it into several messages."
        )


def wordless(text: str) -> str | None:
    """A sentence for a message without a letter or digit, else None. What an emoji shows is offered in words."""
    if any(character.isalnum() for character in text):
        return None
    names = []
    for character in text:
        if unicodedata.category(character) in ("So", "Sk"):
            name = unicodedata.name(character, "").lower()
            if name and not name.startswith(("variation", "emoji modifier", "regional")):
                names.append(re.sub(r"\b(?:face with|sign|symbol|black|white|heavy)\b\s*", "", name).strip() or name)
    if not names:
        return f"There are no words in that message. {EMPTY}"
    return f'I go by words, not by emoji. Did you mean "draw {_with_article(names[0])}"?'


def _with_article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def keep_attachments(paths: Sequence[Path], settings: Settings) -> tuple[list[dict[str, Any]], list[str]]:
    """Check the images and copy them into the home folder, named by content: {"name", "path", "width", "height"} each.

    Returns them, and a sentence for each file that cannot be used while others can.

    Raises:
        BadRequest: too many, or the only one is missing, no image, or too large, or all are.
    """
    from pipelines.uploads import check_image

    if len(paths) > settings.max_upload_files:
        raise BadRequest(f"{len(paths)} files are too many: attach at most {settings.max_upload_files} to one message.")
    kept, refused = [], []
    folder = settings.home / "uploads"
    for path in paths:
        try:
            if not path.is_file():
                raise BadRequest(f"There is no file {path.name}. Attach it again.")
            facts = check_image(path, settings.max_image_pixels, settings.max_upload_mb * 1024 * 1024)
        except BadRequest as error:
            refused.append(error)
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        target = folder / f"{digest}.{facts.format.lower()}"
        if not target.exists():
            _copy(path, target)
        kept.append({"name": path.name, "path": str(target), "width": facts.width, "height": facts.height})
    if refused and not kept:
        raise refused[0]
    return kept, [error.message for error in refused]


def part_documents(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """(documents, images) of what was attached, told by the names' ends."""
    from memory.documents.extract import SUFFIXES

    documents = [path for path in paths if path.suffix.lower() in SUFFIXES]
    return documents, [path for path in paths if path not in documents]


def _copy(path: Path, target: Path) -> None:
    partial = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, partial)
        partial.replace(target)
    except OSError as error:
        raise ResourceError(
            f"{path.name} could not be kept: the disk is full or the data folder cannot be written.", detail=str(error)
        ) from error


def question(pending: dict[str, Any]) -> str:
    """An open confirm in words."""
    plan = pending.get("plan")
    if pending.get("question"):
        return str(pending["question"])
    if plan is None:
        return f"{pending['tool'].replace('_', ' ').capitalize()} waits for your yes. Start it?"
    total = sum(item["variants"] for item in plan["items"])
    seconds = pending.get("seconds")
    about = f" and takes about {_duration(seconds)}" if seconds else ""
    return f"This makes {total} image{'s' if total != 1 else ''}{about}. Start it?"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{round(minutes)} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"
