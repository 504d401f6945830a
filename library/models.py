"""All tables, in one metadata with one line of migrations. Times are Unix seconds (UTC)."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

STATE_LENGTH = 16


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, float: Float(53), str: Text}


class Project(Base):
    """One game."""

    __tablename__ = "projects"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)


class Conversation(Base):
    __tablename__ = "conversations"
    __table_args__ = (Index(None, "project_id", "updated_at"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)  # never used twice: chat checkpoints are kept under it
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class Batch(Base):
    """What one request asked for."""

    __tablename__ = "batches"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    request: Mapped[str]
    plan: Mapped[dict[str, Any]]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Asset(Base):
    """One thing for the game, at a place (`number`, from 1) in its batch. One of its versions is the current one."""

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint("batch_id", "number"),
        Index(None, "project_id", "state"),
        Index(None, "project_id", "deleted_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    number: Mapped[int]
    subject: Mapped[str]
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(STATE_LENGTH), default="new")  # of the current version
    current_version_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: the two tables name each other
    revision: Mapped[int] = mapped_column(default=0, server_default="0")  # grows with every change that a reviewer sees
    words: Mapped[str] = mapped_column(
        default="", server_default=text("''")
    )  # lower case: what a search by word looks through
    colour: Mapped[str | None] = mapped_column(String(16))  # main colour of the current version, in a word
    deleted_at: Mapped[float | None]  # in the bin since
    created_at: Mapped[float] = mapped_column(default=time.time)


class Version(Base):
    """An immutable state of an asset: a file (sha256) and what it was made from."""

    __tablename__ = "versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), unique=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uncut_sha256: Mapped[str | None] = mapped_column(String(64), index=True)  # the image before its background was cut
    staged_key: Mapped[str | None] = mapped_column(String(64), unique=True)  # where the files lay before `publish`
    prompt: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    model: Mapped[str]
    style_pack: Mapped[str | None] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(STATE_LENGTH), default="new", server_default="new")
    origin: Mapped[str] = mapped_column(String(STATE_LENGTH), default="generated", server_default="generated")
    created_at: Mapped[float] = mapped_column(default=time.time)


class VersionParent(Base):
    """An edge of the version graph: `version_id` was made from `parent_id`."""

    __tablename__ = "version_parents"
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True, index=True)


class Change(Base):
    """An entry of the audit trail: who changed what of an asset and why. Those of one `step` are undone together."""

    __tablename__ = "changes"
    __table_args__ = (Index(None, "project_id", "id"), Index(None, "asset_id"), Index(None, "step"))
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(32))  # of one action of one person
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id", ondelete="SET NULL"))
    field: Mapped[str] = mapped_column(String(STATE_LENGTH))  # state, current, bin, tag, collection
    before: Mapped[str | None]
    after: Mapped[str | None]
    who: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    undoes: Mapped[str | None] = mapped_column(String(32), index=True)  # the step that this entry takes back
    at: Mapped[float] = mapped_column(default=time.time)


class Label(Base):
    """A tag of an asset, or a collection that it is in."""

    __tablename__ = "labels"
    __table_args__ = (Index(None, "kind", "name"),)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(STATE_LENGTH), primary_key=True)  # tag, collection
    name: Mapped[str] = mapped_column(String(100), primary_key=True)


class StylePack(Base):
    """A look that the project's images can be made in. Its versions are trained or imported LoRAs."""

    __tablename__ = "style_packs"
    __table_args__ = (UniqueConstraint("project_id", "key"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(120))  # folded name; a deleted pack's ends with its id
    trigger: Mapped[str] = mapped_column(String(80))
    current: Mapped[int | None]  # number of the version in use; None: none is ready
    deleted_at: Mapped[float | None]
    created_at: Mapped[float] = mapped_column(default=time.time)


class StylePackVersion(Base):
    """An immutable state of a pack: its LoRA file and what it came from."""

    __tablename__ = "style_pack_versions"
    __table_args__ = (UniqueConstraint("pack_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(ForeignKey("style_packs.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    origin: Mapped[str] = mapped_column(String(16))  # "trained" | "imported"
    lora_sha256: Mapped[str] = mapped_column(String(64), index=True)
    base: Mapped[dict[str, Any]]  # id, name, hash, architecture of the model
    settings: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    files: Mapped[dict[str, Any]]  # references, samples, comparison: sha256 of pictures in the library's storage
    created_at: Mapped[float] = mapped_column(default=time.time)


class Job(Base):
    """A durable unit of long work."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "project_id", "state"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str]
    spec: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(STATE_LENGTH), default="queued", index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"), index=True)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    error: Mapped[str | None]
    created_at: Mapped[float] = mapped_column(default=time.time)
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    stopped_at: Mapped[float | None]  # the user stopped the job as a whole


class Task(Base):
    """One piece of a job, leased to one worker at a time."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("job_id", "index"),
        Index(None, "state", "crashes", "id"),
        Index(None, "lease_owner"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    index: Mapped[int]
    label: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(STATE_LENGTH), default="queued")
    alone: Mapped[bool] = mapped_column(default=False)  # runs without company: it was there when something broke
    attempts: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[float | None]
    error: Mapped[str | None]
    detail: Mapped[str | None]
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id", ondelete="SET NULL"))
    seconds: Mapped[float | None]  # work time that this task added to its claim
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]


class Document(Base):
    """An ingested file, by its name in the project. Its text is its passages, in order."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("project_id", "name"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(400))
    source: Mapped[str | None]  # path of the file on this machine; None: it was uploaded
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    format: Mapped[str] = mapped_column(String(32))
    title: Mapped[str]
    passages: Mapped[int]
    created_at: Mapped[float] = mapped_column(default=time.time)
    updated_at: Mapped[float] = mapped_column(default=time.time)


class Passage(Base):
    """A piece of a document. Vectors are float16, row after row, made by `model` (empty: not embedded yet)."""

    __tablename__ = "passages"
    __table_args__ = (Index(None, "document_id", "position"), Index(None, "model"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)  # never used twice: the vector index knows passages by it
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))  # of title, heading and text: what is the same is kept
    heading: Mapped[str]
    text: Mapped[str]
    model: Mapped[str] = mapped_column(String(200), default="")
    vector: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    sentences: Mapped[bytes] = mapped_column(LargeBinary, default=b"")  # one row a statement of the text


class Note(Base):
    """What a project's user told, or told to leave out, beyond the documents."""

    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))  # "preference" | "dismissed"
    text: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Event(Base):
    """What happened to a job, or to assets (without a job), written in the transaction that made it happen.

    Ids grow in commit order.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "job_id", "id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    task_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    at: Mapped[float] = mapped_column(default=time.time)
