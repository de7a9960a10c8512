"""The sample documents that ship with docagent, for an empty library."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response

from docagent.api.access import Reader, Writer, library_of, server_of
from docagent.api.openapi import PROBLEMS
from docagent.api.routes.documents import KNOWN
from docagent.api.uploads import to_file
from docagent.document import Frozen
from docagent.store.rows import missing
from docagent.store.types import StoredDocument

router = APIRouter(prefix="/v1/samples", tags=["documents"], responses=PROBLEMS)

FOLDER = Path(__file__).parents[2] / "samples"


class Sample(Frozen):
    """A sample. name: of its file. size: in bytes."""

    name: str
    size: int


@router.get("")
def list_samples(caller: Reader) -> tuple[Sample, ...]:
    """The samples."""
    return tuple(Sample(name=p.name, size=p.stat().st_size) for p in _files())


@router.post("/{name}", status_code=201, responses=KNOWN)
def add_sample(request: Request, response: Response, caller: Writer, name: str) -> StoredDocument:
    """Put a sample among the caller's documents."""
    path = next((path for path in _files() if path.name == name), None)
    if path is None:
        raise missing("sample", name)
    file = to_file(path.read_bytes(), path.name, server_of(request).settings.limits)
    stored, is_new = library_of(request, caller).documents.add(
        file.data, file.name, file.media_type
    )
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/v1/documents/{stored.id}"
    return stored


def _files() -> list[Path]:
    return sorted(path for path in FOLDER.iterdir() if path.suffix in (".jpg", ".pdf", ".png"))
