"""Printed texts -> values: case tables, and values that survive being printed in many ways."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.schemas.loading import builtin_folder
from docagent.text.normalise import NORMALISERS, normalise

DATES = {
    "29-12-2017": "2017-12-29",
    "12/29/17": "2017-12-29",
    "29 Dec 2017": "2017-12-29",
    "Dec. 29th, 2017": "2017-12-29",
    "2017-12-29": "2017-12-29",
    "29.12.17": "2017-12-29",
    "29/12/2017 14:33:05 PM": "2017-12-29",
    "Date: 29 -12- 2017": "2017-12-29",
    "02/JAN/2017": "2017-01-02",
    "05 MAY 18": "2018-05-05",
    "2018-MAR-23": "2018-03-23",
    "25032018": "2018-03-25",
    "20180304": "2018-03-04",
    "this 5th day of May, 2003": "2003-05-05",
    "the twenty-first day of June, 2004": "2004-06-21",
    "Dated as of August 1,2005": "2005-08-01",
    "1er février 2020": "2020-02-01",
    "3. März 2019": "2019-03-03",
    "15 de marzo de 2021": "2021-03-15",
    "01 December 2000": "2000-12-01",
    "1 dicembre 2000": "2000-12-01",
    "1 de diciembre de 2000": "2000-12-01",
    "98-12-31": "1998-12-31",
    "l5 May 2O18": "2018-05-15",
    "29/l2/2O17": "2017-12-29",
    "15 0CT 2017": "2017-10-15",
    "31.05.69": "1969-05-31",
    "31.05.68": "2068-05-31",
}
NO_DATES = ("May 2018", "31/02/2018", "tomorrow", "12:30", "1234567", "32 May 2018", "13/13/2018")

AMOUNTS = {
    "1,234.56": 1234.56,
    "1.234,56": 1234.56,
    "1 234,56": 1234.56,
    "1'234.50": 1234.5,
    "12,34,567.00": 1234567.0,
    "1.234.56": 1234.56,
    "(123.45)": -123.45,
    "$ (5.00)": -5.0,
    "123.45-": -123.45,
    "-$5.00": -5.0,
    "$-5.00": -5.0,
    "RM-14.10": -14.1,
    "−1.73": -1.73,
    "- 5.00": -5.0,
    "Total - 5.00": 5.0,
    "RM 14.10": 14.1,
    "RM14.10": 14.1,
    "14.10 SR": 14.1,
    "$1,234": 1234.0,
    "€12,-": 12.0,
    "12.- CHF": 12.0,
    "USD 5": 5.0,
    "fifty dollars ($50)": 50.0,
    "0.125": 0.125,
    "14. 10": 14.1,
    "1O.5O": 10.5,
    "l4.1O": 14.1,
    ".50": 0.5,
    "0.00-": 0.0,
}
OTHERS: list[tuple[str, str, Any]] = [
    ("integer", "two (2)", 2),
    ("integer", "2.00", 2),
    ("integer", "1,234", 1234),
    ("integer", "3 pcs", 3),
    ("decimal", "2,5 kg", 2.5),
    ("decimal", "5l", 5.0),
    ("percent", "SR 6%", 6.0),
    ("percent", "2 items at 6,5 %", 6.5),
    ("measurement", "5.4 H", 5.4),
    ("measurement", "< 0.5", "< 0.5"),
    ("measurement", "1:160", "1:160"),
    ("measurement", "Negative", "Negative"),
    ("currency", "Total (RM)", "MYR"),
    ("currency", "RM41.45", "MYR"),
    ("currency", "US$ 5", "USD"),
    ("currency", "usd", "USD"),
    ("currency", "ALL AMOUNTS IN EUR", "EUR"),
    ("currency", "12,00 €", "EUR"),
    ("duration", "two (2) years", "P2Y"),
    ("duration", "three (s)years", "P3Y"),
    ("duration", "eighteen (18) months", "P18M"),
    ("duration", "twenty-four months", "P24M"),
    ("duration", "1 year and 6 months", "P1Y6M"),
    ("duration", "one-year", "P1Y"),
    ("duration", "2 weeks", "P2W"),
    ("duration", "1 month and 2 weeks", "P1M14D"),
    ("duration", "24 hours", "PT24H"),
    ("duration", "3 Monate", "P3M"),
    ("duration", "2 ans", "P2Y"),
    ("time", "2:33 pm", "14:33:00"),
    ("time", "12:05 am", "00:05:00"),
    ("time", "29.12.2017 14h30", "14:30:00"),
    ("datetime", "29/12/2017 14:33:05 PM", "2017-12-29T14:33:05"),
    ("identifier", "Invoice No.: INV-0042", "INV-0042"),
    ("identifier", "No 12345", "12345"),
    ("identifier", "#77", "77"),
    ("identifier", "NOV123", "NOV123"),
    ("identifier", "DE 232 446 240", "DE 232 446 240"),
    ("text", " ABC \n SDN. BHD. ,", "ABC SDN. BHD."),
    ("boolean", "Yes", True),
    ("boolean", "☐", False),
    ("boolean", "[ ]", False),
]


@pytest.mark.parametrize(("printed", "value"), DATES.items())
def test_dates(printed: str, value: str) -> None:
    assert normalise("date", printed).value == value


@pytest.mark.parametrize("printed", NO_DATES)
def test_what_is_no_date_is_not_guessed(printed: str) -> None:
    result = normalise("date", printed)
    assert not result.ok and result.value is None
    assert printed in result.message


@pytest.mark.parametrize(("printed", "value"), AMOUNTS.items())
def test_amounts(printed: str, value: float) -> None:
    assert normalise("amount", printed).value == value


@pytest.mark.parametrize(("kind", "printed", "value"), OTHERS)
def test_other_kinds(kind: str, printed: str, value: Any) -> None:
    result = normalise(kind, printed)
    assert result.ok, result.message
    assert result.value == value
    assert type(result.value) is type(value)


@pytest.mark.parametrize(
    ("kind", "printed"),
    [
        ("amount", "n/a"),
        ("amount", "29/12/2017"),
        ("amount", "12345678901234567"),
        ("integer", "2.5"),
        ("currency", "banana"),
        ("duration", "perpetual"),
        ("time", "29.12.2017"),
        ("boolean", "maybe"),
        ("identifier", " : "),
        ("text", " "),
    ],
)
def test_what_cannot_be_read_says_so(kind: str, printed: str) -> None:
    result = normalise(kind, printed)
    assert (result.ok, result.value) == (False, None)
    assert result.message


def test_day_and_month_that_can_change_places_are_flagged() -> None:
    plain, american = (normalise("date", "05/08/2017", locale_hint=h) for h in (None, "en_US"))
    assert (plain.value, plain.alternatives) == ("2017-08-05", ("2017-05-08",))
    assert plain.undecided
    # A locale that is given decides.
    assert (american.value, american.alternatives) == ("2017-05-08", ())
    assert plain.ambiguous and not american.ambiguous


@pytest.mark.parametrize(
    "printed", ["05/05/2017", "25/08/2017", "2017/05/08", "5 Aug 2017", "05.08.2017"]
)
def test_dates_that_read_one_way_are_not_flagged(printed: str) -> None:
    assert not normalise("date", printed).ambiguous


def test_a_period_gives_its_first_day_and_flags_the_other() -> None:
    result = normalise("date", "01.05.14-31.05.14")
    assert (result.value, result.alternatives) == ("2014-05-01", ("2014-05-31",))


@pytest.mark.parametrize(
    ("kind", "printed", "hint", "value", "alternatives"),
    [
        ("amount", "1.234", None, 1234.0, (1.234,)),
        ("amount", "1.234", "de", 1234.0, ()),
        ("amount", "1.234", "en_GB", 1.234, ()),
        ("amount", "$1,234", None, 1234.0, ()),
        ("decimal", "1.234", None, 1.234, (1234.0,)),
        ("decimal", "1,234", None, 1234.0, (1.234,)),
        ("decimal", "1,234", "fr_FR", 1.234, ()),
        ("amount", "2 x 14.10", None, 14.1, (2.0,)),
        ("currency", "$", "en_AU", "AUD", ()),
        ("duration", "two (3) years", None, "P2Y", ("P3Y",)),
    ],
)
def test_ambiguous_texts_and_the_hints_that_settle_them(
    kind: str, printed: str, hint: str | None, value: Any, alternatives: tuple[Any, ...]
) -> None:
    result = normalise(kind, printed, locale_hint=hint)
    assert (result.value, result.alternatives) == (value, alternatives)
    assert result.ambiguous == bool(alternatives)


def test_a_bare_dollar_sign_is_ambiguous() -> None:
    result = normalise("currency", "$")
    assert result.value == "USD" and "AUD" in result.alternatives


def test_letters_read_as_digits_are_said() -> None:
    assert normalise("amount", "1O.5O").message == "letters read as digits"
    assert normalise("amount", "10.50").message == ""


@pytest.mark.parametrize(
    ("printed", "value"),
    [("F", "female"), ("Female", "female"), ("MALE", "male"), ("sex: male", "male")],
)
def test_choices(printed: str, value: str) -> None:
    assert normalise("choice", printed, choices=("female", "male", None)).value == value


@pytest.mark.parametrize("printed", ["x", "-", "male female"])
def test_what_is_no_choice_names_the_choices(printed: str) -> None:
    result = normalise("choice", printed, choices=("female", "male"))
    assert not result.ok and "female, male" in result.message


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'dates'.*amount"):
        normalise("dates", "1")


def test_the_vocabulary_lists_every_normaliser() -> None:
    vocabulary = json.loads((builtin_folder() / "vocabulary.json").read_text(encoding="utf-8"))
    assert set(vocabulary["properties"]["x-normaliser"]["enum"]) == {*NORMALISERS, "choice"}


DATE_FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
    "%b. %d %Y",
    "%Y%m%d",
    "Date: %d %b %Y %H:%M",
    "this %dth day of %B, %Y",
)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(DATE_FORMATS))
def test_a_printed_date_gives_itself_back(day: date, form: str) -> None:
    result = normalise("date", day.strftime(form))
    assert (result.value, result.ambiguous) == (day.isoformat(), False)


@given(
    st.dates(date(1970, 1, 1), date(2060, 1, 1)),
    st.sampled_from(("%d/%m/%Y", "%d-%m-%y", "%d / %m / %Y", "%d%m%Y")),
)
def test_a_day_first_date_is_read_or_offered(day: date, form: str) -> None:
    result = normalise("date", day.strftime(form))
    assert day.isoformat() in (result.value, *result.alternatives)


@given(st.dates(date(1970, 1, 1), date(2060, 1, 1)))
def test_a_month_first_date_is_read_with_its_locale(day: date) -> None:
    assert normalise("date", day.strftime("%m/%d/%Y"), locale_hint="en-US").value == day.isoformat()


def _grouped(cents: int, thousands: str, mark: str) -> str:
    return f"{Decimal(cents) / 100:,.2f}".translate(str.maketrans({",": thousands, ".": mark}))


@given(
    st.integers(0, 10**11),
    st.sampled_from(
        ((",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ","), ("", "."), ("", ","))
    ),
    st.sampled_from(("{}", "RM {}", "${}", "{} €", "USD {}", "Total: {}", "{} CR")),
)
def test_a_printed_amount_gives_itself_back(cents: int, marks: tuple[str, str], form: str) -> None:
    result = normalise("amount", form.format(_grouped(cents, *marks)))
    assert (result.value, result.ambiguous) == (cents / 100, False)


@given(
    st.integers(1, 10**9),
    st.sampled_from(("-{}", "({})", "{}-", "-${}", "$-{}", "RM -{}", "({} €)")),
)
def test_a_printed_negative_amount_gives_itself_back(cents: int, form: str) -> None:
    assert normalise("amount", form.format(_grouped(cents, ",", "."))).value == -cents / 100


@given(st.sampled_from(sorted(NORMALISERS)), st.text(max_size=60))
def test_any_text_gives_a_json_value_or_a_reason(kind: str, text: str) -> None:
    result = normalise(kind, text)
    assert result.ok == (result.value is not None)
    assert result.ok or result.message
    json.dumps([result.value, *result.alternatives], allow_nan=False)


@given(
    st.sampled_from(sorted(NORMALISERS)), st.text(alphabet="0123456789.,-/ :OlS$€%", max_size=30)
)
def test_texts_of_digits_and_marks_never_break_it(kind: str, text: str) -> None:
    result = normalise(kind, text)
    assert result == normalise(kind, text)


@given(st.integers(1, 99), st.sampled_from((("year", "Y"), ("month", "M"), ("day", "D"))))
def test_a_printed_duration_gives_itself_back(count: int, unit: tuple[str, str]) -> None:
    assert normalise("duration", f"for {count} {unit[0]}s").value == f"P{count}{unit[1]}"


def test_times_of_a_whole_day() -> None:
    for hour in range(24):
        twelve, half = (hour % 12) or 12, "AM" if hour < 12 else "PM"
        assert normalise("time", f"{twelve}:07 {half}").value == f"{hour:02d}:07:00"
