"""Confidence of the values of lists and tables, which no ranker chooses among."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from docagent.confidence import IDENTITY, Calibration
from docagent.evidence.candidates import TIGHT_KINDS
from docagent.results import Check, Field
from docagent.schemas import SchemaField

LIST_TABLES = "list_"
"""Beginning of the names of calibration tables for values of arrays."""
SUMS = ("sum", "running")
"""Kinds of checks that many values have to be right for."""


@dataclass(frozen=True)
class Verdicts:
    """What the checks say of values, by path. confirmed: in a sum or running balance that holds.
    disputed: in a failed check. A product that holds says little of its amount: the amount of the
    line may be another one, with a discount or a tax."""

    confirmed: frozenset[str] = frozenset()
    disputed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, checks: Iterable[Check]) -> Verdicts:
        """Of the checks of an extraction."""
        on_values = [check for check in checks if check.kind != "readable"]
        sums = [c for c in on_values if c.kind in SUMS and c.status == "passed"]
        failed = [c for c in on_values if c.status == "failed"]
        return cls(_paths(sums), _paths(failed))


def list_table(field: Field, leaf: SchemaField, verdicts: Verdicts) -> str:
    """The name of the calibration table for a value of an array: ``list_KIND_SOURCE``.

    KIND is ``number`` (amounts, dates and other kinds that lie in few words) or ``text``. SOURCE is
    ``checked`` or ``disputed`` by the verdicts, else ``reader``, or for a value by rules ``table``
    or, of a list of plain values, ``rule``.
    """
    kind = "number" if leaf.normaliser in TIGHT_KINDS else "text"
    if field.path in verdicts.disputed:
        source = "disputed"
    elif field.path in verdicts.confirmed:
        source = "checked"
    elif field.source == "reader":
        source = "reader"
    else:
        source = "rule" if leaf.path.endswith("[]") else "table"
    return f"{LIST_TABLES}{kind}_{source}"


def _paths(checks: Iterable[Check]) -> frozenset[str]:
    return frozenset(path for check in checks for path in check.paths)


def calibrated_item(field: Field, table: str, tables: Mapping[str, Calibration]) -> Field:
    """The field with its confidence by a table, or by the table ``field`` where that is missing."""
    if field.confidence is None:
        return field
    known = tables.get(table) or tables.get("field", IDENTITY)
    return field.replace(confidence=known.apply(field.confidence))
