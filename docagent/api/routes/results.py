"""Results, what people say of their fields, and what is left to review."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response

from docagent.api.access import Reader, Reviewer, library_of, server_of
from docagent.api.openapi import PROBLEMS, answers
from docagent.api.problems import RequestError
from docagent.api.reviewed import Reviewed, corrected, to_reviewed
from docagent.api.routes.documents import After, Limit, attachment
from docagent.document import Frozen
from docagent.errors import StoreError
from docagent.store.results import WITHDRAWN
from docagent.store.rows import missing
from docagent.store.types import Label, Slice, StoredResult, Verdict

router = APIRouter(prefix="/v1", responses=PROBLEMS)

ResultId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
FieldPath = Annotated[str, Path(max_length=500, description="such as line_items[0].amount")]


EXPORT_MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
IfMatch = Annotated[
    str,
    Header(
        pattern=r'^(\*|(W/)?"\d{1,9}")$',
        description='"REVISION" of the label that was seen, "0" for none; * writes in any case',
    ),
]


class LabelRequest(Frozen):
    """What a person says of a field. value: for the verdict ``edited``, of the field's type."""

    verdict: Verdict
    value: Any = None
    note: str = ""


@router.get("/results", tags=["results"])
def list_results(
    request: Request,
    caller: Reader,
    limit: Limit = 100,
    after: After = None,
    order: Literal["newest", "oldest", "expected_error"] = "newest",
    document_id: Annotated[str | None, Query(max_length=64)] = None,
    verb: Annotated[str | None, Query(max_length=20)] = None,
    reviewed: bool | None = None,
) -> Slice[StoredResult]:
    """The results of the caller."""
    results = library_of(request, caller).results
    chosen: dict[str, Any] = {"document_id": document_id, "verb": verb, "reviewed": reviewed}
    return results.list(limit, after, order, **chosen)


@router.get("/results/{result_id}", tags=["results"])
def get_result(request: Request, caller: Reader, result_id: ResultId) -> StoredResult:
    """A result, as often as it is asked for."""
    return library_of(request, caller).results.get(result_id)


@router.get("/review", tags=["review"])
def review(
    request: Request,
    caller: Reader,
    limit: Limit = 20,
    after: After = None,
    order: Literal["newest", "oldest", "expected_error"] = "expected_error",
) -> Slice[StoredResult]:
    """Extractions that no person has looked through, the one with most expected errors first."""
    results = library_of(request, caller).results
    return results.list(limit, after, order, verb="extract", reviewed=False)


@router.get("/extractions/{result_id}", tags=["review"])
def get_extraction(request: Request, caller: Reader, result_id: ResultId) -> Reviewed:
    """An extraction with the labels of its fields, and the data that both give together."""
    results = library_of(request, caller).results
    return to_reviewed(results.get(result_id), results.labels(result_id))


@router.get(
    "/extractions/{result_id}/export",
    tags=["review"],
    response_class=Response,
    responses=answers("The file", *(k.partition(";")[0] for k in EXPORT_MEDIA_TYPES.values())),
)
def export_extraction(
    request: Request,
    caller: Reader,
    result_id: ResultId,
    format: Literal["json", "csv", "xlsx"] = "json",
    table: Annotated[
        str, Query(max_length=500, description="of CSV: documents, or a list such as line_items")
    ] = "documents",
) -> Response:
    """An extraction as a file to save, with a person's values in place of the machine's."""
    library = library_of(request, caller)
    stored = library.results.get(result_id)
    extraction = corrected(stored, library.results.labels(result_id))
    name = library.documents.get(stored.document_id).name
    content: str | bytes
    if format == "xlsx":
        content = extraction.to_xlsx()
    elif format == "csv":
        content = extraction.to_csv(table)
    else:
        content = extraction.to_json()
    end = f".{table}.csv" if format == "csv" and table != "documents" else f".{format}"
    headers = {"Content-Disposition": attachment(name + end)}
    return Response(content, 200, headers, EXPORT_MEDIA_TYPES[format])


@router.get("/extractions/{result_id}/labels", tags=["review"])
def get_history(request: Request, caller: Reader, result_id: ResultId) -> tuple[Label, ...]:
    """Every label that was ever written for an extraction, also those that count no more."""
    return library_of(request, caller).results.label_history(result_id)


@router.get("/extractions/{result_id}/fields/{path:path}", tags=["review"])
def get_label(
    request: Request, response: Response, caller: Reader, result_id: ResultId, path: FieldPath
) -> Label:
    """The label that counts for a field; its revision is the ETag."""
    label = library_of(request, caller).results.labels(result_id).get(path)
    if label is None:
        raise missing("label of the field", path)
    response.headers["ETag"] = f'"{label.revision}"'
    return label


@router.put("/extractions/{result_id}/fields/{path:path}", tags=["review"])
def put_label(
    request: Request,
    response: Response,
    caller: Reviewer,
    result_id: ResultId,
    path: FieldPath,
    label: LabelRequest,
    if_match: IfMatch = "*",
) -> Label:
    """Write a person's value beside the machine's, which is kept. With If-Match it is written only
    if nobody else has written one since (412)."""
    results = library_of(request, caller).results
    with _precondition():
        made = results.label(
            result_id,
            path,
            label.verdict,
            label.value,
            note=label.note,
            author=caller.name,
            revision=_revision(if_match),
        )
    server_of(request).metrics.labels.labels(made.verdict).inc()
    response.headers["ETag"] = f'"{made.revision}"'
    return made


@router.delete("/extractions/{result_id}/fields/{path:path}", status_code=204, tags=["review"])
def delete_label(
    request: Request,
    caller: Reviewer,
    result_id: ResultId,
    path: FieldPath,
    if_match: IfMatch = "*",
) -> None:
    """Take a person's label back, so that the machine's value counts again. The history and the
    audit log keep it."""
    results = library_of(request, caller).results
    with _precondition():
        results.withdraw(result_id, path, author=caller.name, revision=_revision(if_match))
    server_of(request).metrics.labels.labels(WITHDRAWN).inc()


def _revision(if_match: str) -> int | None:
    """The revision in an If-Match header; None for any."""
    return None if if_match == "*" else int(re.sub(r"\D", "", if_match))


@contextmanager
def _precondition() -> Iterator[None]:
    """Turns a conflict with another person's label into 412."""
    try:
        yield
    except StoreError as error:
        if error.fault != "conflict":
            raise
        raise RequestError(412, error.code, str(error), pointer="If-Match") from error
