"""Fit the calibration of word and field confidences on synthetic scans read end to end.

    python -m finetune.calibrate --count 160
    python -m finetune.calibrate --weights runs/adapted

Documents are generated, printed, scanned, read by the shipped OCR (or the networks of
``--weights``) and extracted; whether a field, or a word, came out right is compared with what was
printed. Half of them fit the tables, the other half say what that did: the expected calibration
error with the new table, the old one, and none. The one with the least is written. No real
document is used.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.confidence import (
    AGGREGATES,
    CALIBRATION_FILE,
    Calibration,
    WordConfidence,
    calibration_file,
    load_calibrations,
    save_calibrations,
)
from docagent.document import Document
from docagent.geometry import polygon_to_bbox, scale_polygon
from docagent.ocr.engine import OcrEngine
from docagent.ocr.recognition.charset import fold_text
from docagent.reader.embedded import load_reader
from docagent.reader.types import Reader
from docagent.results import Extraction
from docagent.schemas import load_schema
from docagent.settings import Settings
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.text.language_model import load_language_model
from eval.metrics.matching import TextBox
from eval.tasks.confidence import Outcome as WordOutcome
from eval.tasks.confidence import page_words, word_outcomes
from finetune.calibration.tables import Scored, choose_table, choose_word_table
from finetune.synthesis.degrade import degrade
from finetune.synthesis.documents import SyntheticDocument, generate
from finetune.synthesis.shards import draw_page
from finetune.synthesis.truth import FieldTruth
from finetune.weights_folder import SHIPPED, keep_calibration

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
        if "[" in field.path or field.certainty is None:
            continue
        truth = document.fields.get(field.path)
        if field.status == "not_present":
            yield Outcome(False, field.certainty, truth is None)
        elif field.value is not None:
            right = truth is not None and is_right(field.value, field.raw_text, truth)
            yield Outcome(True, field.certainty, right)


def collect(engine: OcrEngine, reader: Reader, count: int, seed: int) -> list[Outcome]:
    """Outcomes of ``count`` documents."""
    found: list[Outcome] = []
    for index in range(count):
        rng = random.Random(seed * 7919 + index)
        document = generate(KINDS[index % len(KINDS)], rng)
        scanned = read_synthetic(document, engine, rng)
        schema = load_schema(document.kind)
        found.extend(
            outcomes(extract(scanned, schema, reader, ExtractionOptions(calibrations={})), document)
        )
        print(f"\r{index + 1}/{count} documents, {len(found)} fields", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def fit(
    train: list[Outcome], test: list[Outcome], found: bool, old: Calibration | None
) -> tuple[Calibration, str]:
    """The table for fields that were found, or for those said to be absent, and its effect."""
    parts = [
        Scored(
            [o.score for o in part if o.found == found], [o.right for o in part if o.found == found]
        )
        for part in (train, test)
    ]
    return choose_table("fields, found" if found else "fields, absent", *parts, old)


def collect_words(engine: OcrEngine, count: int, seed: int) -> list[WordOutcome]:
    """Outcomes of the words on ``count`` pages like those the recognizer trains on."""
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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=160, help="documents, half to fit on")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument(
        "--weights", type=Path, metavar="FOLDER", help="networks to fit for; the shipped by default"
    )
    parser.add_argument(
        "--output", type=Path, help="by default calibration.json beside the weights"
    )
    args = parser.parse_args()
    if args.weights and not args.weights.is_dir():
        parser.error(f"--weights {args.weights}: no such folder; name one with networks")
    cv2.setNumThreads(1)
    settings = Settings(threads=1, weights_dir=args.weights)
    old = load_calibrations(calibration_file(args.weights))
    tables = fit_all(settings, args.count // 2, args.seed, old)
    # Tables of answers and lists are fitted by commands of their own, and stay.
    save_calibrations(
        {**old, **tables}, args.output or (args.weights or SHIPPED) / CALIBRATION_FILE.name
    )
    if args.weights and not args.output:
        keep_calibration(args.weights)


def fit_all(
    settings: Settings, half: int, seed: int, old: Mapping[str, Calibration]
) -> dict[str, Calibration]:
    """All tables for the networks that the settings name, each said on standard output.

    half: documents to fit on, and as many to look at what that did. old: the tables so far.
    """
    engine = OcrEngine(settings, load_language_model())
    words = collect_words(engine, half, seed + 2), collect_words(engine, half, seed + 3)
    tables: dict[str, Calibration] = {}
    for how in AGGREGATES:
        name = f"word_{how}"
        tables[name], said = choose_word_table(*words, how, old.get(name))
        print(said, flush=True)
    # Fields are made of words: their tables are fitted with the calibrated words.
    engine.confidence = WordConfidence(
        settings.ocr.confidence, tables[f"word_{settings.ocr.confidence}"]
    )
    reader = load_reader(settings)
    train, test = collect(engine, reader, half, seed), collect(engine, reader, half, seed + 1)
    for name, found in (("field", True), ("absent", False)):
        tables[name], said = fit(train, test, found, old.get(name))
        print(said, flush=True)
    return tables
