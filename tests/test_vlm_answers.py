"""Questions with a vision-language model: only what is printed is an answer."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.results import Answer
from docagent.settings import Settings
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import document_of
from tests.vlm_models import FAST, agent, cell

NDA = document_of(
    ["This Agreement is made on 3 March 2021", "between ACME Widgets Ltd", "and Globex Inc"],
    ["Governing law: State of Delaware"],
)
QUESTION = "Which law governs?"


def asked(script: Any, reader: Any = None, **settings: Any) -> Answer:
    made = agent(script, reader, FAST.replace(**settings))
    return made.ask(NDA, QUESTION)


def test_the_answer_is_in_the_words_of_the_page_and_cited():
    found = asked([{"answers": [cell("L4", "state of delaware,")]}])
    assert found.text == "State of Delaware"
    assert found.citations[0].page == 2
    assert found.citations[0].quote == "State of Delaware"
    assert found.vlm.status == "used"


def test_a_sure_answer_is_not_asked_for():
    model = ScriptedChatModel(script=[])
    found = asked(model, {"law": [("State of Delaware", 0.99)]})
    assert found.text == "State of Delaware"
    assert found.vlm.status == "not_needed"
    assert not model.requests


def test_how_sure_is_sure_enough_is_a_setting():
    reader = {"law": [("State of Delaware", 0.5)]}
    model = ScriptedChatModel(script=[{"answers": [cell("L4", "State of Delaware")]}])
    assert asked(model, reader, vlm_unsure=0.01).vlm.status == "not_needed"
    assert asked(model, reader, vlm_unsure=1.0).vlm.status == "used"


def test_agreement_raises_confidence():
    reader = {"law": [("State of Delaware", 0.5)]}
    alone = agent([], reader, Settings()).ask(NDA, QUESTION)
    both = asked([{"answers": [cell("L4", "State of Delaware")]}], reader)
    assert both.text == "State of Delaware"
    assert both.confidence > alone.confidence


def test_several_answers():
    cells = [
        cell("L3", "Globex Inc"),
        cell("L2", "ACME Widgets Ltd"),
        cell("L2", "ACME Widgets Ltd"),
    ]
    found = asked([{"answers": cells}])
    assert found.text == "ACME Widgets Ltd; Globex Inc"
    assert len(found.citations) == 2


@pytest.mark.parametrize(
    "claim",
    [
        cell("L4", "the law of Bermuda"),
        cell("L1", "3 March 2027"),
        cell("L4", "American law", "derived"),
        cell("L77", "State of Delaware"),
        {"lines": [], "how": "verbatim", "value": "State of Delaware"},
    ],
)
def test_what_is_not_printed_is_no_answer(claim):
    found = asked([{"answers": [claim]}] * 2)
    assert (found.text, found.abstained, found.citations) == (None, "not_present", ())
    assert found.vlm.status == "failed"
    assert "no usable answer" in found.message


def test_a_model_that_finds_nothing_confirms_that_there_is_nothing():
    found = asked([{"answers": []}])
    assert found.abstained == "not_present"
    assert found.confidence is None and found.absence > 0.6


def test_the_question_comes_last_so_that_the_prefix_can_be_cached():
    model = ScriptedChatModel(script=lambda m, o: {"answers": []})
    made = agent(model)
    for question in ("Who signed?", "When does it end?"):
        made.ask(NDA, question)
    first, second = (
        [b["text"] for m in messages for b in (m.content if isinstance(m.content, list) else [])]
        for messages, _ in model.requests
    )
    assert first[:-1] == second[:-1]
    assert "Who signed?" in first[-1]
