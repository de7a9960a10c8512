"""Results as spreadsheets: the tables, CSV and XLSX, from Python and from the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from docagent import Answer, Check, Extracted, Extraction, Field, SettingsError
from docagent.cli import main
from docagent.export import Sheet, extractions_to_sheets, sheet_to_csv, sheets_to_xlsx
from docagent.export.spreadsheets import MAX_CELL_CHARS
from tests.pdf_files import PdfPage, pdf_bytes, text_at

RECEIPT = [
    "ACME STORES LTD",
    "12 High Street, Leeds LS1 4AB",
    "Date: 12/03/2024",
    "Subtotal 10.00",
    "VAT 20% 2.00",
    "Total 12.00",
]


def found(path: str, value: Any, confidence: float | None = 0.95, **more: Any) -> Field:
    return Field(path=path, raw_text=str(value), value=value, confidence=confidence, **{
        "status": "found", **more,
    })  # fmt: skip


def extraction(*fields: Field, **more: Any) -> Extraction:
    given = {"document_id": "d", "schema_name": "s", "data": {}, "valid": True, **more}
    return Extraction(fields=fields, **given)


def rows_of(table: Sheet) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_one_row_a_document_and_one_an_item() -> None:
    first = extraction(
        found("number", "A-1"),
        found("items[0].name", "pen"),
        found("items[0].price", 1.5, 0.5),
        found("items[1].name", "ink"),
    )
    second = extraction(found("total", 3), found("items[0].price", 2.0))
    documents, items = extractions_to_sheets(
        [
            Extracted(source="1.png", result=first),
            Extracted(source="2.png", error="no such file", code="source.missing"),
            Extracted(source="3.png", result=second),
        ]
    )
    assert (documents.name, items.name) == ("documents", "items")
    one, two, three = rows_of(documents)
    assert (one["source"], one["number"], one["number confidence"]) == ("1.png", "A-1", 0.95)
    assert (two["source"], two["error"], two["needs_review"]) == ("2.png", "no such file", "yes")
    assert (three["total"], three["number"], three["needs_review"]) == (3, None, "no")
    assert [(row["source"], row["item"]) for row in rows_of(items)] == [
        ("1.png", "1"),
        ("1.png", "2"),
        ("3.png", "1"),
    ]
    assert rows_of(items)[0]["price confidence"] == 0.5
    assert {items.columns[column] for _, column in items.doubtful} == {"price"}


def test_lists_in_lists_have_the_numbers_of_both() -> None:
    made = extraction(found("a[0].b[1].c", "x"), found("a[1].b[0].c", "y"), found("t[2]", "z"))
    _, nested, plain = extractions_to_sheets([Extracted(source="s", result=made)])
    assert nested.name == "a.b"
    assert [(row["item"], row["c"]) for row in rows_of(nested)] == [("1.2", "x"), ("2.1", "y")]
    assert [(row["item"], row["value"]) for row in rows_of(plain)] == [("3", "z")]


@pytest.mark.parametrize(
    ("fields", "more", "review"),
    [
        ([found("a", "x")], {}, None),
        ([found("a", "x", 0.79)], {}, "a: 79% sure"),
        ([found("a", "x", None)], {}, "a: not certain"),
        ([found("a", None, None, status="not_present", absence=0.9)], {}, None),
        (
            [found("a", None, None, status="not_present", absence=0.6)],
            {},
            "a: 60% sure that it is not present",
        ),
        ([found("a", "x", status="ambiguous")], {}, "a: ambiguous"),
        ([found("a", "x", None, status="ungrounded")], {}, "a: ungrounded"),
        ([found("a", "x", 0.1, source="human")], {}, None),
        (
            [found("a", "x")],
            {"checks": [Check(kind="sum", name="sum", status="failed", message="1", paths=["a"])]},
            "a: failed: sum",
        ),
    ],
)
def test_a_row_says_whether_and_why_a_person_should_look(fields, more, review) -> None:
    made = extraction(*fields, **more)
    (table,) = extractions_to_sheets([Extracted(source="s", result=made)])
    (row,) = rows_of(table)
    assert row["review"] == review
    assert (
        row["needs_review"] == ("yes" if review else "no") == ("yes" if made.needs_review else "no")
    )
    assert len(table.doubtful) == (1 if review else 0)


def test_failed_checks_and_errors_are_columns() -> None:
    check = Check(kind="sum", name="items sum to the total", status="failed", message="3 is not 4")
    made = extraction(found("a", 1), checks=[check], valid=False, errors=["a: too small"])
    (row,) = rows_of(extractions_to_sheets([Extracted(source="s", result=made)])[0])
    assert row["failed_checks"] == "items sum to the total (3 is not 4)"
    assert (row["schema_errors"], row["needs_review"]) == ("a: too small", "yes")


def test_a_field_with_the_name_of_a_column_keeps_its_value() -> None:
    made = extraction(found("source", "bank"), found("error", "none"), found("x confidence", 3))
    (row,) = rows_of(extractions_to_sheets([Extracted(source="s", result=made)])[0])
    assert (row["source"], row["error"]) == ("s", None)
    assert (row["field source"], row["field error"], row["field x confidence"]) == (
        "bank",
        "none",
        3,
    )


HOSTILE = [
    "=1+1",
    "+49 30",
    "-cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    '=HYPERLINK("x")',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_formulas_of_a_document_are_text(text: str) -> None:
    made = extraction(found("a", text), found("items[0].=b", text), found("amount", -12.5))
    tables = extractions_to_sheets([Extracted(source=text, result=made)])
    for table in tables:
        for row in csv.reader(io.StringIO(sheet_to_csv(table), newline="")):
            assert not any(cell[:1] in set("=+@\t\r\n") for cell in row)
            assert not any(cell[:1] == "-" for cell in row if cell != "-12.5")
    book = load_workbook(io.BytesIO(sheets_to_xlsx(tables)))
    kinds = {cell.data_type for sheet in book for row in sheet for cell in row}
    assert "f" not in kinds
    assert book.worksheets[0]["A2"].value.replace("_x000D_", "\r") == text


values = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 3)),
)


@given(st.lists(st.tuples(values, values), max_size=6))
def test_spreadsheets_give_back_what_was_put_in(rows: Sequence[tuple[Any, Any]]) -> None:
    table = Sheet("t", ("one", "two"), tuple(rows))
    again = list(csv.reader(io.StringIO(sheet_to_csv(table), newline="")))
    assert len(again) == len(rows) + 1
    sheet = load_workbook(io.BytesIO(sheets_to_xlsx([table])))["t"]
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell, text = sheet.cell(number, column).value, again[number - 1][column - 1]
            if isinstance(value, str) and not isinstance(cell, datetime):
                assert (cell or "") == value
            elif not isinstance(value, str):
                assert cell == (pytest.approx(value) if isinstance(value, float) else value)
            assert text.removeprefix("'") == ("" if value is None else str(value)).removeprefix("'")


def test_dates_confidences_and_doubts_are_shown_as_such() -> None:
    made = extraction(found("date", "2024-03-12"), found("old", "1066-10-14"), found("n", "x", 0.5))
    data = sheets_to_xlsx(extractions_to_sheets([Extracted(source="s", result=made)]))
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    cells = {cell.value: sheet.cell(2, cell.column) for cell in sheet[1]}
    assert cells["date"].value == datetime(2024, 3, 12)
    assert cells["old"].value == "1066-10-14"
    assert cells["date confidence"].number_format == "0%"
    assert cells["n"].fill.fgColor.rgb == "FFFCE4D6" != cells["date"].fill.fgColor.rgb
    assert sheet.freeze_panes == "B2"
    assert data == sheets_to_xlsx(extractions_to_sheets([Extracted(source="s", result=made)]))


def test_sheets_have_names_that_a_workbook_may_have() -> None:
    names = ["documents", "a/b:c*?[d]", "x" * 40, "x" * 41, "'q'"]
    book = load_workbook(io.BytesIO(sheets_to_xlsx([Sheet(n, ("a",), (("b",),)) for n in names])))
    assert book.sheetnames == ["documents", "a_b_c___d_", "x" * 31, "x" * 29 + " 2", "q"]


def test_a_text_too_long_for_a_cell_is_cut() -> None:
    data = sheets_to_xlsx([Sheet("t", ("a",), (("x" * (MAX_CELL_CHARS + 5),),))])
    value = load_workbook(io.BytesIO(data)).worksheets[0]["A2"].value
    assert len(value) == MAX_CELL_CHARS and value.endswith("\u2026")


def test_an_extraction_is_exported_by_its_methods() -> None:
    made = extraction(found("number", "A-1"), found("items[0].name", "pen"))
    assert "A-1" in made.to_csv() and "pen" in made.to_csv("items")
    assert load_workbook(io.BytesIO(made.to_xlsx())).sheetnames == ["documents", "items"]
    assert Extraction.model_validate_json(made.to_json()) == made
    with pytest.raises(SettingsError, match="documents, items"):
        made.to_csv("lines")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name, total in (("1.pdf", "12.00"), ("2.pdf", "13.00")):
        lines = [text.replace("Total 12.00", f"Total {total}") for text in RECEIPT]
        content = b"".join(text_at(72, 760 - 20 * n, line) for n, line in enumerate(lines))
        (inputs / name).write_bytes(pdf_bytes(PdfPage(content)))
    (inputs / "3.pdf").write_bytes(b"%PDF-1.7 nothing")
    return inputs


def csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_the_ending_of_a_file_name_decides(folder: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "receipts.csv"
    assert main(["extract", str(folder), "-s", "receipt", "-o", str(table)]) == 2
    rows = csv_rows(table)
    assert [Path(row["source"]).name for row in rows] == ["1.pdf", "2.pdf", "3.pdf"]
    assert [row["total"] for row in rows] == ["12.0", "13.0", ""]
    assert "damaged" in rows[2]["error"]
    assert "receipts.csv" in capsys.readouterr().out
    assert not (tmp_path / ".docagent").exists()
    book = tmp_path / "receipts.xlsx"
    main(["extract", str(folder), "-s", "receipt", "-o", str(book)])
    sheet = load_workbook(book).worksheets[0]
    assert [cell.value for cell in sheet["A"]][1:] == [row["source"] for row in rows]
    for name, start in (("x.md", "ACME"), ("x.hocr", "<?xml"), ("x.json", "{"), ("x.pdf", "%PDF")):
        assert main(["read", str(folder / "1.pdf"), "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_bytes().startswith(start.encode())


def test_a_folder_keeps_its_results_and_the_table_is_whole(folder, tmp_path, capsys) -> None:
    command = ["extract", str(folder), "-s", "receipt", "-o", str(tmp_path / "out"), "-f", "csv"]
    assert main(command) == 2
    table = tmp_path / "out" / "receipt.csv"
    first = table.read_bytes()
    assert (tmp_path / "out" / "1.pdf.receipt.json").is_file()
    table.unlink()
    capsys.readouterr()
    assert main(command) == 2
    assert "already done" in capsys.readouterr().err
    assert table.read_bytes() == first


def test_csv_is_printed(folder: Path, capsys) -> None:
    assert main(["ask", str(folder / "1.pdf"), "What is the total?", "-f", "csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row["question"] == "What is the total?"
    assert row["needs_review"] in ("yes", "no")
    assert main(["classify", str(folder / "1.pdf"), "-f", "csv"]) == 0
    assert "kind" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["extract", "{scan}", "-s", "receipt", "-o", "x.md"], "extract writes json, csv, xlsx"),
        (["extract", "{scan}", "-s", "receipt", "-f", "json", "-o", "x.csv"], "--format is json"),
        (["read", "{scan}", "-o", "x.xlsx"], "read writes text"),
        (["extract", "{scan}", "-s", "receipt", "-f", "csv,json", "-o", "x.csv"], "one result"),
        (["extract", "{scan}", "-s", "receipt", "-f", "csv,xlsx"], "several formats"),
        (["extract", "{scan}", "-s", "receipt", "-f", "csv", "--json"], "several formats"),
    ],
)
def test_what_cannot_be_written_is_said(folder, tmp_path, monkeypatch, capsys, arguments, reason):
    monkeypatch.chdir(tmp_path)
    named = [argument.format(scan=folder / "1.pdf") for argument in arguments]
    assert main(named) == 2
    assert reason in capsys.readouterr().err


def test_json_lines_go_with_a_table(folder: Path, tmp_path: Path, capsys) -> None:
    command = ["extract", str(folder), "-s", "receipt", "-o", str(tmp_path / "x.csv"), "--json"]
    assert main(command) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [("result" in line, "error" in line) for line in lines] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert len(csv_rows(tmp_path / "x.csv")) == 3


def test_an_answer_without_text_needs_review() -> None:
    table = extractions_to_sheets([])[0]
    assert table.rows == ()
    assert Answer(document_id="d", question="q", abstained="ambiguous").doubt() == "ambiguous"
    assert Answer(document_id="d", question="q", text="a", confidence=0.9).doubt() == ""
