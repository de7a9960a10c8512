"""Printed dates, times and durations to ISO 8601.

Month names in the languages of the European Union and some more. A numeric date that can be read
day-first or month-first follows the order of the document; where nothing tells it, it is read
day-first and flagged with the other reading. Two-digit years follow POSIX: 69-99 are 19xx; a past
date (a birth) is not later than the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from docagent.document import UNDECIDED, Conventions, DateOrder
from docagent.text.lexicon import month_meanings
from docagent.text.normalise.numbers import repair_digits, words_to_digits
from docagent.text.normalise.types import (
    Normalised,
    collapse,
    failed,
    found,
    undecided,
    without_accents,
)

MIN_YEAR, MAX_YEAR = 1700, 2199
MAX_MONTH_NAME = 14
"""Letters of the longest name of a month."""
LATEST_BIRTH = 2025
"""Latest year of a birth with two digits, where the document prints no year with four."""

_MONTH_NAMES = (
    "january february march april may june july august september october november december",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)


def _month_table() -> dict[str, int]:
    """Month names, and every prefix of three letters or more that belongs to a single month."""
    meanings: dict[str, set[int]] = {}
    for names in _MONTH_NAMES:
        for number, name in enumerate(names.split(), 1):
            for length in range(3, len(name) + 1):
                meanings.setdefault(name[:length], set()).add(number)
    return {name: numbers.pop() for name, numbers in meanings.items() if len(numbers) == 1} | {
        "sept": 9,
        "maerz": 3,
    }


_MONTHS = _month_table()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINAL_DAYS = {word: day for day, word in enumerate(_ORDINALS.split(), 1)} | {"thirtieth": 30}

_YEAR = r"'?(?P<y>\d{4}|\d{2})(?!\d)"
_DAY = r"(?<!\d)(?P<d>\d{1,2})(?: ?(?:st|nd|rd|th|er|eme|ste|de|e|o|°)(?![a-z]))?"
_MONTH = r"(?P<name>[^\W\d_]{2,14})\.?"
_LINK = r"[ ,./'-]{0,4}(?:(?:day of|of|de|del|do|di|den)\b[ ,./'-]{0,4})?"
_SEP = r" ?[-/.,:] ?"
_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<y>\d{4})(?P<s> ?[-/.] ?)(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)"
)
_NUMERIC = re.compile(rf"(?<!\d)(?P<d>\d{{1,2}}){_SEP}(?P<m>\d{{1,2}}){_SEP}{_YEAR}")
_DAY_NAME = re.compile(_DAY + _LINK + _MONTH + _LINK + _YEAR)
_NAME_DAY = re.compile(
    rf"(?<![^\W\d_]){_MONTH}[ ,.'-]{{0,3}}{_DAY}(?![\d:])[ ,./'-]{{0,4}}(?:of )?{_YEAR}"
)
_YEAR_NAME = re.compile(
    rf"(?<!\d)(?P<y>\d{{4}})(?: ?m| ?gada?)?[ ,./-]{{0,3}}{_MONTH}[ ,./-]{{0,3}}{_DAY}(?!\d)"
)
_YEAR_DAY_NAME = re.compile(
    rf"(?<!\d)(?P<y>\d{{4}})\.? ?(?:gada?|m)\.? (?P<d>\d{{1,2}})\. ?{_MONTH}"
)
_COMPACT = re.compile(r"(?<!\d)(\d{8})(?!\d)")
_YEARLESS = (
    re.compile(rf"{_DAY}{_LINK}{_MONTH}"),
    re.compile(rf"{_MONTH}[ ,.'-]{{0,3}}{_DAY}"),
    re.compile(r"(?P<d>\d{1,2})(?P<s>[-/.])(?P<m>\d{1,2})\.?"),
)
"""Dates without a year; the whole text has to be one."""
_CLOCK = re.compile(
    r"(?<!\d)(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2}))?)? ?(?P<half>[ap]\.? ?m\b)?"
)

_Reading = tuple[date, date | None]
"""A date and, when day and month can change places, the other reading."""


@dataclass(frozen=True)
class _Habits:
    """How the document writes dates. past: years are not later than ``latest_year``."""

    order: DateOrder | None
    languages: tuple[str, ...]
    latest_year: int | None = None
    past: bool = False


def normalise_date(
    raw_text: str, conventions: Conventions = UNDECIDED, *, past: bool = False
) -> Normalised:
    """Parse a calendar date in any usual form, with or without words and time around it.

    A text with two different dates (a period) gives the first and flags the others. past: the
    date of a birth, which two-digit years put before the document.
    """
    habits = _Habits(
        conventions.date_order, conventions.languages, conventions.latest_year, past=past
    )
    text = _readable(raw_text)
    for candidate, note in ((text, ""), (_repaired(text), "letters read as digits")):
        readings = list(_readings(candidate, habits))
        if readings:
            (first, other), *rest = readings
            if other:
                return undecided(first.isoformat(), other.isoformat(), message=note)
            return found(first.isoformat(), *(r[0].isoformat() for r in rest), message=note)
    return failed(raw_text, "a date", "no day, month and year that form one")


def normalise_day_of_period(raw_text: str, conventions: Conventions) -> Normalised:
    """A date without a year (``05 Mar``, ``3/5``) within the period of a statement."""
    text = _readable(raw_text).strip(" ,;")
    if conventions.period is None:
        return failed(raw_text, "a date", "it has no year, nor has the document a period")
    start, end = (date.fromisoformat(day) for day in conventions.period)
    for pattern in _YEARLESS:
        match = pattern.fullmatch(text)
        parts = match.groupdict() if match else {}
        if "name" in parts:
            months = _months(parts["name"], conventions.languages)
            days = [(month, int(parts["d"])) for month in months]
        elif parts:
            days = _day_orders(int(parts["d"]), int(parts["m"]), conventions.date_order)
        else:
            continue
        years = range(start.year, end.year + 1)
        dates = [d for month, day in days for y in years if (d := _date(y, month, day))]
        within = [d for d in dates if start <= d <= end] or dates[:1]
        if within:
            first, *others = (d.isoformat() for d in within)
            return undecided(first, *others, message="the year is that of the period")
    return failed(raw_text, "a date", "no day and month")


def _day_orders(first: int, second: int, order: DateOrder | None) -> list[tuple[int, int]]:
    """Month and day of two numbers, in the order of the document or in both."""
    day_first, month_first = (second, first), (first, second)
    orders = {"DMY": [day_first], "MDY": [month_first], "YMD": [month_first]}
    return orders.get(order or "", [day_first, month_first])


def normalise_time(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse a time of day to HH:MM:SS: ``2:33 pm``, ``14:33:05``, ``14h30``."""
    text = repair_digits(collapse(raw_text)).lower()
    clock = _clock_in(text)
    return found(clock) if clock else failed(raw_text, "a time of day")


def normalise_datetime(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse a date with time to YYYY-MM-DDTHH:MM:SS; midnight, with a message, if no time is
    printed."""
    day = normalise_date(raw_text, conventions)
    if not day.ok:
        return day
    clock = _clock_in(repair_digits(collapse(raw_text)).lower())
    note = day.message if clock else "no time of day printed"
    moments = [f"{d}T{clock or '00:00:00'}" for d in (day.value, *day.alternatives)]
    made = undecided if day.undecided else found
    return made(*moments, message="" if day.undecided else note)


def _readable(raw_text: str) -> str:
    """Lower case, no accents, ordinal words as digits: ``this fifth day`` -> ``this 5 day``."""
    text = without_accents(collapse(raw_text)).replace("–", "-").replace("—", "-")
    text = re.sub(r"\b(twenty|thirty)[- ](\w+)", _tens_ordinal, text)
    words = re.compile(rf"\b({'|'.join(_ORDINAL_DAYS)})\b")
    text = words.sub(lambda m: str(_ORDINAL_DAYS[m.group()]), text)
    return re.sub(r"[()\[\]]", " ", text)


def _tens_ordinal(match: re.Match[str]) -> str:
    tens = {"twenty": 20, "thirty": 30}[match.group(1)]
    unit = _ORDINAL_DAYS.get(match.group(2), 10)
    return str(tens + unit) if unit < 10 else match.group()


def _repaired(text: str) -> str:
    """Digits for letters inside numbers, letters for digits inside month names (``0ct``)."""

    def month(match: re.Match[str]) -> str:
        if match.group().isdigit() or len(match.group()) > MAX_MONTH_NAME:
            return match.group()
        letters = match.group().translate(str.maketrans("0158", "oisb"))
        other = match.group().translate(str.maketrans("0158", "olsb"))
        return next((w for w in (letters, other) if w in _MONTHS), match.group())

    named = re.sub(r"[a-z0158]+", month, text)
    digits = re.compile(r"(?<![a-z])[0-9oil|sbz]{1,4}(?![a-z])")

    def number(match: re.Match[str]) -> str:
        token = match.group()
        if token.isalpha() and len(token) > 1:
            return token
        return token.translate(str.maketrans("oil|sbz", "0111582"))

    return digits.sub(number, named)


_FORMS = (_YEAR_FIRST, _DAY_NAME, _NAME_DAY, _YEAR_DAY_NAME, _YEAR_NAME, _NUMERIC)


def _readings(text: str, habits: _Habits) -> Iterator[_Reading]:
    """Every date of the first form that occurs in the text."""
    for pattern in _FORMS:
        matches = (_parts_to_reading(m, habits) for m in pattern.finditer(text))
        readings = [reading for reading in matches if reading]
        if readings:
            yield from readings
            return
    for match in _COMPACT.finditer(text):
        reading = _compact_to_reading(match.group(), habits)
        if reading:
            yield reading


def _parts_to_reading(match: re.Match[str], habits: _Habits) -> _Reading | None:
    parts = match.groupdict()
    year, day = _full_year(parts["y"], habits), int(parts["d"])
    if "name" in parts:
        months = _months(parts["name"], habits.languages)
        days = [named for month in months if (named := _date(year, month, day))]
        return (days[0], days[1] if len(days) > 1 else None) if days else None
    month = int(parts["m"])
    if match.re is _YEAR_FIRST:
        return _sure(_date(year, month, day))
    if len(parts["y"]) == 2 and (day > 31 or (habits.order == "YMD" and "." not in match.group())):
        turned = _date(_full_year(parts["d"].zfill(2), habits), month, int(parts["y"]))
        if turned or day > 31:  # 98-12-31
            return _sure(turned)
    order = habits.order
    if order is None and re.search(r"\d\.\d", match.group()):
        order = "DMY"  # dotted dates put the day first
    return _either_order(year, day, month, order)


def _sure(day: date | None) -> _Reading | None:
    return (day, None) if day else None


def _either_order(year: int, first: int, second: int, order: DateOrder | None) -> _Reading | None:
    """The reading of a numeric date in the order of the document, or the one that exists; both,
    day first, where the order is not known."""
    day_first, month_first = _date(year, second, first), _date(year, first, second)
    ordered = (month_first, day_first) if order == "MDY" else (day_first, month_first)
    valid = [d for d in ordered if d]
    if not valid:
        return None
    return valid[0], valid[1] if len(set(valid)) == 2 and order is None else None


def _compact_to_reading(digits: str, habits: _Habits) -> _Reading | None:
    """``20180304`` or ``25032018``."""
    plain = _date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if plain:
        return plain, None
    return _either_order(int(digits[4:]), int(digits[:2]), int(digits[2:4]), habits.order)


def _months(name: str, languages: tuple[str, ...]) -> tuple[int, ...]:
    """The months (1-12) that a name in lower case without accents may mean: in the languages of the
    document, else in any (``listopada`` is October in Croatian, November in Polish)."""
    meanings = month_meanings().get(name, {})
    known = [meanings[language] for language in languages if language in meanings]
    if known:
        return (known[0],)
    usual = _MONTHS.get(name)
    return (usual,) if usual else tuple(sorted(set(meanings.values())))


def _full_year(digits: str, habits: _Habits) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    if habits.past:
        return year + (2000 if year + 2000 <= (habits.latest_year or LATEST_BIRTH) else 1900)
    return year + (1900 if year >= 69 else 2000)


def _date(year: int, month: int, day: int) -> date | None:
    if not MIN_YEAR <= year <= MAX_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock_in(text: str) -> str | None:
    """The first time of day in a lower-case text, as HH:MM:SS."""
    for match in _CLOCK.finditer(text):
        hour, minute, second = (int(match[g] or 0) for g in "hms")
        half = (match["half"] or "")[:1]
        dotted = "." in match.group() and not half  # 29.12.2017 is a date, not a time
        if (match["m"] is None and not half) or dotted or hour > 23 or minute > 59 or second > 59:
            continue
        if half == "p" and hour < 12:
            hour += 12
        elif half == "a" and hour == 12:
            hour = 0
        return f"{hour:02d}:{minute:02d}:{second:02d}"
    return None


_UNITS: tuple[tuple[str, str], ...] = (
    ("Y", r"years?|yrs?|annees?|ans?|jahr(?:e|en)?|anos?|anni|anno|jaar"),
    ("M", r"months?|mths?|mos?|mois|monat(?:e|en)?|mes(?:es)?|mese|mesi|maand(?:en)?"),
    ("W", r"weeks?|wks?|semaines?|wochen?|semanas?|settiman[ae]"),
    ("D", r"(?:business |working |calendar )?days?|jours?|tag(?:e|en)?|dias?|giorn[oi]|dag(?:en)?"),
    ("H", r"hours?|hrs?|heures?|stunden?|horas?"),
    ("T", r"minutes?|mins?|minuten?|minutos?"),
)
_ONE = r"\b(?:an?|une?|eine?[mnrs]?|una?|uno)\b"
_DURATION = tuple(
    (unit, re.compile(rf"(?P<n>\d+|{_ONE})[ -]?(?:\((?P<again>\w{{1,3}})\)[ -]?)?(?:{names})\b"))
    for unit, names in _UNITS
)


def normalise_duration(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """A length of time as ISO 8601: ``two (2) years`` -> P2Y, ``1 year and 6 months`` -> P1Y6M.

    Where words and digits disagree (``two (3) years``) the words count and it is flagged.
    """
    text = words_to_digits(without_accents(collapse(raw_text)))
    counts: dict[str, int] = {}
    again: dict[str, int] = {}
    for unit, pattern in _DURATION:
        match = pattern.search(text)
        if match:
            counts[unit] = int(match["n"]) if match["n"].isdigit() else 1
            # A digit in brackets that was misread ("three (s) years") says nothing.
            twin = match["again"] or ""
            again[unit] = int(twin) if twin.isdigit() else counts[unit]
    if not counts:
        return failed(raw_text, "a length of time", "no number with a unit")
    return found(_iso_duration(counts), _iso_duration(again))


def _iso_duration(counts: dict[str, int]) -> str:
    if len(counts) > 1 and "W" in counts:  # ISO 8601 does not mix weeks with other units
        counts = {**counts, "D": counts.get("D", 0) + 7 * counts["W"]}
        del counts["W"]
    days = "".join(f"{counts[u]}{u}" for u in "YMWD" if u in counts)
    clock = "".join(f"{counts[u]}{u.replace('T', 'M')}" for u in "HT" if u in counts)
    return f"P{days}" + (f"T{clock}" if clock else "")
