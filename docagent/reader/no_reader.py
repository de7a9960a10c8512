"""A reader that points at nothing, so that rules can be used alone."""

from __future__ import annotations

from collections.abc import Sequence

from docagent.document import Document
from docagent.reader.types import Query, Reading

UNKNOWN_ABSENCE = 0.5
"""Probability that a value is absent, given by a reader that does not read."""


class NullReader:
    """Answers every query without a span."""

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """One reading without spans per query."""
        return [Reading(query=query, spans=(), absent=UNKNOWN_ABSENCE) for query in queries]
