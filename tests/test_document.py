"""Frozen values: what ``replace`` checks, keeps and drops; what a confidence may be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from docagent.document import Alternative, Document, Frozen, Line, Page, Span, Word
from docagent.results import Answer, Extraction, Field, KindScore, Turn

BOX = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2))
WORD = Word(text="Total", polygon=BOX, confidence=0.9)
LINE = Line(words=(WORD,), confidence=0.9)
PAGE = Page(number=1, width=100, height=100, lines=(LINE,), confidence=0.9)
DOCUMENT = Document(id="d", pages=(PAGE,))
FIELD = Field(path="total", value=1.0, confidence=0.5, status="found")
ANSWER = Answer(document_id="d", question="q", text="a", confidence=0.5)
NO_CONFIDENCE = (7, -0.1, 1.0001, float("nan"), float("inf"), "sure")


def test_replace_gives_a_new_value_and_leaves_the_old_one():
    changed = FIELD.replace(status="conflicting", confidence=0.2)
    assert (changed.status, changed.confidence, changed.path) == ("conflicting", 0.2, "total")
    assert (FIELD.status, FIELD.confidence) == ("found", 0.5)
    assert FIELD.replace() == FIELD


def test_nothing_calculated_from_the_old_fields_is_kept():
    assert (DOCUMENT.text, len(DOCUMENT.words), len(DOCUMENT.level_boxes)) == ("Total", 1, 1)
    page = PAGE.replace(lines=(LINE.replace(words=(WORD.replace(text="Sum"), WORD)),))
    assert page.text == "Sum Total"
    changed = DOCUMENT.replace(pages=(page, PAGE))
    assert changed.text == "Sum Total\n\nTotal"
    assert (len(changed.words), len(changed.level_boxes)) == (3, 3)


def test_what_is_not_changed_is_the_same_object():
    data: dict[str, Any] = {"total": 1.0}
    result = Extraction(document_id="d", schema="s", fields=(FIELD,), data=data, valid=True)
    changed = result.replace(valid=False)
    assert changed.schema_name == "s"
    assert changed.fields[0] is FIELD
    assert PAGE.replace(engine="other").lines[0] is LINE


def test_a_value_of_a_narrower_type_stays_one():
    turn = Turn(document_id="d", question="q", read_as="q", text="a")
    assert type(turn.replace(text="b")) is Turn


@pytest.mark.parametrize(
    "value, change",
    [
        (FIELD, {"status": "lost"}),
        (FIELD, {"stauts": "found"}),
        (FIELD, {"source": "guess"}),
        (PAGE, {"rotation": 45}),
        (PAGE, {"number": 0}),
        (PAGE, {"lines": ("Total",)}),
        (WORD, {"polygon": BOX[:3]}),
        (Span(start=1, end=2), {"start": -1}),
    ],
)
def test_replace_refuses_what_the_type_refuses(value: Frozen, change: dict[str, Any]):
    with pytest.raises(ValidationError, match=next(iter(change))):
        value.replace(**change)


@pytest.mark.parametrize("confidence", NO_CONFIDENCE)
@pytest.mark.parametrize(
    "value",
    [
        WORD,
        LINE,
        PAGE,
        FIELD,
        ANSWER,
        Alternative(text="Total", confidence=0.5),
        KindScore(kind="invoice", domain="finance", confidence=0.5),
    ],
)
def test_a_confidence_is_a_probability(value: Frozen, confidence: Any):
    with pytest.raises(ValidationError, match="confidence"):
        value.replace(confidence=confidence)


@pytest.mark.parametrize("confidence", NO_CONFIDENCE)
def test_so_is_that_of_a_character(confidence: Any):
    with pytest.raises(ValidationError, match="char_confidences"):
        Word(text="a", polygon=BOX, char_confidences=(confidence,))
