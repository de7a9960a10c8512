"""Labelled cases the ranker learns from: a document, a schema, and what is true.

Sets and licences, each named in the model card: ICDAR 2019 SROIE (CC BY 4.0), project-deepform's
labels of FCC public files (MIT), CUAD v1 of The Atticus Project (CC BY 4.0), and the synthetic
documents of this project. Schemas are worded anew for each document, so that nothing can be
learned of one schema.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from docagent.document import Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon
from docagent.layout.reading_order import group_words_into_lines
from docagent.schemas import Schema, load_schema
from eval.datasets import data_dir
from eval.metrics.fields import parse_amount, parse_date
from finetune.ranking.wordings import BROADCASTS, RECEIPTS, draw_schema
from finetune.reader.page_data import _line_words
from finetune.reader.text_data import is_validation, rows_of

LINE_LETTERS, PAGE_LINES = 95, 52
"""Letters of a line and lines of a page of a contract that is given as text."""
SCHEMAS_SEEN, SCHEMAS_UNSEEN = 1, 6
"""Schemas of an order that the reader was trained on, and of one that it was not."""
READ_SHARE = 0.5
"""Share of the pages without an image whose words get a recognizer's confidences."""


@dataclass(frozen=True)
class Case:
    """set: where it comes from. group: shop, station or contract, for splits. truths: by path of
    the single fields that are labelled, the values that are right; none where there is no value.
    is_loose: whether half of the words make a value right, as CUAD counts clauses. is_seen: whether
    the reader was trained on the document, so that its answers are better than elsewhere.
    overlooked: the share (0-1) of fields whose answers the reader is made to overlook, as it does
    on kinds of pages that its training never had."""

    set: str
    group: str
    document: Document
    schema: Schema
    truths: Mapping[str, tuple[str, ...]]
    is_loose: bool = False
    is_seen: bool = False
    overlooked: float = 0.0


Read = Callable[[Path], Document]


def receipt_cases(read: Read) -> Iterator[Case]:
    """SROIE's receipts: 80 images read by the own recognizer, 250 pages of labelled lines."""
    folder = data_dir() / "sroie"
    for path in sorted((folder / "adapt" / "img").glob("*.jpg")):
        fields = json.loads((folder / "adapt" / "key" / f"{path.stem}.json").read_text("utf-8"))
        yield from _receipt(f"a{path.stem}", read(path), fields, "receipts-read")
    for row in rows_of(folder / "train" / "train.jsonl.xz"):
        rng = random_of(row["id"])
        texts, boxes = [], []
        for line in row["lines"]:
            for text, box in _line_words(line["text"], line["box"]):
                texts.append(text)
                boxes.append(box)
        page = placed_page(texts, boxes, (row["width"], row["height"]), rng)
        document = _document(row["id"], [page])
        is_seen = not is_validation(row["fields"].get("company") or row["id"])
        for case in _receipt(row["id"], document, row["fields"], "receipts"):
            yield replace(case, is_seen=is_seen)


def _receipt(name: str, document: Document, fields: Mapping[str, str], kind: str) -> Iterator[Case]:
    truths = {
        "company": fields.get("company", ""),
        "address": fields.get("address", ""),
        "date": _iso(fields.get("date", ""), True),
        "total": _number(fields.get("total", "")),
    }
    known = {key: ((value,) if value else ()) for key, value in truths.items()}
    group = (fields.get("company") or name).casefold()
    yield Case(kind, group, document, load_schema("receipt"), known)
    for turn in range(2):
        schema, paths = draw_schema("receipt", RECEIPTS, random_of(f"{name}{turn}"))
        told = {paths[key]: values for key, values in known.items() if key in paths}
        yield Case(kind, group, document, schema, told)


def broadcast_cases(read: Read) -> Iterator[Case]:
    """Orders and invoices of TV stations."""
    folder = data_dir() / "tv-ads"
    for row in json.loads((folder / "train.json").read_text("utf-8")):
        document = read(folder / "train" / row["file"])
        truths = {
            "contract_num": row["contract_num"],
            "advertiser": row["advertiser"],
            "gross_amount": _number(row["gross_amount"]),
            "flight_from": _iso(row["flight_from"], False),
            "flight_to": _iso(row["flight_to"], False),
        }
        is_seen = not is_validation(row["file"])
        for turn in range(SCHEMAS_SEEN if is_seen else SCHEMAS_UNSEEN):
            schema, paths = draw_schema("order", BROADCASTS, random_of(f"{row['file']}{turn}"))
            told = {paths[key]: (value,) for key, value in truths.items() if key in paths}
            yield Case("broadcasts", row["file"], document, schema, told, is_seen=is_seen)


def worded(rng: random.Random, name: str, wordings: Sequence[str]) -> tuple[str, str]:
    """Key and description of a field in one of its wordings."""
    wording = rng.choice(wordings)
    spoken, _, meaning = wording.partition(": ")
    is_name = meaning or len(spoken.split()) <= 3
    key = "_".join(
        "".join(c if c.isalnum() else " " for c in (spoken if is_name else name)).split()
    )
    return key.lower(), meaning or ("" if is_name else wording)


def text_document(name: str, text: str) -> Document:
    """A text set in lines on pages, as from a text layer."""
    lines: list[list[str]] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        for word in paragraph.split():
            if line and len(" ".join((*line, word))) > LINE_LETTERS:
                lines.append(line)
                line = []
            line.append(word[:LINE_LETTERS])
        if line:
            lines.append(line)
    pages = [
        _set_page(number, lines[start : start + PAGE_LINES])
        for number, start in enumerate(range(0, len(lines), PAGE_LINES), start=1)
    ]
    return _document(name, pages)


def _set_page(number: int, lines: Sequence[Sequence[str]]) -> Page:
    step, wide = 0.9 / PAGE_LINES, 0.84 / LINE_LETTERS
    made = []
    for row, line in enumerate(lines):
        x, y = 0.08, 0.05 + row * step
        words = []
        for text in line:
            box = (x, y, x + wide * len(text), y + 0.65 * step)
            words.append(Word(text=text, polygon=bbox_to_polygon(box)))
            x += wide * (len(text) + 1)
        made.append(Line(words=tuple(words)))
    return Page(number=number, width=1700, height=2200, lines=tuple(made), source="text_layer")


def placed_page(
    texts: Sequence[str],
    boxes: Sequence[tuple[float, float, float, float]],
    size: tuple[float, float],
    rng: random.Random,
    wrong: Sequence[bool] = (),
) -> Page:
    """A page of words at their boxes (pixels), in reading order; half of such pages with the
    confidences of a recognizer, lower for words that are ``wrong``."""
    is_read = rng.random() < READ_SHARE
    width, height = size
    words = []
    for index, (text, (x0, y0, x1, y1)) in enumerate(zip(texts, boxes, strict=True)):
        box = (x0 / width, y0 / height, x1 / width, y1 / height)
        polygon = bbox_to_polygon(tuple(min(1.0, max(0.0, v)) for v in box))  # type: ignore[arg-type]
        is_wrong = bool(wrong) and wrong[index]
        sure = rng.uniform(0.3, 0.97) if is_wrong else 1 - rng.random() ** 4 * 0.3
        words.append(Word(text=text, polygon=polygon, confidence=sure if is_read else None))
    lines = tuple(
        Line(words=tuple(words[i] for i in members)) for members in group_words_into_lines(boxes)
    )
    return Page(number=1, width=round(width), height=round(height), lines=lines)


def _document(name: str, pages: Sequence[Page]) -> Document:
    return Document(id=f"{zlib.crc32(name.encode()):064x}", name=name, pages=tuple(pages))


def random_of(name: str) -> random.Random:
    """Random numbers that depend on a name alone."""
    return random.Random(zlib.crc32(name.encode()))


def _iso(text: str, day_first: bool) -> str:
    found = parse_date(text, day_first=day_first) if text else None
    return found.isoformat() if found else text


def _number(text: str) -> str:
    found = parse_amount(text) if text else None
    return str(found) if found is not None else text
