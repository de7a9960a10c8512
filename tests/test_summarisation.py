"""A summary without a model is what the page says, each sentence with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.agent import DocAgent
from docagent.document import Document
from docagent.errors import SettingsError
from docagent.results import Summary
from tests.documents import document_of, documents

LEASE = document_of(
    [
        "LEASE AGREEMENT",
        "This Lease Agreement is made on 3 March 2021 between ACME Widgets Ltd and",
        "Globex Inc. The monthly rent for the premises is 1,200.00 EUR and is payable on",
        "the first day of each month.",
        "Smoking is frowned upon by most of the people who happen to live nearby.",
    ],
    ["The lease of the premises ends on 2 March 2026 and may be renewed for a year by Globex Inc."],
)
BILL = document_of(
    [
        "ACME Widgets Ltd",
        "Invoice",
        "Qty  Description  Amount",
        "1  Bolts  100.00",
        "2  Nuts  20.00",
    ],
    ["Total  120.00"],
)


def sentences(document: Document, most: int = 5) -> list[str]:
    return [sentence.text for sentence in DocAgent().summarise(document, most).sentences]


def test_sentences_run_over_lines_and_end_at_full_stops() -> None:
    found = sentences(LEASE, 4)
    assert found[1].endswith("between ACME Widgets Ltd and Globex Inc.")
    assert found[2].endswith("EUR and is payable on the first day of each month.")
    assert not any("Smoking" in text for text in found)


def test_they_are_in_the_order_of_the_document_and_on_the_page() -> None:
    summary = DocAgent().summarise(LEASE, 4)
    starts = [sentence.evidence[0].span.start for sentence in summary.sentences]
    assert starts == sorted(starts)
    assert {e.page for sentence in summary.sentences for e in sentence.evidence} == {1, 2}
    assert summary.text == "\n".join(sentence.text for sentence in summary.sentences)
    assert {(s.how, s.source) for s in summary.sentences} == {("verbatim", "rule")}


def test_rows_of_a_form_are_sentences_and_the_total_is_one() -> None:
    found = sentences(BILL, 3)
    assert "Total 120.00" in found
    assert "Invoice" in found
    assert "Qty Description Amount" not in found


def test_what_cannot_be_read_is_not_said() -> None:
    summary = DocAgent().summarise(document_of(["Tolal 1Z0.00"], confidence=0.1))
    assert (summary.sentences, summary.message) == ((), "no line can be read well enough")
    assert DocAgent().summarise(document_of([])).message == "the document has no text"


@pytest.mark.parametrize("most", [0, -1, 21])
def test_a_number_of_sentences_that_is_not_possible(most: int) -> None:
    with pytest.raises(SettingsError, match="1 to 20"):
        DocAgent().summarise(LEASE, most)


@given(documents, st.integers(1, 4))
def test_every_sentence_is_printed_where_it_says(document: Document, most: int) -> None:
    summary = DocAgent().summarise(document, most)
    assert len(summary.sentences) <= most
    assert bool(summary.message) == (not summary.sentences)
    for sentence in summary.sentences:
        quotes = " ".join(e.quote for e in sentence.evidence)
        assert sentence.text.split() == quotes.split()
    assert Summary.model_validate_json(summary.model_dump_json()) == summary
