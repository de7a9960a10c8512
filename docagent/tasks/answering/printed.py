"""Answers that stand at a printed label the question names."""

from __future__ import annotations

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.label_places import Placed
from docagent.rules.label_values import is_printed_with_form, label_value_probability
from docagent.rules.printed_text import placed_candidate

MARK_FACTOR = 0.4
"""Factor of a single letter: mostly a tick, or the box for one, read as a letter."""


def is_mark(text: str) -> bool:
    """Whether a text is a single character that is no digit."""
    return len(text.strip(" .,:;[]()")) < 2 and not any(c.isdigit() for c in text)


def printed_option(parser: FieldParser, placed: Placed) -> ValueCandidate | None:
    """The value at a label as an answer; None for a blank, for words that are printed with the
    form, or of another kind than the question asks for."""
    if not placed.words or is_printed_with_form(parser.document, placed):
        return None
    score = label_value_probability(parser.document, placed)
    if is_mark("".join(parser.document.words[i].word.text for i in placed.words)):
        score *= MARK_FACTOR
    option = placed_candidate(parser, placed, score)
    return option if option.parsed.ok else None
