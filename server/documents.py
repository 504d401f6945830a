"""Routes of design documents: add, list, read, search, ask, delete."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Response, UploadFile

from errors import BadRequest
from jobs.ingest import Selection, Skipped, keep_upload, submit_ingest
from server.schemas import (
    AnswerOut,
    AskIn,
    CitationOut,
    DocumentDetailOut,
    DocumentOut,
    IngestOut,
    JobOut,
    PassageOut,
    StoredPassageOut,
)

if TYPE_CHECKING:
    from services import Services

PIECE = 1 << 20  # bytes read of an upload at a time


def router(services: Services) -> APIRouter:
    routes = APIRouter(prefix="/api/documents", tags=["documents"])
    documents, memory, settings = services.documents, services.memory, services.settings

    @routes.get("", summary="List documents by name")
    def listed(project: str | None = None) -> list[DocumentOut]:
        return [DocumentOut.model_validate(one) for one in documents.documents(project or settings.project)]

    @routes.post("", status_code=202, summary="Add documents: a job reads them")
    def add(
        files: list[UploadFile],
        project: Annotated[str | None, Form()] = None,
        names: Annotated[
            list[str] | None, Form(description="path of each file in its folder, in the same order")
        ] = None,
    ) -> IngestOut:
        from memory.documents.extract import KINDS_SHOWN, SUFFIXES

        if len(names or []) not in (0, len(files)):
            raise BadRequest("Give a name for each file, or none.")
        chosen = Selection()
        for index, file in enumerate(files):
            name = names[index] if names else (file.filename or "document.txt")
            suffix = PurePosixPath(name).suffix.lower()
            if suffix not in SUFFIXES and suffix != ".doc":
                chosen.skipped.append(Skipped(name, f"not a kind that can be read ({KINDS_SHOWN})"))
                continue
            try:
                chosen.files.append(keep_upload(iter(lambda file=file: file.file.read(PIECE), b""), name, settings))
            except BadRequest as error:
                chosen.skipped.append(Skipped(name, error.message))
        if not chosen.files:
            raise BadRequest("Nothing was added. " + " ".join(one.sentence for one in chosen.skipped[:5]))
        job = submit_ingest(chosen, store=services.jobs, documents=documents, project=project or settings.project)
        return IngestOut(job=JobOut.model_validate(job), skipped=[vars(one) for one in chosen.skipped])

    @routes.get("/search", summary="Passages that fit a question best")
    def search(
        q: Annotated[str, Query(min_length=1, max_length=2000)],
        project: str | None = None,
        k: Annotated[int, Query(ge=1, le=20)] = 5,
    ) -> list[PassageOut]:
        found = memory.search(project or settings.project, q, k)
        return [PassageOut.model_validate({**one.as_dict(), "passage": one.text}) for one in found]

    @routes.post("/ask", summary="A question, answered from the documents with citations")
    def ask(question: AskIn) -> AnswerOut:
        answer = memory.answer(question.project or settings.project, question.question, question.before)
        return AnswerOut(
            answered=answer.answered,
            answer=answer.text,
            citations=[CitationOut.model_validate(passage.citation()) for passage in answer.citations],
            nearest=[CitationOut.model_validate(passage.citation()) for passage in answer.nearest],
        )

    @routes.get("/{document_id}", summary="A document with its passages in order")
    def document(document_id: int) -> DocumentDetailOut:
        view = documents.document(document_id)
        passages = [StoredPassageOut(id=row.id, heading=row.heading, text=row.text) for row in documents.text(view.id)]
        return DocumentDetailOut(document=DocumentOut.model_validate(view), passages=passages)

    @routes.delete("/{document_id}", status_code=204, summary="Delete a document with all that was made of it")
    def delete(document_id: int) -> Response:
        view = documents.document(document_id)
        documents.delete(document_id)
        memory.refresh(view.project)
        return Response(status_code=204)

    return routes
