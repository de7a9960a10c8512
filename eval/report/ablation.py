"""The ablation: network alone, rules alone and both, on every labelled set.

    python -m eval.ablation --report
    python -m eval.ablation --sets sroie,tv-ads --keep runs/kept

The figure of each set is that of ``eval.understanding``. "better half minus all" above 0 says that
one half would be better off alone; confidences are those of all. --report writes the table into
docs/report.md, with all else that is in runs/. Needs the labelled sets (DOCAGENT_DATA).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from docagent import Settings
from eval.log import run_file, this_command
from eval.report.build import main as build_report
from eval.table_output import rows_to_table, write_json
from eval.tasks.understanding.ablation import COLUMNS, ablated, agents
from eval.tasks.understanding.command import SETS, parse_sets


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--limit", type=int, help="documents of a set, spaced evenly over it")
    parser.add_argument(
        "--keep", type=Path, help="folder for readings that the next run takes from there"
    )
    parser.add_argument("--report", action="store_true", help="write docs/report.md too")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    names = parse_sets(args.sets)
    rows = ablated(agents(Settings.from_env(), args.keep), names, args.limit)
    result = {"command": this_command(), "limit": args.limit, "rows": rows}
    write_json(run_file("ablation", "-".join(names), "dev", args.limit), result)
    if args.json:
        print(json.dumps(result, indent=1, ensure_ascii=False))
    else:
        print(rows_to_table(rows, COLUMNS))
    if args.report:
        build_report([])
