"""Documents in several parts: some of them not read, or contradicting each other."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.cli.printing import print_use
from docagent.document import Document
from docagent.errors import VlmError
from tests.documents import document_of
from tests.test_vlm_tables import clerk, ids, long_bill, priced
from tests.vlm_models import ABSENT, BILL_SCHEMA, FAST, GOOD, agent, cell, wanted

READER = {"all": [("300.00", 0.6)], "who sells": [("ACME", 0.6)]}


def pages(count: int) -> Document:
    """One part for each page; the last one has the total."""
    text = [[f"page {n} " + "words " * 40] for n in range(count)]
    return document_of(*text[:-1], [*text[-1], "ACME", "Due 300.00"])


def finds_nothing(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    return {key: [] if key == "items" else ABSENT for key in wanted(messages)}


def extracted(script: Any, document: Document, reader: Any = READER, **settings: Any) -> Any:
    settings = {"vlm_chars": 290, **settings}
    return agent(script, reader, FAST.replace(**settings)).extract(document, BILL_SCHEMA)


def alone(document: Document) -> Any:
    return extracted([], document, vlm="never")


def assert_stands(result: Any, document: Document) -> None:
    """What the model did not find in the parts it read counts for nothing: it may be in others."""
    total, fast = result["total"], alone(document)["total"]
    assert result.vlm.status == "partial"
    assert (total.value, total.confidence, total.how) == (300.0, fast.confidence, None)
    assert "the model does not find it" in total.message
    (note,) = (note for note in result.vlm.notes if "could not be read" in note)
    assert "total" in note


def test_parts_that_were_not_asked_about_are_not_read(capsys):
    document = pages(60)
    result = extracted(finds_nothing, document)
    assert result.vlm.calls == FAST.vlm.calls
    assert_stands(result, document)
    print_use(result.vlm)
    assert "44 of 60 parts could not be read" in "".join(capsys.readouterr())


def test_parts_after_the_server_went_are_not_read():
    document = pages(6)
    script = iter([finds_nothing])

    def answer(messages: list[Any], options: dict[str, Any]) -> Any:
        known = next(script, None)
        return known(messages, options) if known else VlmError("gone", "connection")

    result = extracted(answer, document)
    assert_stands(result, document)
    assert result.vlm.unreached


def test_what_no_part_has_is_absent():
    document = pages(6)
    result = extracted(finds_nothing, document)
    assert result.vlm.status == "used"
    assert result["total"].how == "absent"
    assert result["total"].confidence < alone(document)["total"].confidence


def test_rows_of_parts_that_were_not_read_keep_their_confidence():
    reader = {"what": [("Nuts", 0.6)], "how dear": [("20.00", 0.6)]}
    document = document_of(*([f"page {n} " + "words " * 40] for n in range(5)), ["Nuts 20.00"])
    (row,) = (f for f in extracted([], document, reader, vlm="never").fields if f.value == 20.0)
    read = extracted(finds_nothing, document, reader)["items[0].price"]
    assert read.confidence < row.confidence
    cut = extracted(finds_nothing, document, reader, vlm_calls=3)["items[0].price"]
    assert cut.confidence == row.confidence


def test_of_a_table_that_cannot_be_had_whole_the_rows_so_far_are_kept():
    document = long_bill(30)
    result = agent(clerk(document, 250)).extract(document, BILL_SCHEMA)
    assert priced(result)
    assert set(priced(result)) <= {n + 1.5 for n in range(30)}
    assert result.vlm.status == "partial"
    assert any("not be read" in note and "items" in note for note in result.vlm.notes)
    assert result.vlm.calls <= FAST.vlm.calls


def totals(*values: str) -> tuple[Document, Any]:
    """Pages with a total each, and a model that reads all of them."""
    document = document_of(*([f"Due {v}", "words " * 40] for v in values))

    def answer(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
        line = ids(options)[0]
        value = values[int(line[1:]) // 2]
        return finds_nothing(messages, options) | {"total": cell(line, value)}

    return document, answer


@pytest.mark.parametrize("reader", [{}, {"all": [("300.00", 0.6)]}, {"all": [("300.00", 0.7)]}])
def test_parts_that_contradict_each_other_are_a_dispute(reader):
    document, answer = totals("100.00", "200.00", "300.00")
    same, agrees = totals("300.00", "300.00", "300.00")
    sure = extracted(agrees, same, reader)["total"]
    total = extracted(answer, document, reader)["total"]
    assert (sure.value, sure.status, total.status) == (300.0, "found", "conflicting")
    assert total.confidence < min(0.5, sure.confidence)
    assert "of another part the model reads" in total.message


def test_the_other_reading_wins_where_it_adds_up():
    document = document_of(
        ["Net 120.00", "VAT 12.00", "Due 132.00", "words " * 40], ["Due 150.00", "words " * 40]
    )
    said = {"subtotal": ("L1", "120.00"), "tax": ("L2", "12.00"), "total": ("L3", "132.00")}

    def answer(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
        nothing = finds_nothing(messages, options)
        if "L1" in ids(options):
            return nothing | {key: cell(*place) for key, place in said.items()}
        return nothing | {"total": cell("L5", "150.00")}

    total = extracted(answer, document, {"all": [("150.00", 0.5)]})["total"]
    assert total.value == 132.0


def test_a_name_with_and_without_its_legal_form_is_no_dispute():
    document = document_of(["ACME Widgets Ltd", "words " * 40], ["ACME Widgets", "words " * 40])
    names = {"L1": "ACME Widgets Ltd", "L3": "ACME Widgets"}

    def answer(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
        line = ids(options)[0]
        return finds_nothing(messages, options) | {"seller": cell(line, names[line])}

    seller = extracted(answer, document, {"who sells": [("ACME Widgets Ltd", 0.6)]})["seller"]
    assert (seller.value, seller.status) == ("ACME Widgets Ltd", "found")
    assert seller.confidence > 0.6


@pytest.mark.parametrize("again", ["132.01", None])
def test_a_failed_check_says_whether_the_document_is_to_blame(again):
    """The total is printed wrong: read again, it is the same; or the model does not say."""
    document = document_of(
        ["ACME Widgets Ltd", "12 March 2018", "-", "-", "Net 120.00", "VAT 12.00", "Due 142.00"]
    )
    first = {key: GOOD[key] for key in ("seller", "date", "subtotal", "tax")}
    first |= {"total": cell("L7", "142.00"), "items": []}
    second = first if again else first | {"total": ABSENT}
    asked = iter([first, second])

    def answer(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
        said = next(asked)
        return {key: said[key] for key in wanted(messages)}

    result = extracted(answer, document, {}, vlm_chars=5000)
    (check,) = (c for c in result.checks if c.name == "adds up")
    assert check.status == "failed"
    assert ("the document itself is inconsistent" in check.message) == bool(again)
    assert ("may be misread" in check.message) != bool(again)
    assert "total" in check.message
