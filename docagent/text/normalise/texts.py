"""Normalisers of texts, identifiers, yes/no marks and choices from a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from docagent.document import UNDECIDED, Conventions
from docagent.text.normalise.types import Normalised, collapse, failed, found, without_accents

_YES = "yes y true x oui ja si sim ✓ ✔ ☑ ☒ [x] (x) on checked"
_NO = "no n false non nein nao nee ☐ [] [_] () off unchecked none"
_LABEL_WITH_MARK = re.compile(r"^[^\d:#]{0,40}[:#]+\s*(?=\S)")
_LABEL_WORD = re.compile(r"^(?:no|nr|num|number|ref|reference|id)\b\.?\s*[:#]?\s*(?=\S*\d)", re.I)


_SENTENCE_END = re.compile(r"[a-z]{5}\.$")
"""A final word too long to be an abbreviation, with its full stop."""


def normalise_text(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """The text on one line, without separators left over at its ends, nor the full stop of the
    sentence it ends (``Colorado.``, but ``Acme, Inc.``)."""
    text = collapse(raw_text).strip(" :;,|")
    if text.count(".") == 1 and _SENTENCE_END.search(text):
        text = text[:-1]
    return found(text) if text else failed(raw_text, "a text", "it is empty")


def normalise_identifier(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """A number or code without its label: ``Invoice No.: INV-0042`` -> ``INV-0042``."""
    text = collapse(raw_text)
    text = _LABEL_WORD.sub("", _LABEL_WITH_MARK.sub("", text)).strip(" .:;,|#")
    return found(text) if text else failed(raw_text, "an identifier", "it is empty")


def normalise_boolean(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse yes or no, in words or as a tick box."""
    text = without_accents(collapse(raw_text)).strip(" .:;,").replace("[ ]", "[]")
    if text in _YES.split() or text in _NO.split():
        return found(text in _YES.split())
    return failed(raw_text, "a yes or no")


def normalise_choice(raw_text: str, choices: Sequence[Any]) -> Normalised:
    """The one of ``choices`` that is printed: the same letters and digits, ignoring case, or a
    beginning of exactly one choice (``F`` for ``Female``), or the only choice that occurs."""
    printed = _letters(raw_text)
    options = [(choice, _letters(str(choice))) for choice in choices if choice is not None]
    tests = (
        [c for c, name in options if name == printed],
        [c for c, name in options if printed and name.startswith(printed)],
        [c for c, name in options if re.search(rf"\b{re.escape(name)}\b", printed)],
    )
    for matches in tests:
        if len(matches) == 1:
            return found(matches[0])
    allowed = ", ".join(str(choice) for choice, _ in options)
    return failed(raw_text, f"one of {allowed}")


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", without_accents(collapse(text))))
