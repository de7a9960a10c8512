"""Holding claims to the page, for any document and any claim."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.cascade.answer_format import Claim, is_object, members
from docagent.cascade.document_view import Look
from docagent.cascade.verification import hold
from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.evidence.field_parser import FieldParser
from docagent.schemas import SchemaField
from docagent.tasks.correction.cascade import _pairs
from tests.documents import document_of, documents

KINDS = ("text", "amount", "date", "identifier", "decimal", "currency")


def reader(document: Document, kind: str) -> FieldParser:
    return FieldParser(
        document, SchemaField(path="x", types=("string",), normaliser=kind, query="")
    )


@given(documents, st.data())
def test_evidence_lies_on_the_lines_that_were_named(document: Document, data: Any):
    look = Look(document)
    if not look.lines:
        return
    words = st.sampled_from([word.word.text for word in document.words])
    value = data.draw(st.lists(words | st.text(max_size=5), min_size=1, max_size=4).map(" ".join))
    lines = data.draw(st.lists(st.sampled_from([line.id for line in look.lines]), unique=True))
    how = data.draw(st.sampled_from(["verbatim", "corrected", "derived"]))
    claim = Claim(tuple(lines), how, " ".join(value.split()) or None)
    held = hold(look, reader(document, data.draw(st.sampled_from(KINDS))), claim, "x")
    assert (held.field is None) == bool(held.complaint)
    if held.field is None or held.field.status == "ungrounded":
        return
    named = [look.by_id[line] for line in lines]
    spans = [document.words[i].span for line in named for i in range(line.start, line.end)]
    assert held.field.evidence
    for item in held.field.evidence:
        assert item.quote == document.text[item.span.start : item.span.end]
        assert any(span.start == item.span.start for span in spans)
        assert any(span.end == item.span.end for span in spans)


@given(documents, st.text(min_size=1, max_size=12))
def test_sure_words_are_never_mended(document: Document, value: str):
    """All words of these documents are sure, so a value is made of the page's own words."""
    look = Look(document)
    assert all((w.word.confidence or 1) >= THRESHOLDS.slot for w in document.words)
    claim = Claim(tuple(line.id for line in look.lines[:12]), "corrected", " ".join(value.split()))
    held = hold(look, reader(document, "text"), claim, "x") if claim.value else None
    if held and held.field:
        assert held.field.how != "corrected"
        raw = normalize("NFKC", held.field.raw_text)
        assert "".join(str(held.field.value).split()) in "".join(raw.split())


@pytest.mark.parametrize(
    ("kind", "value", "raw"),
    [
        ("amount", "1234.5", "£1,234.50"),  # spelled otherwise, read as the same
        ("date", "2021-03-12", "12 March 2021"),
        ("currency", "GBP", "£1,234.50"),
        ("text", "Globex Corporation.", "Globex Corporation"),
        ("text", "globex corporation", "Globex Corporation"),
        ("text", "Globex Corporatiom", "Globex Corporation"),  # the page's spelling counts
        ("amount", "1,234.60", None),
        ("date", "12 March 2022", None),
        ("text", "Initech", None),
    ],
)
def test_the_page_decides(kind: str, value: str, raw: str | None):
    document = document_of(["Globex Corporation", "Due £1,234.50 by 12 March 2021"])
    look = Look(document)
    held = hold(look, reader(document, kind), Claim(("L1", "L2"), "verbatim", value), "x")
    assert (held.field.raw_text if held.field else None) == raw


@given(st.lists(st.text("ab", min_size=1, max_size=3)), st.lists(st.text("ab", max_size=3)))
def test_words_are_paired_once_and_in_order(texts: list[str], said: list[str]):
    pairs = _pairs(texts, said)
    assert [i for i, _ in pairs if i is not None] == list(range(len(texts)))
    assert [text for _, text in pairs if text is not None] == said


@given(st.text())
def test_any_text_has_members_or_none(text: str):
    found = members(text)
    assert isinstance(found, dict)
    assert bool(found) <= ("{" in text)
    assert is_object(text) or not found or "{" in text
