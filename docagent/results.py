"""What the tasks return: Evidence, Field, Check, Extraction, Edit, Correction, Answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key

from docagent.document import Frozen, Span
from docagent.geometry import Polygon

Status = Literal[
    "found", "not_present", "illegible", "ambiguous", "conflicting", "ungrounded", "invalid"
]
Abstention = Literal["not_present", "illegible", "ambiguous", "conflicting"]
Source = Literal["reader", "rule", "vlm", "human"]


class Evidence(Frozen):
    """A place on a page. ``quote`` is the document's text at ``span``; one polygon per line."""

    page: int
    span: Span
    quote: str
    polygons: tuple[Polygon, ...]
    match: Literal["exact", "fuzzy"] = "exact"


class Field(Frozen):
    """One leaf of an extraction.

    path: like ``total`` or ``line_items[0].amount``. raw_text: as printed (evidence quotes
    joined by one space). value: normalised by code from raw_text. confidence: 0-1, None when
    ungrounded. message: why the status is not ``found``.
    """

    path: str
    raw_text: str | None = None
    value: Any = None
    confidence: float | None = None
    status: Status
    evidence: tuple[Evidence, ...] = ()
    source: Source = "reader"
    message: str = ""


class Check(Frozen):
    """A rule of the schema applied to the fields."""

    name: str
    status: Literal["passed", "failed", "skipped"]
    message: str
    paths: tuple[str, ...] = ()


class Extraction(Frozen):
    """Fields of a document under a schema. ``data`` validates against the schema."""

    document_id: str
    schema_name: str = Key(serialization_alias="schema", validation_alias="schema")
    fields: tuple[Field, ...]
    checks: tuple[Check, ...] = ()
    data: dict[str, Any]
    valid: bool
    errors: tuple[str, ...] = ()

    def __getitem__(self, path: str) -> Field:
        """The field at ``path``; KeyError names the paths there are."""
        for field in self.fields:
            if field.path == path:
                return field
        raise KeyError(f"{path!r}; there are {', '.join(f.path for f in self.fields)}")


class Edit(Frozen):
    """One change to one word. Rejected edits are kept, with the reason."""

    page: int
    span: Span
    before: str
    after: str
    polygon: Polygon
    confidence: float | None
    source: str
    accepted: bool
    reason: str


class Answer(Frozen):
    """An answer to a question: text with citations, or a typed abstention."""

    document_id: str
    question: str
    text: str | None = None
    confidence: float | None = None
    citations: tuple[Evidence, ...] = ()
    abstained: Abstention | None = None
    message: str = ""
