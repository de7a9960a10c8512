"""Printed text -> JSON value, by code: the same text always gives the same value.

The raw text is never changed; what was assumed (letters read as digits, day before month) is
said in ``message`` and ``alternatives``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from docagent.document import UNDECIDED, Conventions
from docagent.text.normalise.currencies import normalise_currency
from docagent.text.normalise.dates import (
    normalise_date,
    normalise_datetime,
    normalise_day_of_period,
    normalise_duration,
    normalise_time,
)
from docagent.text.normalise.identifiers import checked_identifier
from docagent.text.normalise.numbers import (
    DEBIT_OR_CREDIT,
    normalise_amount,
    normalise_decimal,
    normalise_integer,
    normalise_measurement,
    normalise_percent,
)
from docagent.text.normalise.texts import (
    normalise_boolean,
    normalise_choice,
    normalise_identifier,
    normalise_money,
    normalise_text,
)
from docagent.text.normalise.types import Normalised, failed, with_locale

__all__ = ["NORMALISERS", "Normalised", "normalise", "normalise_choice", "normalise_leaf"]

NORMALISERS: dict[str, Callable[[str, Conventions], Normalised]] = {
    "amount": normalise_amount,
    "boolean": normalise_boolean,
    "currency": normalise_currency,
    "date": normalise_date,
    "datetime": normalise_datetime,
    "decimal": normalise_decimal,
    "duration": normalise_duration,
    "identifier": normalise_identifier,
    "integer": normalise_integer,
    "measurement": normalise_measurement,
    "money": normalise_money,
    "percent": normalise_percent,
    "text": normalise_text,
    "time": normalise_time,
}
"""Every ``x-normaliser`` but ``choice``, which also needs the values allowed."""


_BIRTH = frozenset(("birth", "birthday", "birthdate", "born", "dob"))
_TAKEN_OFF = frozenset(("discount", "discounts", "rebate", "rebates"))
"""Fields that are subtracted: a printed minus says no more than the name."""
_SIGNLESS = frozenset(("credit", "credits", "debit", "debits", "deposit", "withdrawal"))


def normalise(
    kind: str,
    raw_text: str,
    *,
    locale_hint: str | None = None,
    choices: Sequence[Any] = (),
    choice_labels: Sequence[Sequence[str]] = (),
    conventions: Conventions = UNDECIDED,
) -> Normalised:
    """Value of a printed text.

    kind: a name in ``NORMALISERS``, or ``choice`` with the allowed ``choices`` and, in their order,
    what each of them is called. conventions: those
    of the document, which settle day/month order, decimal marks and ``$``. locale_hint: language
    and region (``en_US``, ``de``); overrules the conventions. A text that cannot be read gives
    ``ok=False`` with the reason. Raises ValueError for an unknown kind.
    """
    if kind != "choice" and kind not in NORMALISERS:
        raise ValueError(f"unknown normaliser {kind!r}; there are choice, {', '.join(NORMALISERS)}")
    if not raw_text.strip():
        return failed(raw_text, f"a value for {kind}", "it is empty")
    if kind == "choice":
        known = with_locale(conventions, locale_hint)
        return normalise_choice(raw_text, choices, choice_labels, known)
    return _normalise(kind, raw_text, with_locale(conventions, locale_hint))


def normalise_leaf(
    kind: str,
    raw_text: str,
    *,
    path: str,
    choices: Sequence[Any] = (),
    choice_labels: Sequence[Sequence[str]] = (),
    conventions: Conventions = UNDECIDED,
) -> Normalised:
    """Value of a printed text as the field at ``path``, whose name says more than its kind.

    A birth is past, a debit or discount has no sign, rows of a statement leave the year out, an
    IBAN has check digits.
    """
    reading = normalise(
        kind, raw_text, choices=choices, choice_labels=choice_labels, conventions=conventions
    )
    # A dot at the end of a path, or before a space, is a part of the key: "Invoice No."
    name = re.split(r"\.(?=[^\s.])", path)[-1]
    words = frozenset(re.findall(r"[a-z]+", name.lower()))
    if kind == "date":
        return _date_of_leaf(reading, raw_text, path, words, conventions)
    if kind == "amount" and words & _SIGNLESS and reading.ok and DEBIT_OR_CREDIT.search(raw_text):
        return reading.replace(value=abs(reading.value))
    if kind == "amount" and words & _TAKEN_OFF and reading.ok:
        return reading.replace(value=abs(reading.value))
    if kind == "identifier" and reading.ok:
        return checked_identifier(reading, raw_text, words)
    return reading


def _date_of_leaf(
    reading: Normalised, raw_text: str, path: str, words: frozenset[str], known: Conventions
) -> Normalised:
    if words & _BIRTH and reading.ok:
        return normalise_date(raw_text, known, past=True)
    if not reading.ok and "[]" in path and known.period:
        day = normalise_day_of_period(raw_text, known)
        return day if day.ok else reading
    return reading


@lru_cache(maxsize=4_096)
def _normalise(kind: str, raw_text: str, conventions: Conventions) -> Normalised:
    """The candidates of a document share their words: the same texts are asked for repeatedly."""
    return NORMALISERS[kind](raw_text, conventions)
