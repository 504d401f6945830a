"""What goes over the wire. Times are Unix seconds, sizes px."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from jobs.types import EventKind, JobEvent, JobState, TaskView
from library.views import AssetState, AssetView


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ErrorOut(BaseModel):
    error: str = Field(description="one sentence that says what to do")
    detail: str = Field("", description="technical rest, may be empty")


class HealthOut(BaseModel):
    status: Literal["ok"]
    version: str
    uptime_seconds: float
    jobs_open: int = Field(description="queued and running jobs")


class ProjectOut(Out):
    id: int
    name: str


class ImageModelOut(Out):
    id: str
    name: str
    source: str
    ready: bool
    reason: str = Field(description="why it is not ready, else empty")
    license: str
    small: bool = Field(description="the small built-in model, whose pictures are sketches next to SDXL's")
    native_size: int
    native_alpha: bool
    device: str
    dtype: str
    steps: int
    guidance: float
    styles: tuple[str, ...]


class ModelsOut(BaseModel):
    image: ImageModelOut
    language: str = Field(description="which language model answers")
    language_status: Any = Field(None, description="its parts, and what each is doing")


class AssetOut(Out):
    """An asset in its current version; `url` is its PNG and never changes its content."""

    id: int
    version: str = Field(description="sha256 of the file")
    url: str
    number: int = Field(description="1-based place in its batch")
    batch_id: int
    subject: str
    prompt: str
    seed: int
    width: int
    height: int
    kind: str
    model: str
    style_pack: str | None
    state: AssetState
    created_at: float
    metadata: dict[str, Any]
    revision: int = Field(0, description="grows with every change; send it back with a decision")
    origin: str = "generated"
    colour: str | None = None
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    deleted_at: float | None = None

    @classmethod
    def of(cls, asset: AssetView | dict[str, Any]) -> AssetOut:
        fields = asset if isinstance(asset, dict) else asset.as_dict()
        return cls.model_validate({**fields, "url": version_url(fields["version"])})


class ReviewIn(BaseModel):
    states: dict[int, AssetState] = Field(min_length=1, max_length=1000, description="new state by asset id")
    expected: dict[int, int] | None = Field(
        None, description="revision by asset id, as it was seen: nothing that somebody else changed is overwritten"
    )
    who: str = Field("", max_length=100, description="who decides, for the history")
    note: str = Field("", max_length=1000, description="why")


class JobOut(Out):
    id: int
    project: str
    kind: str
    title: str
    state: JobState
    total: int
    done: int
    failed: int
    canceled: int
    running: int
    batch_id: int | None
    conversation_id: int | None
    error: str | None
    created_at: float
    started_at: float | None
    finished_at: float | None
    seconds_left: float | None = Field(description="from measured speed; null: unknown or nothing left")


class TaskOut(Out):
    id: int
    job_id: int
    index: int = Field(description="0-based place in the job")
    number: int = Field(description="under which it is shown: its asset's number, or its place from 1")
    label: str
    state: JobState
    attempts: int
    crashes: int
    error: str | None
    asset: AssetOut | None = None

    @classmethod
    def of(cls, task: TaskView, asset: AssetView | None) -> TaskOut:
        return cls.model_validate({**task.as_dict(), "asset": AssetOut.of(asset) if asset else None})


class JobDetailOut(BaseModel):
    """A job whole. To follow it, open `/api/events?job=<id>` first and read this then: nothing is missed."""

    job: JobOut
    tasks: list[TaskOut]


class BatchOut(Out):
    id: int
    project: str
    request: str = Field(description="the user's words")
    plan: dict[str, Any]
    job_id: int | None
    total: int
    created_at: float


class ConversationOut(Out):
    id: int
    project: str
    title: str
    created_at: float
    updated_at: float


class ConversationIn(BaseModel):
    title: str = Field(min_length=1, max_length=200)


class ConfirmOut(BaseModel):
    """The question that waits for a yes, an edit or a no; null when nothing waits."""

    pending: dict[str, Any] | None


class CountOut(BaseModel):
    count: int


class DocumentOut(Out):
    id: int
    project: str
    name: str
    source: str | None = Field(description="path of the file on the server's machine; null for an upload")
    size: int = Field(description="bytes")
    format: str
    title: str
    passages: int
    created_at: float
    updated_at: float


class StoredPassageOut(BaseModel):
    id: int
    heading: str = Field(description='path of headings, as in "Combat > Stamina"')
    text: str = Field(description="Markdown")


class DocumentDetailOut(BaseModel):
    document: DocumentOut
    passages: list[StoredPassageOut]


class PassageOut(Out):
    document: str
    heading: str
    passage: str
    score: float
    id: int
    document_id: int


class CitationOut(BaseModel):
    document: str
    heading: str
    passage: str
    passage_id: int
    document_id: int


class AskIn(BaseModel):
    question: str = Field(min_length=1, max_length=2000)
    project: str | None = None
    before: list[str] = Field(default=[], max_length=6, description="earlier questions that this one may follow")


class AnswerOut(BaseModel):
    answered: bool = Field(description="false: the documents do not say")
    answer: str
    citations: list[CitationOut]
    nearest: list[CitationOut] = Field(description="passages that come close")


class IngestOut(BaseModel):
    """Follow the job over `/api/events?job=`; `/api/jobs/{id}` tells why a file could not be read."""

    job: JobOut
    skipped: list[dict[str, str]] = Field(description="name and reason of files that were not even queued")


class NoteOut(Out):
    id: int
    kind: str
    text: str
    created_at: float


class FactOut(BaseModel):
    key: str = Field(description="names it, to leave it out")
    kind: str = Field(description="art, palette, naming or engine")
    value: str
    text: str
    document: str
    heading: str
    passage_id: int
    document_id: int


class MemoryOut(BaseModel):
    preferences: list[NoteOut]
    facts: list[FactOut]
    dismissed: list[NoteOut]


class PreferenceIn(BaseModel):
    text: str = Field(min_length=3, max_length=300)
    project: str | None = None


class DismissIn(BaseModel):
    key: str = Field(min_length=1, max_length=1000)
    project: str | None = None


class EventOut(BaseModel):
    """One message of the WebSocket. `id` is 0 for the transient `task_progress`."""

    id: int
    job_id: int
    task_id: int | None
    kind: EventKind
    data: dict[str, Any]
    at: float

    @classmethod
    def of(cls, event: JobEvent) -> EventOut:
        data = dict(event.data)
        if data.get("asset"):
            data["asset"] = AssetOut.of(data["asset"]).model_dump()
        return cls(id=event.id, job_id=event.job_id, task_id=event.task_id, kind=event.kind, data=data, at=event.at)


def version_url(sha256: str) -> str:
    return f"/api/versions/{sha256}.png"
