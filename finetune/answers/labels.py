"""Fit which words at a printed label are its value, on synthetic forms read by OCR.

    python -m finetune.answers labels --cases runs/answers/cases.pkl

A logistic regression for each place; a minute on one core. Every fifth document is held out, on
which the command says how well the probabilities tell values from neighbours of blanks.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document, Line
from docagent.rules.label_values import LABEL_VALUES_FILE, PLACES, label_value_features
from docagent.rules.question_labels import question_label
from eval.metrics import anls
from finetune.answers.cases import Case, load_cases

RIDGE = 0.02
"""Weight of the squared weights, so that a feature that is rare stays near nothing."""
STEPS, RATE = 3000, 0.5
HELD_OUT = 5


@dataclass(frozen=True)
class Example:
    """Words at a label: where, their features, and whether they are its value."""

    place: str
    features: dict[str, float]
    is_right: bool
    is_held_out: bool
    is_blank: bool


def examples(cases: Sequence[Case]) -> Iterator[Example]:
    """Of every question that names a printed label with something at its place; and of the same
    form once more with the value taken away, so that what stands there is a neighbour's."""
    for number, case in enumerate(cases):
        held_out = number % HELD_OUT == 0
        for question in case.questions:
            placed = question_label(case.document, question.text)
            if placed is None or not placed.words:
                continue
            text = "".join(case.document.words[i].word.text for i in placed.words)
            truths = [truth.replace(" ", "") for truth in question.truths]
            right = bool(truths) and anls(text, truths) >= 0.5
            features = label_value_features(case.document, placed)
            yield Example(placed.place, features, right, held_out, question.is_blank)
            if right:
                emptied = without_words(case.document, placed.words)
                beside = question_label(emptied, question.text)
                if beside is not None and beside.words:
                    features = label_value_features(emptied, beside)
                    yield Example(beside.place, features, False, held_out, True)


def without_words(document: Document, words: Sequence[int]) -> Document:
    """The document with some of its words taken away."""
    gone = {id(document.words[index].word) for index in words}
    pages = []
    for page in document.pages:
        kept = (tuple(w for w in line.words if id(w) not in gone) for line in page.lines)
        pages.append(page.replace(lines=tuple(Line(words=line) for line in kept if line)))
    return Document(id=document.id, name=document.name, pages=tuple(pages))


def fit(features: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a logistic regression, by gradient descent with momentum."""
    weights, speed = np.zeros(features.shape[1]), np.zeros(features.shape[1])
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (chances - right) / len(right) + RIDGE * weights / 10
        speed = 0.9 * speed - RATE * slope
        weights = weights + speed
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, default=Path("runs/answers/cases.pkl"))
    parser.add_argument("--output", type=Path, default=LABEL_VALUES_FILE)
    args = parser.parse_args()
    found = list(examples([c for c in load_cases(args.cases) if c.set == "synthetic form"]))
    tables = {}
    for place in PLACES:
        here = [e for e in found if e.place == place]
        names = list(here[0].features)
        used, held = ([e for e in here if e.is_held_out == side] for side in (False, True))
        matrix = np.array([[e.features[name] for name in names] for e in used])
        weights = fit(matrix, np.array([float(e.is_right) for e in used]))
        tables[place] = {n: round(float(w), 3) for n, w in zip(names, weights, strict=True)}
        scores = np.array([[e.features[n] for n in names] for e in held]) @ weights
        report(place, len(used), 1 / (1 + np.exp(-scores)), held)
    args.output.write_text(json.dumps(tables, indent=1) + "\n", "utf-8")


def report(place: str, used: int, chances: NDArray[np.float64], held: Sequence[Example]) -> None:
    """How many of the words held out are given, and how many of these are right or at a blank."""
    print(f"{place}: fitted on {used}, held out {len(held)}")
    for least in (0.0, 0.3, 0.5, 0.7, 0.9):
        given = [e for e, chance in zip(held, chances, strict=True) if chance >= least]
        right = sum(e.is_right for e in given)
        blank = sum(e.is_blank for e in given)
        print(f"  probability {least} or more: {len(given)}, {right} right, {blank} of blanks")


if __name__ == "__main__":
    main()
