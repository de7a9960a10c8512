"""Features of the train documents' options -> a file for the fit.

python -m finetune.ranking collect --keep runs/kept --output runs/ranker/rows.pkl
"""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path

from docagent import Settings
from eval.systems.kept_readings import KeptAgent
from finetune.ranking.cases import broadcast_cases, receipt_cases
from finetune.ranking.collect import collect, save_rows
from finetune.ranking.contract_cases import contract_cases
from finetune.ranking.synthetic_cases import bill_cases, synthetic_cases

SETS = ("receipts", "broadcasts", "contracts", "bills", "synthetic")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, default=Path("runs/kept"), help="folder of readings")
    parser.add_argument("--output", type=Path, default=Path("runs/ranker/rows.pkl"))
    parser.add_argument("--sets", default=",".join(SETS), help=", ".join(SETS))
    parser.add_argument("--contracts", type=int, default=40)
    parser.add_argument("--bills", type=int, default=340)
    parser.add_argument("--synthetic", type=int, default=144)
    parser.add_argument("--weights", type=Path, help="folder of the reader's weights")
    args = parser.parse_args()
    agent = KeptAgent(Settings(threads=1, weights_dir=args.weights), args.keep)
    makers = {
        "receipts": lambda: receipt_cases(agent.read),
        "broadcasts": lambda: broadcast_cases(agent.read),
        "contracts": lambda: contract_cases(args.contracts),
        "bills": lambda: bill_cases(args.bills, 3),
        "synthetic": lambda: synthetic_cases(args.synthetic, 11),
    }
    cases = chain.from_iterable(makers[name]() for name in args.sets.split(","))
    rows = collect(cases, agent._load_reader())
    save_rows(rows, args.output)
    print(f"{len(rows)} fields in {args.output}")


if __name__ == "__main__":
    main()
