"""Every error as problem+json (RFC 9457)."""

from __future__ import annotations

import errno
import http
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cratewatch.catalog.records import storable
from cratewatch.errors import (
    BusyError,
    CatalogAwayError,
    CratewatchError,
    NotFoundError,
    UnavailableError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
FULL = (errno.ENOSPC, errno.EDQUOT)


class Problem(HTTPException):
    """What a client is told instead of an answer.

    Attributes:
        reason: Short snake_case word for machines.
        errors: Of several things that are wrong, where each is and what.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        retry_after_s: float | None = None,
    ) -> None:
        waits = {} if retry_after_s is None else {"Retry-After": str(max(1, round(retry_after_s)))}
        super().__init__(status, detail, waits)
        self.reason = reason
        self.errors = list(errors)


def away(detail: str, reason: str = "unavailable", after_s: float = RETRY_AFTER_S) -> Problem:
    """Return what is said while something that is needed is away or too busy."""
    return Problem(503, reason, detail, retry_after_s=after_s)


def respond(problem: Problem, instance: str = "") -> Response:
    """Return a problem as a response."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": http.HTTPStatus(problem.status_code).phrase,
        "status": problem.status_code,
        "detail": storable(str(problem.detail)),
        "reason": problem.reason,
    }
    if instance:
        said["instance"] = storable(instance)
    if problem.errors:
        said["errors"] = problem.errors
    body = json.dumps(said, ensure_ascii=False).encode()
    return Response(body, problem.status_code, problem.headers, MEDIA_TYPE)


def of_error(error: Exception) -> Problem:
    """Return what a client is told of an error."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, (UnavailableError, CatalogAwayError, BusyError)):
        return away(str(error))
    said = str(error).removeprefix("--")  # a command's option is a field here
    if isinstance(error, NotFoundError):
        return Problem(404, "not_found", said)
    if isinstance(error, CratewatchError):
        return Problem(422, "refused", said)
    if isinstance(error, OSError) and error.errno in FULL:
        return away("no room on the disk of the service; make room there", "disk_full", 60)
    return Problem(500, "bug", "something went wrong in the service; its log says what")


def _of_http(error: HTTPException) -> Problem:
    if isinstance(error, Problem):
        return error
    reason = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    problem = Problem(error.status_code, reason, str(error.detail))
    problem.headers = error.headers
    return problem


def _of_validation(error: RequestValidationError) -> Problem:
    errors = [
        {"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])} for one in error.errors()
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in errors)
    return Problem(422, "invalid", detail, errors=errors)


def install(app: FastAPI, as_page: Callable[[Request, Problem], Response | None]) -> None:
    """Have an application tell every error so.

    Args:
        as_page: Returns a problem as people see it, or None where a program asked.
    """

    def tell(request: Request, problem: Problem) -> Response:
        return as_page(request, problem) or respond(problem, request.url.path)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return tell(request, _of_http(error))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return tell(request, _of_validation(error))

    async def on_error(request: Request, error: Exception) -> Response:
        return tell(request, of_error(error))

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    for kind in (CratewatchError, OSError, Exception):
        app.add_exception_handler(kind, on_error)
