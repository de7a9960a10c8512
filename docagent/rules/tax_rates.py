"""Labels of taxes that are printed with their rate: ``VAT 20% on 618.00 123.60``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docagent.evidence.candidates import looks_like_money
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import fold_words

_RATE = re.compile(r"\(?@?\d{1,3}(?:[.,]\d{1,3})? ?%")
_TAXES = frozenset(
    "tax vat gst sst hst pst salestax mwst ust umsatzsteuer mehrwertsteuer tva iva btw moms mva "
    "alv ptu dph áfa pdv ddv km pvn pvm".split()
)
_GROUP = re.compile(r"\d{1,3}")


def begins_with_rate(text: str) -> bool:
    """Whether a text begins with a percentage."""
    return bool(_RATE.match(text))


def is_tax(label: str) -> bool:
    """Whether a label, its words joined, is the name of a tax."""
    return fold_words(label) in _TAXES


def without_rate(parser: FieldParser, right: Sequence[int]) -> list[int]:
    """The words at the right of a label; where they begin with a rate, from the last amount on: the
    tax stands at the end, after what it is taken of."""
    texts = [parser.text(index, index + 1) for index in right]
    if not begins_with_rate(" ".join(texts[:3])):
        return list(right)
    amounts = [
        i
        for i, text in enumerate(texts)
        if "%" not in text and looks_like_money(text, parser.conventions)
    ]
    last = amounts[-1] if amounts else len(right)
    while 0 < last < len(right) and _GROUP.fullmatch(texts[last - 1]):
        if right[last - 1] + 1 != right[last]:
            break
        last -= 1  # "1 234,50"
    return list(right[last:])
