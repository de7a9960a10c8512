"""Fit how sure answers are, for each source of answers, and say what that is worth.

    python -m finetune.answers cases --output runs/answers/cases.pkl
    python -m finetune.answers calibrate --cases runs/answers/cases.pkl

Every source proposes an answer to every question; whether it is right is compared with what the
document says. Tables ``answer_SOURCE`` are fitted on half of the documents, looked at on the other
half, and written into the calibration file beside the weights. At the end the command prints how
many answers are right at which confidence, and writes that curve for docs/report.md. To be run
again after a new reader is exported: seven minutes of one core, most of them reading. The cases
themselves hold documents alone, nothing that a reader said of them, and stay as they are.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docagent.confidence import (
    CALIBRATION_FILE,
    IDENTITY,
    Calibration,
    calibration_file,
    load_calibrations,
    save_calibrations,
)
from docagent.reader.embedded import load_reader
from docagent.reader.no_reader import NullReader
from docagent.reader.page_reader import PageReader
from docagent.rules.registry import ALL_RULES
from docagent.settings import Settings
from docagent.tasks.answering.embedded import gather, label_source
from docagent.tasks.answering.fields import FieldSources
from docagent.tasks.answering.proposals import Proposal, Weighed
from docagent.tasks.answering.question import parse_question
from eval.log import run_file, this_command
from eval.metrics import anls
from eval.table_output import write_json
from eval.tasks.understanding.contracts import answer_score
from finetune.answers.cases import Case, Question, load_cases
from finetune.calibration.tables import Scored, choose_table
from finetune.weights_folder import SHIPPED, keep_calibration

SOURCES: tuple[Weighed, ...] = ("label_alone", "field", "clause", "span", "passage")
"""A label's score is a probability as it is where the reader points at the same words, or where
there is no reader: ``python -m finetune.answers labels`` fits it. A table for it would not be
better: the reader knows synthetic forms, and agrees on them more rightly than on others."""
MAX_QUESTIONS = 10
"""Questions of one document, drawn at random."""
SHARES: Mapping[str, float] = {"contracts": 0.2, "synthetic form": 2.0}
"""How many documents of a set are taken, as a multiple of ``--documents``: a contract takes as long
to read as forty forms, and only forms have labels that are blank."""
LEVELS = tuple(round(0.05 * k, 2) for k in range(2, 20))
MIN_RIGHT = 0.5
"""Score from which an answer is right, as evaluations count it."""


@dataclass(frozen=True)
class Outcome:
    """The answers proposed to one question: score and whether right, by source. wanted: whether
    the document has an answer. group: whether the document serves the fit (0) or the look (1)."""

    set: str
    group: int
    wanted: bool
    proposed: Mapping[str, tuple[float, bool]]


def outcomes(
    cases: Sequence[Case], reader: PageReader, unread: Sequence[str], seed: int
) -> Iterator[Outcome]:
    """Of some questions of every document. unread: sets that are not shown to the reader."""
    rng = random.Random(seed)
    tables = {k: t for k, t in load_calibrations().items() if not k.startswith("answer_")}
    by_reading = FieldSources(reader, ALL_RULES, tables)
    by_rules = FieldSources(PageReader(NullReader()), ALL_RULES, tables)
    for number, case in enumerate(cases):
        group = rng.randrange(2)
        sources = by_rules if case.set in unread else by_reading
        for question in rng.sample(case.questions, min(MAX_QUESTIONS, len(case.questions))):
            found = gather(case.document, parse_question(question.text), sources, is_thorough=True)
            span = next((p for p in found.proposals if p.by == "span"), None)
            proposed: dict[str, tuple[float, bool]] = {}
            for proposal in (*found.proposals, *found.passages):
                is_label = proposal.by == "label" and sources is by_reading
                name = label_source(proposal, span) if is_label else proposal.by
                known = proposed.get(name)
                if known is None or proposal.score > known[0]:
                    proposed[name] = proposal.score, is_right(case, question, proposal)
            yield Outcome(case.set, group, bool(question.truths), proposed)
        print(f"\r{number + 1}/{len(cases)} documents", end="", file=sys.stderr)
    print(file=sys.stderr)


def is_right(case: Case, question: Question, proposal: Proposal) -> bool:
    """Whether an answer says what is true: of contracts as CUAD's spans are compared, else by
    letters; a passage if it holds the answer."""
    if proposal.by == "passage":
        text = "".join(proposal.text.casefold().split())
        if any("".join(truth.casefold().split()) in text for truth in question.truths):
            return True
    if case.set in ("contracts", "stories"):
        return any(answer_score(proposal.text, truth) >= MIN_RIGHT for truth in question.truths)
    truths = [truth.replace(" ", "") for truth in question.truths]
    return bool(truths) and anls(proposal.text.replace(" ", ""), truths) >= MIN_RIGHT


def fit(found: Sequence[Outcome], old: Mapping[str, Calibration]) -> dict[str, Calibration]:
    """A table for each source, each said on standard output."""
    tables = {}
    for source in SOURCES:
        parts = []
        for group in (0, 1):
            pairs = [o.proposed[source] for o in found if source in o.proposed and o.group == group]
            parts.append(Scored([score for score, _ in pairs], [right for _, right in pairs]))
        name = f"answer_{source}"
        tables[name], said = choose_table(name, *parts, old.get(name))
        print(said, flush=True)
    return tables


def curve(
    found: Sequence[Outcome], tables: Mapping[str, Calibration]
) -> list[dict[str, float | int]]:
    """For each threshold, on the documents not fitted on: share of questions answered, of answers
    that are right, of questions rightly dealt with (answered, or left where nothing is there)."""
    given = []
    for outcome in (o for o in found if o.group == 1):
        calibrated = [
            (tables.get(f"answer_{source}", IDENTITY).apply(score), right)
            for source, (score, right) in outcome.proposed.items()
        ]
        best = max(calibrated, default=(0.0, False))
        given.append((best[0], best[1], outcome.wanted))
    rows: list[dict[str, float | int]] = []
    for level in LEVELS:
        answered = [(right, wanted) for sure, right, wanted in given if sure >= level]
        right = sum(right for right, _ in answered)
        left = sum(sure < level and not wanted for sure, _, wanted in given)
        rows.append(
            {
                "threshold": level,
                "answered": len(answered) / max(1, len(given)),
                "answers right": right / max(1, len(answered)),
                "dealt with": (right + left) / max(1, len(given)),
                "wrong": (len(answered) - right) / max(1, len(given)),
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, default=Path("runs/answers/cases.pkl"))
    parser.add_argument(
        "--weights", type=Path, metavar="FOLDER", help="networks to fit for; the shipped by default"
    )
    parser.add_argument(
        "--documents",
        type=int,
        default=40,
        help="of a set; of forms twice as many, of contracts a fifth",
    )
    parser.add_argument(
        "--output", type=Path, help="by default calibration.json beside the weights"
    )
    parser.add_argument(
        "--unread", default="", help="sets, by commas, that the reader is spared: it is slow there"
    )
    parser.add_argument("--seed", type=int, default=17)
    args = parser.parse_args()
    if args.weights and not args.weights.is_dir():
        parser.error(f"--weights {args.weights}: no such folder; name one with networks")
    settings = Settings(threads=1, weights_dir=args.weights)
    output = args.output or (args.weights or SHIPPED) / CALIBRATION_FILE.name
    old = load_calibrations(output if output.exists() else calibration_file(args.weights))
    unread = args.unread.split(",")
    cases = chosen(load_cases(args.cases), args.documents, unread)
    reader = PageReader(load_reader(settings), threads=1)
    found = list(outcomes(cases, reader, unread, args.seed))
    tables = {**old, **fit(found, old)}
    save_calibrations(tables, output)
    if args.weights and not args.output:
        keep_calibration(args.weights)
    rows = curve(found, tables)
    write_json(
        run_file("answers", "held-out", "train", args.documents),
        {"command": this_command(), "rows": rows},
    )
    for row in rows:
        print(", ".join(f"{name} {value:.3f}" for name, value in row.items()))


def chosen(cases: Sequence[Case], most: int, unread: Sequence[str]) -> list[Case]:
    """The first cases of each set, about ``most``; of a set that is not read all."""
    counts: dict[str, int] = defaultdict(int)
    kept = []
    for case in cases:
        counts[case.set] += 1
        share = SHARES.get(case.set, 1.0)
        if case.set in unread or counts[case.set] <= max(1, round(most * share)):
            kept.append(case)
    return kept


if __name__ == "__main__":
    main()
