"""Results of many documents as tables: one row a document, and one table for each list of items.

Every field has a column for its value and one for its confidence. A cell is doubtful where a person
should look at it; ``needs_review`` says so for the row, and ``review`` why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docagent.results import (
    Answer,
    Classification,
    Extracted,
    Extraction,
    Field,
    Finding,
    Summary,
)

Value = str | int | float | bool | None

MAIN = "documents"
"""Name of the table with one row a document."""
CONFIDENCE = " confidence"
"""End of the name of the column with the confidence of another column."""
_OWN = frozenset("source item schema needs_review review failed_checks schema_errors error".split())
"""Columns that are not fields."""
_LAST_INDEX = re.compile(r"^(?P<table>.*)\[(?P<row>\d+)\]\.?(?P<column>[^\[\]]*)$")
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Sheet:
    """A table of values. columns: their names, each once. rows: one value a column, None for an
    empty cell. doubtful: (row, column) of the cells to look at, from 0."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    doubtful: frozenset[tuple[int, int]] = frozenset()


@dataclass
class _Rows:
    """A table that grows: columns appear in the order in which they are first seen."""

    columns: dict[str, None] = field(default_factory=dict)
    rows: list[dict[str, Value]] = field(default_factory=list)
    doubtful: set[tuple[int, str]] = field(default_factory=set)

    def add(self, row: Mapping[str, Value], doubtful: Iterable[str] = ()) -> None:
        self.columns.update(dict.fromkeys(row))
        self.doubtful.update((len(self.rows), name) for name in doubtful)
        self.rows.append(dict(row))

    def sheet(self, name: str) -> Sheet:
        places = {column: place for place, column in enumerate(self.columns)}
        return Sheet(
            name,
            tuple(self.columns),
            tuple(tuple(row.get(column) for column in self.columns) for row in self.rows),
            frozenset((row, places[column]) for row, column in self.doubtful),
        )


class SheetBuilder:
    """Collects the results of documents, of one verb, into tables."""

    def __init__(self) -> None:
        self._main = _Rows()
        self._items: dict[str, _Rows] = {}

    def add(self, source: str, result: Any) -> None:
        """Add the result of a document. source: its name. Raises TypeError for a result that is
        no row of a table."""
        if isinstance(result, Extraction):
            self._add_extraction(source, result)
        elif isinstance(result, Answer):
            self._add_finding(source, result, {"question": result.question, "answer": result.text})
        elif isinstance(result, Classification):
            kind = {"kind": result.kind, "domain": result.domain or None}
            self._add_finding(source, result, kind)
        elif isinstance(result, Summary):
            row = {"source": source, "summary": result.text, "message": result.message or None}
            self._main.add({**row, "error": None})
        else:
            raise TypeError(f"{type(result).__name__} is not a row of a table")

    def add_error(self, source: str, error: str) -> None:
        """Add a document without a result."""
        row: dict[str, Value] = {"source": source}
        if not self._main.columns or "needs_review" in self._main.columns:
            row["needs_review"] = "yes"
        self._main.add({**row, "error": error})

    def sheets(self) -> tuple[Sheet, ...]:
        """The table of documents, and those of their items by path."""
        items = (rows.sheet(name) for name, rows in self._items.items())
        return (self._main.sheet(MAIN), *items)

    def _add_finding(self, source: str, found: Finding, said: Mapping[str, Value]) -> None:
        doubt = found.doubt()
        place = found.evidence[0] if found.evidence else None
        row: dict[str, Value] = {
            "source": source,
            "needs_review": "yes" if doubt else "no",
            "review": doubt or None,
            **said,
            "confidence": _share(found.confidence),
            "page": place.page if place else None,
            "quote": place.quote if place else None,
            "message": found.message or None,
            "error": None,
        }
        self._main.add(row, [next(iter(said))] if doubt else [])

    def _add_extraction(self, source: str, found: Extraction) -> None:
        doubts = found.doubts()
        failed = [f"{check.name} ({check.message})" for check in found.failed_checks]
        row: dict[str, Value] = {
            "source": source,
            "schema": found.schema_name,
            "needs_review": "yes" if doubts or failed or not found.valid else "no",
            "review": "; ".join(f"{path}: {why}" for path, why in doubts.items()) or None,
            "failed_checks": "; ".join(failed) or None,
            "schema_errors": "; ".join(found.errors) or None,
            "error": None,
        }
        doubtful: list[str] = []
        items: dict[tuple[str, str], tuple[dict[str, Value], list[str]]] = {}
        for one in found.fields:
            place = _LAST_INDEX.match(one.path)
            if place is None:
                target, column, marks = row, one.path, doubtful
            else:
                # An item of a list that is itself in a list has the numbers of both.
                numbers = ".".join(str(int(n) + 1) for n in _INDEX.findall(one.path))
                table = _INDEX.sub("", place["table"])
                start: dict[str, Value] = {"source": source, "item": numbers}
                target, marks = items.setdefault((table, numbers), (start, []))
                column = place["column"] or "value"
            column = _put(target, column, one)
            if one.path in doubts:
                marks.append(column)
        self._main.add(row, doubtful)
        for (table, _), (item, marks) in items.items():
            self._items.setdefault(table, _Rows()).add(item, marks)


def extractions_to_sheets(results: Iterable[Extracted]) -> tuple[Sheet, ...]:
    """The tables of many extractions; those that failed have a row with the error."""
    builder = SheetBuilder()
    for one in results:
        if one.result is None:
            builder.add_error(one.source, one.error)
        else:
            builder.add(one.source, one.result)
    return builder.sheets()


def extraction_to_sheets(extraction: Extraction) -> tuple[Sheet, ...]:
    """The tables of one extraction; its source is the id of the document."""
    builder = SheetBuilder()
    builder.add(extraction.document_id, extraction)
    return builder.sheets()


def _put(row: dict[str, Value], column: str, found: Field) -> str:
    """Add a field to a row; returns the name of its column, which no column of our own has."""
    if column in _OWN or column.endswith(CONFIDENCE):
        column = f"field {column}"
    value = found.value
    plain = value is None or isinstance(value, str | int | float)
    row[column] = value if plain else json.dumps(value, ensure_ascii=False, default=str)
    row[column + CONFIDENCE] = _share(found.confidence)
    return column


def _share(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)
