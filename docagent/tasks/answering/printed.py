"""Answers that stand at a printed label the question names."""

from __future__ import annotations

from collections.abc import Mapping

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.label_places import Placed
from docagent.rules.printed_text import placed_candidate

PLACE_CONFIDENCE: Mapping[str, float] = {"inside": 0.8, "right": 0.85, "below": 0.5}
"""How often what stands at a label is its value, on 30 of FUNSD's forms read by OCR, blanks
counted."""
UNMARKED_FACTOR = 0.75
"""For a label inside a cell, where nothing marks it."""


def printed_option(parser: FieldParser, placed: Placed) -> ValueCandidate | None:
    """The value at a label as an answer; None for a blank, or for words of another kind than the
    question asks for."""
    if not placed.words:
        return None
    label = placed.label
    known = label.is_whole or label.is_marked
    score = PLACE_CONFIDENCE[placed.place] * (1.0 if known else UNMARKED_FACTOR) * label.likeness
    option = placed_candidate(parser, placed, score)
    return option if option.parsed.ok else None
