"""Tables: from frames, from alignment, over pages; their kinds of rows and their JSON."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docagent import DocAgent
from docagent.document import Document, Table
from docagent.export import document_to_alto, document_to_hocr, document_to_markdown
from docagent.results import Correction, Edit
from docagent.tables import find_tables, tables_of
from tests.documents import document_of, documents
from tests.pdf_files import PdfPage, pdf_bytes, text_at

ITEMS = [
    "pos  description        qty    price   amount",
    "1    nut                  2     1.00     2.00",
    "2    bolt of steel        4     2.50    10.00",
    "     with washer",
    "3    screw                      3.00     3.00",
    "     total                              15.00",
]


def the_table(document: Document) -> Table:
    (table,) = find_tables(document)
    return table


def line(x0: float, y0: float, x1: float, y1: float) -> bytes:
    return b"%g %g m %g %g l S\n" % (x0, y0, x1, y1)


def ruled_page(rows: Sequence[Sequence[str]], missing: Sequence[tuple[int, int]] = ()) -> PdfPage:
    """A grid of cells 100 wide and 20 high; missing: (row, column) without the line on its
    right."""
    content = b""
    columns = len(rows[0])
    for n in range(len(rows) + 1):
        content += line(50, 700 - 20 * n, 50 + 100 * columns, 700 - 20 * n)
    for n, row in enumerate(rows):
        top = 700 - 20 * n
        for column in range(columns + 1):
            if (n, column - 1) not in missing:
                content += line(50 + 100 * column, top, 50 + 100 * column, top - 20)
        for column, text in enumerate(row):
            if text:
                content += text_at(54 + 100 * column, top - 14, text, 10)
    return PdfPage(content)


def test_rows_without_a_frame_keep_empty_cells_and_descriptions_that_wrap() -> None:
    table = the_table(document_of(ITEMS))
    assert table.texts == (
        ("pos", "description", "qty", "price", "amount"),
        ("1", "nut", "2", "1.00", "2.00"),
        ("2", "bolt of steel with washer", "4", "2.50", "10.00"),
        ("3", "screw", "", "3.00", "3.00"),
        ("", "total", "", "", "15.00"),
    )
    assert table.rows == ("header", "item", "item", "item", "total")
    assert not table.is_ruled


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("     Summe netto                        15.00", "total"),
        ("     carried forward                    15.00", "carried"),
        ("     Übertrag                           15.00", "carried"),
        ("4    transport            1     5.00     5.00", "item"),
    ],
)
def test_kinds_of_rows(row: str, kind: str) -> None:
    assert the_table(document_of([*ITEMS[:-1], row])).rows[-1] == kind


def test_a_title_between_items_is_a_section() -> None:
    rows = ["account        2023     2024", "Cash            120      140", "Liabilities",
            "Loans            50       40", "Bills            20       10"]  # fmt: skip
    table = the_table(document_of(rows))
    assert table.rows == ("header", "item", "section", "item", "item")
    assert table.texts[2] == ("Liabilities", "", "")


def test_a_frame_gives_cells_over_columns_and_several_lines() -> None:
    rows = [["Name", "Price", ""], ["nut", "1.00", "2.00"], ["", "3.00", ""]]
    document = DocAgent().read(pdf_bytes(ruled_page(rows, missing=[(0, 1)])))
    table = the_table(document)
    assert table.is_ruled
    assert table.texts == (("Name", "Price", ""), ("nut", "1.00", "2.00"), ("", "3.00", ""))
    price = next(cell for cell in table.cells if cell.text == "Price")
    assert (price.row, price.column, price.row_span, price.column_span) == (0, 1, 1, 2)
    assert document.tables == (table,)


def test_a_table_goes_on_over_pages() -> None:
    filler = [""] * 25
    pages = [[*filler, *ITEMS[:3]], [*ITEMS[:1], *ITEMS[4:]]]
    first, second = find_tables(document_of(*pages))
    assert (first.continues, second.continues) == (False, True)
    assert (first.page, second.page) == (1, 2)


def test_running_text_in_two_columns_is_no_table() -> None:
    left = "the quick brown fox jumps over the lazy dog"
    rows = [f"{left}      {left}"] * 6
    assert find_tables(document_of(rows)) == ()


def test_spans_point_at_the_words_of_a_cell() -> None:
    document = document_of(ITEMS)
    for cell in the_table(document).cells:
        quotes = [document.text[span.start : span.end] for span in cell.spans]
        assert " ".join(quotes).split() == cell.text.split()


def test_json_comes_back_and_older_json_still_loads() -> None:
    document = document_of(ITEMS)
    found = document.replace(tables=find_tables(document))
    assert Document.model_validate_json(found.model_dump_json()) == found
    old = document.model_dump(exclude={"tables"})
    for page in old["pages"]:
        del page["rulings"]
    assert tables_of(Document.model_validate(old)) == found.tables


def test_a_correction_changes_the_text_of_a_cell_and_can_be_undone() -> None:
    document = document_of(ITEMS)
    document = document.replace(tables=find_tables(document))
    word = next(w for w in document.words if w.word.text == "nut")
    edit = Edit(
        page=1, span=word.span, before="nut", after="washer", polygon=word.word.polygon,
        confidence=0.5, source="test", accepted=True, reason="",
    )  # fmt: skip
    correction = Correction(document_id="0", edits=(edit,), originals=(word.word,))
    changed = correction.apply(document)
    assert changed.tables is not None
    assert changed.tables[0].texts[1][1] == "washer"
    assert changed.tables == find_tables(changed)
    assert correction.revert(changed) == document


def test_exports_show_every_place() -> None:
    document = document_of(ITEMS)
    assert "| 3 | screw |  | 3.00 | 3.00 |" in document_to_markdown(document)
    hocr = document_to_hocr(document)
    assert hocr.count("<tr ") == 5
    assert hocr.count("<td") + hocr.count("<th") == 25
    assert 'TYPE="table"' in document_to_alto(document)


@given(documents)
@settings(max_examples=40, deadline=None)
def test_no_word_is_in_two_cells(document: Document) -> None:
    spans = [span for t in find_tables(document) for cell in t.cells for span in cell.spans]
    ordered = sorted(spans, key=lambda span: span.start)
    assert all(a.end <= b.start for a, b in pairwise(ordered))


@given(
    st.lists(
        st.lists(st.sampled_from(["7", "12.50", "1,200", "-"]), min_size=3, max_size=3),
        min_size=3,
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None)
def test_a_grid_comes_back_as_it_was_drawn(body: list[list[str]]) -> None:
    rows = [["item", "size", "price"], *(["x", *row[1:]] for row in body)]
    lines = ["".join(f"{text:<14}" for text in row).rstrip() for row in rows]
    assert [list(row) for row in the_table(document_of(lines)).texts] == rows
