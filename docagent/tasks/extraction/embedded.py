"""Fields of a document under a schema: candidates, choice, checks, confidence.

The reader points at spans for each leaf of the schema; rules add values beside printed labels.
Candidates that cannot be read as the field's kind lose to those that can. Where a sum or a date
order fails, the combination of candidates that satisfies it is looked for before the document
is blamed. Every value is re-derived from its raw text by code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import log
from typing import Any

from docagent.confidence import IDENTITY, THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.evidence.candidates import (
    ValueCandidate,
    merge_equal_values,
    ocr_confidence,
    strongest_rival,
)
from docagent.evidence.checks import run_checks, suspect_paths
from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import ground_ranges
from docagent.reader.types import PointedSpan, Query, Reader, Reading
from docagent.results import Check, Extraction, Field, Status
from docagent.rules.registry import RuleSet
from docagent.rules.table_rows import Row
from docagent.schemas import Schema, assemble
from docagent.tasks.extraction.nested_rows import RowNesting
from docagent.text.normalise.types import with_locale

ALL_RULES = RuleSet()

PASSED_CHECK = log(50)
"""What a check that passes counts for against candidate scores (a log likelihood ratio)."""
MOST_OPTIONS, MOST_SUSPECTS = 3, 5
NEAR_BEST = 0.3
"""Share of the best option's score from which another may win by satisfying checks."""
AMBIGUOUS_READING = 0.9
UNDECIDED_READING = 0.4
"""Factor of a confidence where the same words read two ways (3 April or 4 March) and nothing in the
document tells which."""
DOUBT_OF_FAILED_CHECK = 0.5


LABELLED = 0.3
"""Least score of a value beside a whole label, less of one beside a part of a label."""
SURE = 0.9
"""Confidence from which a value has its place on the page for itself."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class _Scalar:
    """What there is to choose from for one field: readable options, best first."""

    reader: FieldParser
    absent: float
    options: tuple[ValueCandidate, ...]
    unreadable: ValueCandidate | None = None
    labelled: frozenset[str] = frozenset()
    """Values that stand beside a whole label of the field."""


def extract(
    document: Document,
    schema: Schema,
    reader: Reader,
    *,
    locale_hint: str | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
    rules: RuleSet = ALL_RULES,
) -> Extraction:
    """Fields of ``schema`` in ``document``, with evidence, checks and assembled data.

    locale_hint: language and region (``en_US``) that settles day and month, decimal marks.
    calibrations: the shipped ones by default; ``field`` and ``absent`` are used.
    rules: the sources of candidates used beside the reader; all by default.
    """
    queries = [Query(text=leaf.query, multiple=leaf.multiple) for leaf in schema.leaves]
    readings = reader.read(document, queries) if document.words else []
    by_path = dict(zip((leaf.path for leaf in schema.leaves), readings, strict=False))
    conventions = with_locale(conventions_of(document), locale_hint)
    readers = [FieldParser(document, leaf, conventions=conventions) for leaf in schema.leaves]
    scalars = _scalars(schema, readers, by_path, rules)
    cells = _cell_fields(readers, by_path, rules)
    chosen = _reconciled(schema, scalars, cells)
    known = load_calibrations() if calibrations is None else calibrations
    kinds = {reader.leaf.path: reader.leaf.normaliser for reader in readers}
    options = {scalar.reader.leaf.path: scalar for scalar in scalars}
    fields = (*_without_repeats(chosen, cells, kinds, options, known), *cells)
    checks = run_checks(schema, fields)
    fields = tuple(_calibrated(f, known) for f in doubt_failed(fields, checks))
    result = to_extraction(document.id, schema, fields, checks)
    return result.replace(conventions=conventions)


def _without_repeats(
    single: Sequence[Field],
    cells: Sequence[Field],
    kinds: Mapping[str, str],
    scalars: Mapping[str, _Scalar],
    known: Mapping[str, Calibration],
) -> tuple[Field, ...]:
    """Fields without the unsure ones that stand where a sure one of the same kind stands: asked
    for a delivery date, the reader points at the due date where no other is printed. The next
    candidate beside a label takes its place, if it stands elsewhere."""

    def place(field: Field) -> tuple[Any, ...]:
        kind = kinds[_INDEX.sub("[]", field.path)]
        return kind, *((e.page, e.span.start, e.span.end) for e in field.evidence)

    sure = {
        place(field): field.path
        for field in (*single, *cells)
        if field.evidence and (_calibrated(field, known).confidence or 0.0) >= SURE
    }
    kept = []
    for field in single:
        believed = _calibrated(field, known).confidence or 0.0
        owner = sure.get(place(field)) if field.evidence else None
        if owner not in (None, field.path) and believed < THRESHOLDS.unsure:
            message = f"{field.raw_text!r} is {owner}"
            absence = 1 - (field.confidence or 0.0) if field.absence is None else field.absence
            rest = _labelled_elsewhere(scalars[field.path], lambda other: place(other) in sure)
            field = rest or Field(
                path=field.path, status="not_present", absence=absence, message=message
            )
        kept.append(field)
    return tuple(kept)


def _labelled_elsewhere(scalar: _Scalar, is_owned: Callable[[Field], bool]) -> Field | None:
    """The best value that stands beside a label of the field, on words of no other field."""
    labelled = (o for o in scalar.options if str(o.parsed.value) in scalar.labelled)
    fields = (_found(scalar.reader, option) for option in labelled)
    return next((field for field in fields if field.evidence and not is_owned(field)), None)


def to_extraction(
    document_id: str, schema: Schema, fields: Sequence[Field], checks: Sequence[Check]
) -> Extraction:
    """Fields and checks with the nested data of all grounded values, validated."""
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


def _scalars(
    schema: Schema,
    readers: Sequence[FieldParser],
    readings: Mapping[str, Reading],
    rules: RuleSet,
) -> list[_Scalar]:
    """Candidates of every single field, from the reader and from rules."""
    single = [reader for reader in readers if not reader.leaf.multiple]
    if not readings:
        return [_Scalar(reader, 1.0, ()) for reader in single]
    ruled = rules.field_candidates(schema, single)
    scalars = []
    for reader in single:
        pointed = [_pointed(reader, span) for span in readings[reader.leaf.path].spans]
        told = ruled.get(reader.leaf.path, ())
        labelled = frozenset(str(c.parsed.value) for c in told if c.score >= LABELLED)
        found = (*pointed, *told)
        readable = [c for c in found if c.parsed.ok and c.score > THRESHOLDS.candidate]
        readable = readable or rules.fallback_candidates(schema, reader)
        unreadable = [c for c in pointed if not c.parsed.ok]
        worst = max(unreadable, key=lambda c: c.score, default=None)
        absent = readings[reader.leaf.path].absent
        options = tuple(merge_equal_values(readable))
        scalars.append(_Scalar(reader, absent, options, worst, labelled))
    return scalars


def _pointed(reader: FieldParser, span: PointedSpan) -> ValueCandidate:
    return reader.candidate(span.start, span.end, span.score)


def _cell_fields(
    readers: Sequence[FieldParser], readings: Mapping[str, Reading], rules: RuleSet
) -> tuple[Field, ...]:
    """Fields of all arrays, row after row."""
    fields: list[Field] = []
    nesting = RowNesting()
    arrays = dict.fromkeys((r.leaf.depth, r.leaf.array) for r in readers if r.leaf.array)
    for depth, array in sorted(arrays, key=lambda given: given[0]):
        columns = {r.leaf.path: r for r in readers if r.leaf.array == array}
        found = {path: _column(r, readings.get(path)) for path, r in columns.items()}
        if set(columns) == {f"{array}[]"}:
            items = {path: rules.list_items(columns[path], told) for path, told in found.items()}
            rows = _list_rows(items)
        else:
            found = rules.table_cells(columns, found) if readings else found
            rows = rules.rows(columns, found)
        for numbers, row in nesting.numbered(array, depth, rows):
            fields += [_found(columns[path], cell, *numbers) for path, cell in row.items()]
    return tuple(fields)


def _column(reader: FieldParser, reading: Reading | None) -> list[ValueCandidate]:
    if reading is None or reading.absent > THRESHOLDS.absent:
        return []
    pointed = (_pointed(reader, s) for s in reading.spans if s.score > THRESHOLDS.candidate)
    return [candidate for candidate in pointed if candidate.parsed.ok]


def _list_rows(columns: Mapping[str, Sequence[ValueCandidate]]) -> list[Row]:
    """An array of single values: each value once, in the order it is printed."""
    ((path, found),) = columns.items()
    rows = sorted(merge_equal_values(found), key=lambda c: c.ranges)
    return [{path: candidate} for candidate in rows]


def _reconciled(
    schema: Schema, scalars: Sequence[_Scalar], cells: Sequence[Field]
) -> tuple[Field, ...]:
    """The best field of each scalar, or the combination that satisfies more checks."""
    fields = {scalar.reader.leaf.path: _field(scalar) for scalar in scalars}
    checks = run_checks(schema, (*fields.values(), *cells))
    doubted = set(suspect_paths(c for c in checks if c.kind != "readable"))
    open_scalars = [s for s in scalars if s.reader.leaf.path in doubted and len(s.options) > 1][
        :MOST_SUSPECTS
    ]
    best, best_score = fields, _weight(checks, [s.options[0] for s in open_scalars])
    for options in product(*(_near_best(s.options) for s in open_scalars)):
        pairs = zip(open_scalars, options, strict=True)
        trial = fields | {s.reader.leaf.path: _found(s.reader, o) for s, o in pairs}
        score = _weight(run_checks(schema, (*trial.values(), *cells)), options)
        if score > best_score:
            best, best_score = trial, score
    return tuple(best.values())


def _near_best(options: Sequence[ValueCandidate]) -> Sequence[ValueCandidate]:
    """The options that a check may prefer: a sum that works out by chance, as parts of a bill
    do, must not overrule a value that everything else speaks for."""
    floor = NEAR_BEST * options[0].score
    return [option for option in options[:MOST_OPTIONS] if option.score >= floor]


def _weight(checks: Sequence[Check], options: Sequence[ValueCandidate]) -> float:
    passed = sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)
    return PASSED_CHECK * passed + sum(log(max(option.score, 1e-6)) for option in options)


def _field(scalar: _Scalar) -> Field:
    """The best option, or why there is none."""
    reader, options = scalar.reader, scalar.options
    best = options[0] if options else None
    if scalar.absent > THRESHOLDS.absent:
        # What stands beside a printed label is believed more than that nothing is there.
        labelled = (o for o in options if str(o.parsed.value) in scalar.labelled)
        best = best if best and best.source == "rule" else next(labelled, None)
    if best:
        field = _found(reader, best)
        rival = strongest_rival(options) if best is options[0] else None
        if field.status == "found" and rival and rival.score >= THRESHOLDS.rival * best.score:
            message = f"{rival.raw_text!r} fits about as well"
            return field.replace(status="ambiguous", message=message)
        return field
    if scalar.unreadable and scalar.unreadable.score > max(scalar.absent, THRESHOLDS.candidate):
        return _invalid(reader, scalar.unreadable)
    return Field(path=reader.leaf.path, status="not_present", absence=scalar.absent)


def _found(reader: FieldParser, option: ValueCandidate, *rows: int) -> Field:
    """A field of a readable candidate; illegible if the recognizer doubts its words."""
    legibility = ocr_confidence(reader.document, reader.leaf, option.ranges)
    confidence = option.score * legibility
    message, status = option.parsed.message, "found"
    value = option.parsed.value
    if option.parsed.undecided:
        status, confidence = "ambiguous", confidence * UNDECIDED_READING
    elif option.parsed.ambiguous:
        confidence *= AMBIGUOUS_READING
    if legibility < THRESHOLDS.illegible:
        status, value = "illegible", None
        message = f"the words are read with confidence {legibility:.2f} only"
    return _grounded(reader, option, rows, status).replace(
        value=value, confidence=confidence, message=message
    )


def _invalid(reader: FieldParser, option: ValueCandidate) -> Field:
    found = _grounded(reader, option, (), "invalid")
    return found.replace(message=option.parsed.message, absence=1 - option.score)


def _grounded(
    reader: FieldParser, option: ValueCandidate, rows: tuple[int, ...], status: str
) -> Field:
    names: dict[str, Status] = {
        "found": "found",
        "illegible": "illegible",
        "invalid": "invalid",
        "ambiguous": "ambiguous",
    }
    return Field(
        path=reader.leaf.at(*rows),
        raw_text=option.raw_text,
        status=names[status],
        evidence=ground_ranges(reader.document, option.ranges),
        source=option.source,
    )


def doubt_failed(fields: Sequence[Field], checks: Sequence[Check]) -> tuple[Field, ...]:
    """Fields in a failed check that no passed one confirms lose confidence and say why."""
    passed = {path for check in checks if check.status == "passed" for path in check.paths}
    on_values = [c for c in checks if c.status == "failed" and c.kind != "readable"]
    failed = {path: check for check in on_values for path in check.paths}
    # "readable" and plausible-range checks confirm nothing about a number.
    return tuple(
        _conflicting(f, failed[f.path], f.path in passed) if f.path in failed else f for f in fields
    )


def _conflicting(field: Field, check: Check, confirmed: bool) -> Field:
    if confirmed or field.confidence is None or field.value is None:
        return field
    confidence = field.confidence * DOUBT_OF_FAILED_CHECK
    return field.replace(status="conflicting", confidence=confidence, message=check.message)


def _calibrated(field: Field, known: Mapping[str, Calibration]) -> Field:
    """Values by the table ``field``; that there is none, by the table ``absent``."""
    if field.absence is not None:
        absence = known.get("absent", IDENTITY).apply(field.absence)
        return field.replace(absence=absence)
    if field.confidence is None:
        return field
    return field.replace(confidence=known.get("field", IDENTITY).apply(field.confidence))
