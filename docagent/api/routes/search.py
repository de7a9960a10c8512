"""Search over the pages of all documents of the caller."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field

from docagent.api.access import Reader, library_of
from docagent.api.openapi import PROBLEMS, Whole
from docagent.document import Frozen
from docagent.store.types import Hit

router = APIRouter(tags=["search"], responses=PROBLEMS)


class SearchRequest(Frozen):
    """query: words, and phrases in double quotes. document_id: of the only document to search. It
    is a body rather than an address, since addresses end up in the logs of proxies."""

    query: str = Field(min_length=1, max_length=1000, examples=["total"])
    document_id: str = Field(default="", max_length=64)
    limit: Whole = Field(default=20, ge=1, le=1000)


@router.post("/v1/search")
def search(request: Request, caller: Reader, wanted: SearchRequest) -> tuple[Hit, ...]:
    """The pages with all words and phrases, best first; the matching words of a snippet are between
    the characters U+0002 and U+0003."""
    library = library_of(request, caller)
    hits = library.search(wanted.query, document_id=wanted.document_id, limit=wanted.limit)
    return tuple(hits)
