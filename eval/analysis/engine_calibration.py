"""Calibration tables of the word confidences of each engine, for fusion.

    python -m eval.engine_calibration --data sroie --engines tesseract,rapidocr --limit 12

A word whose box matches a true word's (IoU >= 0.5, one to one) is right if the texts are equal; one
that overlaps no true word is wrong; words cut differently from the truth are left out. Fitted
by isotonic regression, read off at a few scores. The tables are CALIBRATIONS in
``docagent.ocr.engines.page_fusion``; fit on pages that no figure is reported on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import get_args

from docagent.confidence import Calibration, fit_isotonic
from docagent.errors import DocAgentError
from docagent.settings import EngineName
from eval.datasets import CASE_SENSITIVE, load_ocr_pages
from eval.metrics.matching import TextBox, equal_text, iou_matrix, match_boxes
from eval.systems.docagent_engine import DocAgentEngine

SCORES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
MAX_IOU_UNMATCHED = 0.05
"""IoU with every true word below which a read word counts as one that is not printed there."""


def word_outcomes(
    words: Sequence[TextBox], truth: Sequence[TextBox], case: bool
) -> list[tuple[float, bool]]:
    """Confidence, and whether it is right, of each word of a page that can be judged."""
    same = equal_text(case)
    matched = dict(match_boxes(words, truth))
    overlaps = iou_matrix([word.box for word in words], [word.box for word in truth])
    outcomes = []
    for index, word in enumerate(words):
        if index in matched:
            outcomes.append((word.confidence or 0.0, same(word.text, truth[matched[index]].text)))
        elif overlaps[index].max(initial=0.0) < MAX_IOU_UNMATCHED:
            outcomes.append((word.confidence or 0.0, False))
    return outcomes


def simplify(fitted: Calibration) -> Calibration:
    """The same map with knots at SCORES only."""
    probabilities = tuple(round(fitted.apply(score), 3) for score in SCORES)
    return Calibration(kind="piecewise", scores=SCORES, probabilities=probabilities)


def main() -> int:
    """Parse the command line, read, fit, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=sorted(CASE_SENSITIVE), required=True)
    parser.add_argument("--engines", default="docagent,tesseract,rapidocr")
    parser.add_argument("--split", default="adapt")
    parser.add_argument("--limit", type=int, help="pages, spaced evenly over the set")
    args = parser.parse_args()
    try:
        pages = load_ocr_pages(args.data, args.split, args.limit)
        for name in args.engines.split(","):
            if name not in get_args(EngineName):
                parser.error(f"engine {name!r} is not known; allowed are {get_args(EngineName)}")
            engine = DocAgentEngine(name)
            outcomes: list[tuple[float, bool]] = []
            for page in pages:
                words = [word for line in engine.read(page.path) for word in line.words]
                outcomes += word_outcomes(words, page.words, CASE_SENSITIVE[args.data])
            scores, right = [s for s, _ in outcomes], [r for _, r in outcomes]
            table = simplify(fit_isotonic(scores, right))
            print(f"{name}: {len(right)} words, {sum(right) / len(right):.3f} right")
            print(f"    {table.probabilities}")
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
