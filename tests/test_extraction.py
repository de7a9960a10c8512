"""Extraction: typed statuses, evidence for every value, checks that settle or are reported."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from docagent.document import Document
from docagent.reader.scripted import ScriptedReader
from docagent.results import Extraction
from docagent.rules.registry import RuleSet
from docagent.schemas import load_schema
from docagent.settings import RULE_NAMES
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.text.normalise import normalise
from tests.documents import document_of, documents

SCHEMA = {
    "title": "Bill",
    "type": "object",
    "properties": {
        "seller": {"type": ["string", "null"], "description": "who sells"},
        "date": {"type": ["string", "null"], "format": "date", "description": "when"},
        "subtotal": {"type": ["number", "null"], "description": "before tax"},
        "tax": {"type": ["number", "null"], "x-normaliser": "amount", "description": "the tax"},
        "total": {"type": ["number", "null"], "x-labels": ["Grand total"], "description": "all"},
        "parties": {"type": "array", "items": {"type": "string"}, "description": "people"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": ["string", "null"], "description": "what"},
                    "price": {"type": ["number", "null"], "description": "how dear"},
                },
            },
        },
    },
    "x-checks": [
        {
            "name": "adds up",
            "rule": "sum",
            "of": "subtotal",
            "optional": ["tax"],
            "equals": "total",
            "tolerance": 0.01,
        }
    ],
}
BILL = document_of(
    [
        "ACME Widgets Ltd",
        "Issued 12 March 2018 14:22",
        "Bolts zinc plated 100.00",
        "Nuts 20.00",
        "Net 120.00",
        "VAT 12.00",
        "Due RM 132.00",
        "Paid 150.00",
    ]
)


BY_READER = RuleSet(tuple(name for name in RULE_NAMES if name != "roles"))
"""Without the rule that knows taxes and totals by their names, so that the reader decides."""


def extracted(script, document=BILL, schema=SCHEMA):
    options = ExtractionOptions(calibrations={}, rules=BY_READER)
    return extract(document, load_schema(schema), ScriptedReader(script), options)


def test_fields_are_found_read_and_grounded():
    result = extracted(
        {
            "who sells": [("ACME Widgets Ltd", 0.9)],
            "when": [("Issued 12 March 2018 14:22", 0.8)],
            "all": [("Due RM 132.00", 0.9)],
        }
    )
    total, date = result["total"], result["date"]
    assert (total.raw_text, total.value, total.status) == ("132.00", 132.0, "found")
    assert (date.raw_text, date.value) == ("12 March 2018", "2018-03-12")
    assert total.evidence[0].quote == "132.00"
    assert result.data["seller"] == "ACME Widgets Ltd"
    assert result.valid
    assert result["tax"].status == "not_present"
    assert result["tax"].value is None
    assert (result["tax"].absence, result["tax"].confidence) == (1.0, None)


def test_a_span_that_cannot_be_read_loses_to_one_that_can():
    result = extracted({"when": [("ACME Widgets", 0.6), ("12 March 2018", 0.3)]})
    assert result["date"].value == "2018-03-12"


def test_a_cut_date_is_completed_on_its_line():
    assert extracted({"when": [("March", 0.9)]})["date"].raw_text == "12 March 2018"


def test_a_value_that_cannot_be_read_is_invalid_and_shown():
    field = extracted({"all": [("Paid", 0.9)]})["total"]
    assert (field.status, field.raw_text, field.value) == ("invalid", "Paid", None)
    assert "not an amount" in field.message


def test_two_values_that_fit_equally_are_ambiguous():
    field = extracted({"all": [("132.00", 0.5), ("150.00", 0.48)]})["total"]
    assert field.status == "ambiguous"
    assert "150.00" in field.message


@pytest.mark.parametrize(
    ("tax", "total", "status"),
    [
        (0.6, 0.95, "not_present"),  # unsure, where another value surely stands
        (0.85, 0.95, "found"),  # both sure: what is due may be the total
        (0.6, 0.7, "found"),  # neither sure
    ],
)
def test_an_unsure_value_leaves_the_place_of_a_sure_one(tax, total, status):
    result = extracted({"the tax": [("132.00", tax)], "all": [("132.00", total)]})
    assert result["tax"].status == status
    assert result["total"].value == 132.0
    if status == "not_present":
        assert (result["tax"].value, result["tax"].evidence) == (None, ())
        assert result["tax"].message == "'132.00' is total"
        assert result["tax"].absence == pytest.approx(1 - tax, abs=0.02)


def test_an_unsure_value_of_another_kind_may_share_a_place():
    fields = extracted({"who sells": [("132.00", 0.6)], "all": [("132.00", 0.95)]})
    assert fields["seller"].status == "found"


def test_a_value_printed_twice_outweighs_another():
    document = document_of(["A 5.00", "B 7.00", "C 5.00"])
    field = extracted({"all": [("7.00", 0.5), ("5.00", 0.4)]}, document)["total"]
    assert field.value == 5.0


def test_words_the_recognizer_doubts_are_illegible():
    doubtful = document_of(["Due 132.00"], confidence=0.2)
    field = extracted({"all": [("132.00", 0.9)]}, doubtful)["total"]
    assert (field.status, field.value, field.raw_text) == ("illegible", None, "132.00")


def test_a_sum_settles_which_candidate_is_right():
    result = extracted(
        {
            "before tax": [("120.00", 0.9)],
            "the tax": [("12.00", 0.9)],
            "all": [("150.00", 0.6), ("132.00", 0.3)],
        }
    )
    assert result["total"].value == 132.0
    assert result["total"].status == "found"
    assert "passed" in {c.status for c in result.checks if c.name == "adds up"}


def test_a_sum_that_no_candidate_satisfies_is_reported():
    result = extracted({"before tax": [("120.00", 0.9)], "all": [("150.00", 0.8)]})
    field = result["total"]
    assert (field.status, field.value) == ("conflicting", 150.0)
    assert field.confidence < 0.5
    assert "120.00" in field.message


def test_rows_of_a_table_and_a_list_of_values():
    result = extracted(
        {
            "item name": [("Bolts zinc plated", 0.9), ("Nuts", 0.9)],
            "item price": [("100.00", 0.9), ("20.00", 0.9)],
            "people": [("ACME", 0.9), ("Widgets", 0.8)],
        }
    )
    assert result.data["items"] == [
        {"name": "Bolts zinc plated", "price": 100.0},
        {"name": "Nuts", "price": 20.0},
    ]
    assert result.data["parties"] == ["ACME", "Widgets"]
    assert result["items[1].price"].raw_text == "20.00"


RECEIPT = document_of(
    [
        "TAX INVOICE",
        "MERRY BAKERY SDN",
        "BHD (123456-X)",
        "12, JALAN INDAH 3,",
        "81100 JOHOR BAHRU.",
        "TEL: 07-1234567",
        "Date: 03/04/2018 10:22",
        "Bun 2 9.00",
        "SUB TOTAL 9.00",
        "TOTAL GST 0.54",
        "TOTAL (RM): 9.54",
        "CASH 10.00",
        "CHANGE 0.46",
    ]
)


def test_rules_fill_in_for_a_reader_that_finds_nothing():
    result = extracted({}, RECEIPT, "receipt")
    values = {
        path: result[path].value for path in ("company", "date", "tax", "total", "amount_paid")
    }
    assert values == {
        "company": "MERRY BAKERY SDN BHD",
        "date": "2018-04-03",
        "tax": 0.54,
        "total": 9.54,
        "amount_paid": 10.0,
    }
    assert result["address"].value == "12, JALAN INDAH 3, 81100 JOHOR BAHRU."
    assert result["total"].source == "rule"
    assert result.valid


def test_the_reader_outweighs_a_rule_and_arithmetic_outweighs_both():
    company = extracted({"company": [("MERRY BAKERY", 0.9)]}, RECEIPT, "receipt")["company"]
    assert (company.raw_text, company.source) == ("MERRY BAKERY", "reader")
    total = extracted({"total amount to pay": [("10.00", 0.9)]}, RECEIPT, "receipt")["total"]
    assert total.value == 9.54


def test_a_pydantic_class_works_the_same_way():
    class Bill(BaseModel):
        total: float | None = None

    result = extracted({"total": [("132.00", 0.9)]}, BILL, Bill)
    assert result.data == {"total": 132.0}


def test_a_document_without_text_gives_an_empty_valid_result():
    result = extracted({}, document_of([]))
    assert result.valid
    assert {f.status for f in result.fields} == {"not_present"}


def test_results_survive_json():
    result = extracted({"all": [("132.00", 0.9)]})
    text = result.model_dump_json(by_alias=True)
    assert '"schema":"bill"' in text
    assert Extraction.model_validate_json(text) == result


def assert_every_value_is_proven(document: Document, result: Extraction, schema) -> None:
    by_start = {word.span.start: word for word in document.words}
    for field in result.fields:
        if field.value is None:
            continue
        words = []
        for item in field.evidence:
            assert document.text[item.span.start : item.span.end] == item.quote
            inside = [w for s, w in by_start.items() if item.span.start <= s < item.span.end]
            words += [w.word.text for w in sorted(inside, key=lambda w: w.span.start)]
        assert " ".join(words) == field.raw_text
        leaf = load_schema(schema).field(field.path)
        value = normalise(leaf.normaliser, field.raw_text, choices=leaf.choices).value
        assert value == field.value


@settings(max_examples=60, deadline=None)
@given(documents, st.data())
def test_any_pointing_gives_proven_values(document, data):
    words = [word.word.text for word in document.words]
    script = {}
    for key in ("who sells", "when", "before tax", "all", "people", "item name", "item price"):
        start = data.draw(st.integers(0, max(0, len(words) - 1)))
        quote = " ".join(words[start : start + data.draw(st.integers(1, 4))])
        if quote:
            script[key] = [(quote, data.draw(st.floats(0.1, 1)))]
    result = extracted(script, document)
    assert_every_value_is_proven(document, result, SCHEMA)
    assert result.valid, result.errors


@pytest.mark.parametrize("document", [BILL, RECEIPT])
def test_values_of_rules_are_proven_too(document):
    assert_every_value_is_proven(document, extracted({}, document, "receipt"), "receipt")


@pytest.mark.parametrize(
    ("lines", "value", "raw_text"),
    [
        (["Widgets £12.00", "Total £24.00"], "GBP", "£12.00"),
        (["TOTAL (RM)", "14.10"], "MYR", "(RM)"),
        (["ALL RIGHTS", "Total 14.10"], None, None),  # a word is no currency code
    ],
)
def test_the_currency_is_the_one_printed_with_amounts(lines, value, raw_text):
    schema = {
        "title": "Slip",
        "type": "object",
        "properties": {
            "currency": {"type": ["string", "null"], "x-normaliser": "currency", "description": "c"}
        },
    }
    field = extracted({}, document_of(lines), schema)["currency"]
    assert (field.value, field.raw_text) == (value, raw_text)


@pytest.mark.parametrize(
    ("line", "pointed", "whole"),
    [
        ("VAT No. GB 482 1136 09", "482", "GB 482 1136 09"),
        ("VAT No. GB 482 1136 09", "1136 09", "GB 482 1136 09"),
        ("Order PO 88312", "88312", "88312"),  # a country stands before several groups only
        ("Member 0042  12  Till", "0042", "0042"),  # the next column
        ("Account 12 3456 of 1998", "12", "12 3456"),
        ("Code AB-482 1136", "AB-482", "AB-482"),  # no bare group of digits
    ],
)
def test_identifiers_in_groups_are_whole(line, pointed, whole):
    number = {"type": ["string", "null"], "x-normaliser": "identifier", "description": "number"}
    schema = {"title": "Slip", "type": "object", "properties": {"number": number}}
    result = extracted({"number": [(pointed, 0.9)]}, document_of([line]), schema)
    assert result["number"].raw_text == whole
    assert result["number"].evidence[0].quote == whole


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Delivery  1   120.00", 120.0),
        ("Delivery 1 120.00", 1120.0),  # a space may part thousands
        ("Total  RM   132.00", 132.0),
    ],
)
def test_an_amount_stands_in_one_column(line, value):
    amount = {"type": ["number", "null"], "x-normaliser": "amount", "description": "due"}
    schema = {"title": "Slip", "type": "object", "properties": {"due": amount}}
    pointed = " ".join(line.split()[1:])
    result = extracted({"due": [(pointed, 0.9)]}, document_of([line]), schema)
    assert result["due"].value == value


def test_a_date_that_depends_on_another_is_given_in_words():
    document = document_of(["The term ends three years from the Effective Date."])
    reader = ScriptedReader({"when": [("three years from the Effective Date.", 0.8)]})
    schema = {
        "type": "object",
        "properties": {
            "expiry_date": {"type": "string", "description": "when it ends"},
            "renewal_date": {"type": "string", "format": "date", "description": "when renewed"},
        },
    }
    result = extract(document, load_schema(schema), reader)
    assert result["expiry_date"].value == "three years from the Effective Date."
    assert result["expiry_date"].evidence
    # Where the schema says that it must be a date, a sentence is not one.
    assert result["renewal_date"].value is None
