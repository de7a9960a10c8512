"""Queries to the embedded reader and the spans it points at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docagent.document import Confidence, Document, Frozen


class Query(Frozen):
    """What to look for, as text: a field name with its description, or a question.

    multiple: the value may occur many times (a column of a table, parties of a contract).
    """

    text: str
    multiple: bool = False


class PointedSpan(Frozen):
    """Words ``start`` to ``end`` (exclusive) of ``Document.words``; score 0-1."""

    start: int
    end: int
    score: Confidence


class Reading(Frozen):
    """What the reader says of one query: candidate spans, best first (in reading order when
    ``multiple``), and the probability (0-1) that the document has no such value."""

    query: Query
    spans: tuple[PointedSpan, ...]
    absent: Confidence


class Reader(Protocol):
    """Anything that points at spans: the embedded reader, a scripted one."""

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """One reading per query, in the order of the queries."""
        ...
