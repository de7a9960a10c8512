"""How a document writes numbers and dates, decided once from all it prints.

What proves itself comes first: ``1.380,00`` shows both marks, ``04/18/2025`` has no eighteenth
month. Then arithmetic (two numbers whose product is printed beside them), the currency, the country
and the language. What nothing decides stays undecided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from docagent.document import Conventions, DateOrder, DecimalMark, Document, GroupMark, Reason
from docagent.text.lexicon import country_names, language_words, month_meanings
from docagent.text.normalise import normalise
from docagent.text.normalise.currencies import (
    CODES_THAT_ARE_WORDS,
    MOSTLY_WHOLE_CURRENCIES,
    REGION_CURRENCY,
    currencies_in,
)
from docagent.text.normalise.numbers import APOSTROPHES, is_malformed
from docagent.text.normalise.types import date_order_of, decimal_mark_of, without_accents

MIN_VOTES = 1.0
"""Votes from which a decimal mark is decided: one number with two decimals."""
MIN_LEAD = 4.0
"""How many times the votes of the other mark it takes."""
MIN_LANGUAGE_WORDS = 3
MAX_LINE = 2_000
"""Characters of a line that are looked at."""

_NUMBER = re.compile(r"\d[\d.,']*")
_BLANK_GROUPS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?=[.,:]\d\d(?!\d)|:-)")
_COLON = re.compile(r"(?<![\d:])(\d{1,6}):(?:-|(\d\d)(?![\d:]))")
_NUMERIC_DATE = re.compile(
    r"(?<![\d./-])(\d{1,4}) ?([-/.]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})(?![\d/-])"
)
_SHORT_DATE = re.compile(r"(?<![\d./-])(\d{1,2})/(\d{1,2})(?![\d./-])")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NAME_FIRST = re.compile(
    r"(?<![^\W\d_])([^\W\d_]{3,12})\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d"
)
_US_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM "
    "NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC"
)
_US_ADDRESS = re.compile(
    rf"(?<=[a-z.,] )(?:{'|'.join(_US_STATES.split())})\.?,? \d{{5}}(?:-\d{{4}})?(?![\d-])", re.I
)
"""The state and postcode behind a city: "DE 55232 Neustadt" is an address in Germany."""
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b")
_US_WORDS = re.compile(r"\b(?:sales tax|zip code|EIN|USA|U\.S\.A\.)(?![A-Za-z])", re.I)
_CURRENCY = re.compile(
    r"[$€£¥₹₩₺₫฿₱₪₴]|(?<![A-Za-z])(?:RM|Rs|Rp|kr|zł|Kč|Ft|SFr|[A-Z]{3})(?![A-Za-z])"
)
_PERIOD = re.compile(
    r"\b(?:period|from|zeitraum|periode|periodo|vom|von|du|dal|del|desde|statement)\b[ :]", re.I
)
_FOOTNOTE = re.compile(r"([1-9])\)? [A-Z]?[^\W\d_]{2,}")


@dataclass
class _Votes:
    """Votes for decimal marks, and for the marks of groups."""

    decimal: Counter[str] = field(default_factory=Counter)
    group: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def add(self, mark: str, votes: float, example: str) -> None:
        self.decimal[mark] += votes  # type: ignore[assignment]
        self.example.setdefault(mark, example)


def conventions_of(document: Document) -> Conventions:
    """What the numbers, dates, currencies and words of a document tell of its conventions.

    Time grows with the length of the text."""
    lines = [line.text[:MAX_LINE] for page in document.pages for line in page.lines]
    text = "\n".join(lines)
    reasons: list[Reason] = []
    languages = _languages(text)
    currency = _currency(text)
    regions = _regions(text, currency)
    decimal, group, why = _marks(document, lines, currency, regions, languages)
    if decimal:
        reasons.append(Reason(of="decimal_mark", why=why))
    order, why = _date_order(text, regions, languages)
    if order:
        reasons.append(Reason(of="date_order", why=why))
    known = Conventions(
        decimal_mark=decimal,
        group_mark=group,
        date_order=order,
        languages=languages,
        regions=regions,
        currency=currency,
        latest_year=_latest_year(text),
        footnotes=_footnotes(document),
        reasons=tuple(reasons),
    )
    return known.replace(period=_period(lines, known))


def _marks(
    document: Document,
    lines: Sequence[str],
    currency: str | None,
    regions: Sequence[str],
    languages: Sequence[str],
) -> tuple[DecimalMark | None, GroupMark | None, str]:
    votes = _Votes()
    for line in lines:
        _count_marks(line, votes, crowns=currency in ("SEK", None))
    group = _group_mark(votes)
    ranked = votes.decimal.most_common(2)
    if ranked and ranked[0][1] >= MIN_VOTES:
        best, score = ranked[0]
        if len(ranked) == 1 or score >= MIN_LEAD * ranked[1][1]:
            return _decimal(best), group, f"{votes.example[best]!r} is printed"
        return None, group, ""
    if not votes.open:
        return None, group, ""
    fitting = _by_products(document)
    if fitting:
        return fitting, group, "products of numbers printed beside each other come out"
    if currency in MOSTLY_WHOLE_CURRENCIES:
        return None, group, ""
    spoken = {decimal_mark_of(language, (*regions, "")[0]) for language in languages[:1]}
    if len(spoken) == 1 and languages[0] != "en":
        return spoken.pop(), group, f"the words are {languages[0]}"
    return None, group, ""


def _decimal(mark: str) -> DecimalMark:
    marks: dict[str, DecimalMark] = {".": ".", ",": ",", ":": ":"}
    return marks[mark]


def _group_mark(votes: _Votes) -> GroupMark | None:
    marks: dict[str, GroupMark] = {".": ".", ",": ",", "'": "'", " ": " "}
    best = votes.group.most_common(1)
    return marks[best[0][0]] if best and best[0][1] else None


def _count_marks(line: str, votes: _Votes, *, crowns: bool) -> None:
    """What each number of a line tells."""
    plain = _NUMERIC_DATE.sub(" ", line.translate(APOSTROPHES))
    for match in _COLON.finditer(plain):
        # 24:00 may be a time of day, 369:00 and 48:- may not.
        if crowns and (match[2] is None or int(match[1]) > 24 or int(match[2]) > 59):
            votes.add(":", 1, match.group())
    votes.group[" "] += len(_BLANK_GROUPS.findall(plain))
    for match in _NUMBER.finditer(plain):
        _count_token(match.group().rstrip(".,'"), votes)


def _count_token(token: str, votes: _Votes) -> None:
    marks = [c for c in token if c in ".,'"]
    if not marks or is_malformed(token):
        return
    last, tail = marks[-1], token.rpartition(marks[-1])[2]
    other = {".": ",", ",": "."}
    if len(set(marks)) > 1:
        if last != "'" and last not in marks[:-1]:
            votes.add(last, 3, token)
            votes.group[marks[0]] += 1
    elif last == "'" or (len(marks) > 1 and len(tail) == 3):
        votes.group[last] += 1
        if len(marks) > 1 and last != "'":
            votes.add(other[last], 3, token)
    elif len(marks) == 1:
        head = token.partition(last)[0]
        if len(tail) == 3 and 0 < len(head) <= 3 and head != "0":
            votes.open.append(token)
        elif len(tail) <= 3:
            votes.add(last, {2: 1.0, 1: 0.25, 3: 0.5}[len(tail)], token)


def _by_products(document: Document) -> DecimalMark | None:
    """The decimal mark with which more products printed in rows (quantity, price, amount) come
    out than with the other; None if neither does, or both."""
    scores = {}
    for mark in (".", ","):
        known = Conventions(decimal_mark=_decimal(mark))
        scores[mark] = sum(_products(row, known) for row in _number_rows(document))
    point, comma = scores["."], scores[","]
    return None if point == comma else "." if point > comma else ","


def _products(row: Sequence[str], known: Conventions) -> int:
    values = [normalise("decimal", token, conventions=known).value for token in row]
    triples = zip(values, values[1:], values[2:], strict=False)
    fits = 0
    for a, b, c in triples:
        if a and b and c and a != 1 and b != 1:
            fits += abs(a * b - c) <= max(0.01, 0.005 * min(abs(a), abs(b)))
    return fits


def _number_rows(document: Document) -> Iterator[list[str]]:
    """The numbers of each visual row of three or more, from left to right."""
    boxes = document.level_boxes
    numbers = [
        (word.page, (boxes[i][1] + boxes[i][3]) / 2, boxes[i][3] - boxes[i][1], boxes[i][0], i)
        for i, word in enumerate(document.words)
        if re.fullmatch(r"\W{0,2}\d[\d.,']*", word.word.text)
    ]
    row: list[tuple[float, int]] = []
    above: tuple[int, float] | None = None
    for page, middle, height, left, index in sorted(numbers):
        if above and (page != above[0] or middle - above[1] > height / 2):
            yield [document.words[i].word.text for _, i in sorted(row)]
            row = []
        row.append((left, index))
        above = (page, middle)
    yield [document.words[i].word.text for _, i in sorted(row)]


def _date_order(
    text: str, regions: Sequence[str], languages: tuple[str, ...]
) -> tuple[DateOrder | None, str]:
    day_first: list[str] = []
    month_first: list[str] = []
    for match in _NUMERIC_DATE.finditer(text):
        if len(match[1]) < 3:
            _sort_date(int(match[1]), int(match[3]), match.group(), day_first, month_first)
    if not day_first and not month_first:
        for match in _SHORT_DATE.finditer(text):
            _sort_date(int(match[1]), int(match[2]), match.group(), day_first, month_first)
    if bool(day_first) != bool(month_first):
        proof = (day_first or month_first)[0]
        return "DMY" if day_first else "MDY", f"{proof!r} is printed"
    if day_first:
        return None, ""
    if regions:
        order = date_order_of(regions[0], languages)
        return order, f"the document is from {regions[0]}" if order else ""
    order = date_order_of("", languages)
    return order, f"the words are {languages[0]}" if order else ""


def _sort_date(
    first: int, second: int, printed: str, day_first: list[str], month_first: list[str]
) -> None:
    if 12 < first <= 31 and 1 <= second <= 12:
        day_first.append(printed)
    elif 12 < second <= 31 and 1 <= first <= 12:
        month_first.append(printed)


def _currency(text: str) -> str | None:
    """The currency most often printed that has one meaning. A code that is also a word, or a part
    of a company's name ("SDN BHD"), counts only beside a digit."""
    counts: Counter[str] = Counter()
    for match in _CURRENCY.finditer(text):
        sign = match.group()
        around = text[: match.start()].rstrip()[-1:] + text[match.end() :].lstrip()[:1]
        if sign in CODES_THAT_ARE_WORDS and not any(char.isdigit() for char in around):
            continue
        codes = currencies_in(sign)
        if len(codes) == 1 or sign == "¥":
            counts[codes[0]] += 1
    best = counts.most_common(1)
    return best[0][0] if best else None


_HOME = {code: region for region, code in REGION_CURRENCY.items()} | {
    "BGN": "BG", "BRL": "BR", "CHF": "CH", "CZK": "CZ", "GBP": "GB", "HUF": "HU", "IDR": "ID",
    "KRW": "KR", "MYR": "MY", "PHP": "PH", "PLN": "PL", "RON": "RO", "RUB": "RU", "THB": "TH",
    "TRY": "TR", "TWD": "TW", "UAH": "UA", "VND": "VN", "ZAR": "ZA",
}  # fmt: skip
"""The country of a currency that is used in one country; dollars of the United States travel."""


def _regions(text: str, currency: str | None) -> tuple[str, ...]:
    """Countries a document may be from: addresses, names of countries, its currency."""
    counts: Counter[str] = Counter()
    counts["US"] += 2 * len(_US_ADDRESS.findall(text)) + 2 * len(_US_WORDS.findall(text))
    counts["GB"] += 2 * len(_UK_POSTCODE.findall(text))
    if currency and currency != "USD" and currency in _HOME:
        counts[_HOME[currency]] += 3
    if "$" in text and currency in (None, "USD"):
        counts["US"] += any(_is_month(name) for name in _NAME_FIRST.findall(text))
    names = country_names()
    for word, count in Counter(re.findall(r"[^\W\d_]{4,}", text)).items():
        region = names.get(without_accents(word)) if word[:1].isupper() else None
        if region:
            counts[region] += count
    return tuple(region for region, count in counts.most_common(3) if count)


def _is_month(name: str) -> bool:
    return without_accents(name) in month_meanings()


def _languages(text: str) -> tuple[str, ...]:
    """Languages of which several usual words are printed, most words first."""
    known, months = language_words(), month_meanings()
    words = {without_accents(word) for word in re.findall(r"[^\W\d_]+", text)}
    counts: Counter[str] = Counter()
    for word in words:
        counts.update(known.get(word, ()))
        if len(word) > 3:
            counts.update(months.get(word, {}).keys())
    if not counts:
        return ()
    best = max(counts.values())
    least = max(MIN_LANGUAGE_WORDS, best / 2)
    ranked = sorted(counts, key=lambda language: (-counts[language], language))
    return tuple(language for language in ranked if counts[language] >= least)


def _latest_year(text: str) -> int | None:
    years = [int(year) for match in _NUMERIC_DATE.finditer(text) for year in match.group(1, 4)]
    years += [int(year) for year in _YEAR.findall(text)]
    return max((year for year in years if 1900 <= year <= 2099), default=None)


def _period(lines: Sequence[str], known: Conventions) -> tuple[str, str] | None:
    """First and last day of a statement: the two dates of one line that speaks of a period."""
    for index, line in enumerate(lines):
        if not _PERIOD.search(f"{line} "):
            continue
        for text in (line, " ".join(lines[index : index + 2])):
            reading = normalise("date", text, conventions=known)
            days = [reading.value, *reading.alternatives] if reading.ok else []
            if len(days) == 2 and not reading.undecided and _spans_a_year(*sorted(days)):
                return min(days), max(days)
    return None


def _spans_a_year(first: str, last: str) -> bool:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days <= 366


def _footnotes(document: Document) -> str:
    """Digits, from 1 on, that stand at the start of consecutive lines at the end of a page."""
    for page in document.pages:
        marks = ""
        for line in page.lines[-6:]:
            match = _FOOTNOTE.match(line.text)
            if match and match[1] == str(len(marks) + 1):
                marks += match[1]
        if len(marks) > 1 or (marks and _FOOTNOTE.match(page.lines[-1].text)):
            return marks
    return ""
