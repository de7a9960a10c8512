"""Rows of a table from two readings: matched by where they stand, merged cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from docagent.cascade.answer_format import Unit
from docagent.cascade.combined_confidence import disputed, same_value, weigh
from docagent.cascade.verification import Verified
from docagent.geometry import polygon_to_bbox
from docagent.results import Field

Cells = dict[str, Field]
"""Field by path of its column (``line_items[].amount``); its own path has no row number yet."""
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Merged:
    """Fields of an array with their row numbers, the rivals that lost by path, and a note."""

    fields: tuple[Field, ...]
    rivals: Mapping[str, Field]
    note: str


def rows_of(fields: Iterable[Field], unit: Unit) -> list[Cells]:
    """The rows of an array in an extraction, in order."""
    columns = {leaf.path for leaf in unit.leaves}
    rows: dict[int, Cells] = {}
    for field in fields:
        column = _INDEX.sub("[]", field.path)
        match = _INDEX.search(field.path)
        if column in columns and match:
            rows.setdefault(int(match[1]), {})[column] = field
    return [rows[index] for index in sorted(rows)]


def row_starts(rows: Iterable[Cells]) -> list[int]:
    """Where in the document's text rows begin; rows without evidence are left out."""
    return [
        min(e.span.start for field in row.values() for e in field.evidence)
        for row in rows
        if any(field.evidence for field in row.values())
    ]


def distinct_rows(rows: Iterable[Cells]) -> list[Cells]:
    """Rows without those whose words all lie within another one: a model that repeats a row,
    whole or with fewer words, or parts of a document that overlap, do not add to a sum. Rows that
    are printed twice lie at two places, and both stay."""
    given = [(row, _characters(row)) for row in rows]
    kept: dict[int, Cells] = {}
    owners: dict[int, list[int]] = {}
    places = [place for _, place in given]
    for number in sorted(range(len(given)), key=lambda n: -len(places[n])):
        place = places[number]
        if not place or any(place <= places[n] for n in owners.get(min(place), ())):
            continue
        kept[number] = given[number][0]
        for character in place:
            owners.setdefault(character, []).append(number)
    return [kept[number] for number in sorted(kept)]


def join_columns(chunks: Sequence[Sequence[Cells]]) -> list[Cells]:
    """Rows of an array whose columns were asked for in several calls, put together by the lines
    they stand on."""
    joined = [dict(row) for row in chunks[0]] if chunks else []
    for rows in chunks[1:]:
        for row in rows:
            partner = next(
                (r for r in joined if not r.keys() & row.keys() and _is_level(r, row)), None
            )
            if partner is None:
                joined.append(dict(row))
            else:
                partner.update(row)
    return joined


def merge_rows(
    unit: Unit,
    embedded: Sequence[Cells],
    model: Sequence[Cells],
    trust: float,
    *,
    whole: bool = True,
) -> Merged:
    """Rows of both readings in the order of the page.

    Rows at the same height are one row. A row that only the model has counts if at least two
    of its cells are on the page, or the array has one column; a row that only the embedded
    reader has stays, with less confidence if the model read the whole table. trust: how often the
    model is right (0-1).
    """
    left = list(model)
    merged: list[tuple[Cells, Cells]] = []
    for row in embedded:
        partner = next((other for other in left if _same_row(unit, row, other)), None)
        if partner is None:
            merged.append((_unconfirmed(row, trust) if whole else row, {}))
            continue
        left = [other for other in left if other is not partner]
        merged.append(_merged_row(row, partner, trust))
    least = min(2, len(unit.leaves))
    merged += [(row, {}) for row in left if len(row) >= least]
    merged.sort(key=lambda pair: _place(pair[0]))
    fields, rivals = _numbered(unit, merged)
    note = f"{unit.key}: {len(embedded)} rows read, {len(model)} by the model, {len(merged)} kept"
    return Merged(fields, rivals, note)


def match_rows(unit: Unit, rows: Sequence[Cells], model: Sequence[Cells]) -> list[Field]:
    """The model's cells for rows that are known, with their row numbers."""
    fields = []
    for index, row in enumerate(rows):
        partner = next((other for other in model if _same_row(unit, row, other)), {})
        for leaf in unit.leaves:
            if leaf.path in partner:
                path = leaf.at(index)
                fields.append(partner[leaf.path].replace(path=path))
    return fields


def _merged_row(row: Cells, partner: Cells, trust: float) -> tuple[Cells, Cells]:
    cells, rivals = {}, {}
    for column in dict.fromkeys((*row, *partner)):
        if column not in row or column not in partner:
            cells[column] = row.get(column) or partner[column]
            continue
        model = partner[column]
        cells[column], rival = weigh(row[column], Verified(model.how or "verbatim", model), trust)
        if rival is not None:
            rivals[column] = rival
    return cells, rivals


def _numbered(
    unit: Unit, rows: Sequence[tuple[Cells, Cells]]
) -> tuple[tuple[Field, ...], dict[str, Field]]:
    fields: list[Field] = []
    rivals: dict[str, Field] = {}
    for index, (cells, lost) in enumerate(rows):
        for leaf in unit.leaves:
            path = leaf.at(index)
            if leaf.path in cells:
                fields.append(cells[leaf.path].replace(path=path))
            if leaf.path in lost:
                rivals[path] = lost[leaf.path].replace(path=path)
    return tuple(fields), rivals


def _unconfirmed(row: Cells, trust: float) -> Cells:
    return {
        column: field.replace(confidence=disputed(field.confidence or 0.0, trust))
        for column, field in row.items()
    }


def _same_row(unit: Unit, a: Cells, b: Cells) -> bool:
    if len(unit.leaves) == 1 and unit.column(unit.leaves[0]) == "":
        (path,) = a
        return path in b and same_value(a[path].value, b[path].value)
    return _is_level(a, b)


def _characters(row: Cells) -> frozenset[int]:
    """Offsets in the document's text of the characters of a row's cells, without spaces."""
    return frozenset(
        item.span.start + at
        for field in row.values()
        for item in field.evidence
        for at, character in enumerate(item.quote)
        if not character.isspace()
    )


def _is_level(a: Cells, b: Cells) -> bool:
    """Whether two rows stand at the same height of a page."""
    (page, top, bottom), (other, upper, lower) = _band(a), _band(b)
    if page != other:
        return False
    shared = min(bottom, lower) - max(top, upper)
    return shared >= 0.5 * min(bottom - top, lower - upper)


def _band(row: Cells) -> tuple[int, float, float]:
    """Page, top and bottom of the first line of the lowest cell: a number rather than a
    description that wraps."""
    places = [(e.page, polygon_to_bbox(e.polygons[0])) for f in row.values() for e in f.evidence]
    if not places:
        return (0, 0.0, 0.0)
    page, box = max(places, key=lambda place: (place[0], place[1][1]))
    return page, box[1], box[3]


def _place(row: Cells) -> tuple[int, float]:
    page, top, bottom = _band(row)
    return page, (top + bottom) / 2
