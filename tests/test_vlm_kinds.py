"""The kind of a document with a vision-language model, held to the words of the page."""

from __future__ import annotations

import json
import random
from itertools import repeat
from typing import Any

import pytest

from docagent.agent import DocAgent
from docagent.results import Classification
from docagent.vlm.scripted import Said, ScriptedChatModel
from tests.documents import document_of
from tests.test_classification import INVOICE, LETTER, NDA, PRESCRIPTION
from tests.vlm_models import FAST, agent, counting, unsure_document

SCANT = ["ACME Widgets Ltd", "Invoice", "Widgets 12.00", "payable within 30 days"]
"""An invoice with too few of its words."""
BARE = ["ACME Widgets Ltd", "for widgets 12.00", "kindly remit within 30 days"]


def said(kind: str | None, *lines: str) -> dict[str, Any]:
    return {"lines": list(lines), "kind": kind}


def classified(lines: list[str], script: Any, **settings: Any) -> Classification:
    return agent(script, None, FAST.replace(**settings)).classify(document_of(lines))


def test_a_sure_kind_is_not_asked_for():
    model = ScriptedChatModel(script=[])
    assert classified(INVOICE, model).vlm.status == "not_needed"
    assert not model.requests


def test_words_that_tell_a_little_and_a_model_that_agrees_tell_the_kind():
    assert DocAgent().classify(document_of(SCANT)).kind is None
    found = classified(SCANT, [said("invoice", "L2")])
    assert (found.kind, found.domain, found.source, found.how) == (
        "invoice",
        "finance",
        "vlm",
        "verbatim",
    )
    assert [e.quote for e in found.evidence] == ["Invoice"]
    assert 0.7 <= found.confidence < 1
    (attempt,) = found.vlm.attempts
    assert (attempt.template, len(attempt.template_hash), len(attempt.prompt_hash)) == (
        "classify",
        16,
        16,
    )
    assert found.vlm.prompt_tokens


def test_a_kind_without_words_of_it_on_the_lines_is_shown_as_concluded():
    found = classified(BARE, [said("invoice", "L3")])
    assert (found.kind, found.confidence, found.how, found.evidence) == (
        "invoice",
        None,
        "derived",
        (),
    )
    assert found.domain == ""
    assert "no words of that kind" in found.message


def test_agreement_raises_confidence_and_disagreement_lowers_it():
    alone = DocAgent().classify(document_of(PRESCRIPTION))
    agreed = classified(PRESCRIPTION, [said("prescription", "L1")], vlm="always")
    assert agreed.confidence > alone.confidence
    other = classified(PRESCRIPTION, [said("invoice", "L1")], vlm="always")
    assert (other.kind, other.confidence) == ("prescription", alone.confidence)
    none = classified(PRESCRIPTION, [said(None)], vlm="always")
    assert none.confidence is not None
    assert none.confidence < alone.confidence or none.kind is None


def test_a_model_that_finds_no_kind_confirms_that_there_is_none():
    alone, both = DocAgent().classify(document_of(LETTER)), classified(LETTER, [said(None)])
    assert (both.kind, both.abstained) == (None, "not_present")
    assert both.absence > alone.absence
    assert (both.confidence, alone.confidence) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [said("invoice"), said("invoice", "L99"), said("poem", "L1"), {"kind": "invoice"}, "x", [1]],
)
def test_an_answer_that_cannot_be_used_leaves_the_embedded_one(wrong):
    found = classified(SCANT, ScriptedChatModel(script=lambda m, o: wrong))
    alone = DocAgent().classify(document_of(SCANT))
    assert (found.kind, found.confidence) == (alone.kind, alone.confidence)
    assert found.vlm.status == "failed"
    assert "no usable answer" in found.message


def test_only_ids_of_the_page_and_kinds_there_are_can_be_said():
    model = ScriptedChatModel(script=[said(None)])
    agent(model).classify(document_of(SCANT), ["nda", "invoice"])
    messages, options = model.requests[0]
    schema = options["response_format"]["json_schema"]["schema"]["properties"]
    assert schema["lines"]["items"]["enum"] == ["L1", "L2", "L3", "L4"]
    assert schema["kind"]["enum"] == ["nda", "invoice", None]
    assert "- nda: A confidentiality agreement" in str(messages)


def test_a_model_is_told_what_was_wrong():
    model = ScriptedChatModel(script=[said("invoice", "L99"), said("invoice", "L2")])
    assert classified(SCANT, model).kind == "invoice"
    assert "lines that are not there" in str(model.requests[1][0])


def liar(seed: int) -> ScriptedChatModel:
    rng = random.Random(seed)

    def answer(messages: list[Any], options: dict[str, Any]) -> Any:
        kinds = ["invoice", "nda", "prescription", "poem", None, 7, "\ud800"]
        lines = [["L1"], ["L2", "L3"], ["L3"], [], ["L99"], "L1", None]
        made = json.dumps({"lines": rng.choice(lines), "kind": rng.choice(kinds)})
        broken = [Said(made[:7], finish="length"), Said(repeat("again ")), Said("[" * 5000)]
        return rng.choice([*[Said(made)] * 6, *broken, Said(counting()), RuntimeError("lost")])

    return ScriptedChatModel(script=answer, piece=200)


def test_a_hostile_model_turns_no_kind_and_proves_none():
    settings = FAST.replace(vlm="always", vlm_calls=4, vlm_max_tokens=200)
    for seed in range(80):
        found = DocAgent(settings, vlm=liar(seed)).classify(document_of(NDA))
        assert found.kind in ("nda", None)
        unsure = DocAgent(settings, vlm=liar(seed)).classify(unsure_document(random.Random(seed)))
        said = unsure.kind is not None
        assert (unsure.confidence is None) == (unsure.how == "derived" or not said)
        assert unsure.how != "derived" or (unsure.evidence, unsure.domain) == ((), "")
        assert unsure.vlm.calls <= settings.vlm.calls
        for result in (found, unsure):
            assert Classification.model_validate_json(result.model_dump_json()) == result
