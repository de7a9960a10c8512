"""Processor seconds of what users wait for: a scan, questions on a long PDF, a wide schema.

    python -m eval.speed
    python -m eval.speed --json

- ``scan``: the shipped sample invoice as an A4 scan of 300 dpi, all fields of its schema.
- ``first question``, ``next questions``: the longest contract of CUAD's development part that has a
  PDF, asked eight questions; seconds of the first one, with reading the file, and the mean of
  those after it.
- ``wide schema``: 369 fields of mixed kinds on 43 pages, from the other contracts of that part.

One thread; loading the models, and what the process that parses PDFs takes, are not counted.
--stages adds the stages of each case, one with a dot being part of another. Needs the labelled
sets (DOCAGENT_DATA).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import pypdfium2 as pdfium

import docagent
from docagent import DocAgent, Settings
from docagent.errors import DocAgentError, SettingsError
from docagent.schemas import load_schema
from docagent.usage import traced
from eval.cost import Stopwatch
from eval.datasets.folders import set_dir
from eval.log import this_command
from eval.paths import RUNS
from eval.performance.memory import enlarge_to_a4
from eval.performance.stages import StageTotals
from eval.performance.wide_schema import wide_schema
from eval.systems.threads import THREAD_LIMITS
from eval.table_output import rows_to_table, write_json

WIDE_PAGES = 43
QUESTIONS = (
    "Which law governs the contract?",
    "Who are the parties to the contract?",
    "When does the contract end?",
    "Is liability limited?",
    "What insurance has to be kept?",
    "Can the contract be assigned to somebody else?",
    "What does it say about confidential information?",
    "How are disputes settled?",
)
COLUMNS = {"case": "case", "pages": "pages", "items": "items", "cpu_s": "cpu s", "wall_s": "wall s"}
STAGES = {"stage": "stage", "seconds": "cpu s", "count": "results"}
CASES = ("scan", "first question", "next questions", "wide schema")
SAMPLES = Path(docagent.__file__).parent / "samples"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """What is measured. pages: of its document. items: fields or questions."""

    name: str
    pages: int
    items: int
    run: Callable[[], object]


def cases(agent: DocAgent, folder: Path) -> Iterator[Case]:
    """Every case, with its files made. folder: for files that are made."""
    contracts = sorted(set_dir("cuad").glob("pdf/*.pdf"), key=page_count)[::-1]
    if not contracts:
        raise SettingsError(f"no contracts in {set_dir('cuad') / 'pdf'}; see DOCAGENT_DATA")
    longest, wide = contracts[0], folder / "wide.pdf"
    join_pages(contracts[1:], WIDE_PAGES, wide)
    scan, schema = enlarge_to_a4(SAMPLES / "invoice.png"), wide_schema()
    fields, pages = len(load_schema("invoice").leaves), page_count(longest)
    first, *others = QUESTIONS
    yield Case("scan", 1, fields, lambda: agent.extract(scan, "invoice"))
    yield Case("first question", pages, 1, lambda: agent.ask(longest, first))
    for question in others:
        yield Case("next questions", pages, 1, partial(agent.ask, longest, question))
    leaves = len(schema.leaves)
    yield Case("wide schema", page_count(wide), leaves, lambda: agent.extract(wide, schema))


def measured(case: Case) -> tuple[dict[str, Any], StageTotals]:
    """A row of the table, and the stages."""
    totals = StageTotals()
    with traced(totals):
        watch = Stopwatch()
        case.run()
        cost = watch.cost()
    row = {"case": case.name, "pages": case.pages, "items": case.items}
    return row | {"cpu_s": cost.cpu_s, "wall_s": cost.wall_s}, totals


def load_models(agent: DocAgent) -> None:
    """Use each model once, on documents that no case has."""
    agent.extract(SAMPLES / "receipt.jpg", "receipt")
    agent.ask(SAMPLES / "nda.pdf", QUESTIONS[0])


def page_count(pdf: Path) -> int:
    """Pages of a PDF."""
    with closing(pdfium.PdfDocument(pdf)) as document:
        return len(document)


def join_pages(sources: Sequence[Path], count: int, target: Path) -> None:
    """The first ``count`` pages of some PDFs as one; fewer if they have no more."""
    with closing(pdfium.PdfDocument.new()) as joined:
        for source in sources:
            with closing(pdfium.PdfDocument(source)) as document:
                joined.import_pages(document, range(min(len(document), count - len(joined))))
            if len(joined) == count:
                break
        joined.save(target)


def means(rows: Sequence[dict[str, Any]]) -> Rows:
    """Rows of one name as one, with the mean of their seconds."""
    by_case: dict[str, Rows] = {}
    for row in rows:
        by_case.setdefault(row["case"], []).append(row)
    return [
        own[0] | {name: round(fmean(row[name] for row in own), 2) for name in ("cpu_s", "wall_s")}
        for own in by_case.values()
    ]


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=CASES, help="one case alone")
    parser.add_argument("--stages", action="store_true", help="print the stages of each case")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    agent = DocAgent(Settings.from_env())
    rows = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            chosen = [c for c in cases(agent, Path(folder)) if args.only in (None, c.name)]
            load_models(agent)
            for case in chosen:
                row, totals = measured(case)
                rows.append(row)
                if args.stages:
                    print(case.name, rows_to_table(stage_rows(totals), STAGES), sep="\n")
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    result = {"command": this_command(), "rows": means(rows)}
    if args.only is None:
        write_json(RUNS / "speed.json", result)
    print(json.dumps(result, indent=1) if args.json else rows_to_table(means(rows), COLUMNS))
    return 0


def stage_rows(totals: StageTotals) -> Rows:
    """Seconds and results of each stage, the longest first."""
    seconds = sorted(totals.seconds.items(), key=lambda item: -item[1])
    return [{"stage": s, "seconds": v, "count": totals.counts[s] or None} for s, v in seconds]
