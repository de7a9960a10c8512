"""Printed amounts, decimals, integers and percentages to JSON numbers.

Thousands and decimal marks are told apart by the conventions of the document; without them by
their order and by the digits that follow. A single mark before three digits (``1.234``) is then
really ambiguous: it is read as thousands in amounts and by its mark in decimals, and flagged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from docagent.document import UNDECIDED, Conventions
from docagent.text.normalise.currencies import (
    MOSTLY_WHOLE_CURRENCIES,
    POINT_DECIMAL_CURRENCIES,
    currencies_in,
    without_currency,
)
from docagent.text.normalise.types import Normalised, collapse, failed, found, undecided

MAX_DIGITS = 15
"""More digits than a float holds exactly; longer runs are identifiers, not numbers."""

_NUMBER = re.compile(
    r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?"  # 1 234,56
    r"|\d+(?:[.,']\d+)*"  # 1,234.56  1'234.56  12
    r"|(?<![\d.,])[.,]\d+"  # .50
)
_DASHES = {ord(sign): "-" for sign in "−–—‐‑‒﹣－"}
APOSTROPHES = {ord(sign): "'" for sign in "’‘ʼ′´`＇"}
"""Every sign that is printed as a Swiss thousands mark."""
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_CENTS = re.compile(rf"(?<![\d.,'])(\d[\d']*) ?([{SUPERSCRIPTS}]{{2}})(?![{SUPERSCRIPTS}])")
_MARKER = re.compile(rf"(?<=[\d.,]) ?[{SUPERSCRIPTS}][{SUPERSCRIPTS},]*")
_COLON = re.compile(r"(?<=\d):(?=\d\d(?!\d))|(?<=\d):(?=-)")
_GAP = re.compile(r"(?<=\d) (?=[.,]\d{2}(?!\d))|(?<=\d[.,]) (?=\d{2}(?![\d.,]))")
_PERCENT = re.compile(r" ?(%|per ?cent|pct|prozent|pour ?cent)", re.IGNORECASE)
_DEBIT = re.compile(r" ?\(?(?:DR|Dr)\b")
DEBIT_OR_CREDIT = re.compile(r"\d ?\(?(?:DR|Dr|CR|Cr)\b")
_SCALES = (
    (re.compile(r" ?(?:thousand|tsd|tausend)\b", re.I), 10**3),
    (re.compile(r" ?lakhs?\b", re.I), 10**5),
    (re.compile(r" ?(?:millions?|millionen|millones|mio|mln)\b", re.I), 10**6),
    (re.compile(r" ?crores?\b", re.I), 10**7),
    (re.compile(r" ?(?:billions?|bn|mrd|milliarden?|milliards?|miliardi|mld)\b", re.I), 10**9),
)
"""Words after an amount that multiply it: ``$1.2 million``."""
# Letters that OCR takes for digits, only where a digit or a decimal mark stands beside them.
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
    """A number in a text: its readings (best first), digits after the mark, and its place."""

    readings: tuple[Decimal, ...]
    decimals: int
    start: int
    end: int


def repair_digits(text: str) -> str:
    """Replace letters OCR confuses with digits (``1O.5O``, ``l4.10``) inside numbers."""
    for _ in range(2):
        for pattern, digit in _REPAIRS:
            text = pattern.sub(digit, text)
    return text


def normalise_amount(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Money, with or without its currency: ``RM 14.10``, ``1.234,56 €``, ``(123.45)``, ``€12,-``,
    ``$1.2 million``, ``30.00 DR``.

    Keeps the printed decimals (unit prices may have four). Among several numbers the last
    with two decimals is taken and the others are alternatives.
    """
    habits = _Habits.of(conventions, raw_text)
    text = _cleaned(raw_text, habits)
    numbers = _numbers_in(text, habits, money=True)
    if not numbers or len({n.readings[0] for n in numbers}) > 2:
        reason = "several numbers" if numbers else _why_none(text)
        return failed(raw_text, "an amount", reason)
    chosen = next((n for n in reversed(numbers) if n.decimals == 2), numbers[-1])
    return _result(raw_text, text, chosen, numbers)


def normalise_decimal(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse the first number with its decimals; units around it are ignored."""
    habits = _Habits.of(conventions)
    text = _cleaned(raw_text, habits)
    numbers = _numbers_in(text, habits, money=False)
    if not numbers:
        return failed(raw_text, "a number", _why_none(text))
    return _result(raw_text, text, numbers[0], numbers)


def normalise_integer(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse a whole number: ``1,234``, ``3 pcs``, ``2.00``, ``two (2)``."""
    habits = _Habits.of(conventions)
    text = _cleaned(words_to_digits(raw_text), habits)
    grouped = re.sub(r"(?<=\d)[.,'](?=\d{3}(?!\d))", "", text)
    numbers = _numbers_in(grouped, habits, money=False)
    if not numbers:
        return failed(raw_text, "a whole number", _why_none(text))
    result = _result(raw_text, grouped, numbers[0], numbers)
    if not result.ok or result.value != int(result.value):
        return failed(raw_text, "a whole number", result.message or "it has decimals")
    others = (int(a) for a in result.alternatives if a == int(a))
    return found(int(result.value), *others, message=result.message)


def normalise_percent(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse a percentage as printed: ``6 %`` -> 6.0, not 0.06."""
    habits = _Habits.of(conventions)
    text = _cleaned(raw_text, habits)
    numbers = _numbers_in(text, habits, money=False)
    signed = [n for n in numbers if _PERCENT.match(text, n.end)]
    if not numbers:
        return failed(raw_text, "a percentage", _why_none(text))
    return _result(raw_text, text, (signed or numbers)[0], signed or numbers)


def normalise_measurement(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse a laboratory value: a number if it is nothing else, otherwise the text (``< 0.5``)."""
    text = collapse(raw_text)
    if re.fullmatch(r"[-+]?[\dOolI|.,]+(?: ?\*| ?\(?[HL]{1,2}\)?)?", text) and _NUMBER.search(text):
        digits = re.sub(r"[^\d.,OolI|+-]|[HL]", "", text)
        return normalise_decimal(digits, conventions)
    return found(text) if text else failed(raw_text, "a value")


@dataclass(frozen=True)
class _Habits:
    """How numbers are written, as far as it is known. comma: whether the decimal mark is one;
    whole: whether amounts have no decimals; colon: whether a colon is the decimal mark."""

    comma: bool | None = None
    whole: bool = False
    colon: bool = False
    footnotes: str = ""

    @classmethod
    def of(cls, conventions: Conventions, money: str = "") -> _Habits:
        """money: the text of an amount, whose own currency tells where the document does not."""
        mark = conventions.decimal_mark
        currencies = currencies_in(collapse(money)) if money else ()
        comma = None if mark is None else mark != "."
        whole = bool(money) and conventions.currency in MOSTLY_WHOLE_CURRENCIES
        colon = mark == ":" or (mark is None and "SEK" in currencies)
        if comma is None and POINT_DECIMAL_CURRENCIES.intersection(currencies):
            comma = False
        whole = whole or (mark is None and bool(MOSTLY_WHOLE_CURRENCIES.intersection(currencies)))
        return cls(comma, whole, colon, conventions.footnotes)


def _cleaned(raw_text: str, habits: _Habits) -> str:
    text = _CENTS.sub(_with_cents, raw_text.translate(APOSTROPHES))
    text = collapse(_MARKER.sub("", text)).translate(_DASHES)
    text = _GAP.sub("", repair_digits(text))
    if habits.colon or ":-" in text:
        text = _COLON.sub(",", text)
    return text


def _with_cents(match: re.Match[str]) -> str:
    """Raised cents on the line: ``12⁵⁰`` -> ``12.50``."""
    return f"{match[1]}.{''.join(str(SUPERSCRIPTS.index(c)) for c in match[2])}"


def _why_none(text: str) -> str:
    malformed = any(c.isdigit() for c in text)
    return "its marks do not part thousands and decimals" if malformed else "no digits"


def _numbers_in(text: str, habits: _Habits, *, money: bool) -> list[_Number]:
    numbers = []
    for match in _NUMBER.finditer(text):
        if is_malformed(match.group()):
            continue
        readings, decimals = _readings(match.group(), habits, money=money)
        factor = _scale_after(text, match.end()) if money else 1
        readings = tuple(reading * factor for reading in readings)
        numbers.append(_Number(readings, decimals, match.start(), match.end()))
    return numbers


def _scale_after(text: str, end: int) -> int:
    return next((factor for pattern, factor in _SCALES if pattern.match(text, end)), 1)


def is_malformed(token: str) -> bool:
    """Whether marks and digits form no number: ``3.0.0``, ``1,2,3``. Groups have three digits,
    in India two before the last one; a last part of one or two may follow a misread mark."""
    parts = re.split(r"[.,']", token.replace(" ", ""))
    if len(parts) < 3:
        return False
    first, *inner, last = parts
    grouped = all(len(part) == 3 for part in inner)
    indian = all(len(part) == 2 for part in inner[:-1]) and len(inner[-1]) in (2, 3)
    if not grouped and not (indian and len(first) <= 2):
        return True
    return not 1 <= len(first) <= 3 or (not grouped and len(inner[-1]) == 2 and len(last) != 3)


def _readings(token: str, habits: _Habits, *, money: bool) -> tuple[tuple[Decimal, ...], int]:
    """Decimals a printed number may stand for, best first, and the digits after its mark."""
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
    if money and len(tail) == 3 and tail[2] in habits.footnotes and habits.comma == (mark == ","):
        return (Decimal(str(pointed)[:-1]), pointed), 2  # a footnote's mark read as a digit
    if len(marks) > 1 or len(tail) != 3 or len(head) > 3 or head in {"", "0"}:
        return (pointed,), len(tail)
    if habits.whole and money:
        return (plain,), 0
    if habits.comma is not None:
        return ((pointed,), 3) if habits.comma == (mark == ",") else ((plain,), 0)
    return ((plain, pointed), 0) if money or mark == "," else ((pointed, plain), 3)


def _result(raw_text: str, text: str, chosen: _Number, numbers: list[_Number]) -> Normalised:
    if sum(c.isdigit() for c in text[chosen.start : chosen.end]) > MAX_DIGITS:
        return failed(raw_text, "a number", f"more than {MAX_DIGITS} digits")
    sign = -1 if _is_negative(text, chosen) else 1
    others = [*chosen.readings[1:], *(n.readings[0] for n in numbers if n is not chosen)]
    value, *alternatives = (_to_float(sign * d) for d in (chosen.readings[0], *others))
    message = "letters read as digits" if repair_digits(raw_text) != raw_text else ""
    made = undecided if len(chosen.readings) > 1 else found
    return made(value, *alternatives, message=message)


def _is_negative(text: str, number: _Number) -> bool:
    """Leading or trailing minus (``-$5``, ``$-5``, ``123.45-``), a debit (``5.00 DR``), or all in
    parentheses.

    A dash after other words and before a space (``Total - 5.00``) is punctuation.
    """
    if _DEBIT.match(text, number.end):
        return True
    before, after = without_currency(text[: number.start]), without_currency(text[number.end :])
    if re.search(r"(?<![\w.)])-$|^ *- *$", before) or re.match(r"-(?![\w-])| -$", after):
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
    """English number words up to ninety-nine as digits: ``two (2) years`` -> ``2 (2) years``."""

    def digits(match: re.Match[str]) -> str:
        return str(sum(_WORDS[w.lower()] for w in match.groups() if w))

    return _WORD_NUMBER.sub(digits, text)
