"""An extraction together with what people say of it: the machine's values, the labels, the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docagent.api.problems import RequestError
from docagent.document import Frozen
from docagent.evidence.checks import run_checks
from docagent.results import Check, Extraction, Field
from docagent.schemas import assemble, load_schema
from docagent.store.types import Label, StoredResult


class Reviewed(Frozen):
    """An extraction and its labels.

    extraction: as the machine made it. labels: by path of the field. data: the values nested as
    the schema prescribes, a person's in place of the machine's. errors: why ``data`` does not
    validate against the schema. checks: of the schema, on the same values as ``data``.
    """

    result_id: str
    document_id: str
    extraction: Extraction
    labels: dict[str, Label]
    data: dict[str, Any]
    errors: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    reviewed: bool


def to_reviewed(stored: StoredResult, labels: Mapping[str, Label]) -> Reviewed:
    """Raises RequestError if the result is not an extraction."""
    extraction = stored.result
    if not isinstance(extraction, Extraction):
        message = f"result {stored.id} is of the verb {stored.verb}; only extractions have fields"
        raise RequestError(404, "store.missing", message)
    data, errors, checks = extraction.data, extraction.errors, extraction.checks
    if labels:
        schema = load_schema(_schema_source(stored, extraction))
        checks = run_checks(schema, _labelled_fields(extraction, labels))
        values = {f.path: _value(f, labels.get(f.path)) for f in extraction.fields}
        data = assemble(schema, {path: v for path, v in values.items() if v is not None})
        errors = schema.validate(data)
    return Reviewed(
        result_id=stored.id,
        document_id=stored.document_id,
        extraction=extraction,
        labels=dict(labels),
        data=data,
        errors=errors,
        checks=checks,
        reviewed=stored.reviewed,
    )


def corrected(stored: StoredResult, labels: Mapping[str, Label]) -> Extraction:
    """The extraction with a person's values in place of the machine's, for exports. Raises
    RequestError if the result is not an extraction."""
    reviewed = to_reviewed(stored, labels)
    return reviewed.extraction.replace(
        fields=_labelled_fields(reviewed.extraction, labels),
        checks=reviewed.checks,
        data=reviewed.data,
        errors=reviewed.errors,
        valid=not reviewed.errors,
    )


def _labelled_fields(extraction: Extraction, labels: Mapping[str, Label]) -> tuple[Field, ...]:
    return tuple(_labelled(field, labels.get(field.path)) for field in extraction.fields)


def _labelled(field: Field, label: Label | None) -> Field:
    if label is None:
        return field
    value = _value(field, label)
    certain: dict[str, Any] = {"confidence": 1.0, "absence": None, "status": "found"}
    if value is None:
        certain = {"confidence": None, "absence": 1.0, "status": "not_present"}
    if label.verdict != "accepted":
        certain |= {"raw_text": None, "evidence": ()}
    return field.replace(value=value, source="human", message=label.note, **certain)


def _value(field: Field, label: Label | None) -> Any:
    """The value that counts; the machine's only where there is evidence for it."""
    if label is None or label.verdict == "accepted":
        return None if field.status == "ungrounded" else field.value
    return label.value if label.verdict == "edited" else None


def _schema_source(stored: StoredResult, extraction: Extraction) -> Any:
    """The schema of an extraction; ``auto`` stands for the one that was found."""
    given = stored.options.get("schema")
    return dict(given) if isinstance(given, Mapping) else extraction.schema_name
