"""Scores as pure functions: of text, of boxes on pages, of fields, of confidences."""

from eval.metrics.calibration import Bin, RiskPoint, ece, reliability, risk_coverage
from eval.metrics.counts import Counts, ErrorRate, percentile
from eval.metrics.text import anls, bag_of_words, cer, edit_distance, fold_text, wer

__all__ = [
    "Bin",
    "Counts",
    "ErrorRate",
    "RiskPoint",
    "anls",
    "bag_of_words",
    "cer",
    "ece",
    "edit_distance",
    "fold_text",
    "percentile",
    "reliability",
    "risk_coverage",
    "wer",
]
