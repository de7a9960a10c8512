"""The candidates of all sources for the single fields of a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.ranking.options import FieldPool, options_of, pointed_candidates
from docagent.reader.types import Reading
from docagent.rules.registry import RuleSet
from docagent.schemas import Schema


def field_pools(
    schema: Schema,
    parsers: Sequence[FieldParser],
    readings: Mapping[str, Reading] | None,
    rules: RuleSet,
) -> list[FieldPool]:
    """The pool of every single field. readings: by path; None without a reader."""
    single = [parser for parser in parsers if not parser.leaf.multiple]
    ruled = rules.field_candidates(schema, single)
    blank = rules.blank_fields(single)
    return [
        _pool(
            parser,
            None if readings is None else readings[parser.leaf.path],
            [*ruled.get(parser.leaf.path, ()), *rules.fallback_candidates(schema, parser)],
            parser.leaf.path in blank,
        )
        for parser in single
    ]


def _pool(
    parser: FieldParser,
    reading: Reading | None,
    by_rules: Sequence[ValueCandidate],
    is_blank: bool,
) -> FieldPool:
    pointed = [] if reading is None else pointed_candidates(parser, reading)
    return FieldPool(
        parser=parser,
        absence=None if reading is None else reading.absent,
        options=options_of(c for c in (*pointed, *by_rules) if c.parsed.ok),
        unreadable=tuple(c for c in pointed if not c.parsed.ok),
        is_blank=is_blank,
    )
