"""Printed amounts, decimals, integers and percentages to JSON numbers.

Thousands and decimal marks are told apart by their order and by the digits that follow. A single
mark before three digits (``1.234``) is ambiguous. Without a locale hint or a telling currency it
separates thousands in amounts and decimals in other numbers, and the result is marked ambiguous.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from docagent.text.normalise.currencies import (
    POINT_DECIMAL_CURRENCIES,
    currencies_in,
    without_currency,
)
from docagent.text.normalise.types import Normalised, collapse, comma_decimal, failed, found

MAX_DIGITS = 15
"""Most digits that a float represents exactly; longer runs are identifiers, not numbers."""

_NUMBER = re.compile(
    r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?"  # 1 234,56
    r"|\d+(?:[.,']\d+)*"  # 1,234.56  1'234.56  12
    r"|(?<![\d.,])[.,]\d+"  # .50
)
_DASHES = str.maketrans("−–—‐‑’", "-----'")
_GAP = re.compile(r"(?<=\d) +(?=[.,]\d{2}(?!\d))|(?<=\d[.,]) +(?=\d{2}(?![\d.,]))")
_PERCENT = re.compile(r" ?(%|per ?cent|pct|prozent|pour ?cent)", re.IGNORECASE)
# Letters that OCR confuses with digits, only beside a digit or a decimal mark.
_REPAIRS = (
    (re.compile(r"(?<=\d)[OoQ](?![A-NP-Za-np-z])|(?<=\d[.,])[OoQ]"), "0"),
    (re.compile(r"(?<![A-Za-z])[OoQ](?=[.,]?\d)"), "0"),
    (re.compile(r"(?<![A-Za-z])[lI|!](?=[.,]?\d)|(?<=\d)[lI|](?=[.,]\d)"), "1"),
    (re.compile(r"(?<=[\d.,])S(?=\d)"), "5"),
    (re.compile(r"(?<=[\d.,])B(?=\d)"), "8"),
    (re.compile(r"(?<=[\d.,])Z(?=\d)"), "2"),
)


@dataclass(frozen=True)
class _Number:
    """A number in a text: its possible values (best first), digits after the mark, and its
    position."""

    readings: tuple[Decimal, ...]
    decimals: int
    start: int
    end: int


def repair_digits(text: str) -> str:
    """Replace letters that OCR confuses with digits (``1O.5O``, ``l4.10``) inside numbers."""
    for _ in range(2):
        for pattern, digit in _REPAIRS:
            text = pattern.sub(digit, text)
    return text


def normalise_amount(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """Parse money, with or without its currency: ``RM 14.10``, ``1.234,56 €``, ``(123.45)``,
    ``€12,-``.

    Printed decimals are kept (unit prices may have four). Among several numbers the last one with
    two decimals is taken; the others are alternatives.
    """
    text = _cleaned(raw_text)
    comma = comma_decimal(locale_hint)
    if comma is None and POINT_DECIMAL_CURRENCIES.intersection(currencies_in(text)):
        comma = False
    numbers = _numbers_in(text, comma, money=True)
    if not numbers or len({n.readings[0] for n in numbers}) > 2:
        return failed(raw_text, "an amount", "several numbers" if numbers else "no digits")
    chosen = next((n for n in reversed(numbers) if n.decimals == 2), numbers[-1])
    return _result(raw_text, text, chosen, numbers)


def normalise_decimal(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """Parse the first number with its decimals; units around it are ignored."""
    text = _cleaned(raw_text)
    numbers = _numbers_in(text, comma_decimal(locale_hint), money=False)
    if not numbers:
        return failed(raw_text, "a number", "no digits")
    return _result(raw_text, text, numbers[0], numbers)


def normalise_integer(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """Parse a whole number: ``1,234``, ``3 pcs``, ``2.00``, ``two (2)``."""
    text = _cleaned(words_to_digits(raw_text))
    grouped = re.sub(r"(?<=\d)[.,'](?=\d{3}(?!\d))", "", text)
    numbers = _numbers_in(grouped, comma_decimal(locale_hint), money=False)
    if not numbers:
        return failed(raw_text, "a whole number", "no digits")
    result = _result(raw_text, grouped, numbers[0], numbers)
    if not result.ok or result.value != int(result.value):
        return failed(raw_text, "a whole number", result.message or "it has decimals")
    others = (int(a) for a in result.alternatives if a == int(a))
    return found(int(result.value), *others, message=result.message)


def normalise_percent(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """Parse a percentage as printed: ``6 %`` -> 6.0, not 0.06."""
    text = _cleaned(raw_text)
    numbers = _numbers_in(text, comma_decimal(locale_hint), money=False)
    signed = [n for n in numbers if _PERCENT.match(text, n.end)]
    if not numbers:
        return failed(raw_text, "a percentage", "no digits")
    return _result(raw_text, text, (signed or numbers)[0], signed or numbers)


def normalise_measurement(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """Parse a laboratory value: a number if it is nothing else, otherwise the text (``< 0.5``)."""
    text = collapse(raw_text)
    if re.fullmatch(r"[-+]?[\dOolI|.,]+( ?\*| ?\(?[HL]{1,2}\)?)?", text) and _NUMBER.search(text):
        return normalise_decimal(re.sub(r"[^\d.,OolI|+-]|[HL]", "", text), locale_hint)
    return found(text) if text else failed(raw_text, "a value")


def _cleaned(raw_text: str) -> str:
    text = collapse(raw_text).translate(_DASHES)
    return _GAP.sub("", repair_digits(text))


def _numbers_in(text: str, comma: bool | None, *, money: bool) -> list[_Number]:
    numbers = []
    for match in _NUMBER.finditer(text):
        readings, decimals = _readings(match.group(), comma, money=money)
        numbers.append(_Number(readings, decimals, match.start(), match.end()))
    return numbers


def _readings(token: str, comma: bool | None, *, money: bool) -> tuple[tuple[Decimal, ...], int]:
    """Values that a printed number may have, best first, and the number of digits after its
    mark."""
    token = token.replace(" ", "").replace("'", "")
    marks = [c for c in token if c in ".,"]
    if not marks:
        return (Decimal(token),), 0
    mark = marks[-1]
    head, _, tail = token.rpartition(mark)
    plain = Decimal(re.sub(r"[.,]", "", token))
    pointed = Decimal(f"{re.sub('[.,]', '', head) or '0'}.{tail}")
    if mark in marks[:-1]:  # 1,234,567 is grouped; 1.234.56 has a misread mark
        return ((plain,), 0) if len(tail) == 3 else ((pointed,), len(tail))
    if len(marks) > 1 or len(tail) != 3 or len(head) > 3 or head in {"", "0"}:
        return (pointed,), len(tail)
    if comma is not None:
        return ((pointed,), 3) if comma == (mark == ",") else ((plain,), 0)
    return ((plain, pointed), 0) if money or mark == "," else ((pointed, plain), 3)


def _result(raw_text: str, text: str, chosen: _Number, numbers: list[_Number]) -> Normalised:
    if sum(c.isdigit() for c in text[chosen.start : chosen.end]) > MAX_DIGITS:
        return failed(raw_text, "a number", f"more than {MAX_DIGITS} digits")
    sign = -1 if _is_negative(text, chosen) else 1
    others = [*chosen.readings[1:], *(n.readings[0] for n in numbers if n is not chosen)]
    value, *alternatives = (_to_float(sign * d) for d in (chosen.readings[0], *others))
    message = "letters read as digits" if repair_digits(raw_text) != raw_text else ""
    return found(value, *alternatives, message=message)


def _is_negative(text: str, number: _Number) -> bool:
    """Whether a number has a leading or trailing minus (``-$5``, ``$-5``, ``123.45-``) or
    parentheses.

    A dash after other words and before a space (``Total - 5.00``) is punctuation.
    """
    before, after = without_currency(text[: number.start]), without_currency(text[number.end :])
    if re.search(r"(?<![\w.)])-$|^ *- *$", before) or re.match(r"-(?![\w-])", after):
        return True
    return before.strip() == "(" and after.strip() == ")"


def _to_float(value: Decimal) -> float:
    return float(value) + 0.0  # -0.0 + 0.0 is 0.0


_UNIT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = _UNIT_WORDS.split()
_TENS = {word: 10 * tens for tens, word in enumerate(_TEN_WORDS.split(), 2)}
_WORDS = {word: number for number, word in enumerate(_UNITS)} | _TENS
_WORD_NUMBER = re.compile(
    rf"\b(?:({'|'.join(_TENS)})[- ]({'|'.join(_UNITS[1:10])})|({'|'.join(_WORDS)}))\b",
    re.IGNORECASE,
)


def words_to_digits(text: str) -> str:
    """Replace English number words up to ninety-nine by digits: ``two (2) years`` -> ``2 (2)
    years``."""

    def digits(match: re.Match[str]) -> str:
        return str(sum(_WORDS[w.lower()] for w in match.groups() if w))

    return _WORD_NUMBER.sub(digits, text)
