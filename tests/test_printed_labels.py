"""Values at printed labels: beside, below, in a grid, wrapped, misread, or not there at all."""

from __future__ import annotations

import pytest

from docagent import DocAgent, Settings
from docagent.reader.scripted import ScriptedReader
from docagent.rules.label_places import LabelPlaces
from docagent.rules.page_cells import PageCells
from docagent.rules.question_labels import asked_phrase, question_label
from docagent.settings import RULE_NAMES, ExtractionSettings
from docagent.tasks.answering.embedded import answer
from tests.documents import document_of

FORM = document_of(
    [
        "Policy holder:    Ann Lee         Policy #    X-1207",
        "Agent:                            Branch:    North Gate",
        "Deliver to:       12 Mill Lane",
        "                  Leeds LS1 4AB",
        "Invoice Numbcr: 77-120",
        "",
        "",
        "Product         Colour         Stock",
        "Cedar chair     dark green     14",
        "",
        "",
        "Flight dates    02/15/2020 - 03/03/2020",
        "Mail: ann.lee@example.org",
    ]
)


def at_label(phrase: str) -> str | None:
    """The text at a label, empty for a blank."""
    places = LabelPlaces(PageCells(FORM))
    placed = places.best(phrase)
    return None if placed is None else places.cells.text(placed.words)


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("policy holder", "Ann Lee"),
        ("HOLDER POLICY", "Ann Lee"),
        ("Policy", "X-1207"),
        ("Agent", ""),
        ("Branch", "North Gate"),
        ("Deliver to", "12 Mill Lane Leeds LS1 4AB"),
        ("Invoice Number", "77-120"),
        ("Product", "Cedar chair"),
        ("Colour", "dark green"),
        ("Stock", "14"),
        ("Salary", None),
    ],
)
def test_what_stands_at_a_label(phrase: str, value: str | None):
    assert at_label(phrase) == value


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("What is the due date?", "due date"),
        ("How much is the monthly fee?", "monthly fee"),
        ("Who are the parties", "parties"),
        ("VAT number?", "VAT number"),
        ("Does it end?", ""),
        ("Which law governs it?", ""),
    ],
)
def test_the_phrase_a_question_asks_for(question: str, phrase: str):
    assert asked_phrase(question) == phrase


def test_prose_is_not_a_label():
    text = "The fee for any year in which the service is used by others is 400 pounds"
    assert question_label(document_of([text]), "What is the fee?") is None


def asked(question: str, script: object = None, rules: tuple[str, ...] = RULE_NAMES):
    settings = Settings(extraction=ExtractionSettings(rules=rules))
    return DocAgent(settings, reader=ScriptedReader(script or {})).ask(FORM, question)


def test_a_label_answers_a_question_and_has_a_switch():
    found = asked("What is the policy holder?")
    assert (found.text, found.source) == ("Ann Lee", "rule")
    assert [citation.quote for citation in found.citations] == ["Ann Lee"]
    others = tuple(name for name in RULE_NAMES if name != "ask_labels")
    assert asked("What is the policy holder?", rules=others).text is None


def test_a_printed_label_beats_a_guess():
    assert asked("What is the branch?", {"branch": [("Ann Lee", 0.6)]}).text == "North Gate"


def test_a_blank_label_is_a_finding():
    found = asked("What is the agent?", {"agent": [("Ann Lee", 0.6)]})
    assert (found.text, found.abstained) == (None, "not_present")
    assert "'Agent:' is printed, and nothing stands beside it: left blank" in found.message


@pytest.mark.parametrize("text", ["hi", "Hello there!", "thank you", "what can you do?", "help"])
def test_small_talk_gets_help(text: str):
    found = answer(FORM, text, ScriptedReader({"": [("Ann Lee", 0.9)]}), calibrations={})
    assert found.text is None
    assert "ask for something" in found.message


SCHEMA = {
    "type": "object",
    "title": "Policy",
    "properties": {
        "policy_holder": {"type": ["string", "null"], "description": "who is insured"},
        "agent": {"type": ["string", "null"], "description": "who sold it"},
        "policy_num": {"type": ["string", "null"], "description": "Number of the policy"},
        "deliver_to": {"type": ["string", "null"], "description": "where it is sent"},
        "flight_from": {"type": ["string", "null"], "format": "date"},
        "flight_to": {"type": ["string", "null"], "format": "date"},
        "write_to": {"type": ["string", "null"], "format": "email", "description": "how to write"},
    },
}


def extracted(rules: tuple[str, ...] = RULE_NAMES, script: object = None):
    settings = Settings(extraction=ExtractionSettings(rules=rules), locale="en-US")
    return DocAgent(settings, reader=ScriptedReader(script or {})).extract(FORM, SCHEMA).data


def test_fields_of_text_are_found_by_their_labels():
    assert extracted() == {
        "policy_holder": "Ann Lee",
        "agent": None,
        "policy_num": "X-1207",
        "deliver_to": "12 Mill Lane Leeds LS1 4AB",
        "flight_from": "2020-02-15",
        "flight_to": "2020-03-03",
        "write_to": "ann.lee@example.org",
    }


@pytest.mark.parametrize(("rule", "path"), [("printed", "policy_holder"), ("kinds", "write_to")])
def test_each_source_has_a_switch(rule: str, path: str):
    others = tuple(name for name in RULE_NAMES if name != rule)
    assert extracted()[path] is not None
    assert extracted(rules=others)[path] is None


def test_a_blank_label_does_not_take_a_guess():
    script = {"who sold it": [("North Gate", 0.6)]}
    others = tuple(name for name in RULE_NAMES if name != "blanks")
    assert extracted(script=script)["agent"] is None
    assert extracted(rules=others, script=script)["agent"] == "North Gate"


def test_a_field_of_the_documents_kind_is_answered_as_extract_finds_it():
    invoice = document_of(
        [
            "INVOICE",
            "Bill to: Globex Inc",
            "Invoice No: 77-120     Invoice date: 3 March 2021     Due date: 1 April 2021",
            "Subtotal          100.00",
            "VAT                20.00",
            "Grand total       120.00",
        ]
    )
    reader = ScriptedReader({})
    question = "What is the total of the invoice?"
    found = answer(invoice, question, reader, calibrations={})
    assert (found.text, found.source) == ("120.00", "rule")


STATES = ["Maine", "Nevada", "New Hampshire", "Ohio", "Texas", "Utah"]


@pytest.mark.parametrize(
    ("lines", "label", "text"),
    [
        (["Week    MAY 27    AUG 26    OCT 07"], "MAY 27", None),
        ([line for state in STATES for line in (state,)], "Nevada", None),
        (["Pages:    (including this sheet)"], "pages", None),
        (["Budget:    ($000)"], "budget", None),
        (["Phone:    (919) 555-0143"], "phone", "(919) 555-0143"),
        (["Agent:    Miller", "Branch:    Leeds", "Owner:    Smith"], "branch", "Leeds"),
        (["Town    Leeds", "Owner    Smith"], "town", "Leeds"),
    ],
)
def test_words_of_the_form_are_no_value(lines: list[str], label: str, text: str | None):
    found = answer(document_of(lines), f"What is the {label}?", ScriptedReader({}), calibrations={})
    assert found.text == text
