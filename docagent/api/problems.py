"""Problem details (RFC 9457): the one shape of every error that the server answers with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from docagent import errors
from docagent.document import Frozen
from docagent.errors import DocAgentError

MEDIA_TYPE = "application/problem+json"

TITLES: Mapping[int, str] = {
    400: "The request is not valid",
    401: "A key is needed",
    403: "The request is not allowed",
    404: "There is no such thing",
    405: "The method is not allowed here",
    406: "The format is not available",
    408: "The request took too long to arrive",
    409: "The request conflicts with what is there",
    411: "The length of the request is missing",
    412: "It was changed by someone else",
    413: "The request is too large",
    415: "The kind of file is not supported",
    421: "The server does not answer to this name",
    422: "The request cannot be processed",
    429: "Too many requests",
    500: "A fault in docagent",
    501: "Not installed on this server",
    502: "The vision-language model failed",
    503: "The server cannot do this now",
    504: "The document took too long",
}

_STATUS: Mapping[str, int] = {
    "source.unsupported": 415,
    "source.too_large": 413,
    "source.timeout": 504,
    "source": 422,
    "schema": 422,
    "settings.not_installed": 501,
    "settings.output": 500,
    "settings": 422,
    "extra": 501,
    "model": 500,
    "store.missing": 404,
    "store.conflict": 409,
    "store.full": 429,
    "store.refused": 401,
    "store.invalid": 422,
    "store.unavailable": 503,
    "store": 500,
    "job.lost": 503,
    "job.timeout": 504,
    "job": 500,
    "vlm": 502,
}
"""HTTP status of a code, or of all codes of a family."""


_OWN_CODES: Mapping[str, str] = {
    "request.invalid": "the request has a wrong value; errors has its place",
    "request.media_type": "the kind of body is not possible for this route",
    "request.too_large": "the body or file is larger than GET /v1/limits allows",
    "request.timeout": "the body did not arrive in time",
    "request.no_such_path": "there is no such address",
    "request.method": "the address does not take this method",
    "request.host": "the server does not answer to the name in the Host header",
    "request.origin": "a page of another site tried to change something",
    "key.missing": "the server needs a key",
    "key.scope": "the key may not do this",
    "limit.rate": "too many requests a minute (retryable)",
    "limit.conversations": "too many questions are being answered (retryable)",
    "document.reading": "the document is still being read (retryable)",
    "page.missing": "the document has no page of that number",
    "job.not_done": "the job has no result yet (retryable)",
    "job.cancelled": "the job was cancelled",
    "chat.no_document": "a question came without a document that it is about",
    "server.no_worker": "no worker runs (retryable)",
    "docagent.fault": "a bug in docagent; the log of the server has more",
}


def _codes() -> dict[str, str]:
    """What each code means: those of the library, and those of the server alone."""
    lines = re.findall(
        r"^    ([a-z]+\.[a-z_]+) +(\S.*(?:\n {8,}\S.*)*)", errors.__doc__ or "", re.M
    )
    library = {code: " ".join(text.split()) for code, text in lines}
    return {**library, **_OWN_CODES}


CODES: Mapping[str, str] = _codes()


class Pointer(Frozen):
    """One fault of a request. pointer: JSON pointer (RFC 6901) into the body, or the name of the
    parameter or header."""

    pointer: str
    message: str


class Problem(Frozen):
    """An error. type: page that explains the code. code: for programs; ``docagent.errors`` and the
    documentation of the API list them. retryable: whether the same request may succeed later.
    errors: the faults of the request, each with its place."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool = False
    request_id: str = ""
    errors: tuple[Pointer, ...] = Field(default=())


class RequestError(DocAgentError):
    """A request that the server refuses.

    status: HTTP status. pointer: place of the fault in the request. retry_after: seconds to wait
    before another try; None if waiting does not help. headers: sent with the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        pointer: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.pointer = pointer
        self.retry_after = retry_after
        self.headers = dict(headers or {})

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.retry_after is not None


def status_of(code: str) -> int:
    """HTTP status of a ``DocAgentError.code``."""
    family = code.partition(".")[0]
    return _STATUS.get(code) or _STATUS.get(family, 500)


def problem_of(error: DocAgentError) -> tuple[Problem, dict[str, str]]:
    """The problem and the extra headers of an error raised on purpose."""
    headers: dict[str, str] = {}
    errors: tuple[Pointer, ...] = ()
    status = status_of(error.code)
    retry_after: float | None = 2.0 if error.retryable else None
    if isinstance(error, RequestError):
        status, retry_after = error.status, error.retry_after
        headers.update(error.headers)
        if error.pointer is not None:
            errors = (Pointer(pointer=error.pointer, message=str(error)),)
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    made = _problem(status, error.code, str(error), error.retryable, errors)
    return made, headers


def _problem(
    status: int, code: str, detail: str, retryable: bool, errors: Sequence[Pointer] = ()
) -> Problem:
    return Problem(
        type=f"/problems/{code}",
        title=TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        instance="",
        code=code,
        retryable=retryable,
        errors=tuple(errors),
    )


def respond(request: Request, problem: Problem, headers: Mapping[str, str]) -> JSONResponse:
    """The answer that carries a problem."""
    named = problem.replace(
        instance=request.url.path, request_id=getattr(request.state, "request_id", "")
    )
    content = named.model_dump(mode="json")
    return JSONResponse(content, named.status, dict(headers), media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every exception with a problem."""
    app.add_exception_handler(DocAgentError, _on_own_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DocAgentError)
    problem, headers = problem_of(error)
    return respond(request, problem, headers)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    pointers = tuple(_pointers(error.errors()))
    first = pointers[0]
    where = f"{first.pointer}: " if first.pointer else ""
    problem = _problem(422, "request.invalid", f"{where}{first.message}", False, pointers)
    return respond(request, problem, {})


def _pointers(errors: Iterable[Mapping[str, Any]]) -> Iterable[Pointer]:
    """The faults that FastAPI found, without the values that were sent."""
    for error in errors:
        where, *rest = error["loc"]
        parts = [str(part).replace("~", "~0").replace("/", "~1") for part in rest]
        pointer = "".join(f"/{part}" for part in parts) if where == "body" else ".".join(parts)
        yield Pointer(pointer=pointer, message=error["msg"])


_HTTP_CODES = {
    401: "key.missing",
    408: "request.timeout",
    404: "request.no_such_path",
    405: "request.method",
    413: "request.too_large",
}


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    code = _HTTP_CODES.get(status, "request.invalid")
    problem = _problem(status, code, _HTTP_DETAILS.get(status, str(error.detail)), False)
    headers = dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(sorted(_allowed_methods(request)))
    return respond(request, problem, headers)


def _allowed_methods(request: Request) -> set[str]:
    """The methods that the routes of an address take together."""
    methods: set[str] = set()
    for method in ("DELETE", "GET", "POST", "PUT"):
        scope = {**request.scope, "method": method, "path_params": {}}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            methods.add(method)
    return methods


_HTTP_DETAILS = {
    404: "there is no such address on this server; /openapi.json lists them",
    413: "the body is larger than this server takes; GET /v1/limits has the limits",
}


def fault_problem() -> Problem:
    """The problem of a bug, which says only that it was noted."""
    detail = "a fault in docagent; the log of the server has more under this request_id"
    return _problem(500, "docagent.fault", detail, False)


def places(error: BaseException) -> list[str]:
    """File, line and function of each frame of a traceback, without values or messages, which may
    hold text of a document."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-12:]
