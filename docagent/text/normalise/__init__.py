"""Normalisation of printed text to JSON values, by code: equal texts give equal values.

The raw text is never changed. Assumptions (letters read as digits, day before month) are recorded
in ``message`` and ``alternatives``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from docagent.text.normalise.currencies import normalise_currency
from docagent.text.normalise.dates import (
    normalise_date,
    normalise_datetime,
    normalise_duration,
    normalise_time,
)
from docagent.text.normalise.numbers import (
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
    normalise_text,
)
from docagent.text.normalise.types import Normalised, failed

__all__ = ["NORMALISERS", "Normalised", "normalise", "normalise_choice"]

NORMALISERS: dict[str, Callable[[str, str | None], Normalised]] = {
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
    "percent": normalise_percent,
    "text": normalise_text,
    "time": normalise_time,
}
"""Every ``x-normaliser`` except ``choice``, which also needs the allowed values."""


def normalise(
    kind: str,
    raw_text: str,
    *,
    locale_hint: str | None = None,
    choices: Sequence[Any] = (),
) -> Normalised:
    """Normalise a printed text to a value.

    kind: a name in ``NORMALISERS``, or ``choice`` with the allowed ``choices``. locale_hint:
    language and region of the document (``en_US``, ``de``); decides the order of day and month,
    decimal marks and ``$``. A text that cannot be parsed gives ``ok=False`` with the reason. Raises
    ValueError for an unknown kind.
    """
    if kind != "choice" and kind not in NORMALISERS:
        raise ValueError(f"unknown normaliser {kind!r}; there are choice, {', '.join(NORMALISERS)}")
    if not raw_text.strip():
        return failed(raw_text, f"a value for {kind}", "it is empty")
    if kind == "choice":
        return normalise_choice(raw_text, choices)
    return _normalise(kind, raw_text, locale_hint)


@lru_cache(maxsize=4_096)
def _normalise(kind: str, raw_text: str, locale_hint: str | None) -> Normalised:
    """Cached, because the candidates of a document share their words."""
    return NORMALISERS[kind](raw_text, locale_hint)
