"""Fields of a document under a schema, without a vision-language model.

1. The reader points at spans for each field of the schema; rules add candidates, such as values
   beside printed labels. Every candidate is parsed by code from its raw text; one that cannot
   be parsed loses to those that can.
2. The best candidate of each single field is chosen. Where a sum or a date order then fails, other
   combinations of candidates are tried before the failure is reported.
3. An unsure field gives way to a sure one on the same words.
4. The checks of the schema run, and confidences are calibrated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
from docagent.rules.registry import ALL_RULES, RuleSet
from docagent.rules.table_rows import Row
from docagent.schemas import Schema, assemble
from docagent.tasks.extraction.nested_rows import RowNesting
from docagent.text.normalise.types import with_locale

PASSED_CHECK = log(50)
"""Weight of a passed check against candidate scores (a log likelihood ratio)."""
MAX_OPTIONS, MAX_SUSPECTS = 3, 5
"""Combinations are tried for at most so many candidates of at most so many fields."""
MIN_OPTION_RATIO = 0.3
"""Other candidates are tried if they have at least this ratio of the best candidate's score."""
AMBIGUOUS_FACTOR = 0.9
"""Factor of the confidence of a value whose text can be parsed in more than one way."""
UNDECIDED_FACTOR = 0.4
"""The same if the parses differ (3 April or 4 March) and nothing in the document decides."""
FAILED_CHECK_FACTOR = 0.5
"""Factor of the confidence of a value in a failed check."""
MIN_LABELLED = 0.3
"""Least score of a value beside a whole label; beside a part of a label it is lower."""
MIN_LIKELY = 0.3
"""Least score of another candidate that takes the place of one whose words are another field; the
reader's probability that there is none must not be above it."""
MIN_OWNER = 0.9
"""Least confidence of a field to which unsure fields on the same words give way."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class ExtractionOptions:
    """Options of ``extract``.

    locale_hint: language and region such as ``en_US``, which decides the order of day and month and
    decimal marks. calibrations: by default the shipped ones; ``field`` and ``absent`` are used.
    rules: sources of candidates beside the reader; by default all.
    """

    locale_hint: str | None = None
    calibrations: Mapping[str, Calibration] | None = None
    rules: RuleSet = ALL_RULES


DEFAULT_OPTIONS = ExtractionOptions()


@dataclass(frozen=True)
class _SingleField:
    """The candidates of one single field.

    absence: probability (0-1) that the document has no such value. options: candidates that could
    be parsed, best first. unreadable: the best candidate that could not be parsed. labelled: the
    values, as text, that stand beside a whole label of the field.
    """

    parser: FieldParser
    absence: float
    options: tuple[ValueCandidate, ...]
    unreadable: ValueCandidate | None = None
    labelled: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        return self.parser.leaf.path

    def labelled_options(self) -> Iterator[ValueCandidate]:
        """The options that stand beside a whole label, best first."""
        return (o for o in self.options if str(o.parsed.value) in self.labelled)

    def likely_options(self) -> Iterator[ValueCandidate]:
        """The options with a good score, best first, unless the reader says that there is none."""
        is_open = self.absence <= MIN_LIKELY
        return (o for o in self.options if is_open and o.score >= MIN_LIKELY)


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

    singles = _single_fields(schema, parsers, readings, options.rules)
    cells = _cell_fields(parsers, readings, options.rules)
    chosen = _reconcile(schema, singles, cells)
    fields = (*_without_repeats(schema, chosen, cells, singles, calibrations), *cells)
    checks = run_checks(schema, fields)
    fields = tuple(_calibrated(f, calibrations) for f in doubt_failed(fields, checks))
    result = to_extraction(document.id, schema, fields, checks)
    return result.replace(conventions=conventions)


def _without_repeats(
    schema: Schema,
    chosen: Sequence[Field],
    cells: Sequence[Field],
    singles: Sequence[_SingleField],
    calibrations: Mapping[str, Calibration],
) -> tuple[Field, ...]:
    """Replace unsure single fields whose words a sure field of the same kind has.

    Asked for a delivery date, the reader points at the due date if no other date is printed. The
    best labelled candidate at another place becomes the value, or else the best likely one; without
    one, none is present.
    """
    kinds = {leaf.path: leaf.normaliser for leaf in schema.leaves}

    def place(field: Field) -> tuple[Any, ...]:
        kind = kinds[_INDEX.sub("[]", field.path)]
        return kind, *((e.page, e.span.start, e.span.end) for e in field.evidence)

    single_by_path = {single.path: single for single in singles}
    owners = {
        place(field): field.path
        for field in (*chosen, *cells)
        if field.evidence and _calibrated_confidence(field, calibrations) >= MIN_OWNER
    }
    kept = []
    for field in chosen:
        owner = owners.get(place(field)) if field.evidence else None
        is_unsure = _calibrated_confidence(field, calibrations) < THRESHOLDS.unsure
        if owner not in (None, field.path) and is_unsure:
            single = single_by_path[field.path]
            others = (*single.labelled_options(), *single.likely_options())
            found = (_found(single.parser, option) for option in others)
            free = (f for f in found if f.evidence and place(f) not in owners)
            field = next(free, None) or Field(
                path=field.path,
                status="not_present",
                absence=1 - (field.confidence or 0.0) if field.absence is None else field.absence,
                message=f"{field.raw_text!r} is {owner}",
            )
        kept.append(field)
    return tuple(kept)


def _calibrated_confidence(field: Field, calibrations: Mapping[str, Calibration]) -> float:
    return _calibrated(field, calibrations).confidence or 0.0


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


def _single_fields(
    schema: Schema,
    parsers: Sequence[FieldParser],
    readings: Mapping[str, Reading],
    rules: RuleSet,
) -> list[_SingleField]:
    """Candidates of every single field, from the reader and from rules."""
    single = [parser for parser in parsers if not parser.leaf.multiple]
    if not readings:
        return [_SingleField(parser, 1.0, ()) for parser in single]
    ruled = rules.field_candidates(schema, single)
    blank = rules.blank_fields(single) - set(ruled)
    fields = []
    for parser in single:
        reading = readings[parser.leaf.path]
        by_reader = [_pointed(parser, span) for span in reading.spans]
        if parser.leaf.path in blank:
            by_reader = [candidate for candidate in by_reader if candidate.score >= MIN_OWNER]
        by_rules = _first_rule(ruled.get(parser.leaf.path, ()))
        parsed = [
            candidate
            for candidate in (*by_reader, *by_rules)
            if candidate.parsed.ok and candidate.score > THRESHOLDS.candidate
        ]
        parsed = parsed or rules.fallback_candidates(schema, parser)
        unreadable = [candidate for candidate in by_reader if not candidate.parsed.ok]
        fields.append(
            _SingleField(
                parser=parser,
                absence=reading.absent,
                options=tuple(merge_equal_values(parsed)),
                unreadable=max(unreadable, key=lambda c: c.score, default=None),
                labelled=frozenset(
                    str(c.parsed.value) for c in by_rules if c.score >= MIN_LABELLED
                ),
            )
        )
    return fields


def _first_rule(candidates: Sequence[ValueCandidate]) -> list[ValueCandidate]:
    """The candidates of the first rule that has any."""
    return [candidate for candidate in candidates if candidate.rule == candidates[0].rule]


def _pointed(parser: FieldParser, span: PointedSpan) -> ValueCandidate:
    return parser.candidate(span.start, span.end, span.score)


def _cell_fields(
    parsers: Sequence[FieldParser], readings: Mapping[str, Reading], rules: RuleSet
) -> tuple[Field, ...]:
    """Fields of all arrays, row by row."""
    fields: list[Field] = []
    nesting = RowNesting()
    arrays = dict.fromkeys((p.leaf.depth, p.leaf.array) for p in parsers if p.leaf.array)
    for depth, array in sorted(arrays, key=lambda given: given[0]):
        columns = {p.leaf.path: p for p in parsers if p.leaf.array == array}
        found = {path: _column(p, readings.get(path)) for path, p in columns.items()}
        if set(columns) == {f"{array}[]"}:
            items = {path: rules.list_items(columns[path], c) for path, c in found.items()}
            rows = _list_rows(items, is_nested=depth > 1)
        else:
            found = rules.table_cells(columns, found) if readings else found
            rows = rules.rows(columns, found)
        for numbers, row in nesting.numbered(parsers[0].document, array, depth, rows):
            fields += [_found(columns[path], cell, *numbers) for path, cell in row.items()]
    return tuple(fields)


def _column(parser: FieldParser, reading: Reading | None) -> list[ValueCandidate]:
    """The reader's candidates for the cells of one column."""
    if reading is None or reading.absent > THRESHOLDS.absent:
        return []
    pointed = (_pointed(parser, s) for s in reading.spans if s.score > THRESHOLDS.candidate)
    return [candidate for candidate in pointed if candidate.parsed.ok]


def _list_rows(columns: Mapping[str, Sequence[ValueCandidate]], is_nested: bool) -> list[Row]:
    """Rows of an array of plain values, in the order on the page: each value once, unless the
    array stands in another one, as in a grid of numbers."""
    ((path, found),) = columns.items()
    rows = sorted(found if is_nested else merge_equal_values(found), key=lambda c: c.ranges)
    return [{path: candidate} for candidate in rows]


def _reconcile(
    schema: Schema, singles: Sequence[_SingleField], cells: Sequence[Field]
) -> tuple[Field, ...]:
    """The best value of each single field, or the combination that satisfies more checks."""
    fields = {single.path: _best_field(single) for single in singles}
    checks = run_checks(schema, (*fields.values(), *cells))
    doubted = set(suspect_paths(c for c in checks if c.kind != "readable"))
    suspects = [s for s in singles if s.path in doubted and len(s.options) > 1][:MAX_SUSPECTS]
    best, best_score = fields, _score(checks, [s.options[0] for s in suspects])
    for options in product(*(_near_best(s.options) for s in suspects)):
        pairs = zip(suspects, options, strict=True)
        trial = fields | {s.path: _found(s.parser, option) for s, option in pairs}
        score = _score(run_checks(schema, (*trial.values(), *cells)), options)
        if score > best_score:
            best, best_score = trial, score
    return tuple(best.values())


def _near_best(options: Sequence[ValueCandidate]) -> Sequence[ValueCandidate]:
    """The options that are tried against checks.

    Much weaker ones are left out: a sum that adds up by chance, such as that of a part of a bill,
    must not outweigh the evidence for another value.
    """
    least = MIN_OPTION_RATIO * options[0].score
    return [option for option in options[:MAX_OPTIONS] if option.score >= least]


def _score(checks: Sequence[Check], options: Sequence[ValueCandidate]) -> float:
    """Log score of a combination: checks passed minus failed, and the scores of its options."""
    passed = sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)
    return PASSED_CHECK * passed + sum(log(max(option.score, 1e-6)) for option in options)


def _best_field(single: _SingleField) -> Field:
    """The best option as a field; else an unreadable candidate; else that there is no value."""
    parser, options = single.parser, single.options
    best = options[0] if options else None
    if single.absence > THRESHOLDS.absent and not (best and best.source == "rule"):
        # A value beside a printed label outweighs the reader's "no such value".
        best = next(single.labelled_options(), None)
    if best:
        field = _found(parser, best)
        rival = strongest_rival(options) if best is options[0] else None
        if field.status == "found" and rival and rival.score >= THRESHOLDS.rival * best.score:
            message = f"{rival.raw_text!r} fits about as well"
            return field.replace(status="ambiguous", message=message)
        return field
    least = max(single.absence, THRESHOLDS.candidate)
    if single.unreadable and single.unreadable.score > least:
        return _invalid(parser, single.unreadable)
    return Field(path=single.path, status="not_present", absence=single.absence)


def _found(parser: FieldParser, option: ValueCandidate, *rows: int) -> Field:
    """The field of a parsed candidate; ``illegible`` if the recognizer is unsure of its words."""
    legibility = ocr_confidence(parser.document, parser.leaf, option.ranges)
    confidence = option.score * legibility
    message, status = option.parsed.message, "found"
    value = option.parsed.value
    if option.parsed.undecided:
        status, confidence = "ambiguous", confidence * UNDECIDED_FACTOR
    elif option.parsed.ambiguous:
        confidence *= AMBIGUOUS_FACTOR
    if legibility < THRESHOLDS.illegible:
        status, value = "illegible", None
        message = f"the words are read with confidence {legibility:.2f} only"
    return _grounded(parser, option, rows, status).replace(
        value=value, confidence=confidence, message=message
    )


def _invalid(parser: FieldParser, option: ValueCandidate) -> Field:
    found = _grounded(parser, option, (), "invalid")
    return found.replace(message=option.parsed.message, absence=1 - option.score)


def _grounded(
    parser: FieldParser, option: ValueCandidate, rows: tuple[int, ...], status: str
) -> Field:
    names: dict[str, Status] = {
        "found": "found",
        "illegible": "illegible",
        "invalid": "invalid",
        "ambiguous": "ambiguous",
    }
    return Field(
        path=parser.leaf.at(*rows),
        raw_text=option.raw_text,
        status=names[status],
        evidence=ground_ranges(parser.document, option.ranges),
        source=option.source,
    )


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


def _calibrated(field: Field, calibrations: Mapping[str, Calibration]) -> Field:
    """Calibrate an absence by the table ``absent``, and a confidence by the table ``field``."""
    if field.absence is not None:
        absence = calibrations.get("absent", IDENTITY).apply(field.absence)
        return field.replace(absence=absence)
    if field.confidence is None:
        return field
    return field.replace(confidence=calibrations.get("field", IDENTITY).apply(field.confidence))
