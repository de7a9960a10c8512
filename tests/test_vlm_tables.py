"""Tables read with a vision-language model: long ones, wide ones, and rows said twice."""

from __future__ import annotations

import json
import re
from itertools import chain, repeat
from typing import Any

import pytest

from docagent.cascade.answer_format import MAX_ROWS
from docagent.document import Document
from docagent.vlm.scripted import ScriptedAnswer, ScriptedChatModel
from tests.documents import document_of
from tests.vlm_models import ABSENT, BILL, BILL_SCHEMA, FAST, GOOD, agent, cell, wanted

ROW = re.compile(r"part(\d+) ")


def long_bill(count: int) -> Document:
    """A bill with a row for each of ``count`` parts, 40 rows to a page, and their sum below."""
    rows = [f"part{n} of steel {n + 1}.50" for n in range(count)]
    pages = [rows[at : at + 40] for at in range(0, count, 40)]
    pages[0] = ["ACME Widgets Ltd", "What Price", *pages[0]]
    pages[-1] = [*pages[-1], f"Due {sum(n + 1.5 for n in range(count)):.2f}"]
    return document_of(*pages)


def ids(options: dict[str, Any]) -> list[str]:
    """The line ids that an answer may name."""
    schema = options["response_format"]["json_schema"]["schema"]
    return list(schema["$defs"]["cell"]["properties"]["lines"]["items"]["enum"])


def clerk(document: Document, longest: int) -> ScriptedChatModel:
    """A model that reads every row it is shown, and breaks off after ``longest`` characters."""
    lines = [line.text for page in document.pages for line in page.lines]

    def answer(messages: list[Any], options: dict[str, Any]) -> ScriptedAnswer:
        shown = [(key, lines[int(key[1:]) - 1]) for key in ids(options)]
        rows = [
            {"name": cell(key, text.rpartition(" ")[0]), "price": cell(key, text.split()[-1])}
            for key, text in shown
            if ROW.match(text)
        ]
        last = cell("L1", lines[0]) if "L1" in ids(options) else ABSENT
        said = {"items": rows, "seller": last}
        text = json.dumps({key: said.get(key, ABSENT) for key in sorted(wanted(messages))})
        return ScriptedAnswer(text[:longest], finish="length" if len(text) > longest else "stop")

    return ScriptedChatModel(script=answer, piece=400)


def priced(result: Any) -> list[float]:
    return [row["price"] for row in result.data["items"]]


@pytest.mark.parametrize(("count", "calls"), [(39, 4), (120, 10)])
def test_a_table_too_long_for_an_answer_is_asked_for_in_halves(count, calls):
    document = long_bill(count)
    model = clerk(document, 3200)
    result = agent(model).extract(document, BILL_SCHEMA)
    assert priced(result) == [n + 1.5 for n in range(count)]
    assert result.data["items"][7]["name"] == "part7 of steel"
    assert result["seller"].value == "ACME Widgets Ltd"
    assert len(model.requests) <= calls
    assert result.vlm.status == "used"


def test_the_row_that_names_the_columns_goes_with_both_halves():
    document = long_bill(39)
    model = clerk(document, 3200)
    agent(model).extract(document, BILL_SCHEMA)
    halves = [ids(options) for messages, options in model.requests if wanted(messages) == ["items"]]
    assert len(halves) == 2
    assert all("L2" in half for half in halves)
    assert set(halves[0]) & set(halves[1]) == {"L2"}


def test_a_table_as_long_as_its_form_allows_may_go_on():
    document = long_bill(MAX_ROWS + 50)
    model = clerk(document, 10**6)
    settings = FAST.replace(vlm_chars=50_000, vlm_max_tokens=32_000)
    result = agent(model, settings=settings).extract(document, BILL_SCHEMA)
    assert len(priced(result)) == MAX_ROWS + 50


def test_a_row_that_is_out_of_form_does_not_cost_the_others():
    rows = [*GOOD["items"], {"name": "Nuts"}]
    result = agent(
        lambda m, o: {k: (GOOD | {"items": rows})[k] for k in wanted(m)},
    ).extract(BILL, BILL_SCHEMA)
    assert priced(result) == [100.0, 20.0]


BOLTS, NUTS = GOOD["items"]
LESS = {"name": cell("L3", "Bolts"), "price": cell("L3", "100.00")}


@pytest.mark.parametrize(
    "said", [[BOLTS, LESS, NUTS], [LESS, NUTS, BOLTS], [BOLTS, BOLTS | {"price": ABSENT}, NUTS]]
)
def test_a_row_said_again_with_fewer_words_is_not_counted_twice(said):
    result = agent(lambda m, o: {k: (GOOD | {"items": said})[k] for k in wanted(m)}).extract(
        BILL, BILL_SCHEMA
    )
    assert [row["name"] for row in result.data["items"]] == ["Bolts zinc plated", "Nuts"]
    assert priced(result) == [100.0, 20.0]


def test_equal_rows_that_are_printed_twice_both_count():
    document = document_of(["What Price", "Nuts 20.00", "Bolts 5.00", "Nuts 20.00"])
    rows = [
        {"name": cell(line, text), "price": cell(line, price)}
        for line, text, price in [("L2", "Nuts", "20.00"), ("L3", "Bolts", "5.00")]
    ]
    rows.append({"name": cell("L4", "Nuts"), "price": cell("L4", "20.00")})
    script = lambda m, o: {k: rows if k == "items" else ABSENT for k in wanted(m)}  # noqa: E731
    result = agent(script).extract(document, BILL_SCHEMA)
    assert priced(result) == [20.0, 5.0, 20.0]


def test_wide_tables_are_asked_for_by_columns_and_joined_by_row():
    count = 90
    names = [f"c{n}" for n in range(count)]
    rows = [" ".join(f"r{row}v{n}" for n in range(count)) for row in range(3)]
    document = document_of(["Head", *rows])
    column = {"type": ["string", "null"]}
    item = {"type": "object", "properties": dict.fromkeys(names, column)}
    schema = {
        "title": "Wide",
        "type": "object",
        "properties": {"rows": {"type": "array", "items": item}},
    }

    def answer(messages: list[Any], options: dict[str, Any]) -> Any:
        sent = options["response_format"]["json_schema"]["schema"]["properties"]["rows"]
        columns = list(sent["items"]["properties"])
        cells = [{c: cell(f"L{r + 2}", f"r{r}v{c[1:]}") for c in columns} for r in range(3)]
        return {"rows": cells}

    model = ScriptedChatModel(script=answer, piece=2000)
    result = agent(model).extract(document, schema)
    widths = [
        len(
            o["response_format"]["json_schema"]["schema"]["properties"]["rows"]["items"]["required"]
        )
        for _, o in model.requests
    ]
    assert widths == [40, 40, 10]
    assert result.data["rows"] == [
        {f"c{n}": f"r{row}v{n}" for n in range(count)} for row in range(3)
    ]


def test_a_model_that_says_a_row_for_ever_is_stopped_and_its_rows_count_once():
    whole = json.dumps(GOOD)
    row = json.dumps(NUTS | {"price": NUTS["price"] | {"value": "20.00" + " " * 150}})
    endless = chain([whole[: whole.rindex("]")]], repeat(f", {row}"))
    model = ScriptedChatModel(
        script=[ScriptedAnswer(endless), ScriptedAnswer("no"), ScriptedAnswer("no")]
    )
    result = agent(model).extract(BILL, BILL_SCHEMA)
    assert [a.outcome for a in result.vlm.attempts][:2] == ["repeated", "invalid"]
    assert len(result.vlm.attempts[0].answer) < 4 * len(row) + len(whole)
    assert priced(result) == [100.0, 20.0]
    assert result["total"].value == 132.0
    penalties = [set(options) for _, options in model.requests]
    assert not any("repetition_penalty" in options for options in penalties)
    assert "frequency_penalty" in penalties[1]
