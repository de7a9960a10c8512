"""``/v1/models``: docagent, and the caller's documents as models to ask."""

from __future__ import annotations

from fastapi import APIRouter, Request

from docagent.api.access import Reader, library_of
from docagent.api.openai.asked import MODEL
from docagent.api.openapi import PROBLEMS
from docagent.document import Frozen

router = APIRouter(tags=["OpenAI"], responses=PROBLEMS)


class Model(Frozen):
    """A model as OpenAI lists it. name: of the document, for clients that show one."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = MODEL
    name: str = MODEL


class Models(Frozen):
    """A list of models."""

    object: str = "list"
    data: tuple[Model, ...]


@router.get("/v1/models")
def list_models(request: Request, caller: Reader, documents: bool = False) -> Models:
    """The model docagent, which finds the document itself; with ``documents=true`` also one model
    for each of the newest documents."""
    found = library_of(request, caller).documents.list(100).items if documents else ()
    each = (
        Model(id=f"{MODEL}:{d.id}", created=int(d.created.timestamp()), name=d.name) for d in found
    )
    return Models(data=(Model(id=MODEL), *each))
