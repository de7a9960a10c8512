"""An answer as text with numbered citations, and the links to their places."""

from __future__ import annotations

from dataclasses import dataclass

from docagent.api.citations import citation_url
from docagent.results import Turn


@dataclass(frozen=True)
class UrlCitation:
    """A citation: where its number stands in the text, and the address of its place."""

    start: int
    end: int
    title: str
    url: str


@dataclass(frozen=True)
class Answered:
    """text: the answer with numbers of citations and, at the end, the list of them for clients that
    show no annotations."""

    text: str
    citations: tuple[UrlCitation, ...]


def to_answered(turn: Turn, name: str, base: str) -> Answered:
    """name: of the document. base: address of the server."""
    if turn.text is None:
        return Answered(f"I found no answer in {name}: {turn.message or 'it is not there'}.", ())
    text, places, lines = turn.text, [], []
    for number, evidence in enumerate(turn.citations, 1):
        mark = f"[{number}]"
        url = citation_url(base, turn.document_id, evidence)
        title = f"{name}, page {evidence.page}"
        places.append(UrlCitation(len(text) + 1, len(text) + 1 + len(mark), title, url))
        text += f" {mark}"
        lines.append(f"{number}. [{_escape(title)}]({url})")
    if turn.message:
        text += f"\n\n({turn.message})"
    return Answered("\n\n".join([text, "\n".join(lines)]) if lines else text, tuple(places))


def _escape(title: str) -> str:
    """A name that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in "[]()<>\\`*_" else c for c in title)
