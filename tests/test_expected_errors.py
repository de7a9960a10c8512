"""How many errors a reviewer is told to expect: only what is shown counts."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.document import Document
from docagent.results import Check, Evidence, Extraction, Field
from docagent.store.results import expected_errors

BOX = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2))
PROOF = Evidence(page=1, span={"start": 0, "end": 3}, quote="1.5", polygons=(BOX,))


def found(path: str, confidence: float | None) -> Field:
    return Field(
        path=path,
        raw_text="1.5",
        value=1.5,
        confidence=confidence,
        status="found" if confidence is not None else "ungrounded",
        evidence=(PROOF,) if confidence is not None else (),
    )


def absent(path: str, absence: float) -> Field:
    return Field(path=path, status="not_present", absence=absence)


def failed(*paths: str) -> Check:
    return Check(kind="sum", name="sum", status="failed", message="1 is not 2", paths=paths)


@pytest.mark.parametrize(
    ("fields", "checks", "expected"),
    [
        ((found("a", 0.9), found("b", 0.7)), (), 0.4),
        ((found("a", 0.9), absent("b", 0.2), absent("c", 0.9)), (), 0.1),
        ((found("a", None),), (), 1.0),
        ((Field(path="a", status="illegible"),), (), 1.0),
        ((Field(path="a", status="conflicting"), absent("b", 0.5)), (), 1.0),
        # One of the values of a failed check is wrong at least, however sure each of them is.
        ((found("a", 0.9), found("b", 0.9), found("c", 0.8)), (failed("a", "b"),), 1.2),
        ((found("a", 0.3), found("b", 0.2)), (failed("a", "b"),), 1.5),
        ((found("a", 0.9),), (failed(),), 1.1),
        ((), (), 0.0),
    ],
)
def test_only_what_is_shown_counts(
    fields: tuple[Field, ...], checks: tuple[Check, ...], expected: float
) -> None:
    made: dict[str, Any] = {"fields": fields, "checks": checks}
    result = Extraction(document_id="0" * 64, schema_name="invoice", data={}, valid=True, **made)
    assert expected_errors(result) == pytest.approx(expected)


def test_a_result_without_fields_has_none() -> None:
    assert expected_errors(Document(id="0" * 64, name="a.png", pages=())) is None
