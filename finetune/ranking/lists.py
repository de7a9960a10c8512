"""Fit the confidence of values of lists and tables: parties of contracts, lines of invoices.

    python -m finetune.ranking lists
    python -m finetune.ranking lists --weights runs/weights --contracts 12

Contracts that the reader was not trained on (CUAD v1, CC BY 4.0), by their first and last pages,
and synthetic invoices, receipts, statements and agreements are extracted; every value of an array
is compared with those that are true. The tables ``list_KIND_SOURCE`` of
``docagent.tasks.extraction.list_confidence`` are written into the calibration file beside the
weights, of which the other tables stay; the error is said of tables fitted on half of the
documents, on the other half. To be run again after a new reader is exported: three minutes of one
core.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docagent.confidence import (
    CALIBRATION_FILE,
    IDENTITY,
    Calibration,
    calibration_file,
    fit_isotonic,
    load_calibrations,
    save_calibrations,
)
from docagent.document import Document
from docagent.ranking.loading import ranker_for
from docagent.ranking.model import FieldRanker
from docagent.reader.embedded import load_reader
from docagent.reader.types import Reader
from docagent.results import Extraction, Field
from docagent.schemas import Schema, load_schema
from docagent.settings import Settings
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.tasks.extraction.list_confidence import Verdicts, list_table
from eval.datasets import data_dir
from eval.metrics import ece
from eval.metrics.fields import letters_and_digits
from finetune.calibration.tables import thinned
from finetune.ranking.cases import text_document
from finetune.ranking.synthetic_cases import read_document
from finetune.reader.text_data import is_validation, rows_of
from finetune.synthesis.documents import generate
from finetune.weights_folder import SHIPPED, keep_calibration

SYNTHETIC_KINDS = ("invoice", "invoice", "receipt", "bank_statement", "nda")
FIRST_PAGES, LAST_PAGES = 2, 1
"""Pages of a contract that are read: its parties are named where it begins, or where it is
signed."""
MIN_OUTCOMES = 8
"""Values of each half from which a table is fitted; for fewer the table ``field`` serves."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Case:
    """A document with the values of its arrays. set: where it comes from. truths: by path without
    indices (``line_items[].amount``) the values that are right, as often as they are printed."""

    set: str
    document: Document
    schema: Schema
    truths: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Outcome:
    """A value that was given: the table that is for it, its raw score and whether it is right.
    group: whether its document serves the fit (0) or the look (1)."""

    table: str
    score: float
    right: bool
    group: int


def contract_cases(count: int) -> Iterator[Case]:
    """Contracts with the names of their parties."""
    rows = [r for r in rows_of(data_dir() / "cuad" / "train.jsonl.xz") if is_validation(r["id"])]
    schema = load_schema("contract")
    for row in rows[:count]:
        whole = text_document(row["id"], row["text"])
        last = len(whole.pages) - LAST_PAGES
        pages = [p for n, p in enumerate(whole.pages) if n < FIRST_PAGES or n >= last]
        document = Document(id=whole.id, name=whole.name, pages=tuple(pages))
        parties = next(f for f in row["fields"] if f["field"] == "Parties")
        truths = tuple(answer["text"] for answer in parties["answers"])
        if truths:
            yield Case("contracts", document, schema, {"parties[]": truths})


def synthetic_cases(count: int, seed: int) -> Iterator[Case]:
    """Synthetic documents of the kinds that have arrays, as a recognizer might read them."""
    for index in range(count):
        kind = SYNTHETIC_KINDS[index % len(SYNTHETIC_KINDS)]
        rng = random.Random(seed * 104_729 + index)
        made = generate(kind, rng)
        document = read_document(made, rng)
        if document is None:
            continue
        truths: dict[str, list[str]] = defaultdict(list)
        for path, truth in made.fields.items():
            if _INDEX.search(path):
                truths[_INDEX.sub("[]", path)].append(truth.value)
        known = {path: tuple(values) for path, values in truths.items()}
        yield Case(f"synthetic {kind}", document, load_schema(kind), known)


def outcomes(
    cases: Iterable[Case], reader: Reader, ranker: FieldRanker | None = None
) -> Iterator[Outcome]:
    """Of every value of the arrays whose truths are known; every second case of a set is for the
    fit. ranker: by default the one of the reader."""
    options = ExtractionOptions(calibrations={}, ranker=ranker or ranker_for(reader))
    counts: Counter[str] = Counter()
    for case in cases:
        found = extract(case.document, case.schema, reader, options)
        yield from case_outcomes(case, found, counts[case.set] % 2)
        counts[case.set] += 1
        print(f"\r{sum(counts.values())} documents", end="", file=sys.stderr)
    print(file=sys.stderr)


def case_outcomes(case: Case, found: Extraction, group: int) -> Iterator[Outcome]:
    """The values of one extraction against what is true; each true value makes one right."""
    verdicts = Verdicts.of(found.checks)
    left = {path: list(values) for path, values in case.truths.items()}
    for field in found.fields:
        path = _INDEX.sub("[]", field.path)
        if path not in left or field.value is None or field.confidence is None:
            continue
        match = next((truth for truth in left[path] if is_same(field, truth)), None)
        if match is not None:
            left[path].remove(match)
        name = list_table(field, case.schema.field(path), verdicts)
        yield Outcome(name, field.confidence, match is not None, group)


def is_same(field: Field, truth: str) -> bool:
    """Whether a value is the true one: the same number, or the same letters and digits."""
    if isinstance(field.value, int | float):
        try:
            return abs(float(field.value) - float(truth)) < 0.005
        except ValueError:
            return False
    wanted = letters_and_digits(truth)
    return wanted in (
        letters_and_digits(str(field.value)),
        letters_and_digits(field.raw_text or ""),
    )


def fit(found: Sequence[Outcome]) -> dict[str, Calibration]:
    """A table for each kind of value and source that has enough of them.

    What a table is worth is said on standard output: the error of one that was fitted on half of
    the documents, on the other half. The table itself is fitted on all of them, as there are few.
    """
    tables = {}
    for name in sorted({outcome.table for outcome in found}):
        mine = [outcome for outcome in found if outcome.table == name]
        train, test = ([o for o in mine if o.group == group] for group in (0, 1))
        if min(len(train), len(test)) < MIN_OUTCOMES:
            print(f"{name}: {len(mine)} values are too few for a table", flush=True)
            continue
        half = _isotonic(train)
        right = [o.right for o in test]
        raw, new = (ece([t.apply(o.score) for o in test], right) for t in (IDENTITY, half))
        share = sum(o.right for o in mine) / len(mine)
        print(f"{name}: {len(mine)}, {share:.3f} right; ECE {new:.4f}, raw {raw:.4f}", flush=True)
        tables[name] = _isotonic(mine)
    return tables


def _isotonic(found: Sequence[Outcome]) -> Calibration:
    return thinned(fit_isotonic([o.score for o in found], [o.right for o in found]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FOLDER", help="networks to fit for; the shipped by default"
    )
    parser.add_argument(
        "--output", type=Path, help="by default calibration.json beside the weights"
    )
    parser.add_argument("--contracts", type=int, default=24, help="0 needs no labelled set")
    parser.add_argument("--synthetic", type=int, default=100, help="synthetic documents")
    parser.add_argument("--seed", type=int, default=23)
    args = parser.parse_args()
    if args.weights and not args.weights.is_dir():
        parser.error(f"--weights {args.weights}: no such folder; name one with networks")
    settings = Settings(threads=1, weights_dir=args.weights)
    reader = load_reader(settings)
    cases = [*synthetic_cases(args.synthetic, args.seed)]
    if args.contracts:
        cases += contract_cases(args.contracts)
    found = list(outcomes(cases, reader, ranker_for(reader, args.weights)))
    output = args.output or (args.weights or SHIPPED) / CALIBRATION_FILE.name
    old = load_calibrations(output if output.exists() else calibration_file(args.weights))
    save_calibrations({**old, **fit(found)}, output)
    if args.weights and not args.output:
        keep_calibration(args.weights)


if __name__ == "__main__":
    main()
