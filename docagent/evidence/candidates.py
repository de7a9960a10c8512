"""Candidate values of a field, and how they are merged, ranked and scored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from docagent.confidence import geometric_mean, minimum
from docagent.document import UNDECIDED, Conventions, Document
from docagent.evidence.label_phrases import fold_words
from docagent.results import Source
from docagent.schemas import SchemaField
from docagent.text.normalise import Normalised
from docagent.text.normalise.currencies import MOSTLY_WHOLE_CURRENCIES

WordRange = tuple[int, int]
"""Indices into ``Document.words``, end exclusive."""
TIGHT_KINDS = frozenset(
    ("amount", "date", "datetime", "decimal", "integer", "money", "percent", "time")
)
"""Normalisers whose value lies in few words; the shortest range that gives the value is kept."""
MONEY_KINDS = frozenset(("amount", "money"))
"""Normalisers of an amount of money: its number, or its text."""
_MONEY = re.compile(r"\d[.,](?:\d{2}(?!\d)|[-–—](?!\w))|[$€£¥₹]|\b(?:RM|USD|EUR|GBP|CHF|INR)", re.I)
_COLON_MONEY = re.compile(r"\d:(?:-|\d\d(?!\d))")
_WHOLE_MONEY = re.compile(r"\d[.,' ]\d{3}(?!\d)")


@dataclass(frozen=True)
class ValueCandidate:
    """A possible value of a field.

    ranges: its words. raw_text: those words joined by one space. parsed: result of the field's
    normaliser for ``raw_text``. score: 0-1. source: what proposed it. rule: name of the rule that
    proposed it; "" for the reader. features: what the source knows of it, by a name of the source's
    choice, each about 0-1 (``marked``: a colon follows its label); the ranker learns their weight.
    """

    ranges: tuple[WordRange, ...]
    raw_text: str
    parsed: Normalised
    score: float
    source: Source = "reader"
    rule: str = ""
    features: Mapping[str, float] = field(default_factory=dict, compare=False)

    def with_features(self, features: Mapping[str, float]) -> ValueCandidate:
        """A copy that knows more."""
        return replace(self, features={**self.features, **features})


def looks_like_money(text: str, conventions: Conventions = UNDECIDED) -> bool:
    """Whether a text is printed as an amount of money is in its document."""
    if _MONEY.search(text):
        return True
    if conventions.decimal_mark == ":" and _COLON_MONEY.search(text):
        return True
    whole = conventions.currency in MOSTLY_WHOLE_CURRENCIES
    return whole and bool(_WHOLE_MONEY.search(text))


def plausibility(leaf: SchemaField, text: str, conventions: Conventions = UNDECIDED) -> float:
    """How plausible a text is as a value of the field's kind, 0-1.

    A bare whole number is seldom an amount of money, a run of digits without a currency mark is a
    phone number or an identifier, and words in small letters are not an identifier.
    """
    if leaf.normaliser == "identifier" and not re.search(r"\d", text):
        return 0.01 if re.search(r"[a-z]", text) else 1.0
    if leaf.normaliser not in MONEY_KINDS or looks_like_money(text, conventions):
        return 1.0
    return 0.2 if re.search(r"\d{6}|\d-\d", text) else 0.6


def merge_equal_values(options: Iterable[ValueCandidate]) -> list[ValueCandidate]:
    """Merge candidates of equal value and rank the result by score, best first.

    The scores of a value printed in several places are added up (at most 1); the place with the
    best score is kept as its evidence.
    """
    groups: dict[str, list[ValueCandidate]] = {}
    for option in options:
        key = option.parsed.value if option.parsed.ok else option.raw_text
        groups.setdefault(str(key).casefold(), []).append(option)
    merged = [
        replace(max(group, key=lambda c: c.score), score=min(1.0, sum(c.score for c in group)))
        for group in groups.values()
    ]
    return sorted(merged, key=lambda c: -c.score)


def strongest_rival(options: Sequence[ValueCandidate]) -> ValueCandidate | None:
    """The best candidate with another value than the first one, or None.

    It stands at another place and is not the same text with more or fewer words around it.
    """
    if not options:
        return None
    best = options[0]
    text = fold_words(best.raw_text)
    for option in options[1:]:
        other = fold_words(option.raw_text)
        nested = other in text or text in other
        if not (nested and isinstance(best.parsed.value, str)) and not _overlap(option, best):
            return option
    return None


def ocr_confidence(document: Document, leaf: SchemaField, ranges: Iterable[WordRange]) -> float:
    """The recognizer's confidence (0-1) in the words of a value.

    For numbers and dates, where each character counts, it is that of the weakest word; for text it
    is the geometric mean. It is 1 for a native text layer.
    """
    words = [document.words[i].word.confidence for start, end in ranges for i in range(start, end)]
    return minimum(words) if leaf.normaliser in TIGHT_KINDS else geometric_mean(words)


def _overlap(a: ValueCandidate, b: ValueCandidate) -> bool:
    return any(s < end and start < e for s, e in a.ranges for start, end in b.ranges)
