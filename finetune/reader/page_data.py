"""Real pages the reader trains on: receipts, orders of TV stations, annual reports.

Sets and licences (each named in the model card): ICDAR 2019 SROIE and TAT-QA (CC BY 4.0),
project-deepform's labels of FCC public files (MIT). A company or station is in one split only.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docagent.geometry import BBox
from eval.datasets import data_dir
from finetune.reader.noise import CleanPage, CleanQuery
from finetune.reader.text_data import (
    Answers,
    TextWords,
    is_validation,
    place_word,
    rows_of,
    set_text,
)


class PageSource:
    """Pages with a layout of their own."""

    def __init__(self, pages: Sequence[CleanPage]) -> None:
        self.pages = [page for page in pages if page.queries and len(page.texts) > 3]

    def draw(self, rng: random.Random) -> CleanPage:
        """Any of them; queries are drawn from it later."""
        return rng.choice(self.pages)


RECEIPT_QUERIES: dict[str, tuple[str, ...]] = {
    "company": (
        "company: Name of the shop or company that issued the receipt",
        "company name",
        "Which company issued this receipt?",
        "name of the shop",
        "seller",
        "merchant name",
        "vendor: Company that sells the goods",
        "store",
    ),
    "date": (
        "date: Date of the purchase",
        "receipt date",
        "When was this bought?",
        "date",
        "transaction date",
        "What is the date on the receipt?",
        "purchase date",
    ),
    "address": (
        "address: Address of the shop",
        "address of the company",
        "Where is the shop?",
        "store address",
        "seller address",
        "What is the address of the seller?",
        "merchant address",
    ),
    "total": (
        "total: Total amount to pay including tax",
        "total amount",
        "How much was paid in total?",
        "grand total",
        "amount due",
        "What is the total?",
        "total: Amount charged for the whole purchase",
    ),
}


def receipts(validation: bool) -> PageSource:
    """SROIE's training receipts: words in proportion to characters of their line's box."""
    pages = []
    for row in rows_of(data_dir() / "sroie" / "train" / "train.jsonl.xz"):
        if is_validation(row["fields"].get("company") or row["id"]) != validation:
            continue
        texts, boxes = [], []
        for line in row["lines"]:
            for text, box in _line_words(line["text"], line["box"]):
                texts.append(text)
                boxes.append(box)
        queries = []
        for name, wordings in RECEIPT_QUERIES.items():
            value = row["fields"].get(name)
            answers = find_value(texts, value) if value else ()
            if value and answers:
                queries += [CleanQuery(q, False, name, answers) for q in wordings]
        pages.append(
            CleanPage(
                "receipt", row["width"], row["height"], tuple(texts), tuple(boxes), tuple(queries)
            )
        )
    return PageSource(pages)


def _line_words(text: str, box: Sequence[float]) -> Iterator[tuple[str, BBox]]:
    x0, y0, x1, y1 = map(float, box)
    step = (x1 - x0) / max(1, len(text))
    for word in re.finditer(r"\S+", text):
        yield word.group(), (x0 + word.start() * step, y0, x0 + word.end() * step, y1)


def find_value(texts: Sequence[str], value: str, most: int = 6) -> Answers:
    """Word indices of each place a value is printed at, compared by letters and digits; the
    words have to follow each other."""
    bare = [_bare(text) for text in texts]
    wanted = _bare(value)
    found = []
    for start, first in enumerate(bare):
        if not first or not wanted.startswith(first):
            continue
        joined, end = first, start + 1
        while len(joined) < len(wanted) and end < len(texts) and wanted.startswith(joined):
            joined += bare[end]
            end += 1
        if joined == wanted:
            found.append(tuple(range(start, end)))
    return tuple(found[:most])


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


BROADCAST_QUERIES: dict[str, tuple[str, ...]] = {
    "contract_num": (
        "contract number: Number of the contract or order",
        "order number",
        "contract no",
        "What is the contract number?",
        "estimate or order number: Number that identifies the order",
        "invoice order number",
    ),
    "advertiser": (
        "advertiser: Who the advertisement is for",
        "name of the advertiser",
        "Who is the advertiser?",
        "client",
        "Who pays for the campaign?",
        "political committee or candidate",
    ),
    "gross_amount": (
        "gross amount: Total gross cost of the order",
        "total gross",
        "How much is the gross amount?",
        "total cost",
        "order total",
        "gross total before commission",
        "What is the total amount?",
    ),
    "flight_from": (
        "flight from: First day of the flight",
        "start date of the campaign",
        "flight start date",
        "When does the campaign start?",
        "first air date",
        "start of the contract period",
        "flight dates start",
    ),
    "flight_to": (
        "flight to: Last day of the flight",
        "end date of the campaign",
        "flight end date",
        "When does the campaign end?",
        "last air date",
        "end of the contract period",
        "flight dates end",
    ),
}


def broadcasts(validation: bool, read: Callable[[Path], Sequence[CleanPage]]) -> PageSource:
    """Invoices and orders of TV stations. read: pages of a PDF, words only."""
    folder = data_dir() / "tv-ads"
    pages = []
    for row in json.loads((folder / "train.json").read_text("utf-8")):
        if is_validation(row["file"]) != validation:
            continue
        for page in read(folder / "train" / row["file"]):
            queries = []
            for name, wordings in BROADCAST_QUERIES.items():
                value = str(row.get(name) or "")
                answers = find_value(page.texts, value) if value else ()
                if answers:
                    queries += [CleanQuery(q, False, name, answers) for q in wordings]
            if queries:
                pages.append(replace(page, queries=tuple(queries)))
    return PageSource(pages)


def annual_reports(validation: bool) -> PageSource:
    """TAT-QA's tables and paragraphs, set on pages; questions whose answer is printed."""
    rng = random.Random(5)
    pages = []
    for row in rows_of(data_dir() / "questions" / "tatqa-dev.jsonl.xz"):
        if is_validation(row["table"]["uid"]) != validation:
            continue
        texts, boxes, places, height = _set_table(row["table"]["table"], rng)
        width = max(box[2] for box in boxes) + 120
        for paragraph in row["paragraphs"][:4]:
            words = TextWords.of(paragraph["text"])
            page = set_text(words, 0, len(words.texts), (), rng)
            first = len(texts)
            texts += page.texts
            boxes += [(b[0], b[1] + height, b[2], b[3] + height) for b in page.boxes]
            height, width = height + page.height, max(width, page.width)
            places.append((first, len(texts)))
        queries = []
        for question in row["questions"]:
            answers = _printed(question, texts, places)
            if answers is not None:
                multiple = question["answer_type"] == "multi-span"
                queries.append(CleanQuery(question["question"], multiple, "", answers))
        pages.append(CleanPage("report", width, height, tuple(texts), tuple(boxes), tuple(queries)))
    return PageSource(pages)


def _set_table(
    rows: Sequence[Sequence[str]], rng: random.Random
) -> tuple[list[str], list[BBox], list[tuple[int, int]], float]:
    """Words of a table in columns, the first ragged left and the others right, and the range of
    words of each cell."""
    size = 20.0
    widths = [max(len(r[c]) for r in rows if c < len(r)) + 3 for c in range(max(map(len, rows)))]
    lefts = [sum(widths[:c]) for c in range(len(widths))]
    texts: list[str] = []
    boxes: list[BBox] = []
    cells = []
    for y, row in enumerate(rows):
        for c, cell in enumerate(row):
            shift = widths[c] - len(cell) - 2 if c else 0
            first = len(texts)
            for word in re.finditer(r"\S+", cell):
                texts.append(word.group())
                boxes.append(
                    place_word(lefts[c] + shift + word.start(), y, len(word.group()), size)
                )
            if len(texts) > first:
                cells.append((first, len(texts)))
    return texts, boxes, cells, (len(rows) + 5) * size * 1.3


def _printed(
    question: dict[str, Any], texts: Sequence[str], places: Sequence[tuple[int, int]]
) -> Answers | None:
    """Where the answer of a question is printed; None where it is calculated, or not found."""
    if question["answer_type"] not in ("span", "multi-span"):
        return None
    found: list[tuple[int, ...]] = []
    for value in filter(None, map(str, question["answer"])):
        hits = []
        for first, last in places:
            hits += [
                tuple(i + first for i in hit) for hit in find_value(texts[first:last], value, 3)
            ]
        if not hits:
            return None
        found += hits[:2]
    return tuple(found) or None
