"""Running heads and feet are no part of what a document says."""

from __future__ import annotations

from docagent import Document
from docagent.evidence.field_parser import FieldParser
from docagent.rules.fallbacks import first_date_candidates
from docagent.rules.running_lines import MIN_PAGES, running_words
from docagent.schemas import load_schema
from tests.documents import document_of

FOOT = "Source: ACME INC, 10-Q, 5/13/1998"


def pages(count: int) -> Document:
    return document_of(*([f"Clause {n} of it", FOOT, f"Page {n}"] for n in range(count)))


def test_lines_that_come_back_are_running() -> None:
    document = pages(MIN_PAGES)
    running = " ".join(document.words[i].word.text for i in sorted(running_words(document)))
    assert running == " ".join([FOOT] * MIN_PAGES)
    assert not running_words(pages(MIN_PAGES - 1))


def test_the_date_of_a_foot_is_not_that_of_the_document() -> None:
    schema = load_schema("nda")
    leaf = next(leaf for leaf in schema.leaves if leaf.path == "effective_date")
    assert not first_date_candidates(schema, FieldParser(pages(MIN_PAGES), leaf))
    found = first_date_candidates(schema, FieldParser(pages(1), leaf))
    assert [candidate.parsed.value for candidate in found] == ["1998-05-13"]
