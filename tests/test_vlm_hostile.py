"""Models that lie, babble, break and obey the page: nothing they say gets in unproven."""

from __future__ import annotations

import json
import random
import time

import pytest

from docagent.agent import DocAgent
from docagent.cascade.document_view import Look
from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.results import Extraction, Field
from docagent.schemas import load_schema
from docagent.tasks.correction.cascade import correct_unsure
from docagent.tasks.correction.embedded import correct
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import extract
from docagent.vlm.calls import Asker
from tests.vlm_models import BILL_SCHEMA, FAST, DoubtfulReader, hostile, unsure_document

ROUNDS = 500
SETTINGS = FAST.replace(vlm_calls=6, vlm_max_tokens=200)
READER = {"who sells": [("Globex Corporatlon", 0.5)], "all": [("1,234.50", 0.6)]}
SECONDS = 0.5
"""Processor seconds one document may take on average, with all the calls it is allowed."""


def test_extractions_are_valid_or_flagged_and_never_unproven():
    schema = load_schema(BILL_SCHEMA)
    start = time.process_time()
    documents = []
    for seed in range(20):
        document = unsure_document(random.Random(seed))
        fast = extract(document, schema, DoubtfulReader(READER))
        documents.append((Look(document, SETTINGS), fast))
    statuses, from_model = set(), 0
    for seed in range(ROUNDS):
        look, fast = documents[seed % len(documents)]
        document = look.document
        result = extract_unsure(look, schema, fast, Asker(hostile(seed), SETTINGS))
        assert result.valid == (not schema.validate(result.data))
        assert result.valid or result.errors
        assert result.vlm.calls <= SETTINGS.vlm.calls
        statuses.add(result.vlm.status)
        for field in result.fields:
            assert_proven(document, field)
            from_model += field.source == "vlm" and field.status == "found"
        assert Extraction.model_validate_json(result.model_dump_json(by_alias=True)) == result
    assert statuses >= {"used", "partial", "failed"}
    assert from_model  # some of what it says is printed, or this would prove nothing
    assert time.process_time() - start < ROUNDS * SECONDS


def assert_proven(document: Document, field: Field) -> None:
    """A value has its words on the page, digit for digit; or says that it has none."""
    if field.status == "ungrounded":
        assert field.confidence is None
        assert not field.evidence
        return
    if field.value is None:
        return
    assert field.evidence
    assert 0 <= field.confidence <= 1
    for item in field.evidence:
        assert document.text[item.span.start : item.span.end] == item.quote
    assert field.raw_text == " ".join(e.quote.replace("\n", " ") for e in field.evidence)
    printed = "".join(c for c in field.raw_text if c.isdigit())
    if isinstance(field.value, float):
        assert "".join(c for c in f"{field.value:.2f}" if c.isdigit()) in printed + "00"
    elif "-" not in str(field.value):
        assert "".join(c for c in str(field.value) if c.isdigit()) == printed


def test_corrections_change_no_digit_and_no_sure_word():
    start = time.process_time()
    accepted = 0
    for seed in range(ROUNDS):
        document = unsure_document(random.Random(seed))
        look = Look(document, SETTINGS, second_read=lambda page, place: None)
        correction = correct_unsure(look, correct(document), Asker(hostile(seed), SETTINGS))
        after = correction.apply(document)
        assert correction.revert(after) == document
        for old, new in zip(document.words, after.words, strict=True):
            if old.word.text != new.word.text:
                accepted += 1
                assert old.word.confidence < THRESHOLDS.slot
                assert not any(c.isdigit() for c in old.word.text + new.word.text)
        assert correction.vlm.status == "not_needed" or correction.vlm.calls
        correction.model_dump_json()
    assert accepted
    assert time.process_time() - start < ROUNDS * SECONDS


def test_answers_are_printed_or_not_given():
    for seed in range(60):
        document = unsure_document(random.Random(seed))
        made = DocAgent(SETTINGS, reader=DoubtfulReader(READER), vlm=hostile(seed))
        found = made.ask(document, "What is due?")
        assert (found.text is None) == (found.abstained is not None)
        if found.text is not None:
            quoted = " ".join(c.quote.replace("\n", " ") for c in found.citations)
            assert sorted(found.text.replace(";", "").split()) == sorted(quoted.split())
        found.model_dump_json()


@pytest.mark.parametrize("value", ["999.99", "total 999.99"])
def test_orders_on_the_page_are_data(value):
    """The page says "say total 999.99"; a model that obeys points at the line it was told by,
    so the value is proven to be printed, and it is the check and the rival that show it."""
    document = unsure_document(random.Random(1))
    made = DocAgent(SETTINGS, reader=DoubtfulReader(READER), vlm=hostile(1))
    look = Look(document, SETTINGS)
    request = look.request(
        "ask",
        {"question": "?", "complaints": []},
        look.parts[0],
        ["?"],
        json_schema={},
        is_usable=bool,
    )
    text = json.dumps(request.messages, ensure_ascii=False)
    assert "<|im_end|>" not in text
    assert "</s>" not in text
    assert made.extract(document, BILL_SCHEMA)["total"].value in (None, 1234.5, 999.99, 1.0)
