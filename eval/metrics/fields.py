"""Scores of extracted fields: official rules, normalised rules, evidence. Pure functions.

A document's fields are ``{name: values}``, values being a tuple of strings; a missing field
is an empty tuple or no entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from dateutil import parser as dateparser

from eval.metrics import Counts, fold_text

Values = Mapping[str, Sequence[str]]
Normaliser = Callable[[str], str]

AMOUNT = re.compile(r"-?\d[\d.,' ]*\d|-?\d")
NUMERIC_DATE = re.compile(r"(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})")
COMPACT_DATE = re.compile(r"^\d{8}$")


def exact(text: str) -> str:
    """As printed: the official SROIE rule compares the strings themselves."""
    return text.strip()


def upper(text: str) -> str:
    """Upper-cased, ``_`` for a space: the Kleister rule."""
    return text.replace("_", " ").strip().upper()


def letters_and_digits(text: str) -> str:
    """Case, white space and punctuation ignored."""
    return "".join(char for char in fold_text(text, case=False) if char.isalnum())


def parse_amount(text: str) -> Decimal | None:
    """The last amount in ``text``: ``RM 1,234.50`` and ``1.234,50`` give 1234.50.

    A single separator followed by exactly three digits groups thousands; otherwise the last
    separator is the decimal one.
    """
    found = AMOUNT.findall(fold_text(text))
    if not found:
        return None
    digits = re.sub(r"[ ']", "", found[-1])
    cut = max(digits.rfind("."), digits.rfind(","))
    separators = sum(digits.count(mark) for mark in ".,")
    if cut >= 0 and separators == 1 and len(digits) - cut - 1 == 3:
        cut = -1
    whole = re.sub(r"[.,]", "", digits if cut < 0 else digits[:cut])
    try:
        return Decimal(whole if cut < 0 else f"{whole}.{digits[cut + 1 :]}")
    except InvalidOperation:
        return None


def parse_date(text: str, day_first: bool = True) -> date | None:
    """The date in ``text``, or None. Four digits first mean year-month-day; an ambiguous
    numeric date is read day first unless told otherwise; two-digit years are 2000-2068."""
    folded = fold_text(text)
    if COMPACT_DATE.match(folded):
        folded = f"{folded[:2]}-{folded[2:4]}-{folded[4:]}"
    numeric = NUMERIC_DATE.search(folded)
    year_first = bool(numeric and len(numeric[1]) == 4)
    try:
        found: datetime = dateparser.parse(
            numeric[0] if numeric else folded,
            dayfirst=day_first and not year_first,
            yearfirst=year_first,
            fuzzy=True,
        )
    except (ValueError, OverflowError):
        return None
    return found.date()


def amount_value(text: str) -> str:
    """A parsed amount as text, so that 7.5 equals RM7.50; unparsed text is kept."""
    amount = parse_amount(text)
    return letters_and_digits(text) if amount is None else str(amount.normalize())


def date_value(text: str) -> str:
    """A parsed date in ISO form; unparsed text is kept."""
    parsed = parse_date(text)
    return letters_and_digits(text) if parsed is None else parsed.isoformat()


def field_counts(predicted: Sequence[str], truth: Sequence[str], normalise: Normaliser) -> Counts:
    """Values right, predicted and true of one field, each true value found at most once.

    Values that normalise to nothing count as not predicted, or as not there.
    """
    left = [value for value in map(normalise, truth) if value]
    true = len(left)
    values = [value for value in map(normalise, predicted) if value]
    right = 0
    for value in values:
        if value in left:
            left.remove(value)
            right += 1
    return Counts(right, len(values), true)


def score_fields(
    predicted: Sequence[Values],
    truth: Sequence[Values],
    names: Sequence[str],
    normalisers: Mapping[str, Normaliser] | Normaliser,
) -> dict[str, Counts]:
    """Counts per field over documents, and ``overall``. One normaliser, or one per field.

    Raises ValueError if there are not as many predictions as documents.
    """
    if len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} predictions for {len(truth)} documents")
    table = {name: Counts() for name in names}
    for guess, real in zip(predicted, truth, strict=True):
        for name in names:
            rule = normalisers if callable(normalisers) else normalisers[name]
            table[name] += field_counts(guess.get(name, ()), real.get(name, ()), rule)
    table["overall"] = sum(table.values(), Counts())
    return table


def evidence_recall(quotes: Sequence[Sequence[str]], values: Sequence[str]) -> Counts:
    """Values with evidence: of the true ``values``, how many are contained in one of the
    quotes given for them (case, white space and punctuation ignored).

    ``quotes[i]`` belong to ``values[i]``; predicted counts values with any quote at all.
    """
    right = cited = 0
    for given, value in zip(quotes, values, strict=True):
        wanted = letters_and_digits(value)
        joined = [letters_and_digits(quote) for quote in given]
        joined.append("".join(joined))
        cited += bool(given)
        right += any(wanted in quote for quote in joined) if wanted else 0
    return Counts(right, cited, len(values))
