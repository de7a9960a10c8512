"""Results as short text for a language model: values with confidence, page and quote."""

from __future__ import annotations

from collections.abc import Iterable

from docagent.export.evidence_view import Place, Result, result_to_view
from docagent.results import Answer, Classification, Evidence, Extraction

MAX_QUOTE_CHARS = 120
MAX_QUOTES = 3
"""Most quotes of one value."""


def result_to_brief(result: Result) -> str:
    """A line for each row of a result: name, value, confidence, what to check, pages and quotes;
    then the notes."""
    view = result_to_view(result)
    evidence = _evidence(result)
    lines = [f"{view.title}:"]
    for number, row in enumerate(view.rows):
        name = f"{row.name}: " if row.name else ""
        sure = "" if row.confidence is None else f"{row.confidence:.0%} sure"
        # A doubt that only says the confidence again is not written twice.
        doubt = "check" if row.doubt == sure else f"check: {row.doubt}"
        marks = (f" ({sure})" if sure else "") + (f" [{doubt}]" if row.doubt else "")
        place = _quotes(evidence.get(number, ())) or _page(row.places)
        lines.append(f"- {name}{row.value or 'no value'}{marks}{place}")
    return "\n".join([*lines, *view.notes])


def _evidence(result: Result) -> dict[int, tuple[Evidence, ...]]:
    """The evidence of each row, by its number; of results whose rows have quotes."""
    if isinstance(result, Extraction):
        return {number: field.evidence for number, field in enumerate(result.fields)}
    return {0: result.evidence} if isinstance(result, Answer | Classification) else {}


def _quotes(evidence: Iterable[Evidence]) -> str:
    quotes = [(one.page, " ".join(one.quote.split())[:MAX_QUOTE_CHARS]) for one in evidence]
    return "".join(f'; page {page}: "{quote}"' for page, quote in quotes[:MAX_QUOTES])


def _page(places: tuple[Place, ...]) -> str:
    return f"; page {places[0].page}" if places else ""
