"""Tables as spreadsheets: CSV (RFC 4180), one file a table, and XLSX, one sheet a table.

Text of a document is data: in CSV a cell that a spreadsheet would take for a formula begins with an
apostrophe, and in XLSX every text is stored as text.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from datetime import date, datetime

from docagent.export.sheets import CONFIDENCE, Sheet, Value

MAX_CELL_CHARS = 32_767
"""Most characters of a cell of a spreadsheet."""
MAX_SHEET_NAME_CHARS = 31
MIN_COLUMN_CHARS, MAX_COLUMN_CHARS = 8, 48
"""Bounds of the width of a column."""
DOUBTFUL_COLOUR = "#FCE4D6"
CREATED = datetime(2000, 1, 1)
"""Time of creation of every file, so that the same tables give the same bytes."""

_FORMULA = re.compile(r"^[=+\-@\t\r\n]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def sheet_to_csv(table: Sheet) -> str:
    """A table as CSV with a row of names; lines end with CR LF.

    A text that begins like a formula (``= + - @``, tab, line break) gets an apostrophe in front;
    numbers do not.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_defuse(name) for name in table.columns])
    writer.writerows([_to_csv(value) for value in row] for row in table.rows)
    return out.getvalue()


def _to_csv(value: Value) -> str:
    if value is None:
        return ""
    return _defuse(value) if isinstance(value, str) else str(value)


def _defuse(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def sheets_to_xlsx(tables: Sequence[Sheet]) -> bytes:
    """Tables as an XLSX workbook: one sheet a table, names bold and frozen, doubtful cells shaded.

    Dates (ISO 8601) are dates, confidences per cents; a text is never a formula or a link.
    """
    import xlsxwriter  # takes a tenth of a second, and few runs need it

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"created": CREATED})
    looks = {
        (kind, doubtful): book.add_format(
            {"num_format": number} | ({"bg_color": DOUBTFUL_COLOUR} if doubtful else {})
        )
        for kind, number in _NUMBER_FORMATS.items()
        for doubtful in (False, True)
    }
    bold = book.add_format({"bold": True})
    names: set[str] = set()
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.name, names))
        sheet.write_row(0, 0, table.columns, bold)
        for number, row in enumerate(table.rows):
            for column, value in enumerate(row):
                kind, cell = _to_cell(value, table.columns[column])
                look = looks[kind, (number, column) in table.doubtful]
                if isinstance(cell, str):
                    sheet.write_string(number + 1, column, cell, look)
                elif isinstance(cell, date):
                    sheet.write_datetime(number + 1, column, cell, look)
                elif isinstance(cell, bool):
                    sheet.write_boolean(number + 1, column, cell, look)
                elif cell is not None:
                    sheet.write_number(number + 1, column, cell, look)
                else:
                    sheet.write_blank(number + 1, column, None, look)
        for column, width in enumerate(_widths(table)):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        if table.columns:
            sheet.autofilter(0, 0, max(1, len(table.rows)), len(table.columns) - 1)
    book.close()
    return out.getvalue()


_NUMBER_FORMATS = {"text": "@", "plain": "General", "date": "yyyy-mm-dd", "confidence": "0%"}


def _to_cell(value: Value, column: str) -> tuple[str, Value | date]:
    """The kind of a cell, and its value as it is written."""
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            try:
                # Spreadsheets count days from 1900.
                return (
                    ("date", date.fromisoformat(value)) if value >= "1900-03" else ("text", value)
                )
            except ValueError:
                return "text", value
        cut = value if len(value) <= MAX_CELL_CHARS else f"{value[: MAX_CELL_CHARS - 1]}\u2026"
        return "text", cut
    if isinstance(value, float) and not math.isfinite(value):
        return "text", str(value)
    is_share = column == CONFIDENCE.strip() or column.endswith(CONFIDENCE)
    return ("confidence" if is_share else "plain"), value


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that a sheet may have, and no other sheet has."""
    plain = _NOT_IN_NAMES.sub("_", name).strip("'")[:MAX_SHEET_NAME_CHARS] or "table"
    chosen, number = plain, 2
    while chosen.casefold() in taken:
        end = f" {number}"
        chosen, number = plain[: MAX_SHEET_NAME_CHARS - len(end)] + end, number + 1
    taken.add(chosen.casefold())
    return chosen


def _widths(table: Sheet) -> list[int]:
    """Width of each column in characters, by its longest value."""
    widths = [len(name) + 2 for name in table.columns]
    for row in table.rows[:1000]:
        for column, value in enumerate(row):
            widths[column] = max(widths[column], len(str(value or "")))
    return [min(max(width, MIN_COLUMN_CHARS), MAX_COLUMN_CHARS) for width in widths]
