"""Expected calibration error of confidences, of words and of lines, before and after calibration.

    python -m eval.confidence --data funsd
    python -m eval.confidence --data funsd --engine fused
    python -m eval.confidence --data sroie --picture runs/reliability.png

A read word counts if its box matches a true word's (IoU >= 0.5, one to one); it is right if the
texts are equal (SROIE: without case). Words cut differently from the truth have no true text and
are left out; their share is printed. "As decoded" is the plain aggregate of the characters'
confidences (docagent's own engine only), "calibrated" is what docagent reports. One more row counts
the words without a true one as wrong, although the annotators may have left their text out. The
last row is of lines whose words all have a true one; a line is right if all its words are.
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
from docagent.settings import Aggregate, EngineName, Settings
from eval.datasets import CASE_SENSITIVE, OcrPage, load_ocr_pages
from eval.metrics import Bin, ece, reliability
from eval.metrics.matching import TextBox, equal_text, match_boxes
from eval.paths import RUNS
from eval.systems.line_readings import document_to_lines, image_size
from eval.systems.threads import THREAD_LIMITS
from eval.table_output import rows_to_table, write_json

COLUMNS = {
    "confidence": "confidence",
    "count": "count",
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
    """Outcomes of the words whose box matches a true one. boxes: of the words, in pixels."""
    same = equal_text(case)
    return [
        Outcome(
            words[i].char_confidences,
            words[i].confidence or 0.0,
            same(boxes[i].text, truth[j].text),
        )
        for i, j in match_boxes(boxes, truth)
    ]


@dataclass(frozen=True)
class JudgedWords:
    """The words and lines of pages, how confident docagent was of each, and whether it was right.

    words: those that match a true one. lines: confidence and rightness of the lines made of such
    words. unmatched: confidences of the words without a true one.
    """

    words: tuple[Outcome, ...] = ()
    lines: tuple[tuple[float, bool], ...] = ()
    unmatched: tuple[float, ...] = ()

    def __add__(self, other: JudgedWords) -> JudgedWords:
        return JudgedWords(
            self.words + other.words, self.lines + other.lines, self.unmatched + other.unmatched
        )


def judge_page(
    page: Page, boxes: Sequence[TextBox], truth: Sequence[TextBox], case: bool
) -> JudgedWords:
    """Judge the words and lines of one page. boxes: of its words with a confidence, in pixels, in
    reading order."""
    same = equal_text(case)
    right = {i: same(boxes[i].text, truth[j].text) for i, j in match_boxes(boxes, truth)}
    words = page_words(page)
    lines = []
    start = 0
    for line in page.lines:
        members = range(start, start + sum(word.confidence is not None for word in line.words))
        start = members.stop
        if line.confidence is not None and all(i in right for i in members):
            lines.append((line.confidence, all(right[i] for i in members)))
    return JudgedWords(
        tuple(word_outcomes(words, boxes, truth, case)),
        tuple(lines),
        tuple(word.confidence or 0.0 for i, word in enumerate(words) if i not in right),
    )


def collect(
    pages: Iterable[OcrPage], case: bool, how: Aggregate, engine: EngineName
) -> JudgedWords:
    """Read all pages and judge their words. Raises SettingsError or MissingExtraError for an engine
    that is not installed."""
    settings = Settings.from_env().replace(confidence=how, threads=1, engine=engine)
    agent = DocAgent(settings)
    judged = JudgedWords()
    for number, page in enumerate(pages, start=1):
        document = agent.read(page.path)
        lines = document_to_lines(document, image_size(page.path))
        boxes = [box for line in lines for box in line.words if box.confidence is not None]
        judged += judge_page(document.pages[0], boxes, page.words, case)
        print(f"\r{number} pages", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return judged


def rows(judged: JudgedWords, how: Aggregate) -> list[dict[str, Any]]:
    """The rows of the table: words as decoded (if the engine gives confidences of characters), as
    reported, and with those without a true word; and lines."""
    right = [o.right for o in judged.words]
    reported = [o.reported for o in judged.words]
    kinds = {}
    if all(o.chars for o in judged.words):
        kinds[f"{how}, as decoded"] = ([AGGREGATES[how](o.chars) for o in judged.words], right)
    kinds[f"{how}, calibrated"] = (reported, right)
    kinds[f"{how}, calibrated, unmatched are wrong"] = (
        [*reported, *judged.unmatched],
        right + [False] * len(judged.unmatched),
    )
    if judged.lines:
        kinds[f"lines, {how} of words"] = (
            [sure for sure, _ in judged.lines],
            [line_right for _, line_right in judged.lines],
        )
    return [
        {
            "confidence": name,
            "count": len(values),
            "right": sum(correct) / len(correct),
            "mean": sum(values) / len(values),
            "ece": ece(values, correct),
            "unmatched": len(judged.unmatched) / (len(judged.words) + len(judged.unmatched)),
        }
        for name, (values, correct) in kinds.items()
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
    parser.add_argument("--engine", choices=("docagent", "fused"), default="docagent")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    parser.add_argument("--picture", type=Path, help="PNG with the reliability diagram")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    try:
        pages = load_ocr_pages(args.data, args.split, args.limit)
        judged = collect(pages, CASE_SENSITIVE[args.data], args.aggregate, args.engine)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not judged.words:
        print("error: no word was read where the truth has one", file=sys.stderr)
        return 2
    table = rows(judged, args.aggregate)
    results = {"data": args.data, "split": args.split, "engine": args.engine, "rows": table}
    name = "" if args.engine == "docagent" else f"-{args.engine}"
    write_json(RUNS / f"confidence-{args.data}-{args.split}{name}.json", results)
    if args.picture:
        reported = [o.reported for o in judged.words]
        draw_reliability(reliability(reported, [o.right for o in judged.words]), args.picture)
    print(json.dumps(results, indent=1) if args.json else rows_to_table(table, COLUMNS))
    return 0
