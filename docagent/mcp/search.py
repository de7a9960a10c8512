"""Lines of a document that have words of a query."""

from __future__ import annotations

from docagent.document import Document, Frozen
from docagent.geometry import BBox, polygon_to_bbox
from docagent.text.tokens import content_words, index_terms, tokens

MAX_FOUND = 20
"""Most lines that are found."""


class FoundLine(Frozen):
    """A line of a document. page: its number. bbox: left, top, right, bottom, 0-1."""

    page: int
    text: str
    bbox: BBox


def find_lines(document: Document, query: str) -> tuple[FoundLine, ...]:
    """The lines with most different words of a query, at most MAX_FOUND, best first; lines that
    have as many stay in reading order."""
    wanted = set(index_terms(content_words(query) or tokens(query)))
    found: list[tuple[int, FoundLine]] = []
    for page in document.pages:
        for line in page.lines:
            hits = len(wanted & set(index_terms(tokens(line.text))))
            if hits:
                box = polygon_to_bbox(line.polygon)
                found.append((hits, FoundLine(page=page.number, text=line.text, bbox=box)))
    ranked = sorted(found, key=lambda pair: -pair[0])
    return tuple(line for _, line in ranked[:MAX_FOUND])
