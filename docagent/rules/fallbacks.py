"""Fallbacks for fields that nothing else found: the first date, and the usual currency mark."""

from __future__ import annotations

import re
from dataclasses import replace

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.layout.remembered import remembered
from docagent.rules.labels import RULE_SCORE, first_value
from docagent.rules.running_lines import running_words
from docagent.schemas import Schema, SchemaField
from docagent.text.normalise.currencies import CODES

_CURRENCY_MARK = re.compile(r"[$€£¥₹]|(?<![A-Za-z])(?:RM|USD|EUR|GBP|CHF|INR|SGD)(?![A-Za-z])")


def first_date_candidates(schema: Schema, parser: FieldParser) -> list[ValueCandidate]:
    """The first date of the document outside of running heads and feet, for the first date field of
    the schema; empty for other fields."""
    if not is_first_date_field(schema, parser.leaf):
        return []
    running = remembered(parser.document, running_words)
    first = first_value(parser, [i for i in range(len(parser.document.words)) if i not in running])
    return [replace(candidate, score=RULE_SCORE / 2) for candidate in first]


def currency_candidates(schema: Schema, parser: FieldParser) -> list[ValueCandidate]:
    """The currency mark printed most often, at its first place; empty for fields of other kinds.
    A choice among codes of currencies is of this kind too."""
    codes = [choice for choice in parser.leaf.choices if choice is not None]
    is_code = bool(codes) and all(isinstance(c, str) and c in CODES for c in codes)
    if parser.leaf.normaliser != "currency" and not is_code:
        return []
    return usual_currency(parser)


def usual_currency(parser: FieldParser) -> list[ValueCandidate]:
    """The currency mark printed most often, at its first place; at most one."""
    words = parser.document.words
    marked = [i for i, word in enumerate(words) if _CURRENCY_MARK.search(word.word.text)]
    parsed_words = [(i, parser.parse(i, i + 1)) for i in marked]
    values = [parsed.value for _, parsed in parsed_words if parsed.ok]
    if not values:
        return []
    usual = max(values, key=values.count)
    first = next(i for i, parsed in parsed_words if parsed.ok and parsed.value == usual)
    return [parser.candidate(first, first + 1, RULE_SCORE, "rule")]


def is_first_date_field(schema: Schema, leaf: SchemaField) -> bool:
    """Whether a field is the first date of its schema; an unlabelled date is taken for that one."""
    dates = [other.path for other in schema.leaves if other.normaliser in ("date", "datetime")]
    return bool(dates) and dates[0] == leaf.path
