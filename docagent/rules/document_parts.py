"""Several documents in one file, such as two invoices in a PDF or scans of several receipts.

A page begins a document of its own if it says that it is page 1, if its printed document number is
another one than that of the pages before it, or if every page is a scan with a total and a
letterhead of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docagent.document import Document, Page, Part
from docagent.evidence.field_parser import FieldParser
from docagent.rules.role_labels import RoleLabels
from docagent.rules.role_values import find_number, values_at
from docagent.schemas import SchemaField
from docagent.text.accents import strip_accents
from docagent.text.tokens import letters_and_digits

MIN_NUMBER_SCORE = 0.5
"""Score from which a number at a label is that of the document."""
HEAD_LINES = 2
"""Lines at the top of a page that are compared."""
MAX_PAGES = 200
"""Longer files are not examined: they are books and reports."""
_PAGE_OF = re.compile(
    r"\b(?:page|seite|pagina|pag|blad|sida|side|sivu|strona|strana|stran|str|oldal|halaman|sayfa)"
    r"\W{0,3}(\d{1,3})\s{0,2}(?:of|von|de|di|van|av|af|z|ze|/|sur|su|dari|od)\s{0,2}(\d{1,3})\b"
)
_NUMBER_FIELD = SchemaField(
    path="document_number", types=("string",), normaliser="identifier", query="document number"
)


@dataclass(frozen=True)
class _Signs:
    """What a page says of the document it belongs to. place: (page, pages) as printed. number: of
    the document. has_total: whether a total is labelled. head: the first lines."""

    page: Page
    place: tuple[int, int] | None
    number: str | None
    has_total: bool
    head: frozenset[str]


def document_parts(document: Document) -> tuple[Part, ...]:
    """The documents in a file, from the first page to the last; empty if there is one only."""
    count = len(document.pages)
    if count < 2 or count > MAX_PAGES:
        return ()
    pages = [_signs(document, page) for page in document.pages]
    starts = {0: ""}
    first = 0
    receipts = _are_receipts(pages)
    for n in range(1, count):
        why = receipts or _reason(pages[first:n], pages[n])
        if why:
            starts[n] = why
            first = n
    if len(starts) < 2:
        return ()
    begins = [*starts, count]
    return tuple(
        Part(
            first_page=document.pages[start].number,
            last_page=document.pages[end - 1].number,
            why=starts[start],
        )
        for start, end in pairwise(begins)
    )


def _reason(before: Sequence[_Signs], page: _Signs) -> str:
    """Why a page begins another document; "" if it does not."""
    number = next((signs.number for signs in before if signs.number), None)
    same_number = number is not None and number == page.number
    if page.place is not None:
        if page.place[0] > 1 or same_number:
            return ""
        return f"page {page.page.number} says that it is page 1 of {page.place[1]}"
    if not number or not page.number or same_number:
        return ""
    if page.has_total and any(signs.has_total for signs in before):
        return f"number {page.number} instead of {number}, and a total of its own"
    return ""


def _are_receipts(pages: Sequence[_Signs]) -> str:
    """Why each of several scans is a document of its own; "" if they are not."""
    if any(signs.page.source != "ocr" or not signs.has_total for signs in pages):
        return ""
    if any(signs.place or len(signs.head) < 2 for signs in pages):
        return ""
    heads = [signs.head for signs in pages]
    if any(a & b for n, a in enumerate(heads) for b in heads[n + 1 :]):
        return ""
    return "each page has a letterhead and a total of its own"


def _signs(document: Document, page: Page) -> _Signs:
    alone = document.pages_between(page.number, page.number)
    text = strip_accents(page.text.replace("\n", " ")).casefold()
    place = _PAGE_OF.search(text)
    spot = (int(place[1]), int(place[2])) if place else None
    if spot and not 1 <= spot[0] <= spot[1]:
        spot = None
    lines = (letters_and_digits(line.text) for line in page.lines[:HEAD_LINES])
    head = frozenset(line for line in lines if len(line) > 2)
    if not alone.words:
        return _Signs(page, spot, None, False, head)
    labels = RoleLabels(alone)
    parser = FieldParser(alone, _NUMBER_FIELD)
    numbers = [
        candidate
        for candidate in values_at(labels, "document_number", parser, find_number)
        if candidate.score >= MIN_NUMBER_SCORE
    ]
    best = max(numbers, key=lambda c: c.score, default=None)
    has_total = any(True for role in ("gross_total", "amount_due") for _ in labels.of(role))
    return _Signs(page, spot, letters_and_digits(best.raw_text) if best else None, has_total, head)
