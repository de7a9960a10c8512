"""Several documents in one file are extracted apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docagent import DocAgent, Settings
from docagent.cli import main
from docagent.document import Document
from docagent.reader.scripted import ScriptedReader
from docagent.rules.document_parts import document_parts
from tests.documents import document_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at

SCHEMA = {
    "type": "object",
    "properties": {
        "invoice_number": {"type": ["string", "null"], "x-labels": ["Invoice No"]},
        "total": {"type": ["number", "null"], "x-labels": ["Total due"]},
    },
}


def bill(number: str, total: str, *more: str) -> list[str]:
    return ["ACME Widgets Ltd", f"Invoice No: {number}", *more, f"Total due   {total}"]


def receipt(shop: str, total: str) -> list[str]:
    return [shop, f"{shop} street 7", "tea     2.00", f"TOTAL   {total}"]


@pytest.mark.parametrize(
    ("pages", "starts"),
    [
        ([bill("A-17", "5.00"), bill("A-18", "7.00")], [1, 2]),
        ([bill("A-17", "5.00"), bill("A-17", "5.00")], []),
        ([bill("A-17", "5.00"), ["Terms", "Pay soon"], bill("A-18", "7.00")], [1, 3]),
        ([["Report", "Page 1 of 2"], ["More", "Page 2 of 2"]], []),
        ([["Letter", "Page 1 of 1"], ["Letter", "Page 1 of 1"]], [1, 2]),
        ([["Brief", "Seite 1 von 1"], ["Brief", "Seite 1/2"], ["Ende", "Seite 2/2"]], [1, 2]),
        ([bill("A-17", "5.00", "Page 1 of 2"), bill("A-18", "7.00", "Page 2 of 2")], []),
        ([receipt("Alfa", "2.00"), receipt("Beta", "3.00")], [1, 2]),
        ([receipt("Alfa", "2.00"), receipt("Alfa", "3.00")], []),
        ([bill("A-17", "5.00")], []),
    ],
)
def test_where_documents_begin(pages: list[list[str]], starts: list[int]) -> None:
    assert [part.first_page for part in document_parts(document_of(*pages))] == starts


def agent(**extraction: object) -> DocAgent:
    return DocAgent(Settings.model_validate({"extraction": extraction}), reader=ScriptedReader({}))


def test_no_value_is_of_another_document() -> None:
    document = document_of(bill("A-17", "5.00"), bill("A-18", "7.00"))
    found = agent().extract(document, SCHEMA)
    assert found.data == {"invoice_number": "A-17", "total": 5}
    (other,) = found.others
    assert other.data == {"invoice_number": "A-18", "total": 7}
    assert found.part is not None and other.part is not None
    assert (found.part.last_page, other.part.first_page) == (1, 2)
    for result in (found, other):
        for field in result.fields:
            for evidence in field.evidence:
                span = evidence.span
                assert document.text[span.start : span.end] == evidence.quote
    assert type(found).model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_it_can_be_switched_off() -> None:
    document = document_of(bill("A-17", "5.00"), bill("A-18", "7.00"))
    assert agent(parts=False).extract(document, SCHEMA).others == ()


def test_pages_have_their_tables_at_their_own_offsets() -> None:
    rows = ["item      price   amount", "nut        1.00     2.00", "bolt       3.00     3.00"]
    whole = document_of(["first page"], rows)
    whole = Document.model_validate(whole.model_dump())
    from_whole = DocAgent(reader=ScriptedReader({})).read(whole)
    assert from_whole.pages_between(2, 2).text == "\n".join(" ".join(row.split()) for row in rows)
    assert whole.text[whole.offset_of_page(2) :].startswith("item price")


def test_the_command_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for number, total in (("A-17", "5.00"), ("A-18", "7.00")):
        lines = bill(number, total, "Thank you for your order of the day")
        content = b"".join(text_at(72, 760 - 24 * n, line) for n, line in enumerate(lines))
        pages.append(PdfPage(content))
    path, schema = tmp_path / "two.pdf", tmp_path / "schema.json"
    path.write_bytes(pdf_bytes(*pages))
    schema.write_text(json.dumps({"title": "bill", **SCHEMA}))
    assert main(["extract", str(path), "--schema", str(schema), "--json"]) == 0
    said = capsys.readouterr()
    assert "2 documents, on pages 1, 2" in said.err
    assert len(json.loads(said.out)["others"]) == 1
