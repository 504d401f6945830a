"""Expected errors as JSON: `{"error": one sentence, "detail": the technical rest}`."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from errors import BadRequest, Conflict, GameForgeError, NotFound, NotReady, ResourceError
from server.schemas import ErrorOut

log = logging.getLogger(__name__)

# Documented on every route; FastAPI wants them by status code.
RESPONSES: dict[int | str, dict[str, object]] = {
    400: {"model": ErrorOut, "description": "The request cannot be carried out as it is; `error` says what to change."},
    404: {"model": ErrorOut, "description": "What was named does not exist."},
    409: {"model": ErrorOut, "description": "Somebody else changed it meanwhile; read it again."},
}


def status_of(error: GameForgeError) -> int:
    """400 bad request, 404 not found, 409 conflict, 503 not ready, 429 queue full, 507 no memory or disk, 500 else."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Conflict):
        return 409
    if isinstance(error, NotReady):
        return 503
    if isinstance(error, BadRequest):
        return 400
    if isinstance(error, ResourceError):
        return 429 if "queue" in error.message.lower() else 507
    return 500


def install(app: FastAPI) -> None:
    @app.exception_handler(GameForgeError)
    def expected(request: Request, error: GameForgeError) -> JSONResponse:
        return body(status_of(error), error.message, error.detail)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        parts = [f"{'.'.join(str(step) for step in item['loc'][1:])}: {item['msg']}" for item in error.errors()]
        return body(400, f"This request cannot be read: {'; '.join(parts)}.", str(error.errors()))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": str(error.detail), "detail": ""}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return body(500, "Something in GameForge broke. The log has the details.", type(error).__name__)


def body(status: int, message: str, detail: str) -> JSONResponse:
    return JSONResponse(ErrorOut(error=message, detail=detail).model_dump(), status)
