"""Cells become rows."""

from __future__ import annotations

import pytest

from docagent.candidates import FieldReader
from docagent.schemas import SchemaField
from docagent.tables import group_rows
from tests.documents import document_of

KINDS = {"description": "text", "quantity": "decimal", "amount": "amount"}


def rows_of(document, **columns):
    """Rows as texts, from the (quote, occurrence) pairs of each column."""
    words = [word.word.text for word in document.words]
    readers, found = {}, {}
    for name, quotes in columns.items():
        path = f"items[].{name}"
        leaf = SchemaField(
            path=path, types=("string",), normaliser=KINDS[name], query=name, array="items"
        )
        readers[path] = FieldReader(document, leaf)
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
