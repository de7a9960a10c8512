"""Ten tables of the kinds that bills, statements, price lists and reports print."""

from __future__ import annotations

from eval.metrics.tables import Grid, GridCell, grid_of
from eval.tasks.tables.pages import Style

_BILL = [
    ["Pos", "Description", "Qty", "Unit price", "Amount"],
    ["1", "Oak shelf, oiled", "2", "84.50", "169.00"],
    ["2", "Bracket, steel", "8", "3.25", "26.00"],
    ["3", "Delivery to the second floor", "", "", "35.00"],
    ["", "Subtotal", "", "", "230.00"],
    ["", "VAT 20 %", "", "", "46.00"],
    ["", "Total", "", "", "276.00"],
]
_LONG = [
    ["Pos.", "Bezeichnung", "Menge", "Einzelpreis", "Gesamt"],
    ["1", "Pflasterfläche vorbereiten, Planum herstellen und verdichten, Gefälle nach Plan",
     "250 m²", "6,00", "1.500,00"],
    ["2", "Tragschicht", "250 m²", "9,00", "2.250,00"],
    ["3", "Pflastersteine aus Beton, ungebundene Bauweise, Fugen einkehren und einschlämmen",
     "250 m²", "20,00", "5.000,00"],
    ["4", "Abfuhr", "1", "480,00", "480,00"],
]  # fmt: skip
_SECTIONS = [
    ["", "2024", "2023"],
    ["Current assets:", "", ""],
    ["Cash and cash equivalents", "1,204", "986"],
    ["Receivables", "3,310", "2,950"],
    ["Non-current assets:", "", ""],
    ["Property", "8,002", "8,450"],
    ["Goodwill", "-", "120"],
    ["Total assets", "12,516", "12,506"],
]
_TEXTS = [
    ["Name", "Department", "Office", "Extension"],
    ["Ada Winter", "Research", "North 12", "4411"],
    ["Bo Lindqvist", "Sales", "South 3", "4420"],
    ["Carla Rossi", "", "South 4", "4421"],
    ["Deniz Kaya", "Support", "", "4430"],
]
_STATEMENT = [
    ["Date", "Details", "Debit", "Credit", "Balance"],
    ["02 Mar", "Salary", "", "2,450.00", "3,120.10"],
    ["03 Mar", "Rent", "910.00", "", "2,210.10"],
    ["07 Mar", "Grocer", "64.20", "", "2,145.90"],
    ["09 Mar", "Refund", "", "12.00", "2,157.90"],
    ["", "Carried forward", "", "", "2,157.90"],
]
_RESULTS = [
    ["Test", "Result", "Unit", "Reference"],
    ["Haemoglobin", "14.2", "g/dL", "13.5 - 17.5"],
    ["Leucocytes", "6.1", "10^9/L", "4.0 - 10.0"],
    ["Potassium", "4.4", "mmol/L", "3.5 - 5.1"],
    ["Glucose", "5.3", "mmol/L", "3.9 - 5.6"],
]


def _spanned(rows: list[list[str]], *spans: tuple[int, int, int, int]) -> Grid:
    """A table with cells (row, column, row span, column span) that cover several places."""
    flat = grid_of(rows)
    by_place = {(r, c): (h, w) for r, c, h, w in spans}
    cells = [
        GridCell(cell.row, cell.column, cell.text, *by_place.get((cell.row, cell.column), (1, 1)))
        for cell in flat.cells
    ]
    return Grid(flat.rows, flat.columns, tuple(cells))


_QUARTERS = _spanned(
    [
        ["Region", "First half", "", "Second half", ""],
        ["", "Q1", "Q2", "Q3", "Q4"],
        ["North", "12.1", "13.4", "11.9", "15.0"],
        ["South", "9.8", "10.2", "10.4", "12.2"],
        ["Export", "3.0", "", "2.2", "4.1"],
    ],
    (0, 0, 2, 1),
    (0, 1, 1, 2),
    (0, 3, 1, 2),
)
_GROUPS = _spanned(
    [
        ["Group", "Item", "Price"],
        ["Drinks", "Tea", "2.10"],
        ["", "Coffee", "2.90"],
        ["", "Juice", "3.40"],
        ["Food", "Soup of the day", "5.20"],
        ["", "Bread", "1.10"],
    ],
    (1, 0, 3, 1),
    (4, 0, 2, 1),
)

DRAWN: dict[str, tuple[Grid, Style]] = {
    "bill, ruled": (grid_of(_BILL), Style(lines="all")),
    "bill, no lines": (grid_of(_BILL), Style()),
    "wrapped descriptions": (grid_of(_LONG), Style(padding=0.5, wrap=170)),
    "wrapped, ruled": (grid_of(_LONG), Style(lines="all", wrap=150)),
    "sections": (grid_of(_SECTIONS), Style(lines="header")),
    "texts only": (grid_of(_TEXTS), Style(numbers_right=False)),
    "statement, shaded": (grid_of(_STATEMENT), Style(is_shaded=True, padding=0.4)),
    "results, lines between rows": (grid_of(_RESULTS), Style(lines="rows")),
    "header over columns": (_QUARTERS, Style(lines="all")),
    "cells over rows": (_GROUPS, Style(lines="all", padding=0.5)),
}
