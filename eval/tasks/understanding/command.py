"""What docagent understands on every labelled set, in one table, without a model server.

    python -m eval.understanding
    python -m eval.understanding --sets cuad,tv-ads --limit 10 --json

Figures: F1 over values (sroie, kleister-nda, tv-ads, facturx, facturx-lines); mean token F1 of
seven fields with absent ones counted (cuad), against the set's texts, and against its short
values too; area under precision and recall of 41 fields
(cuad-41); shares of questions answered rightly and wrongly (cuad-questions); ANLS without spaces
and the share of blank labels answered (funsd). Of the values given: how many have confidence 0.9
or more, how many of those are right, and the expected calibration error. Documents are never
trained or tuned on. Needs the labelled sets (DOCAGENT_DATA).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docagent import DocAgent, Settings
from docagent.errors import SettingsError
from eval.log import run_file, this_command
from eval.systems.kept_readings import KeptAgent
from eval.table_output import rows_to_table, write_json
from eval.tasks.understanding.business import LINE_AMOUNT, judge_broadcasts, judge_invoices
from eval.tasks.understanding.contracts import (
    SEVEN,
    judge_fields,
    judge_questions,
    load_contracts,
)
from eval.tasks.understanding.forms import judge_forms
from eval.tasks.understanding.judged import (
    Judged,
    by_name,
    f1,
    mean_score,
    precision_recall_area,
    trust,
)
from eval.tasks.understanding.shipped_schemas import judge_known

COLUMNS = {
    "set": "set",
    "figure": "figure",
    "value": "value",
    "second": "second",
    "items": "items",
    "given": "given",
    "sure": "conf >= 0.9",
    "sure_right": "of these right",
    "ece": "ECE",
    "seconds": "s",
}
Rows = list[dict[str, Any]]


def _row(name: str, figure: str, value: float, items: Sequence[Judged], **more: Any) -> Any:
    fields = by_name(items)
    return (
        {"set": name, "figure": figure, "value": value, "items": len(items)}
        | more
        | {
            **trust(items),
            "by_name": fields,
        }
    )


def known_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_known(agent, name, limit, official=name == "kleister-nda"))
    figure = "F1 official" if name == "kleister-nda" else "F1 normalised"
    second = None
    if name == "sroie":
        second = f1(list(judge_known(agent, name, limit, official=True)))
    return [_row(name, figure, f1(items), items, second=second)]


def contract_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_fields(agent, load_contracts(limit), SEVEN))
    short = sum(item.in_short for item in items) / max(1, len(items))
    return [_row("cuad", "token F1; in short", mean_score(items), items, second=short)]


def all_field_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    contracts = load_contracts(limit)
    names = {field: field for contract in contracts for field in contract.answers}
    items = list(judge_fields(agent, contracts, names))
    return [_row("cuad-41", "area under PR", precision_recall_area(items), items)]


def question_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_questions(agent, load_contracts(limit)))
    right = sum(j.is_right for j in items) / max(1, len(items))
    wrong = sum(j.is_given and not (j.is_right and j.wanted) for j in items) / max(1, len(items))
    return [_row("cuad-questions", "right; wrong", right, items, second=wrong)]


def broadcast_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_broadcasts(agent, limit))
    return [_row("tv-ads", "F1 normalised", f1(items), items)]


def invoice_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_invoices(agent, limit))
    fields = [j for j in items if j.name != LINE_AMOUNT]
    lines = [j for j in items if j.name == LINE_AMOUNT]
    return [
        _row("facturx", "F1 normalised", f1(fields), fields),
        _row("facturx-lines", "F1", f1(lines), lines),
    ]


def form_rows(agent: DocAgent, name: str, limit: int | None) -> Rows:
    items = list(judge_forms(agent, limit))
    labels = [j for j in items if j.wanted]
    blanks = [j for j in items if not j.wanted]
    answered = sum(j.is_given for j in blanks) / max(1, len(blanks))
    return [_row("funsd", "ANLS; blanks answered", mean_score(labels), items, second=answered)]


SETS: dict[str, Callable[[DocAgent, str, int | None], Rows]] = {
    "sroie": known_rows,
    "kleister-nda": known_rows,
    "tv-ads": broadcast_rows,
    "facturx": invoice_rows,
    "funsd": form_rows,
    "cuad": contract_rows,
    "cuad-questions": question_rows,
    "cuad-41": all_field_rows,
}
"""Name of a set -> its rows of the table."""


def measured(agent: DocAgent, names: Sequence[str], limit: int | None) -> Iterator[dict[str, Any]]:
    """Rows of every set in turn, with the seconds each took."""
    for name in names:
        started = time.perf_counter()
        for row in SETS[name](agent, name, limit):
            row["seconds"] = round(time.perf_counter() - started, 1)
            print(f"{row['set']}: {row['value']:.3f}", file=sys.stderr, flush=True)
            yield row


def parse_sets(text: str) -> list[str]:
    """Names of sets in the order given. Raises SettingsError naming one that is not there."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in SETS:
            raise SettingsError(f"no set {name!r}; allowed are {', '.join(SETS)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--limit", type=int, help="documents of a set, spaced evenly over it")
    parser.add_argument(
        "--keep", type=Path, help="folder for readings that the next run takes from there"
    )
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    names = parse_sets(args.sets)
    settings = Settings.from_env()
    agent = KeptAgent(settings, args.keep) if args.keep else DocAgent(settings)
    rows = list(measured(agent, names, args.limit))
    result = {"command": this_command(), "rows": rows}
    write_json(run_file("understanding", "-".join(names), "dev", args.limit), result)
    if args.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
        return
    print(rows_to_table(rows, COLUMNS))
    for row in rows:
        print(f"{row['set']}: {json.dumps(row['by_name'])}")
