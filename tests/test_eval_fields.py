"""Field scores, parsed dates and amounts, the regex baseline and how sets are judged."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from docagent.document import Span
from docagent.errors import SettingsError
from docagent.results import Evidence, Extraction, Field
from eval.datasets import LabelledDocument
from eval.metrics import Counts
from eval.metrics.fields import (
    amount_value,
    date_value,
    evidence_recall,
    exact,
    field_counts,
    letters_and_digits,
    parse_amount,
    parse_date,
    score_fields,
    upper,
)
from eval.metrics.matching import TextBox
from eval.systems.regex_baseline import receipt_fields
from eval.tasks.extraction import (
    Prediction,
    evidence_and_calibration,
    lines_to_document,
    summarise,
    task_fields,
)
from eval.tasks.field_tasks import load_task, nda_text, receipt_text, term_text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("RM 1,234.50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("$7.10", "7.10"),
        ("1,234", "1234"),
        ("12,5", "12.5"),
        ("-3.00", "-3.00"),
        ("7", "7"),
        ("1 234 567,89", "1234567.89"),
        ("4 items 9.90", "9.90"),
    ],
)
def test_parse_amount(text, amount):
    assert parse_amount(text) == Decimal(amount)


def test_no_amount():
    assert parse_amount("free") is None
    assert amount_value("7.5") == amount_value("RM7.50") != amount_value("75")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("29-12-2017", date(2017, 12, 29)),
        ("04/12/2017", date(2017, 12, 4)),
        ("2017-12-04", date(2017, 12, 4)),
        ("26/02/18", date(2018, 2, 26)),
        ("25032018", date(2018, 3, 25)),
        ("24 MAR 18", date(2018, 3, 24)),
        ("DATE: 07/01/18 12:30", date(2018, 1, 7)),
        ("March 3, 2010", date(2010, 3, 3)),
        ("no day at all", None),
    ],
)
def test_parse_date(text, found):
    assert parse_date(text) == found


def test_month_first_when_told():
    assert parse_date("04/12/2017", day_first=False) == date(2017, 4, 12)


@pytest.mark.parametrize(
    ("predicted", "truth", "rule", "counts"),
    [
        (["12.50"], ["12.50"], exact, Counts(1, 1, 1)),
        (["Sam Co."], ["SAM CO"], exact, Counts(0, 1, 1)),
        (["Sam Co."], ["SAM CO"], letters_and_digits, Counts(1, 1, 1)),
        (["A", "A"], ["A"], exact, Counts(1, 2, 1)),
        (["A", "B"], ["B", "C", "A"], exact, Counts(2, 2, 3)),
        ([], ["A"], exact, Counts(0, 0, 1)),
        (["--"], ["A"], letters_and_digits, Counts(0, 0, 1)),
        (["4/12/2017"], ["2017-12-04"], date_value, Counts(1, 1, 1)),
        (["New York"], ["New_York"], upper, Counts(1, 1, 1)),
    ],
)
def test_field_counts(predicted, truth, rule, counts):
    assert field_counts(predicted, truth, rule) == counts


def test_score_fields_by_the_official_sroie_rule():
    truth = [{"date": ("1/2/18",), "total": ("5.00",)}, {"date": ("2/2/18",), "total": ("6.00",)}]
    predicted = [{"date": ("1/2/18",), "total": ("5.0",)}, {"total": ("6.00",)}]
    scores = score_fields(predicted, truth, ["date", "total"], exact)
    assert scores["date"] == Counts(1, 1, 2)
    assert scores["total"] == Counts(1, 2, 2)
    assert scores["overall"].f1 == pytest.approx(2 * 2 / 7)


def test_score_fields_needs_a_prediction_per_document():
    with pytest.raises(ValueError, match="1 predictions for 2 documents"):
        score_fields([{}], [{}, {}], ["a"], exact)


def test_evidence_recall():
    quotes = [["TOTAL RM 5.00"], ["12 JALAN", "IPOH"], [], ["nothing of it"]]
    values = ["5.00", "12 Jalan, Ipoh", "x", "y"]
    assert evidence_recall(quotes, values) == Counts(right=2, predicted=3, true=4)


def word_row(y: float, text: str) -> list[TextBox]:
    return [TextBox(w, (50.0 * i, y, 50.0 * i + 45, y + 10)) for i, w in enumerate(text.split())]


def test_regex_baseline_reads_a_receipt():
    rows = [
        "TAX INVOICE",
        "SAM TRADING CO",
        "(742016-W)",
        "67, JALAN MEWAH",
        "40400 SHAH ALAM",
        "TEL: 03-51213881",
        "DATE: 29-12-2017",
        "BREAD 14.50",
        "SUB TOTAL 14.50",
        "TOTAL 15.20",
        "CASH 20.00",
    ]
    words = [word for i, row in enumerate(rows) for word in word_row(20.0 * i, row)]
    assert receipt_fields(words) == {
        "company": ("SAM TRADING CO",),
        "address": ("67, JALAN MEWAH 40400 SHAH ALAM",),
        "date": ("29-12-2017",),
        "total": ("15.20",),
    }


def test_regex_baseline_of_an_empty_page():
    assert receipt_fields([]) == {}


def field(path: str, raw: str | None, **kw: object) -> Field:
    return Field(path=path, raw_text=raw, status="found" if raw else "not_present", **kw)


@pytest.mark.parametrize(
    ("value", "text", "written"),
    [
        ("P2Y", "two (2) years", "2 years"),
        ("P18M", "", "18 months"),
        ("", "for a period of two (2) years", "2 years"),
        ("", "one year", "1 year"),
        ("", "until 2012", "until 2012"),
    ],
)
def test_terms_as_kleister_writes_them(value, text, written):
    assert term_text(value, text) == written


def test_fields_as_the_sets_write_them():
    assert receipt_text("total", field("total", "RM 14.10")) == "14.10"
    assert receipt_text("date", field("date", "29 MAR 2018")) == "29 MAR 2018"
    assert nda_text("jurisdiction", field("j", "the State of Delaware")) == "Delaware"
    assert nda_text("party", field("p", "Cardinal Health, Inc.")) == "Cardinal Health Inc."
    assert nda_text("party", field("p", "Oak & Elm Limited")) == "Oak & Elm Limited"
    assert nda_text("effective_date", field("d", "June 10, 2014", value="2014-06-10")) == (
        "2014-06-10"
    )


def test_unknown_set_is_named():
    with pytest.raises(SettingsError, match=r"'funsd'.*sroie"):
        load_task("funsd")


def extraction(*fields: Field) -> Extraction:
    return Extraction(document_id="0", schema="x", fields=fields, data={}, valid=True)


def test_task_fields_gathers_lists_and_leaves_out_what_is_absent():
    found = task_fields(
        extraction(
            field("parties[0]", "A Inc."),
            field("parties[1]", "B Inc."),
            field("term", None),
            field("parties_note", "no"),
        ),
        load_task("kleister-nda"),
    )
    assert [f.raw_text for f in found["party"]] == ["A Inc.", "B Inc."]
    assert found["term"] == []


def test_summary_and_calibration_by_hand(tmp_path):
    task = load_task("sroie")
    quote = Evidence(page=1, span=Span(start=0, end=5), quote="RM 5.00", polygons=())
    total = field("total", "RM 5.00", confidence=0.9, evidence=(quote,))
    day = field("date", "1/2/18", confidence=0.7)
    documents = [
        LabelledDocument(
            "a", tmp_path, {"total": ("5.00",), "date": ("2/2/18",), "company": ("X",)}
        )
    ]
    fields = {"total": [total], "date": [day], "company": [], "address": []}
    values = {"total": ("5.00",), "date": ("1/2/18",)}
    found = [Prediction(values, fields, 0.5)]
    scores = evidence_and_calibration(task, documents, found)
    assert scores["evidence"] == pytest.approx(1 / 3)
    assert scores["ece"] == pytest.approx((0.1 + 0.7) / 2)
    row = summarise("s", task, documents, found)
    assert row["official"] == row["normalised"] == pytest.approx(2 * 1 / (2 + 3))
    assert (row["total"], row["date"], row["cpu_s"], row["errors"]) == (1.0, 0.0, 0.5, 0)


def test_lines_become_a_document_in_page_coordinates(tmp_path):
    from PIL import Image

    from eval.systems.line_readings import ReadLine

    path = tmp_path / "r.png"
    Image.new("L", (200, 100)).save(path)
    line = ReadLine((TextBox("Total", (20, 10, 60, 20)), TextBox("5.00", (100, 10, 210, 20), 0.5)))
    document = lines_to_document([line], LabelledDocument("r", path, {}))
    assert document.text == "Total 5.00"
    first, second = document.pages[0].lines[0].words
    assert first.polygon[0] == pytest.approx((0.1, 0.1))
    assert second.polygon[2] == pytest.approx((1.0, 0.2))  # clipped to the page
    assert (first.confidence, second.confidence) == (None, 0.5)
