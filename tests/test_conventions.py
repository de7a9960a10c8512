"""The document's own way of writing numbers and dates, and values read by it."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from docagent.document import Conventions
from docagent.evidence.document_conventions import conventions_of
from docagent.reader.scripted import ScriptedReader
from docagent.results import Extraction
from docagent.schemas import load_schema
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.text.normalise import normalise, normalise_leaf
from tests.documents import document_of

MARKS = [
    (["Sand, washed 12,5 4,40 55,00"], ","),
    (["Bricks 3.400 0,45 1.530,00"], ","),
    (["Petrol 31.07 1.879 58.38"], "."),
    (["Montage 4'310.00", "Summe 4'310.00"], "."),
    (["Fee 4’310.00"], "."),
    (["Sum 2,45,310.00"], "."),
    (["Hylla 3 1 120:- 3 360:-"], ":"),
    (["Tea 40 x", "Date 12.10.2024 at 10.30.22"], None),
    (["Tea 4.50", "Thé 4,50"], None),
    # Only the product tells: 2.750 x 1.204 is 3.311.
    (["Wire 2.750 1.204 3.311"], "."),
    (["Wire 2,750 1,204 3,311"], ","),
    (["Rechnung Nr. 7", "Menge 2.400", "Betrag in EUR", "Datum und Summe"], ","),
]


@pytest.mark.parametrize(("lines", "mark"), MARKS)
def test_the_decimal_mark_is_that_of_all_numbers(lines: list[str], mark: str | None) -> None:
    found = conventions_of(document_of(lines))
    assert found.decimal_mark == mark
    assert bool(found.why("decimal_mark")) == (mark is not None)


ORDERS = [
    (["Issued 05/06/2023", "Payable 05/28/2023"], "MDY"),
    (["Issued 05/06/2023", "Payable 28/06/2023"], "DMY"),
    (["Issued 4/11/2019", "see our letter of 9/30"], "MDY"),
    (["Dayton, OH 45402", "Issued 05/06/2023"], "MDY"),
    (["Sales tax 4.10", "Issued 05/06/2023"], "MDY"),
    (["Total RM 12.00", "Issued 05/06/2023"], "DMY"),
    (["Bath BA1 2QH", "Issued 05/06/2023"], "DMY"),
    (["Utrecht, Nederland", "05/06/2023"], "DMY"),
    (["datum faktura belopp moms", "05/06/23"], "YMD"),
    (["Issued 05/06/2023"], None),
    (["28/06/2023 and 06/28/2023"], None),
]


@pytest.mark.parametrize(("lines", "order"), ORDERS)
def test_the_order_of_dates_is_that_of_all_dates(lines: list[str], order: str | None) -> None:
    found = conventions_of(document_of(lines))
    assert found.date_order == order
    assert bool(found.why("date_order")) == (order is not None)


@pytest.mark.parametrize(
    ("lines", "currency"),
    [
        (["KEDAI MAJU SDN BHD", "Total 12.50"], None),
        (["KEDAI MAJU SDN BHD", "Total RM 12.50"], "MYR"),
        (["AL NOOR TRADING", "Total BHD 12.500"], "BHD"),
        (["Total 12.500 BHD"], "BHD"),
    ],
)
def test_a_part_of_a_companys_name_is_no_currency(lines: list[str], currency: str | None) -> None:
    assert conventions_of(document_of(lines)).currency == currency


def test_a_locale_that_is_given_wins() -> None:
    known = Conventions(decimal_mark=",", date_order="DMY")
    assert normalise("decimal", "1,250", conventions=known).value == 1.25
    assert normalise("decimal", "1,250", conventions=known, locale_hint="en_US").value == 1250
    day = normalise("date", "03/04/2025", conventions=known, locale_hint="en_US")
    assert (day.value, day.ambiguous) == ("2025-03-04", False)


POINT, COMMA = Conventions(decimal_mark="."), Conventions(decimal_mark=",")
AMOUNTS = [
    ("2.305", POINT, 2.305),
    ("2.305", COMMA, 2305.0),
    ("2,305", POINT, 2305.0),
    ("12\u202f480,50", COMMA, 12480.5),
    ("12\u00a0480,50", COMMA, 12480.5),
    ("3 360:-", Conventions(), 3360.0),
    ("3 360:50", Conventions(decimal_mark=":"), 3360.5),
    ("¥48,200", Conventions(), 48200.0),
    ("48.200", Conventions(currency="HUF"), 48200.0),
    ("8,14,250.00", Conventions(), 814250.0),
    ("$3.4 million", Conventions(), 3400000.0),
    ("45.00-", POINT, -45.0),
    ("45.00 −", POINT, -45.0),
    ("- 45.00", POINT, -45.0),
    ("(45.00)", POINT, -45.0),
    ("45.00 DR", POINT, -45.0),
    ("45.00 CR", POINT, 45.0),
    ("45.00²", POINT, 45.0),
    ("£7 ⁹⁵", Conventions(), 7.95),
    ("45.002", Conventions(decimal_mark=".", footnotes="123"), 45.0),
]


@pytest.mark.parametrize(("printed", "known", "value"), AMOUNTS)
def test_amounts_are_read_by_the_document(printed: str, known: Conventions, value: float) -> None:
    assert normalise("amount", printed, conventions=known).value == value


@pytest.mark.parametrize("printed", ["4.1.0", "4,1,2", "1.2.3.4", "12,3,456"])
@pytest.mark.parametrize("kind", ["amount", "decimal", "percent", "integer"])
def test_malformed_numbers_are_no_numbers(kind: str, printed: str) -> None:
    reading = normalise(kind, printed)
    assert not reading.ok
    assert printed in reading.message


DATES = [
    ("4th June 2011", "2011-06-04"),
    ("den 9. juni 2021", "2021-06-09"),
    ("9 czerwca 2021", "2021-06-09"),
    ("9. června 2021", "2021-06-09"),
    ("2021. június 9.", "2021-06-09"),
    ("2021 m. birželio 9 d.", "2021-06-09"),
    ("2021. gada 9. jūnijs", "2021-06-09"),
    ("9 Ιουνίου 2021", "2021-06-09"),
    ("9 юни 2021", "2021-06-09"),
    ("9 iunie 2021", "2021-06-09"),
]


@pytest.mark.parametrize(("printed", "value"), DATES)
def test_month_names_of_many_languages(printed: str, value: str) -> None:
    assert normalise("date", printed).value == value


def test_a_month_name_that_means_two_is_settled_by_the_language() -> None:
    alone = normalise("date", "7. listopada 2022")
    assert alone.undecided
    assert {alone.value, *alone.alternatives} == {"2022-10-07", "2022-11-07"}
    for language, value in (("hr", "2022-10-07"), ("pl", "2022-11-07")):
        known = Conventions(languages=(language,))
        assert normalise("date", "7. listopada 2022", conventions=known).value == value


def test_a_discount_has_no_sign() -> None:
    read = {
        path: normalise_leaf("amount", "-45.00", path=path).value for path in ("discount", "total")
    }
    assert read == {"discount": 45.0, "total": -45.0}


def test_two_digit_years_of_births_are_past() -> None:
    known = Conventions(latest_year=2024, date_order="DMY")
    read = {
        path: normalise_leaf("date", "06.02.58", path=path, conventions=known).value
        for path in ("patient.date_of_birth", "dob", "due_date")
    }
    assert read == {
        "patient.date_of_birth": "1958-02-06",
        "dob": "1958-02-06",
        "due_date": "2058-02-06",
    }


@pytest.mark.parametrize(
    ("printed", "value"),
    [("18 Dec", "2023-12-18"), ("4 Jan", "2024-01-04"), ("04/01", "2024-01-04")],
)
def test_rows_of_a_statement_take_the_year_of_its_period(printed: str, value: str) -> None:
    page = document_of(["Period: 15 December 2023 to 14 January 2024", "Total £4.00", "18/12/2023"])
    known = conventions_of(page)
    assert known.period == ("2023-12-15", "2024-01-14")
    row = normalise_leaf("date", printed, path="movements[].date", conventions=known)
    assert row.value == value
    assert not normalise_leaf("date", printed, path="issued", conventions=known).ok


IDENTIFIERS = [
    ("iban", "DE89 3704 0044 0532 0130 00", True),
    ("iban", "DE89 3704 0044 0532 0130 01", False),
    ("iban", "+49 40 1234567", False),
    ("bic", "COBADEFFXXX", True),
    ("bic", "TVA", False),
    ("bic", "TELEPHONE", False),
    ("seller_tax_id", "ATU13585627", True),
    ("seller_tax_id", "ATU13585626", False),
    ("seller_tax_id", "12-3456789", True),
]


@pytest.mark.parametrize(("path", "printed", "passes"), IDENTIFIERS)
def test_identifiers_have_to_pass_their_check(path: str, printed: str, passes: bool) -> None:
    assert normalise_leaf("identifier", printed, path=path).ok == passes


@pytest.mark.parametrize("pointed", ["DE89", "0044 0532", "DE89 3704 0044 0532 0130 00", "00"])
def test_an_iban_is_taken_whole(pointed: str) -> None:
    lines = ["Phone 040 1234567", "IBAN: DE89 3704 0044 0532 0130 00"]
    schema = load_schema(
        {"title": "Note", "type": "object", "properties": {"iban": {"type": ["string", "null"]}}}
    )
    reader = ScriptedReader({"iban": [(pointed, 0.9)]})
    field = extract(document_of(lines), schema, reader, ExtractionOptions(calibrations={}))["iban"]
    assert field.value == "DE89 3704 0044 0532 0130 00"


def test_undecided_dates_are_ambiguous_and_say_both() -> None:
    result = _extracted(["Issued 05/06/2023"], "05/06/2023", "date")
    field = result["date"]
    assert (field.status, field.value) == ("ambiguous", "2023-06-05")
    assert "2023-06-05 or 2023-05-06" in field.message
    assert field.confidence is not None and field.confidence < 0.5


def test_the_result_says_what_was_decided_and_why() -> None:
    result = _extracted(["Issued 05/06/2023", "Payable 05/28/2023"], "05/06/2023", "date")
    assert (result["date"].value, result["date"].status) == ("2023-05-06", "found")
    assert result.conventions.date_order == "MDY"
    assert "05/28/2023" in result.conventions.why("date_order")
    assert Extraction.model_validate_json(result.model_dump_json(by_alias=True)) == result


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Refund    - 45.00", -45.0),
        ("Total - 45.00", 45.0),
        ("Balance    45.00 DR", -45.0),
        ("Balance    45.00 CR", 45.0),
    ],
)
def test_signs_that_stand_apart(line: str, value: float) -> None:
    assert _extracted([line], "45.00", "amount")["amount"].value == value


def _extracted(lines: list[str], pointed: str, name: str) -> Extraction:
    kind = {"type": ["string", "null"], "format": "date"} if name == "date" else None
    leaf = kind or {"type": ["number", "null"], "x-normaliser": "amount"}
    schema = load_schema({"title": "Note", "type": "object", "properties": {name: leaf}})
    reader = ScriptedReader({name: [(pointed, 0.9)]})
    return extract(document_of(lines), schema, reader, ExtractionOptions(calibrations={}))


LOCALES = (
    "en_US en_GB de_DE de_CH fr_FR es_ES it_IT pt_PT nl_NL da_DK sv_SE nb_NO fi_FI pl_PL cs_CZ "
    "sk_SK hu_HU ro_RO hr_HR sl_SI et_EE lv_LV lt_LT el_GR bg_BG tr_TR en_IN id_ID"
).split()
cents = st.integers(1, 10**9 - 1)


@settings(deadline=None)
@given(st.sampled_from(LOCALES), st.lists(cents, min_size=3, max_size=8))
def test_amounts_of_a_locale_give_themselves_back(locale: str, amounts: list[int]) -> None:
    values = [Decimal(amount) / 100 for amount in amounts]
    printed = [format_decimal(value, "#,##0.00", locale=locale) for value in values]
    known = conventions_of(document_of(printed))
    read = [normalise("amount", text, conventions=known).value for text in printed]
    assert read == [float(value) for value in values]


@settings(deadline=None)
@given(st.sampled_from(LOCALES), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_long_dates_of_a_locale_give_themselves_back(locale: str, day: date) -> None:
    printed = format_date(day, "long", locale=locale)
    known = Conventions(languages=(locale[:2],))
    assert normalise("date", printed, conventions=known).value == day.isoformat()


@given(
    st.sampled_from(("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y")),
    st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), min_size=1, max_size=6),
    st.dates(date(1990, 1, 1), date(2060, 1, 1)).filter(lambda day: day.day > 12),
)
def test_one_day_past_the_twelfth_settles_all_dates(
    form: str, days: list[date], proof: date
) -> None:
    printed = [day.strftime(form) for day in (*days, proof)]
    known = conventions_of(document_of(printed))
    read = [normalise("date", text, conventions=known).value for text in printed]
    assert read == [day.isoformat() for day in (*days, proof)]


@pytest.mark.parametrize("text", ["1" * 20_000, "1." * 10_000, "1 " * 10_000, "- / " * 5_000])
def test_long_lines_take_no_time(text: str) -> None:
    start = time.process_time()
    conventions_of(document_of([text]))
    for kind in ("amount", "date", "percent"):
        normalise(kind, text)
    assert time.process_time() - start < 5
