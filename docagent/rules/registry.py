"""The registry of rules: every source of candidates that needs no network, by name.

Each rule can be switched off (``Settings.rules``), which shows what it contributes. Rules come in
several kinds, by what they take and give; each kind has its table below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.business_fields import role_candidates
from docagent.rules.clause_fields import clause_candidates
from docagent.rules.contract_ends import merge_signatories, title_candidates
from docagent.rules.contract_fields import contract_candidates
from docagent.rules.fallbacks import currency_candidates, first_date_candidates
from docagent.rules.identifier_fields import identifier_candidates
from docagent.rules.label_places import Placed
from docagent.rules.labels import labelled_candidates
from docagent.rules.letterhead import letterhead_candidates
from docagent.rules.parties import merge_party_names
from docagent.rules.party_fields import party_field_candidates
from docagent.rules.printed_text import blank_fields, printed_candidates
from docagent.rules.question_labels import question_label
from docagent.rules.table_headers import merge_header_cells
from docagent.rules.table_items import rows_of_tables
from docagent.rules.table_rows import Row, group_rows, pair_by_position
from docagent.rules.value_kinds import only_of_kind
from docagent.schemas import Schema
from docagent.settings import RULE_NAMES, RuleName
from docagent.usage import stage

T = TypeVar("T")

Candidates = dict[str, list[ValueCandidate]]
"""Candidates by path of the field."""

FIELD_RULES: Mapping[RuleName, Callable[[Document, Schema, Sequence[FieldParser]], Candidates]] = {
    "roles": role_candidates,
    "party_blocks": party_field_candidates,
    "identifiers": identifier_candidates,
    "contracts": contract_candidates,
    "clauses": clause_candidates,
    "labels": labelled_candidates,
    "letterhead": letterhead_candidates,
    "printed": printed_candidates,
    "titles": title_candidates,
}
"""Candidates of single fields. The candidates of all rules are kept, each with its rule's name,
and ranked later: a new rule needs its line here, its name in the settings, and a new fit of the
ranker."""

GIVES_WAY: Mapping[RuleName, RuleName] = {"letterhead": "party_blocks"}
"""Rules whose candidates are left out where another rule has some for the same field: the first
line of a page is a company until blocks of parties say which one."""

BLANK_RULES: Mapping[RuleName, Callable[[Document, Sequence[FieldParser]], frozenset[str]]] = {
    "blanks": blank_fields,
}
"""Single fields whose label is printed with nothing at its place."""

QUESTION_RULES: Mapping[RuleName, Callable[[Document, str], Placed | None]] = {
    "ask_labels": question_label,
}
"""What stands at the printed label that a question names; the first rule that finds one."""

TASK_RULES: tuple[RuleName, ...] = ("ask_fields", "ask_clauses", "ask_passages")
"""Rules that a task applies itself, because they need other tasks."""

FALLBACK_RULES: Mapping[RuleName, Callable[[Schema, FieldParser], list[ValueCandidate]]] = {
    "first_date": first_date_candidates,
    "currency": currency_candidates,
    "kinds": only_of_kind,
}
"""Candidates of a single field for which there are no others; the first rule that finds any."""

WHOLE_TABLE_RULES: Mapping[
    RuleName,
    Callable[[Mapping[str, FieldParser], Mapping[str, Sequence[ValueCandidate]]], list[Row] | None],
] = {
    "tables": rows_of_tables,
}
"""All rows of an array; the first rule that finds its table."""

TABLE_RULES: Mapping[
    RuleName, Callable[[Mapping[str, FieldParser], Mapping[str, list[ValueCandidate]]], Candidates]
] = {
    "headers": merge_header_cells,
}
"""Cells of a table merged with the cells found before."""

LIST_RULES: Mapping[RuleName, Callable[[FieldParser, list[ValueCandidate]], list[ValueCandidate]]]
LIST_RULES = {
    "parties": merge_party_names,
    "signatories": merge_signatories,
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
        """Candidates of single fields, by path, rule after rule. parsers: one for each field, of
        one document."""
        found: Candidates = {}
        names = tuple(self._named(FIELD_RULES)) if parsers else ()
        made = {n: FIELD_RULES[n](parsers[0].document, schema, parsers) for n in names}
        for name in names:
            better = made.get(GIVES_WAY[name], {}) if name in GIVES_WAY else {}
            for path, candidates in made[name].items():
                if not better.get(path):
                    found.setdefault(path, []).extend(_of_rule(name, candidates))
        return found

    @stage("rules.blanks", len)
    def blank_fields(self, parsers: Sequence[FieldParser]) -> frozenset[str]:
        """Paths of single fields whose label is printed with nothing at its place."""
        rules = self._on(BLANK_RULES) if parsers else iter(())
        return frozenset(path for rule in rules for path in rule(parsers[0].document, parsers))

    def question_label(self, document: Document, question: str) -> Placed | None:
        """The printed label that a question names, with its value or as a blank."""
        found = (rule(document, question) for rule in self._on(QUESTION_RULES))
        return next(filter(None, found), None)

    def has(self, name: RuleName) -> bool:
        """Whether a rule is on; for those of TASK_RULES."""
        return name in self.names

    def fallback_candidates(self, schema: Schema, parser: FieldParser) -> list[ValueCandidate]:
        """Candidates of a single field for which nothing else was found."""
        found = (
            _of_rule(name, FALLBACK_RULES[name](schema, parser))
            for name in self._named(FALLBACK_RULES)
        )
        return next(filter(None, found), [])

    def whole_table(
        self, parsers: Mapping[str, FieldParser], cells: Mapping[str, list[ValueCandidate]]
    ) -> list[Row] | None:
        """All rows of an array from its table; None if there is no such table. cells: those that
        the reader points at."""
        found = (rule(parsers, cells) for rule in self._on(WHOLE_TABLE_RULES))
        return next((rows for rows in found if rows), None)

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
        return (table[name] for name in self._named(table))

    def _named(self, table: Mapping[RuleName, T]) -> Iterator[RuleName]:
        return (name for name in table if name in self.names)


def _of_rule(name: RuleName, candidates: Sequence[ValueCandidate]) -> list[ValueCandidate]:
    return [replace(candidate, rule=name) for candidate in candidates]


ALL_RULES = RuleSet()
"""Every rule."""
