"""Answers cite what is printed; without it they say why there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.errors import SettingsError
from docagent.reader.scripted import ScriptedReader
from docagent.tasks.answering.embedded import answer
from tests.documents import document_of

NDA = document_of(
    [
        "This Agreement is made on 3 March 2021",
        "between ACME Widgets Ltd and Globex Corporation",
        "Fee: $1,200.00 payable in 30 days",
        "Deposit: $300.00",
    ],
    ["Governing law: State of Delaware"],
)


def asked(question, script, document=NDA):
    return answer(document, question, ScriptedReader(script), calibrations={})


def test_an_answer_cites_the_words_it_is_made_of():
    found = asked("Which law governs?", {"law": [("State of Delaware", 0.9)]})
    assert found.text == "State of Delaware"
    assert found.abstained is None
    (citation,) = found.citations
    assert citation.page == 2
    assert NDA.text[citation.span.start : citation.span.end] == citation.quote == found.text
    assert 0 < found.confidence <= 0.9


@pytest.mark.parametrize(
    ("question", "spans", "text"),
    [
        ("When was it made?", [("ACME Widgets", 0.7), ("3 March 2021", 0.6)], "3 March 2021"),
        ("How much is the fee?", [("30 days", 0.4), ("Fee: $1,200.00", 0.5)], "$1,200.00"),
        (
            "Who is the supplier?",
            [("ACME Widgets Ltd", 0.7), ("ACME Widgets", 0.6)],
            "ACME Widgets Ltd",
        ),
        (
            "Who delivered it?",
            [("3 March 2021", 0.7), ("ACME Widgets Ltd", 0.6)],
            "ACME Widgets Ltd",
        ),
        ("To whom is it paid?", [("$1,200.00", 0.7), ("ACME Widgets", 0.6)], "ACME Widgets Ltd"),
    ],
)
def test_the_kind_of_question_chooses_among_spans(question, spans, text):
    assert asked(question, {question: spans}).text == text


def test_several_answers_are_joined_and_each_is_cited():
    spans = [("Globex Corporation", 0.8), ("ACME Widgets Ltd", 0.9), ("3 March 2021", 0.05)]
    found = asked("Who are the parties?", {"parties": spans})
    assert found.text == "ACME Widgets Ltd; Globex Corporation"
    assert [c.quote for c in found.citations] == ["ACME Widgets Ltd", "Globex Corporation"]


@pytest.mark.parametrize(
    ("spans", "confidence", "abstained"),
    [
        ([], 0.99, "not_present"),
        ([("State of Delaware", 0.2)], 0.99, "not_present"),
        ([("State of Delaware", 0.9)], 0.1, "illegible"),
        ([("$1,200.00", 0.6), ("$300.00", 0.55)], 0.99, "ambiguous"),
    ],
)
def test_abstentions_are_typed(spans, confidence, abstained):
    document = document_of(*[page.text.split("\n") for page in NDA.pages], confidence=confidence)
    found = asked("What does it say?", {"say": spans}, document)
    assert (found.abstained, found.text, found.citations) == (abstained, None, ())
    assert found.message


def test_a_document_without_text_has_no_answer():
    assert asked("What?", {}, document_of([])).abstained == "not_present"


@pytest.mark.parametrize("question", ["", "  \n", "why " * 300])
def test_questions_that_cannot_be_asked(question):
    with pytest.raises(SettingsError, match="question"):
        asked(question, {})


@given(st.integers(0, len(NDA.words) - 1), st.integers(1, 6), st.floats(0.6, 1))
def test_whatever_is_pointed_at_the_answer_is_its_citations(start, length, score):
    quote = " ".join(word.word.text for word in NDA.words[start : start + length])
    found = asked("What is it?", {"it": [(quote, score)]})
    if found.text is not None:
        cited = " ".join(c.quote.replace("\n", " ") for c in found.citations)
        # Only marks of the sentence around it may be left out.
        assert found.text in cited
        assert not cited.replace(found.text, "", 1).strip(" .:;,|")
