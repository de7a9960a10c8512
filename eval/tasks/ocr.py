"""OCR scores of docagent beside other engines.

    python -m eval.ocr --data funsd --engines docagent,tesseract,rapidocr --limit 20
    python -m eval.ocr --data sroie --json --worst out/worst.png

Each engine reads every page in a process of its own, with one thread. FUNSD compares words
with regard to case, SROIE without (its annotators wrote upper case); SROIE's true words are
its segments cut in proportion to characters. Ratios are micro averages over pages. An engine
that fails gets a row without scores, the others go on, and the exit status is 1. Weights are all
files an engine loads; "det. + rec." are those of its detector and recognizer.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.errors import DocAgentError
from eval.analysis.contact_sheet import save_contact_sheet
from eval.datasets import CASE_SENSITIVE, OcrPage, load_ocr_pages
from eval.log import run_file, this_command
from eval.metrics.matching import EMPTY_SCORE, PageScore, TextBox, score_page
from eval.run import run_workers
from eval.systems.engines import networks_mb
from eval.systems.readings import json_to_lines
from eval.table_output import rows_to_table, write_json

COLUMNS = {
    "engine": "engine",
    "pages": "pages",
    "word_precision": "word P",
    "word_recall": "word R",
    "word_f1": "word F1",
    "bag_f1": "bag F1",
    "page_cer": "page CER",
    "cer": "CER (case, spaces)",
    "wer": "WER",
    "detection_recall": "det. R",
    "detection_precision": "det. P",
    "cpu_s": "cpu s/page",
    "wall_s": "wall s/page",
    "peak_mb": "peak MB",
    "weights_mb": "weights MB",
    "networks_mb": "det. + rec. MB",
}


@dataclass(frozen=True)
class ScoredPage:
    """A page, what was read on it, its scores and its cost in seconds."""

    page: OcrPage
    words: tuple[TextBox, ...]
    score: PageScore
    cpu_s: float
    wall_s: float
    peak_mb: float
    weights_mb: float


def score_rows(
    rows: Mapping[str, Mapping[str, Any]], pages: Sequence[OcrPage], case: bool
) -> list[ScoredPage]:
    """Score an engine's readings, one row of the log a page."""
    scored = []
    for page in pages:
        row = rows[page.name]
        words = tuple(word for line in json_to_lines(row["lines"]) for word in line.words)
        score = score_page(words, page.words, case)
        cost = {key: row[key] for key in ("cpu_s", "wall_s", "peak_mb", "weights_mb")}
        scored.append(ScoredPage(page, words, score, **cost))
    return scored


def summarise(engine: str, scored: Sequence[ScoredPage]) -> dict[str, Any]:
    """One row of the table, with 95 % ranges from resampled pages."""
    total = sum((item.score for item in scored), EMPTY_SCORE)
    return {
        "engine": engine,
        "pages": len(scored),
        "word_precision": total.words.precision,
        "word_recall": total.words.recall,
        "word_f1": total.words.f1,
        "word_f1_range": resampled_range(scored, lambda s: s.words.f1),
        "bag_f1": total.bag.f1,
        "page_cer": total.page_cer.rate,
        "page_cer_range": resampled_range(scored, lambda s: s.page_cer.rate),
        "page_cer_median": statistics.median(item.score.page_cer.rate for item in scored),
        "cer": total.cer.rate,
        "wer": total.wer.rate,
        "detection_recall": total.detection.recall,
        "detection_precision": total.detection.precision,
        "cpu_s": statistics.mean(item.cpu_s for item in scored),
        "wall_s": statistics.mean(item.wall_s for item in scored),
        "peak_mb": max(item.peak_mb for item in scored),
        "weights_mb": scored[-1].weights_mb,
    }


def resampled_range(
    scored: Sequence[ScoredPage], measure: Callable[[PageScore], float], times: int = 300
) -> tuple[float, float]:
    """2.5 and 97.5 % points of a measure over pages drawn with replacement (bootstrap)."""
    draw = random.Random(0)
    values = sorted(
        measure(sum((item.score for item in draw.choices(scored, k=len(scored))), EMPTY_SCORE))
        for _ in range(times)
    )
    return values[int(0.025 * times)], values[int(0.975 * times)]


def page_rows(scored: Sequence[ScoredPage]) -> list[dict[str, Any]]:
    """Scores page by page, for the JSON."""
    return [
        {
            "page": item.page.name,
            "word_f1": item.score.words.f1,
            "bag_f1": item.score.bag.f1,
            "page_cer": item.score.page_cer.rate,
            "cpu_s": item.cpu_s,
        }
        for item in scored
    ]


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Run the engines, score them, and return rows and page scores."""
    pages = load_ocr_pages(args.data, args.split, args.limit)
    results: dict[str, Any] = {"data": args.data, "split": args.split, "limit": args.limit}
    results |= {"rows": [], "pages": {}}
    engines = args.engines.split(",")
    read = run_workers(engines, args.data, args.split, args.limit, args.resume)
    for engine, rows in read.items():
        if rows is None:
            results["rows"].append({"engine": f"{engine} (failed)"})
            continue
        scored = score_rows(rows, pages, CASE_SENSITIVE[args.data])
        results["rows"].append(summarise(engine, scored) | {"networks_mb": networks_mb(engine)})
        results["pages"][engine] = page_rows(scored)
        if args.worst and engine == engines[0]:
            save_contact_sheet(
                [(item.page, item.words, item.score.words.f1) for item in scored],
                args.worst,
                CASE_SENSITIVE[args.data],
            )
    return results


def main() -> int:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=sorted(CASE_SENSITIVE), required=True)
    parser.add_argument("--engines", default="docagent,tesseract,rapidocr")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, help="pages, spaced evenly over the set")
    parser.add_argument("--resume", action="store_true", help="keep what the log has")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    parser.add_argument("--worst", type=Path, help="picture of the first engine's worst pages")
    args = parser.parse_args()
    try:
        results = compare(args)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(
        run_file("ocr", args.data, args.split, args.limit), results | {"command": this_command()}
    )
    print(json.dumps(results, indent=1) if args.json else rows_to_table(results["rows"], COLUMNS))
    return int(len(results["pages"]) < len(results["rows"]))
