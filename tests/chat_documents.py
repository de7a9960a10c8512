"""Documents for the tests of conversations: a short contract, and a report of forty pages."""

from __future__ import annotations

from functools import cache

from docagent.document import Document, Page
from tests.documents import document_of, page_of

NDA = document_of(
    ["This Agreement is made on 3 March 2021", "between ACME Widgets Ltd", "and Globex Inc"],
    ["Governing law: State of Delaware", "Signed by Clara Whitfield", "on 7 May 2022"],
    ["Net 120.00", "VAT 12.00", "Postage 2.50"],
)
"""Lines L1-L3, L4-L6, L7-L9."""
LETTERS = "abcdefghijklmnopqrst"
TOWNS = "Berlin Paris Oslo Rome Madrid Vienna Lisbon Dublin Athens Prague".split()


def report(pages: int = 40, extra: dict[int, list[str]] | None = None) -> Document:
    """Pages that differ in a town, a number and an amount only; extra: more lines by page."""
    more = extra or {}
    made = [
        page_of([*_branch(number), *more[number]], number) if number in more else _page(number)
        for number in _to(pages)
    ]
    return Document(id="0" * 64, name="report", pages=tuple(made))


@cache
def _page(number: int) -> Page:
    return page_of(_branch(number), number)


def rent(page: int) -> str:
    """The amount printed on a page of the report."""
    return f"{1000 + page}.50"


def _to(pages: int) -> range:
    return range(1, pages + 1)


def _branch(number: int) -> list[str]:
    prose = [
        f"The parties agree that services are as described under point {letter}"
        for letter in LETTERS
    ]
    head = f"Branch report {TOWNS[number % 10]} number {number}"
    return [head, *prose, f"Manager Person{number} Smith", f"Rent due {rent(number)}"]
