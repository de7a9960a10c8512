"""The registry of rules: every source of candidates that needs no network, by name.

Each rule can be switched off (``Settings.rules``), which shows what it contributes. Rules come in
five kinds, by what they take and give; each kind has its table below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.fallbacks import currency_candidates, first_date_candidates
from docagent.rules.labels import labelled_candidates
from docagent.rules.letterhead import letterhead_candidates
from docagent.rules.parties import merge_party_names
from docagent.rules.table_headers import merge_header_cells
from docagent.rules.table_rows import Row, group_rows, pair_by_position
from docagent.schemas import Schema
from docagent.settings import RULE_NAMES, RuleName
from docagent.usage import stage

T = TypeVar("T")

Candidates = dict[str, list[ValueCandidate]]
"""Candidates by path of the field."""

FIELD_RULES: Mapping[RuleName, Callable[[Document, Schema, Sequence[FieldParser]], Candidates]] = {
    "labels": labelled_candidates,
    "letterhead": letterhead_candidates,
}
"""Candidates of single fields. Where several rules find a field, the first one counts."""

FALLBACK_RULES: Mapping[RuleName, Callable[[Schema, FieldParser], list[ValueCandidate]]] = {
    "first_date": first_date_candidates,
    "currency": currency_candidates,
}
"""Candidates of a single field for which there are no others; the first rule that finds any."""

TABLE_RULES: Mapping[
    RuleName, Callable[[Mapping[str, FieldParser], Mapping[str, list[ValueCandidate]]], Candidates]
] = {
    "headers": merge_header_cells,
}
"""Cells of a table merged with the cells found before."""

LIST_RULES: Mapping[RuleName, Callable[[FieldParser, list[ValueCandidate]], list[ValueCandidate]]]
LIST_RULES = {
    "parties": merge_party_names,
}
"""Items of a list of single values merged with the items found before."""

ROW_RULES: Mapping[
    RuleName, Callable[[Mapping[str, FieldParser], Mapping[str, list[ValueCandidate]]], list[Row]]
] = {
    "rows": group_rows,
}
"""Grouping of a table's cells into rows; without one, the n-th cells of all columns are row n."""


@dataclass(frozen=True)
class RuleSet:
    """The rules that are on. Methods apply those of one kind, in the order of its table."""

    names: tuple[RuleName, ...] = RULE_NAMES

    @stage("rules.fields", len)
    def field_candidates(self, schema: Schema, parsers: Sequence[FieldParser]) -> Candidates:
        """Candidates of single fields, by path. parsers: one for each field, of one document."""
        found: Candidates = {}
        for rule in self._on(FIELD_RULES) if parsers else ():
            for path, candidates in rule(parsers[0].document, schema, parsers).items():
                found.setdefault(path, candidates)
        return found

    def fallback_candidates(self, schema: Schema, parser: FieldParser) -> list[ValueCandidate]:
        """Candidates of a single field for which nothing else was found."""
        found = (rule(schema, parser) for rule in self._on(FALLBACK_RULES))
        return next(filter(None, found), [])

    @stage("rules.tables", len)
    def table_cells(
        self, parsers: Mapping[str, FieldParser], cells: Mapping[str, list[ValueCandidate]]
    ) -> Candidates:
        """Cells of a table by path of the column, merged with the cells found so far."""
        for rule in self._on(TABLE_RULES):
            cells = rule(parsers, cells)
        return dict(cells)

    def list_items(self, parser: FieldParser, items: list[ValueCandidate]) -> list[ValueCandidate]:
        """Items of a list of single values, merged with the items found so far."""
        for rule in self._on(LIST_RULES):
            items = rule(parser, items)
        return items

    def rows(
        self, parsers: Mapping[str, FieldParser], cells: Mapping[str, list[ValueCandidate]]
    ) -> list[Row]:
        """Cells of a table grouped into rows, from top to bottom."""
        rule = next(self._on(ROW_RULES), None)
        return rule(parsers, cells) if rule else pair_by_position(cells)

    def _on(self, table: Mapping[RuleName, T]) -> Iterator[T]:
        return (rule for name, rule in table.items() if name in self.names)
