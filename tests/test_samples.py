"""Every value extracted from every shipped sample can be proved on the page."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from docagent import DocAgent
from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.results import Extraction
from docagent.schemas import load_schema
from docagent.tasks.answering.fields import asked_field
from docagent.tasks.answering.question import parse_question
from docagent.text.normalise import normalise

SAMPLES = {
    "invoice.png": "invoice",
    "receipt.jpg": "receipt",
    "bank_statement.jpg": "bank_statement",
    "lab_report.jpg": "lab_report",
    "nda.pdf": "nda",
}
FOLDER = Path(str(files("docagent") / "samples"))


@pytest.fixture(scope="module")
def agent() -> DocAgent:
    return DocAgent()


@pytest.fixture(scope="module", params=sorted(SAMPLES))
def case(request: pytest.FixtureRequest, agent: DocAgent) -> Iterator[tuple[Document, Extraction]]:
    document = agent.read(FOLDER / request.param)
    yield document, agent.extract(document, SAMPLES[request.param])


def test_every_shipped_sample_is_covered() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} == set(SAMPLES)


def test_values_are_found_and_the_data_fits_the_schema(case: tuple[Document, Extraction]) -> None:
    _, extraction = case
    assert sum(field.value is not None for field in extraction.fields) >= 4
    assert extraction.valid and extraction.errors == ()
    assert load_schema(extraction.schema_name).validate(extraction.data) == ()


def test_evidence_is_the_words_of_the_page(case: tuple[Document, Extraction]) -> None:
    document, extraction = case
    by_start = {located.span.start: located for located in document.words}
    for field in extraction.fields:
        if field.value is None:
            continue
        assert field.evidence and field.raw_text
        words = []
        for item in field.evidence:
            assert document.text[item.span.start : item.span.end] == item.quote
            inside = [by_start[s] for s in sorted(by_start) if item.span.start <= s < item.span.end]
            assert all(located.page == item.page for located in inside)
            words += [located.word.text for located in inside]
            assert all(0 <= x <= 1 and 0 <= y <= 1 for p in item.polygons for x, y in p)
        assert " ".join(words) == field.raw_text


def test_values_re_derive_from_raw_text(case: tuple[Document, Extraction]) -> None:
    _, extraction = case
    schema = load_schema(extraction.schema_name)
    for field in extraction.fields:
        if field.value is None:
            continue
        leaf = schema.field(field.path)
        again = normalise(leaf.normaliser, field.raw_text or "", choices=leaf.choices)
        assert again.ok and again.value == field.value
        assert field.confidence is not None and 0 <= field.confidence <= 1


def test_a_question_for_a_field_is_answered_as_it_is_extracted(
    agent: DocAgent, case: tuple[Document, Extraction]
) -> None:
    document, extraction = case
    compared = 0
    for field in extraction.fields:
        question = f"What is the {field.path.replace('_', ' ').replace('.', ' ')}?"
        if field.status != "found" or "[" in field.path:
            continue
        wanted = asked_field(document, parse_question(question))
        answer = agent.ask(document, question)
        if wanted is None or wanted.leaf.path != field.path or answer.text is None:
            continue
        if (field.confidence or 0.0) < THRESHOLDS.answer and answer.citations != field.evidence:
            continue  # Too unsure to be an answer: another place may be better.
        assert answer.citations == field.evidence, question
        assert answer.confidence == field.confidence, question
        compared += 1
    assert compared >= 3


def test_the_demonstration_invoice_comes_out_right(agent: DocAgent) -> None:
    extraction = agent.extract(FOLDER / "invoice.png", "invoice")
    wanted = {
        "invoice_number": "NJ-2025-0417",
        "invoice_date": "2025-03-14",
        "due_date": "2025-04-13",
        "subtotal": 887.70,
        "tax": 177.54,
        "total": 1065.24,
    }
    assert {path: extraction[path].value for path in wanted} == wanted
    amounts = [f.value for f in extraction.fields if f.path.endswith("].amount")]
    assert amounts == [369.00, 192.00, 57.00, 149.70, 120.00]


def test_quantities_of_one_digit_are_found(agent: DocAgent) -> None:
    """Each stands alone in its column, where a detector of lines sees least."""
    extraction = agent.extract(FOLDER / "invoice.png", "invoice")
    read = [extraction[f"line_items[{row}].quantity"].value for row in range(5)]
    assert read == [2, 2, 4, 3, 1]
