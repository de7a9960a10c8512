"""Where answers come from: clauses, fields, passages, and some pages of a long document."""

from __future__ import annotations

import pytest

from docagent.confidence import Calibration
from docagent.evidence.field_parser import FieldParser
from docagent.layout.sentences import document_sentences
from docagent.reader.no_reader import NullReader
from docagent.reader.page_reader import PageReader, combine_readings
from docagent.reader.scripted import ScriptedReader
from docagent.reader.types import PointedSpan, Query, Reading
from docagent.rules.clauses import load_clauses
from docagent.rules.contract_ends import merge_signatories, title_candidates
from docagent.rules.label_values import label_value_probability
from docagent.rules.question_labels import question_label
from docagent.rules.registry import ALL_RULES
from docagent.schemas import load_schema
from docagent.tasks.answering.embedded import answer, gather
from docagent.tasks.answering.fields import FieldSources
from docagent.tasks.answering.passages import best_pages
from docagent.tasks.answering.question import parse_question
from docagent.tasks.extraction.embedded import extract
from docagent.text.phrases import PhraseIndex
from tests.documents import document_of

LAW = "This Agreement shall be governed by and construed in accordance with the laws of Ohio."
ASSIGN = (
    "Neither party may assign this Agreement or any of its rights hereunder without the prior "
    "written consent of the other party."
)
CONTRACT = document_of(
    ["SUPPLY AGREEMENT", "between Acme Widgets, Inc. and Globex Corporation", "Supplies"],
    ["9. Governing Law.", LAW, "10. Assignment.", ASSIGN, "11. Notices."],
)


def test_sentences_end_at_stops_and_headings_but_not_at_abbreviations():
    lines = ["1. Term.", "Acme, Inc. shall deliver on the first day of", "May. It pays."]
    document = document_of(lines)
    texts = [" ".join(document.text.split()[s.start : s.end]) for s in document_sentences(document)]
    assert texts == [
        "1. Term.",
        "Acme, Inc. shall deliver on the first day of May.",
        "It pays.",
    ]
    assert [s.heading for s in document_sentences(document)][1:] == [(0, 2), (0, 2)]


@pytest.mark.parametrize(
    ("question", "text", "is_judged"),
    [
        ("Can the contract be assigned to somebody else?", ASSIGN, True),
        ("What does the contract say about governing law?", LAW, False),
        ("Which clause deals with assignment?", ASSIGN, False),
        ("governing law clause", LAW, False),
    ],
)
def test_a_clause_is_quoted_with_its_place(question, text, is_judged):
    found = answer(CONTRACT, question, NullReader(), calibrations={})
    assert found.text == text
    assert {c.page for c in found.citations} == {2}
    assert ("yes or no" in found.message) == is_judged


def test_a_clause_that_is_not_there_is_not_quoted():
    found = answer(CONTRACT, "Is source code held in escrow?", NullReader(), calibrations={})
    assert (found.text, found.abstained) == (None, "not_present")
    assert "I did not find an answer to 'Is source code held in escrow?'" in found.message


def test_a_span_inside_the_clause_answers_a_question_that_wants_few_words():
    reader = ScriptedReader({"assign": [("prior written consent", 0.7)]})
    found = answer(CONTRACT, "What does it take to assign the contract?", reader, calibrations={})
    assert found.text == "prior written consent"


def test_a_question_for_a_field_is_answered_by_the_field_even_if_a_clause_is_sure():
    found = answer(CONTRACT, "Which law governs?", NullReader(), calibrations={})
    fields = extract(CONTRACT, load_schema("contract"), NullReader()).fields
    (law,) = (field for field in fields if field.path == "jurisdiction")
    assert (found.text, found.confidence) == (law.value, law.confidence)


def test_words_of_a_form_are_not_quoted_as_a_sentence():
    row = "Reply by fax to the agency that did the survey in the county of Kent Phone Fax Mail"
    for text, quoted in ((row, None), (f"{row}.", f"{row}.")):
        tables = {"answer_passage": Calibration(kind="piecewise", scores=(0,), probabilities=(1,))}
        document = document_of([text])
        found = answer(document, "Where is the survey?", NullReader(), calibrations=tables)
        assert found.text == quoted


@pytest.mark.parametrize(("pointed", "confidence"), [("3 May 2024", 0.9), ("8812-A", 0.2)])
def test_a_value_at_a_label_is_surer_where_the_reader_points_at_it(pointed, confidence):
    tables = {
        f"answer_{name}": Calibration(kind="piecewise", scores=(0,), probabilities=(sure,))
        for name, sure in (("label", 0.9), ("label_alone", 0.2), ("span", 0.1))
    }
    reader = ScriptedReader({"due": [(pointed, 0.9)]})
    asked = parse_question("What is the due date?")
    found = gather(FORM, asked, FieldSources(PageReader(reader), ALL_RULES, tables))
    (label,) = (p for p in found.proposals if p.by == "label")
    assert (label.text, label.confidence) == ("3 May 2024", confidence)


def test_parties_are_named_whole():
    found = answer(CONTRACT, "Who are the parties?", NullReader(), calibrations={})
    assert found.text == "Acme Widgets, Inc.; Globex Corporation"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("May a party transfer its rights?", "Anti-Assignment"),
        ("Is there a cap on liability?", "Cap On Liability"),
        ("What colour is the packaging?", None),
    ],
)
def test_a_question_finds_its_kind_of_clause(question, kind):
    found = load_clauses().asked_kind(question)
    assert (found[0] if found and found[1] >= 0.4 else None) == kind


def test_a_question_is_most_like_the_phrase_whose_rare_words_it_shares():
    index = PhraseIndex({"due": ["due date"], "issue": ["issue date"]})
    assert index.best("When is it due?")[0] == "due"
    assert index.best("Who?") is None


def long_document():
    pages = [[f"Page {n} speaks of other matters."] for n in range(1, 21)]
    pages[13] = ["The insurance premium is 5,000 dollars a year."]
    return document_of(*pages)


def test_of_a_long_document_only_the_pages_that_fit_are_read():
    document, reader = long_document(), ScriptedReader({"premium": [("5,000 dollars", 0.9)]})
    found = answer(document, "What does the premium cost?", reader, calibrations={})
    assert found.text == "5,000 dollars"
    assert found.citations[0].page == 14
    assert best_pages(document, "What does the premium cost?") == {14}
    assert len(reader.queries) == 1


def test_pages_are_read_once_for_the_same_question():
    document, reader = long_document(), ScriptedReader({"premium": [("5,000 dollars", 0.9)]})
    kept = PageReader(reader)
    for _ in range(2):
        answer(document, "What does the premium cost?", kept, calibrations={})
    assert len(reader.queries) == 1


FORM = document_of(
    [
        "Batch No:     8812-A      Inspector:",
        "Supplier:                 Due date:   3 May 2024",
    ]
)


@pytest.mark.parametrize(
    ("label", "least", "most"), [("Batch No", 0.6, 1.0), ("Due date", 0.6, 1.0)]
)
def test_a_value_beside_its_label_is_probably_its_value(label, least, most):
    placed = question_label(FORM, f"What is the {label}?")
    assert least <= label_value_probability(FORM, placed) <= most


def test_a_blank_has_no_probability_of_a_value():
    placed = question_label(FORM, "What is the inspector?")
    assert placed.words == ()
    assert label_value_probability(FORM, placed) == 0.0


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["MASTER SUPPLY", "AGREEMENT", "between A and B"], "MASTER SUPPLY AGREEMENT"),
        (["Lease Agreement between Acme and Globex"], "Lease Agreement"),
        (["Dear Ann,", "we send this Loan Agreement (the Agreement)"], "Loan Agreement"),
    ],
)
def test_a_contract_is_called_by_its_title(lines, title):
    document, schema = document_of(lines), load_schema("contract")
    parsers = [FieldParser(document, schema.field("title"))]
    (found,) = title_candidates(document, schema, parsers)["title"]
    assert found.raw_text == title


def test_all_who_signed_are_named():
    document = document_of(
        ["SUPPLY AGREEMENT", "This agreement is made between Acme, Inc. and Globex Corporation."],
        ["By: /s/ Ann Lee          By: /s/ Bob Stone", "Name: Ann Lee", "Title: President"],
    )
    parser = FieldParser(document, load_schema("contract").field("signatories[]"))
    assert [c.raw_text for c in merge_signatories(parser, [])] == ["Ann Lee", "Bob Stone"]


def reading(absent, *spans):
    pointed = tuple(PointedSpan(start=a, end=b, score=s) for a, b, s in spans)
    return Reading(query=Query(text="q"), spans=pointed, absent=absent)


def test_pages_read_apart_share_one_distribution():
    texts = ["a", "b", "c", "d"]
    one, other = reading(0.5, (0, 1, 0.5)), reading(0.2, (1, 2, 0.8))
    found = combine_readings(Query(text="q"), [one, other], [0, 2], texts)
    assert [(s.start, s.end) for s in found.spans] == [(3, 4), (0, 1)]
    # Odds against "not present" are 1 and 4: together 6 parts.
    assert [round(s.score, 6) for s in found.spans] == [round(4 / 6, 6), round(1 / 6, 6)]
    assert found.absent == pytest.approx(1 / 6)


def test_a_single_page_is_read_as_it_is():
    one = reading(0.3, (0, 1, 0.6), (1, 2, 0.1))
    found = combine_readings(Query(text="q"), [one], [5], ["x"] * 7)
    assert found.absent == pytest.approx(0.3)
    assert [round(s.score, 6) for s in found.spans] == [0.7]
