"""Running heads and feet: lines that come back on page after page."""

from __future__ import annotations

from collections import defaultdict

from docagent.document import Document

MIN_PAGES = 3
"""Pages that have the same line, from which it belongs to none of them."""


def running_words(document: Document) -> frozenset[int]:
    """Indices of the words of lines that stand with the same text on several pages: the name of a
    file and the date it was filed, but no page numbers, which differ."""
    lines: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, word in enumerate(document.words):
        lines[word.page, word.line].append(index)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, words in lines.items():
        places[" ".join(document.words[i].word.text for i in words).casefold()].append(place)
    return frozenset(
        index
        for found in places.values()
        if len({page for page, _ in found}) >= MIN_PAGES
        for place in found
        for index in lines[place]
    )
