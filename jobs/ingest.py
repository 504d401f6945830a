"""Jobs that take documents in: one task a file, so that progress, failures and cancel come file by file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from errors import BadRequest, ResourceError, UserFixable
from jobs.context import TaskContext
from jobs.store import JobStore
from jobs.types import ClaimedTask, JobView, TaskSpec
from library.documents import DocumentStore, NewPassage, passage_hash
from settings import Settings

if TYPE_CHECKING:
    from memory.documents.memory import DocumentMemory

KIND = "ingest"
KEEP_UPLOADS_SECONDS = 7 * 24 * 3600.0
MAX_FILES = 1000  # of one request
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "build", "dist", "target", "library"})


@dataclass(frozen=True)
class Found:
    """A file to take in: what it is called in the project and where it lies; `upload`: our own copy, removed after."""

    name: str
    path: Path
    source: str | None = None
    upload: bool = False


@dataclass
class Skipped:
    name: str
    reason: str

    @property
    def sentence(self) -> str:
        return self.reason if self.reason.startswith(self.name) else f"{self.name} is {self.reason}."


@dataclass
class Selection:
    files: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def select_files(paths: Sequence[Path]) -> Selection:
    """Files of `paths`: a file as it is, a folder with all that can be read in it. Links out of a folder are skipped.

    Raises:
        BadRequest: a path does not exist, or the folders hold too many files.
    """
    from memory.documents.extract import KINDS_SHOWN, SUFFIXES

    chosen = Selection()
    for given in paths:
        path = given.expanduser()
        if path.is_dir():
            _walk(path, chosen)
        elif path.exists():
            chosen.files.append(Found(path.name, path, str(path.resolve())))
        else:
            raise BadRequest(f"There is no file or folder {given}.")
    readable = []
    for one in chosen.files:
        suffix = one.path.suffix.lower()
        if suffix in SUFFIXES or suffix == ".doc":
            readable.append(one)
        else:
            chosen.skipped.append(Skipped(one.name, f"not a kind that can be read ({KINDS_SHOWN})"))
    seen: set[str] = set()
    chosen.files = [one for one in readable if not (one.source in seen or seen.add(one.source or one.name))]
    if len(chosen.files) > MAX_FILES:
        raise BadRequest(
            f"These are {len(chosen.files):,} files; at most {MAX_FILES:,} at once. Choose a folder further in."
        )
    return chosen


def _walk(folder: Path, chosen: Selection) -> None:
    root = folder.resolve()
    for at, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        for name in list(folders):
            if (Path(at) / name).is_symlink():
                chosen.skipped.append(Skipped(_shown(Path(at) / name, root), "a link to another folder"))
        for name in sorted(files):
            path = Path(at) / name
            if name.startswith((".", "~$")):
                continue
            shown = _shown(path, root)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                chosen.skipped.append(Skipped(shown, "a link out of the folder"))
            elif path.is_file():
                chosen.files.append(Found(shown, path, str(path.resolve())))


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def clean_name(name: str) -> str:
    """A name from a browser as a relative path without tricks. Raises BadRequest."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    cleaned = "/".join("".join(c for c in part if c.isprintable()).strip() for part in parts).strip("/")
    if not cleaned or len(cleaned) > 400:
        raise BadRequest("A document needs a name of 1 to 400 characters.")
    return cleaned


def keep_upload(data: Iterable[bytes], name: str, settings: Settings) -> Found:
    """Keep an uploaded file until its task has read it. Raises BadRequest (too large), ResourceError (disk)."""
    name = clean_name(name)
    limit = settings.max_document_mb * 1024 * 1024
    folder = settings.home / "incoming-documents"
    digest, size = hashlib.sha256(name.encode()), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{os.getpid()}-{id(data)}.part"
        with partial.open("wb") as file:
            for chunk in data:
                size += len(chunk)
                if size > limit:
                    break
                digest.update(chunk)
                file.write(chunk)
        if size > limit:
            partial.unlink()
            raise BadRequest(
                f"{name} is larger than the limit of {settings.max_document_mb} MB. Split it, or raise "
                "GAMEFORGE_MAX_DOCUMENT_MB."
            )
        target = folder / f"{digest.hexdigest()}{Path(name).suffix.lower()[:10]}"
        partial.replace(target)
    except OSError as error:
        raise ResourceError(
            f"{name} could not be kept: the disk is full or the data folder cannot be written.", detail=str(error)
        ) from error
    return Found(name, target, None, upload=True)


def copy_upload(path: Path, name: str, settings: Settings) -> Found:
    with path.open("rb") as file:
        return keep_upload(iter(lambda: file.read(1 << 20), b""), name, settings)


def submit_ingest(
    chosen: Selection,
    *,
    store: JobStore,
    documents: DocumentStore,
    project: str,
    conversation_id: int | None = None,
) -> JobView:
    """Queue the files. Raises BadRequest (nothing to read) and ResourceError (the queue is full)."""
    if not chosen.files:
        reasons = " ".join(one.sentence for one in chosen.skipped[:3])
        raise BadRequest(f"There is nothing to read. {reasons}".strip())
    names = _names(chosen.files, documents, project)
    tasks = [
        TaskSpec(name, {"name": name, "path": str(one.path), "source": one.source, "upload": one.upload})
        for one, name in zip(chosen.files, names, strict=True)
    ]
    count = len(tasks)
    title = f"Read {names[0]}" if count == 1 else f"Read {count} documents"
    spec = {"skipped": [asdict(one) for one in chosen.skipped]}
    return store.create(project, KIND, title, tasks, spec=spec, conversation_id=conversation_id)


def _names(files: Sequence[Found], documents: DocumentStore, project: str) -> list[str]:
    """Each file's name in the project: the one it had, else its own, with folder or number where that is taken."""
    existing = documents.documents(project)
    by_source = {view.source: view.name for view in existing if view.source}
    source_of = {view.name: view.source for view in existing}
    taken: set[str] = set()
    names = []
    for one in files:
        name = by_source.get(one.source, "") if one.source else ""
        if not name or name in taken:
            name = _free(one, taken, source_of)
        taken.add(name)
        names.append(name)
    return names


def _free(one: Found, taken: set[str], source_of: dict[str, str | None]) -> str:
    def usable(name: str) -> bool:
        if name in taken:
            return False
        other = source_of.get(name)
        return not (other and one.source and other != one.source and Path(other).exists())

    if usable(one.name):
        return one.name
    parents = list(one.path.resolve().parts[1:-1]) if one.source else []
    stem = one.name
    while parents and len(stem) < 300:
        stem = f"{parents.pop()}/{stem}"
        if usable(stem):
            return stem
    number = 2
    path = PurePosixPath(one.name)
    while not usable(str(path.with_name(f"{path.stem} ({number}){path.suffix}"))):
        number += 1
    return str(path.with_name(f"{path.stem} ({number}){path.suffix}"))


class IngestHandler:
    """Extract, cut, embed what is new, and write the document in the transaction that ends its task."""

    kind = KIND
    lane = "documents"
    batch = 4

    def __init__(self, memory: DocumentMemory, documents: DocumentStore, settings: Settings) -> None:
        self.memory = memory
        self.documents = documents
        self.settings = settings

    def tidy(self) -> None:
        """Uploads are removed once they are read. Those that could not be stay a week, for a retry."""
        folder = self.settings.home / "incoming-documents"
        for path in folder.glob("*") if folder.is_dir() else ():
            if time.time() - path.stat().st_mtime > KEEP_UPLOADS_SECONDS:
                path.unlink(missing_ok=True)

    def run(self, tasks: Sequence[ClaimedTask], context: TaskContext) -> None:
        for task in tasks:
            if context.cancelled(task):
                continue
            try:
                if task.payload.get("reindex"):
                    self._reindex(task, context)
                else:
                    self._take_in(task, context)
            except (UserFixable, ResourceError) as error:
                context.fail(task, error.message, error.detail)

    def _reindex(self, task: ClaimedTask, context: TaskContext) -> None:
        from jobs.reindex import reindex

        done = reindex(
            self.memory,
            self.documents,
            task.project,
            progress=lambda step, steps: context.progress([task], step, steps),
            cancelled=lambda: context.cancelled(task),
        )
        if done is not None:
            context.finish(task, lambda session: {"passages": done, "name": task.label})

    def _take_in(self, task: ClaimedTask, context: TaskContext) -> None:
        from memory.documents.extract import extract

        name, path = task.payload["name"], Path(task.payload["path"])
        found = extract(path, name, self.settings.max_document_mb * 1024 * 1024)
        cut = self.memory.cut(found, name)
        model = self.memory.model
        known = self.documents.hashes(task.project, name, model)
        hashes = [passage_hash(cut.title, piece.heading, piece.text) for piece in cut.pieces]
        fresh = [index for index, digest in enumerate(hashes) if digest not in known]
        embedded = self.memory.embed(
            cut.title,
            [(cut.pieces[index].heading, cut.pieces[index].text) for index in fresh],
            progress=lambda done: context.progress([task], done, len(fresh)),
            cancelled=lambda: context.cancelled(task),
        )
        if embedded is None:
            return
        made = dict(zip(fresh, embedded, strict=True))
        passages = [
            NewPassage(digest, piece.heading, piece.text, *made.get(index, (None, None)))
            for index, (piece, digest) in enumerate(zip(cut.pieces, hashes, strict=True))
        ]
        fields = {
            "source": task.payload["source"],
            "sha256": _sha256(path),
            "size": path.stat().st_size,
            "format": found.format,
            "title": cut.title,
        }

        def write(session: Session) -> dict[str, Any]:
            change = self.documents.write(session, task.project, name, fields, passages, model)
            return {**asdict(change), "passages": len(passages), "name": name}

        if context.finish(task, write) and task.payload["upload"]:
            path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        shutil.copyfileobj(file, _Sink(digest), 1 << 20)
    return digest.hexdigest()


class _Sink:
    def __init__(self, digest: Any) -> None:
        self.write = digest.update
