"""Calibrate the confidence of words after adapting, on a user's own pages if they suffice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docagent.confidence import (
    AGGREGATES,
    calibration_file,
    load_calibrations,
    save_calibrations,
)
from docagent.ocr.types import LineReading
from eval.tasks.confidence import Outcome
from finetune.calibration.tables import choose_word_table
from finetune.weights_folder import keep_calibration

LEAST = 1000
"""Words below which isotonic regression fits their chances more than their rate (Niculescu-Mizil
and Caruana, 2005, "Predicting good probabilities with supervised learning")."""


def line_outcomes(reading: LineReading, truth: str, ignore_case: bool = False) -> list[Outcome]:
    """Outcomes of the words read on a labelled crop; none if it was cut into more or fewer words
    than its label, as nobody knows then which is which."""
    wanted = truth.split()
    if len(reading.words) != len(wanted):
        return []
    outcomes = []
    for word, text in zip(reading.words, wanted, strict=True):
        right = word.text.casefold() == text.casefold() if ignore_case else word.text == text
        outcomes.append(Outcome(word.confidences, 0.0, right))
    return outcomes


def refit_words(folder: Path, outcomes: Sequence[Outcome]) -> list[str]:
    """Fit the tables of words in a folder of weights, on half of the words; sentences that say
    what came of it. outcomes: page after page, of pages that were not trained on.

    A table is replaced only if that is better on the other half.
    """
    if len(outcomes) < LEAST:
        return [
            f"confidence: {len(outcomes)} words of pages not trained on, fewer than the {LEAST} it "
            "takes to fit their confidence; the shipped calibration stays"
        ]
    half = len(outcomes) // 2
    tables = dict(load_calibrations(calibration_file(folder)))
    said = []
    for how in AGGREGATES:
        name = f"word_{how}"
        table, sentence = choose_word_table(outcomes[:half], outcomes[half:], how, tables.get(name))
        tables[name] = table
        said.append(f"confidence of {sentence}")
    save_calibrations(tables, folder / calibration_file(None).name)
    keep_calibration(folder)
    return said
