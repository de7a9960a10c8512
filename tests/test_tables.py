"""Cells become rows."""

from __future__ import annotations

import pytest

from docagent.evidence.field_parser import FieldParser
from docagent.rules.table_headers import cells_under_headers, merge_header_cells
from docagent.rules.table_rows import group_rows
from docagent.schemas import SchemaField
from tests.documents import document_of

KINDS = {"description": "text", "quantity": "decimal", "amount": "amount"}


INVOICE = document_of(
    [
        "Invoice 7                Page 1",
        "Item                Code   Qty   Total",
        "Steel bolts M6      A1       2    3.00",
        "zinc plated",
        "Nuts                B2      10    5.00",
    ],
    [
        "Washers             C3       1    0.50",
        "Total                             8.50",
        "Thank you for shopping with us    9.99",
    ],
)


def column(name, document, *labels):
    leaf = SchemaField(
        path=f"items[].{name}",
        types=("string",),
        normaliser=KINDS[name],
        query=name,
        labels=labels,
        array="items",
    )
    return FieldParser(document, leaf)


def test_a_printed_header_makes_columns():
    made = {
        "description": column("description", INVOICE, "Item"),
        "quantity": column("quantity", INVOICE, "Qty"),
        "amount": column("amount", INVOICE, "Total", "Amount"),
    }
    readers = {reader.leaf.path: reader for reader in made.values()}
    rows = group_rows(readers, cells_under_headers(INVOICE, readers))
    texts = [{path.split(".")[1]: c.raw_text for path, c in row.items()} for row in rows]
    assert texts == [
        {"description": "Steel bolts M6 zinc plated", "quantity": "2", "amount": "3.00"},
        {"description": "Nuts", "quantity": "10", "amount": "5.00"},
        {"description": "Washers", "quantity": "1", "amount": "0.50"},
    ]


def test_one_label_is_no_header():
    readers = {"items[].amount": column("amount", INVOICE, "Total")}
    assert cells_under_headers(INVOICE, readers) == {"items[].amount": []}


def rows_of(document, **columns):
    """Rows as texts, from the (quote, occurrence) pairs of each column."""
    words = [word.word.text for word in document.words]
    readers, found = {}, {}
    for name, quotes in columns.items():
        path = f"items[].{name}"
        leaf = SchemaField(
            path=path, types=("string",), normaliser=KINDS[name], query=name, array="items"
        )
        readers[path] = FieldParser(document, leaf)
        found[path] = []
        for quote in quotes:
            parts = quote.split()
            starts = [i for i in range(len(words)) if words[i : i + len(parts)] == parts]
            found[path].append(readers[path].candidate(starts[0], starts[0] + len(parts), 0.9))
    grouped = group_rows(readers, found)
    return [{k.split(".")[1]: c.raw_text for k, c in row.items()} for row in grouped]


def test_cells_of_one_height_are_a_row():
    document = document_of(["Bolts 2 3.00", "Nuts 4 5.00"])
    assert rows_of(
        document, amount=["5.00", "3.00"], description=["Bolts", "Nuts"], quantity=["4", "2"]
    ) == [
        {"amount": "3.00", "description": "Bolts", "quantity": "2"},
        {"amount": "5.00", "description": "Nuts", "quantity": "4"},
    ]


def test_a_description_that_wraps_is_joined():
    document = document_of(["Steel bolts 2 3.00", "zinc plated", "Nuts 4 5.00"])
    rows = rows_of(
        document, description=["Steel bolts", "zinc plated", "Nuts"], amount=["3.00", "5.00"]
    )
    assert [row["description"] for row in rows] == ["Steel bolts zinc plated", "Nuts"]


def test_a_name_above_its_numbers_belongs_to_them():
    document = document_of(["Steel bolts", "2 3.00", "Nuts", "4 5.00"])
    rows = rows_of(
        document, description=["Steel bolts", "Nuts"], quantity=["2", "4"], amount=["3.00", "5.00"]
    )
    assert [(row["description"], row["amount"]) for row in rows] == [
        ("Steel bolts", "3.00"),
        ("Nuts", "5.00"),
    ]


def test_a_lone_total_under_the_table_is_no_row():
    document = document_of(["Bolts 2 3.00", "Nuts 4 5.00", "Total 8.00"])
    rows = rows_of(
        document,
        description=["Bolts", "Nuts"],
        quantity=["2", "4"],
        amount=["3.00", "5.00", "8.00"],
    )
    assert [row["amount"] for row in rows] == ["3.00", "5.00"]


def test_rows_go_on_over_pages():
    document = document_of(["Bolts 3.00"], ["Nuts 5.00"])
    rows = rows_of(document, description=["Bolts", "Nuts"], amount=["3.00", "5.00"])
    assert [row["description"] for row in rows] == ["Bolts", "Nuts"]


@pytest.mark.parametrize("columns", [{}, {"amount": []}])
def test_nothing_found_is_no_rows(columns):
    assert rows_of(document_of(["Bolts 3.00"]), **columns) == []


def test_a_table_of_texts_only():
    document = document_of(["Bolts", "Nuts"])
    assert rows_of(document, description=["Bolts", "Nuts"]) == [
        {"description": "Bolts"},
        {"description": "Nuts"},
    ]


def test_what_the_reader_points_at_makes_cells_under_a_header_surer():
    made = [
        column("description", INVOICE, "Item"),
        column("quantity", INVOICE, "Qty"),
        column("amount", INVOICE, "Total", "Amount"),
    ]
    readers = {reader.leaf.path: reader for reader in made}
    words = [word.word.text for word in INVOICE.words]
    bolts = readers["items[].description"].candidate(words.index("Steel"), words.index("M6"), 0.5)
    cells = merge_header_cells(
        readers, {**{key: [] for key in readers}, "items[].description": [bolts]}
    )
    found = {c.raw_text: c.score for c in cells["items[].description"]}
    assert found["Steel bolts M6"] > found["Nuts"]
    assert [c.raw_text for c in cells["items[].quantity"]] == ["2", "10", "1"]


def test_a_table_elsewhere_is_not_that_of_the_items():
    receipt = document_of(
        ["Tea               4.00", "Total             4.00", "Item   Qty   Total", "SR   1   3.77"]
    )
    made = [
        column("description", receipt, "Item"),
        column("quantity", receipt, "Qty"),
        column("amount", receipt, "Total"),
    ]
    readers = {reader.leaf.path: reader for reader in made}
    tea = readers["items[].description"].candidate(0, 1, 0.9)
    cells = merge_header_cells(
        readers, {**{key: [] for key in readers}, "items[].description": [tea]}
    )
    assert [c.raw_text for c in cells["items[].description"]] == ["Tea"]


def test_a_column_without_a_known_label_at_the_end_is_the_amount():
    bill = document_of(["Item        Qty   Betraq", "Steel bolts   2     3.00"])
    made = [
        column("description", bill, "Item"),
        column("quantity", bill, "Qty"),
        column("amount", bill, "Total"),
    ]
    readers = {reader.leaf.path: reader for reader in made}
    assert [c.raw_text for c in cells_under_headers(bill, readers)["items[].amount"]] == ["3.00"]
