"""A reader that answers from a script; it needs no weights and serves tests and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docagent.document import Document
from docagent.reader.types import PointedSpan, Query, Reading

Script = Mapping[str, Sequence[tuple[str, float]]]


class ScriptedReader:
    """Answers each query with the quotes that a script lists for it.

    script: maps a part of the query's text (case ignored) to (quote, score) pairs; the longest
    matching part counts. Every occurrence of the quote's words becomes a span. ``absent`` is 1 for
    a query that no part matches, else 1 minus the best score.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.queries: list[Query] = []

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """See ``Reader.read``; also appends the queries to ``self.queries``."""
        self.queries.extend(queries)
        words = [location.word.text for location in document.words]
        return [self._reading(words, query) for query in queries]

    def _reading(self, words: list[str], query: Query) -> Reading:
        pieces = [key for key in self.script if key.casefold() in query.text.casefold()]
        if not pieces:
            return Reading(query=query, spans=(), absent=1.0)
        spans = [
            PointedSpan(start=start, end=start + len(quote.split()), score=score)
            for quote, score in self.script[max(pieces, key=len)]
            for start in _occurrences(words, quote.split())
        ]
        spans.sort(key=lambda s: (s.start, s.end) if query.multiple else (-s.score, s.start))
        best = max((span.score for span in spans), default=0.0)
        return Reading(query=query, spans=tuple(spans), absent=1.0 - best)


def _occurrences(words: list[str], quote: list[str]) -> list[int]:
    return [i for i in range(len(words) - len(quote) + 1) if words[i : i + len(quote)] == quote]
