"""Fit the calibration of word and field confidences on synthetic scans read end to end.

    python -m finetune.calibrate --count 160 --output docagent/weights/calibration.json

Documents are generated, printed, scanned, read by the shipped OCR and extracted; whether a
field, or a word, came out right is compared with what was printed. Half of them fit the tables,
the other half say what that did: the expected calibration error before and after. No real
document is used.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.confidence import (
    AGGREGATES,
    Calibration,
    fit_isotonic,
    load_calibrations,
    save_calibrations,
)
from docagent.document import Document
from docagent.extraction import extract
from docagent.geometry import polygon_to_bbox, scale_polygon
from docagent.language_model import load_language_model
from docagent.ocr.charset import fold_text
from docagent.ocr.engine import OcrEngine
from docagent.reader.embedded import EmbeddedReader
from docagent.results import Extraction
from docagent.schemas import load_schema
from docagent.settings import Aggregate, Settings
from eval.confidence import Outcome as WordOutcome
from eval.confidence import page_words, word_outcomes
from eval.matching import TextBox
from eval.metrics import ece
from finetune.synthesis.degrade import degrade
from finetune.synthesis.documents import SyntheticDocument, generate
from finetune.synthesis.shards import draw_page
from finetune.synthesis.truth import FieldTruth

WORN = 0.4
"""Share of harshly worn pages among those that words are calibrated on."""
ARCHIVED = 0.5
"""Share of small copies in black and white among them, as among what the recognizer learns from."""

KINDS = ("receipt", "receipt", "invoice", "invoice", "bank_statement", "lab_report", "prescription")
"""Document kinds, each also the name of its schema; twice as many of what most people have."""


@dataclass(frozen=True)
class Outcome:
    """A field's raw confidence, whether it was found, and whether that was right."""

    found: bool
    score: float
    right: bool


def read_synthetic(document: SyntheticDocument, engine: OcrEngine, rng: random.Random) -> Document:
    """Print, scan and read a document; about 100 to 200 dpi."""
    pages = []
    for number, canvas in enumerate(document.pages, start=1):
        em = float(np.median([word.font.size for word in canvas.words]))
        image, _ = degrade(canvas.draw(), rng, rng.uniform(14, 30) / em)
        pages.append(engine.read_image(image, number))
    return Document(id="0" * 64, name=document.kind, pages=tuple(pages))


def letters(text: str) -> str:
    """What is compared of texts: letters and digits, case ignored."""
    return re.sub(r"[\W_]+", "", text).casefold()


def is_right(value: object, raw_text: str | None, truth: FieldTruth) -> bool:
    """Whether a value says what was printed: as a number, a date, or the same letters."""
    if isinstance(value, int | float):
        try:
            return abs(float(value) - float(truth.value)) < 0.005
        except ValueError:
            return False
    return str(value) == truth.value or letters(raw_text or "") == letters(truth.text)


def outcomes(extraction: Extraction, document: SyntheticDocument) -> Iterator[Outcome]:
    """Of every field that is no table cell: rows are numbered differently when one is missed."""
    for field in extraction.fields:
        if "[" in field.path or field.confidence is None:
            continue
        truth = document.fields.get(field.path)
        if field.status == "not_present":
            yield Outcome(False, field.confidence, truth is None)
        elif field.value is not None:
            right = truth is not None and is_right(field.value, field.raw_text, truth)
            yield Outcome(True, field.confidence, right)


def collect(count: int, seed: int) -> list[Outcome]:
    """Outcomes of ``count`` documents."""
    settings = Settings(threads=1)
    engine = OcrEngine(settings, load_language_model())
    reader = EmbeddedReader(settings)
    found: list[Outcome] = []
    for index in range(count):
        rng = random.Random(seed * 7919 + index)
        document = generate(KINDS[index % len(KINDS)], rng)
        scanned = read_synthetic(document, engine, rng)
        schema = load_schema(document.kind)
        found.extend(outcomes(extract(scanned, schema, reader, calibrations={}), document))
        print(f"\r{index + 1}/{count} documents, {len(found)} fields", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def fit(train: list[Outcome], test: list[Outcome], found: bool) -> tuple[Calibration, str]:
    """The table for fields that were found, or for those said to be absent, and its effect."""
    chosen = [o for o in train if o.found == found]
    held_out = [o for o in test if o.found == found]
    table = fit_isotonic([o.score for o in chosen], [o.right for o in chosen])
    scores, right = [o.score for o in held_out], [o.right for o in held_out]
    before, after = ece(scores, right), ece([table.apply(s) for s in scores], right)
    name = "found" if found else "absent"
    share = np.mean(right)
    return (
        table,
        f"{name}: {len(held_out)} fields, {share:.3f} right, ECE {before:.3f} -> {after:.3f}",
    )


def collect_words(count: int, seed: int) -> list[WordOutcome]:
    """Outcomes of the words on ``count`` pages like those the recognizer trains on."""
    engine = OcrEngine(Settings(threads=1), load_language_model())
    found: list[WordOutcome] = []
    for index in range(count):
        image, truth = make_words_page(random.Random(seed * 7919 + index), 0.7, WORN)
        page = engine.read_image(image)
        words = page_words(page)
        height, width = image.shape
        boxes = [
            TextBox(w.text, polygon_to_bbox(scale_polygon(w.polygon, width, height))) for w in words
        ]
        if not page.rotation:
            found += word_outcomes(words, boxes, truth, case=True)
        print(f"\r{index + 1}/{count} pages, {len(found)} words", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def make_words_page(
    rng: random.Random, documents: float, wear: float
) -> tuple[NDArray[np.uint8], list[TextBox]]:
    """A worn page and its words with their boxes in pixels."""
    canvas = draw_page(rng, documents)
    em = float(np.median([word.font.size for word in canvas.words]))
    archived = rng.random() < ARCHIVED
    smallest, largest = (8.5, 18) if archived else (10, 30)
    size = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
    harsh = rng.random() < wear
    image, matrix = degrade(canvas.draw(), rng, min(size / em, 1.6), harsh, archived)
    words = []
    for word in canvas.words:
        a, b, c, d = word.bbox
        corners = np.float32([[[a, b], [c, b], [c, d], [a, d]]])
        moved = cv2.perspectiveTransform(corners, matrix)[0]
        (x0, y0), (x1, y1) = moved.min(axis=0), moved.max(axis=0)
        words.append(TextBox(fold_text(word.text), (x0, y0, x1, y1)))
    return image, words


def fit_words(
    train: list[WordOutcome], test: list[WordOutcome], how: Aggregate
) -> tuple[Calibration, str]:
    """The table of an aggregate of characters' confidences, and its effect."""
    aggregate = AGGREGATES[how]
    table = fit_isotonic([aggregate(o.chars) for o in train], [o.right for o in train])
    table = thinned(table)
    scores, right = [aggregate(o.chars) for o in test], [o.right for o in test]
    before, after = ece(scores, right), ece([table.apply(s) for s in scores], right)
    return table, f"words, {how}: {len(test)}, ECE {before:.3f} -> {after:.3f}"


def thinned(table: Calibration, knots: int = 40) -> Calibration:
    """The table with at most ``knots`` of its knots, evenly chosen."""
    if len(table.scores) <= knots:
        return table
    chosen = np.unique(np.linspace(0, len(table.scores) - 1, knots).round().astype(int))
    return Calibration(
        kind="piecewise",
        scores=tuple(round(table.scores[i], 4) for i in chosen),
        probabilities=tuple(round(table.probabilities[i], 4) for i in chosen),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=160, help="documents, half to fit on")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--output", type=Path, default=Path("docagent/weights/calibration.json"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    half = args.count // 2
    words = collect_words(half, args.seed + 2), collect_words(half, args.seed + 3)
    tables = {}
    for how in AGGREGATES:
        tables[f"word_{how}"], said = fit_words(*words, how)
        print(said)
    # Fields are made of words: their table is fitted with the calibrated words.
    save_calibrations(tables, args.output)
    load_calibrations.cache_clear()
    train, test = collect(half, args.seed), collect(half, args.seed + 1)
    field, said = fit(train, test, found=True)
    absent, said_absent = fit(train, test, found=False)
    print(said)
    print(said_absent)
    save_calibrations({**tables, "field": field, "absent": absent}, args.output)


if __name__ == "__main__":
    main()
