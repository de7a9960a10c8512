"""Fields of a document under a schema, without a vision-language model.

1. The reader points at spans for each field of the schema; rules add candidates, such as values
   beside printed labels. Every candidate is parsed by code from its raw text.
2. A learned ranker chooses among the candidates of each single field (``single_fields``).
3. The cells of arrays are grouped into rows.
4. The checks of the schema run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from docagent.confidence import IDENTITY, THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate, merge_equal_values
from docagent.evidence.checks import run_checks
from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.ranking.loading import ranker_for
from docagent.ranking.model import FieldRanker
from docagent.ranking.pools import field_pools
from docagent.reader.no_reader import NullReader
from docagent.reader.types import Query, Reader, Reading
from docagent.results import Check, Extraction, Field
from docagent.rules.registry import ALL_RULES, RuleSet
from docagent.rules.table_rows import Row
from docagent.schemas import Schema, assemble
from docagent.tasks.extraction.list_confidence import Verdicts, calibrated_item, list_table
from docagent.tasks.extraction.nested_rows import RowNesting
from docagent.tasks.extraction.single_fields import (
    SingleField,
    certainty,
    chosen_fields,
    found_field,
    ranked_fields,
)
from docagent.text.normalise.types import with_locale

FAILED_CHECK_FACTOR = 0.5
"""Factor of the confidence of a value in a failed check."""


@dataclass(frozen=True)
class ExtractionOptions:
    """Options of ``extract``.

    locale_hint: language and region such as ``en_US``, which decides the order of day and month and
    decimal marks. calibrations: by default the shipped ones; those of ``list_confidence`` are used
    for values of arrays, ``field`` and ``absent`` for a ranker that is not calibrated. rules:
    sources of candidates beside the reader; by default all. ranker: chooses among candidates; by
    default the shipped one, or by score for a reader that it was not fitted to.
    """

    locale_hint: str | None = None
    calibrations: Mapping[str, Calibration] | None = None
    rules: RuleSet = ALL_RULES
    ranker: FieldRanker | None = None


DEFAULT_OPTIONS = ExtractionOptions()


def extract(
    document: Document,
    schema: Schema,
    reader: Reader,
    options: ExtractionOptions = DEFAULT_OPTIONS,
) -> Extraction:
    """Extract the fields of ``schema``, with evidence, checks and nested data."""
    queries = [Query(text=leaf.query, multiple=leaf.multiple) for leaf in schema.leaves]
    found = reader.read(document, queries) if document.words else []
    readings = dict(zip((leaf.path for leaf in schema.leaves), found, strict=False))
    conventions = with_locale(conventions_of(document), options.locale_hint)
    parsers = [FieldParser(document, leaf, conventions=conventions) for leaf in schema.leaves]
    given = options.calibrations
    calibrations = load_calibrations() if given is None else given

    ranker = options.ranker or ranker_for(reader)
    pointed = None if isinstance(reader, NullReader) else readings
    singles: list[SingleField] = []
    if document.words:
        pools = field_pools(schema, parsers, pointed, options.rules)
        singles = ranked_fields(pools, conventions, ranker)
    cells = _cell_fields(parsers, readings, options.rules)
    chosen = chosen_fields(schema, singles, cells)
    missing = tuple(_absent(p.leaf.path) for p in parsers if not (singles or p.leaf.multiple))
    fields = (*chosen, *missing, *cells)
    checks = run_checks(schema, fields)
    fields = doubt_failed(fields, checks)
    known = {single.path for single in singles} if ranker.is_calibrated else frozenset[str]()
    verdicts = Verdicts.of(checks)
    fields = tuple(
        f if f.path in known else _calibrated(f, schema, verdicts, calibrations) for f in fields
    )
    result = to_extraction(document.id, schema, fields, checks)
    return result.replace(conventions=conventions)


def _absent(path: str) -> Field:
    return Field(path=path, status="not_present", absence=1.0)


def _calibrated(
    field: Field,
    schema: Schema,
    verdicts: Verdicts,
    calibrations: Mapping[str, Calibration],
) -> Field:
    """Calibrate an absence by the table ``absent``, the confidence of a value of an array by a
    table for lists, and of another field by the table ``field``."""
    if field.absence is not None:
        absence = calibrations.get("absent", IDENTITY).apply(field.absence)
        return field.replace(absence=absence)
    leaf = schema.field(field.path)
    if leaf.multiple:
        return calibrated_item(field, list_table(field, leaf, verdicts), calibrations)
    if field.confidence is None:
        return field
    return field.replace(confidence=calibrations.get("field", IDENTITY).apply(field.confidence))


def to_extraction(
    document_id: str, schema: Schema, fields: Sequence[Field], checks: Sequence[Check]
) -> Extraction:
    """Combine fields and checks with the nested data of all grounded values, and validate it."""
    values = {f.path: f.value for f in fields if f.value is not None and f.status != "ungrounded"}
    data = assemble(schema, values)
    errors = schema.validate(data)
    return Extraction(
        document_id=document_id,
        schema_name=schema.name,
        fields=tuple(fields),
        checks=tuple(checks),
        data=data,
        valid=not errors,
        errors=errors,
    )


def _cell_fields(
    parsers: Sequence[FieldParser],
    readings: Mapping[str, Reading],
    rules: RuleSet,
) -> tuple[Field, ...]:
    """Fields of all arrays, row by row."""
    fields: list[Field] = []
    nesting = RowNesting()
    arrays = dict.fromkeys((p.leaf.depth, p.leaf.array) for p in parsers if p.leaf.array)
    for depth, array in sorted(arrays, key=lambda given: given[0]):
        columns = {p.leaf.path: p for p in parsers if p.leaf.array == array}
        found = {path: column_candidates(p, readings.get(path)) for path, p in columns.items()}
        if set(columns) == {f"{array}[]"}:
            items = {path: rules.list_items(columns[path], c) for path, c in found.items()}
            rows = _list_rows(items, is_nested=depth > 1)
        else:
            rows = (rules.whole_table(columns, found) if readings else None) or rules.rows(
                columns, rules.table_cells(columns, found) if readings else found
            )
        for numbers, row in nesting.numbered(parsers[0].document, array, depth, rows):
            for path, cell in row.items():
                sure = cell.score * certainty(columns[path], cell)
                fields.append(found_field(columns[path], replace(cell, score=sure), *numbers))
    return tuple(fields)


def column_candidates(parser: FieldParser, reading: Reading | None) -> list[ValueCandidate]:
    """The reader's candidates for the cells of one column."""
    if reading is None or reading.absent > THRESHOLDS.absent:
        return []
    pointed = (
        parser.candidate(s.start, s.end, s.score)
        for s in reading.spans
        if s.score > THRESHOLDS.candidate
    )
    return [candidate for candidate in pointed if candidate.parsed.ok]


def _list_rows(columns: Mapping[str, Sequence[ValueCandidate]], is_nested: bool) -> list[Row]:
    """Rows of an array of plain values, in the order on the page: each value once, unless the
    array stands in another one, as in a grid of numbers."""
    ((path, found),) = columns.items()
    rows = sorted(found if is_nested else merge_equal_values(found), key=lambda c: c.ranges)
    return [{path: candidate} for candidate in rows]


def doubt_failed(fields: Sequence[Field], checks: Sequence[Check]) -> tuple[Field, ...]:
    """Lower the confidence of fields in a failed check, unless a passed check confirms them.

    Such a field becomes ``conflicting``, with the message of the check.
    """
    passed = {path for check in checks if check.status == "passed" for path in check.paths}
    on_values = [c for c in checks if c.status == "failed" and c.kind != "readable"]
    failed = {path: check for check in on_values for path in check.paths}
    return tuple(
        _conflicting(f, failed[f.path], f.path in passed) if f.path in failed else f for f in fields
    )


def _conflicting(field: Field, check: Check, is_confirmed: bool) -> Field:
    if is_confirmed or field.confidence is None or field.value is None:
        return field
    confidence = field.confidence * FAILED_CHECK_FACTOR
    return field.replace(status="conflicting", confidence=confidence, message=check.message)
