"""How far word confidences can be believed: expected calibration error before and after.

    python -m eval.confidence --data funsd
    python -m eval.confidence --data sroie --picture runs/reliability.png

A read word counts if its box meets a true word's (IoU >= 0.5, one to one); it is right if the
texts are equal (SROIE: without case). Words cut differently from the truth have no true text
and are left out; their share is printed. Before is the plain aggregate of the characters'
confidences, after is what docagent reports.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from docagent import DocAgent
from docagent.confidence import AGGREGATES
from docagent.document import Page, Word
from docagent.errors import DocAgentError
from docagent.settings import Aggregate, Settings
from eval.datasets import OcrPage, load_ocr_pages
from eval.engines import THREAD_LIMITS, document_to_lines, image_size
from eval.ledger import RUNS
from eval.matching import TextBox, equal_text, match_boxes
from eval.metrics import Bin, ece, reliability
from eval.ocr import CASE_SENSITIVE
from eval.tables import rows_to_table, write_json

COLUMNS = {
    "confidence": "confidence",
    "words": "words",
    "right": "right",
    "mean": "mean",
    "ece": "ECE",
    "unmatched": "unmatched",
}


@dataclass(frozen=True)
class Outcome:
    """A read word: confidences of its characters, the one reported, whether it is right."""

    chars: tuple[float, ...]
    reported: float
    right: bool


def page_words(page: Page) -> list[Word]:
    """Words with a confidence, in reading order."""
    return [w for line in page.lines for w in line.words if w.confidence is not None]


def word_outcomes(
    words: Sequence[Word], boxes: Sequence[TextBox], truth: Sequence[TextBox], case: bool
) -> list[Outcome]:
    """Outcomes of the words whose box meets a true one. boxes: of the words, in pixels."""
    same = equal_text(case)
    return [
        Outcome(
            words[i].char_confidences,
            words[i].confidence or 0.0,
            same(boxes[i].text, truth[j].text),
        )
        for i, j in match_boxes(boxes, truth)
    ]


def collect(pages: Iterable[OcrPage], case: bool, how: Aggregate) -> tuple[list[Outcome], int]:
    """Outcomes of all pages, and the number of words read."""
    agent = DocAgent(Settings.from_env().model_copy(update={"confidence": how, "threads": 1}))
    outcomes: list[Outcome] = []
    read = 0
    for number, page in enumerate(pages, start=1):
        document = agent.read(page.path)
        lines = document_to_lines(document, image_size(page.path))
        boxes = [box for line in lines for box in line.words]
        words = page_words(document.pages[0])
        read += len(words)
        outcomes += word_outcomes(words, boxes, page.words, case)
        print(f"\r{number} pages", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return outcomes, read


def rows(outcomes: Sequence[Outcome], read: int, how: Aggregate) -> list[dict[str, Any]]:
    """Two rows of the table: the plain aggregate and the calibrated confidence."""
    right = [o.right for o in outcomes]
    kinds = {
        f"{how}, as decoded": [AGGREGATES[how](o.chars) for o in outcomes],
        f"{how}, calibrated": [o.reported for o in outcomes],
    }
    return [
        {
            "confidence": name,
            "words": len(outcomes),
            "right": sum(right) / len(right),
            "mean": sum(values) / len(values),
            "ece": ece(values, right),
            "unmatched": 1 - len(outcomes) / read,
        }
        for name, values in kinds.items()
    ]


def draw_reliability(bins: Sequence[Bin], path: Path, size: int = 400) -> None:
    """A reliability diagram: share right (bars) against mean confidence (the diagonal)."""
    image = Image.new("RGB", (size + 40, size + 40), "white")
    pen = ImageDraw.Draw(image)
    most = max((b.count for b in bins), default=1)
    for b in bins:
        left, right = 20 + b.low * size, 18 + b.high * size
        share = b.accuracy
        pen.rectangle((left, 20 + size * (1 - share), right, 20 + size), fill=(90, 140, 220))
        pen.text((left + 2, 24 + size), f"{b.count}", fill=(60, 60, 60))
        pen.rectangle((left, 16 - 12 * b.count / most, right, 16), fill=(200, 200, 200))
    pen.line((20, 20 + size, 20 + size, 20), fill=(220, 40, 40), width=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def main() -> int:
    """Parse the command line, read, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=sorted(CASE_SENSITIVE), required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, help="pages, spaced evenly over the set")
    parser.add_argument("--aggregate", choices=sorted(AGGREGATES), default="minimum")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    parser.add_argument("--picture", type=Path, help="PNG with the reliability diagram")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    try:
        pages = load_ocr_pages(args.data, args.split, args.limit)
        outcomes, read = collect(pages, CASE_SENSITIVE[args.data], args.aggregate)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not outcomes:
        print("error: no word was read where the truth has one", file=sys.stderr)
        return 2
    table = rows(outcomes, read, args.aggregate)
    results = {"data": args.data, "split": args.split, "rows": table}
    write_json(RUNS / f"confidence-{args.data}-{args.split}.json", results)
    if args.picture:
        reported = [o.reported for o in outcomes]
        draw_reliability(reliability(reported, [o.right for o in outcomes]), args.picture)
    print(json.dumps(results, indent=1) if args.json else rows_to_table(table, COLUMNS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
