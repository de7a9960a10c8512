"""Fit the calibration of field confidences on synthetic scans read end to end.

    python -m finetune.calibrate --count 160 --output docagent/weights/calibration.json

Documents are generated, printed, scanned, read by the shipped OCR and extracted; whether a
field came out right is compared with what was printed. Half of the documents fit the tables,
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

from docagent.confidence import Calibration, fit_isotonic, save_calibrations
from docagent.document import Document
from docagent.extraction import extract
from docagent.ocr.engine import OcrEngine
from docagent.reader.embedded import EmbeddedReader
from docagent.results import Extraction
from docagent.schemas import load_schema
from docagent.settings import Settings
from eval.metrics import ece
from finetune.synthesis.degrade import degrade
from finetune.synthesis.documents import SyntheticDocument, generate
from finetune.synthesis.truth import FieldTruth

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
    engine, reader = OcrEngine(settings), EmbeddedReader(settings)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=160, help="documents, half to fit on")
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--output", type=Path, default=Path("docagent/weights/calibration.json"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    train, test = collect(args.count // 2, args.seed), collect(args.count // 2, args.seed + 1)
    field, said = fit(train, test, found=True)
    absent, said_absent = fit(train, test, found=False)
    print(said)
    print(said_absent)
    save_calibrations({"field": field, "absent": absent}, args.output)


if __name__ == "__main__":
    main()
