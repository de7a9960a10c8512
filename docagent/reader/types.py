"""Queries to the embedded reader, and its answers as spans of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docagent.document import Confidence, Document, Frozen


class Query(Frozen):
    """What the reader searches for. text: a field name with its description, or a question.

    multiple: whether there may be several values (a column of a table, parties of a contract).
    """

    text: str
    multiple: bool = False


class PointedSpan(Frozen):
    """Words ``start`` to ``end`` (exclusive) of ``Document.words``, with a score (0-1)."""

    start: int
    end: int
    score: Confidence


class Reading(Frozen):
    """The reader's answer to one query.

    spans: candidates, best first; in reading order if the query is ``multiple``. absent:
    probability (0-1) that the document has no such value.
    """

    query: Query
    spans: tuple[PointedSpan, ...]
    absent: Confidence


class Reader(Protocol):
    """A model that answers queries with spans of a document: embedded, scripted or null."""

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """Return one reading per query, in the order of the queries."""
        ...
