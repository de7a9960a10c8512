"""Extraction with a vision-language model: held to the page, repaired, weighed, bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from docagent.cascade.answer_format import begun, members
from docagent.cascade.combined_confidence import agreed, disputed
from docagent.document import Document
from docagent.settings import RULE_NAMES, Settings
from docagent.vlm.scripted import ScriptedAnswer, ScriptedChatModel
from tests.documents import document_of
from tests.vlm_models import ABSENT, BILL, BILL_SCHEMA, FAST, GOOD, agent, cell, wanted


def good(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    return {key: GOOD[key] for key in wanted(messages)}


ALL_RULES = {"rules": RULE_NAMES}
"""Beside the scripted reader, which is alone in the other tests."""


def extracted(script: Any, reader: Any = None, document: Document = BILL, **settings: Any) -> Any:
    made = agent(script, reader, FAST.replace(**settings))
    return made.extract(document, BILL_SCHEMA)


def test_without_a_model_nothing_changes():
    result = agent([], settings=Settings(vlm="never")).extract(BILL, BILL_SCHEMA)
    assert result.vlm is None
    assert all(field.how is None for field in result.fields)


def test_values_are_grounded_and_read_by_code():
    result = extracted(good)
    total, date = result["total"], result["date"]
    assert (total.value, total.raw_text, total.source, total.how) == (
        132.0,
        "132.00",
        "vlm",
        "verbatim",
    )
    assert total.evidence[0].quote == "132.00"
    assert date.value == "2018-03-12"
    assert result["items[1].price"].value == 20.0
    assert result.valid
    assert result.data["items"][0] == {"name": "Bolts zinc plated", "price": 100.0}
    assert [c.status for c in result.checks if c.name == "adds up"] == ["passed"]


def test_what_was_asked_and_spent_is_in_the_result():
    use = extracted(good).vlm
    assert (use.status, use.calls, use.prompt_tokens, use.completion_tokens) == (
        "used",
        1,
        100,
        10,
    )
    (attempt,) = use.attempts
    assert attempt.template == "extract"
    assert len(attempt.template_hash) == len(attempt.prompt_hash) == 16
    assert "total" in attempt.asked
    assert json.loads(attempt.answer)["total"]["lines"] == ["L7"]


def test_only_unsure_fields_are_asked():
    script = {"all": [("132.00", 0.95)], "who sells": [("ACME Widgets Ltd", 0.4)]}
    model = ScriptedChatModel(script=good)
    extracted(model, script)
    asked = wanted(model.requests[0][0])
    assert "seller" in asked
    sent = model.requests[0][1]["response_format"]["json_schema"]["schema"]
    assert set(sent["properties"]) == set(asked)
    assert sent["$defs"]["cell"]["properties"]["lines"]["items"]["enum"] == [
        f"L{n}" for n in range(1, 9)
    ]


@pytest.mark.parametrize(("more", "asked"), [(-0.1, False), (0.1, True)])
def test_how_sure_is_sure_enough_is_a_setting(more, asked):
    script = {"all": [("132.00", 0.5)]}
    sure = extracted([], script, vlm="never")["total"].confidence
    result = extracted(good, script, vlm_unsure=sure + more)
    assert ("total" in result.vlm.attempts[0].asked) == asked
    assert "items" in result.vlm.attempts[0].asked  # no row of it was found


def test_always_asks_for_all():
    model = ScriptedChatModel(script=good)
    extracted(model, {"all": [("132.00", 0.99)]}, vlm="always")
    assert set(wanted(model.requests[0][0])) == set(GOOD)


def test_agreement_raises_and_disagreement_lowers_confidence():
    reader = {"all": [("132.00", 0.6)]}
    alone = agent([], reader, Settings()).extract(BILL, BILL_SCHEMA)["total"].confidence
    same = extracted(good, reader)["total"]
    assert same.confidence > alone
    said = {"total": cell("L8", "150.00"), "subtotal": ABSENT}
    other = extracted(lambda m, o: good(m, o) | said, reader)["total"]
    assert other.confidence < 0.75
    assert "reads" in other.message
    gone = extracted(lambda m, o: good(m, o) | {"total": ABSENT}, reader)["total"]
    assert gone.value == 132.0
    assert gone.confidence < alone


@pytest.mark.parametrize(("words", "value"), [("ACME", "ACME Widgets Ltd"), ("Widgets", "Widgets")])
def test_a_model_that_stops_early_does_not_cut_a_value(words, value):
    """The first words alone are no other value; words from another place are."""
    reader = {"all": [("132.00", 0.9)], "who sells": [("ACME Widgets Ltd", 0.3)]}
    said = {"seller": cell("L1", words)}
    result = extracted(
        lambda m, o: {k: v for k, v in (GOOD | said).items() if k in wanted(m)},
        reader,
        extraction=ALL_RULES,
    )
    assert result["seller"].value == value
    assert words in result["seller"].message or value == words


@pytest.mark.parametrize(("trust", "value"), [(0.1, 132.0), (0.95, 150.0)])
def test_how_far_a_model_is_trusted_decides_disputes(trust, value):
    said = {"total": cell("L8", "150.00"), "subtotal": ABSENT}
    reader = {"all": [("132.00", 0.6)]}
    result = extracted(lambda m, o: good(m, o) | said, reader, vlm_trust=trust)
    assert result["total"].value == value


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.75), (0.8, 0.75), (0.3, 0.6), (0.99, 0.9)])
def test_the_weights_move_the_right_way(a, b):
    assert agreed(a, b) > max(a, b)
    assert disputed(a, b) < a
    assert disputed(a, b) + disputed(b, a) <= 1


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (cell("L7", "999.99"), "not printed"),
        (cell("L3", "132.00"), "not printed"),  # printed, but elsewhere
        (cell("L99", "132.00"), "lines that are not there"),
        (cell("L7", "Due"), "cannot be read"),
        ({"lines": [], "how": "verbatim", "value": "132.00"}, "names no lines"),
        ({"lines": ["L7"], "how": "verbatim", "value": None}, "has no value"),
        ({"lines": ["L7"], "how": "sure", "value": "132.00"}, "does not follow the form"),
        ("132.00", "does not follow the form"),
    ],
)
def test_what_does_not_hold_is_asked_again_alone(claim, complaint):
    model = ScriptedChatModel(script=[GOOD | {"total": claim}, {"total": GOOD["total"]}])
    result = extracted(model)
    assert result["total"].value == 132.0
    assert wanted(model.requests[1][0]) == ["total"]
    assert complaint in str(model.requests[1][0][-1].content)
    assert result.vlm.calls == 2


def test_repair_is_bounded_and_what_holds_is_kept():
    model = ScriptedChatModel(
        script=lambda m, o: {
            k: cell("L7", "999.99") if k == "total" else GOOD[k] for k in wanted(m)
        }
    )
    result = extracted(model)
    assert result["seller"].value == "ACME Widgets Ltd"
    assert result["total"].value is None
    assert "no usable answer" in result["total"].message
    assert result.vlm.status == "partial"
    assert len(result.vlm.attempts) == len(model.requests) <= 4


def test_a_conclusion_is_shown_as_ungrounded_and_not_in_the_data():
    field_of = lambda r: r["tax"]  # noqa: E731
    document = document_of(["Net 120.00", "Due 132.00"])
    script = {"tax": cell("L2", "12.00", "derived")}
    result = extracted(
        lambda m, o: {k: script.get(k, [] if k == "items" else ABSENT) for k in wanted(m)},
        document=document,
    )
    field = field_of(result)
    assert (field.status, field.confidence, field.evidence) == ("ungrounded", None, ())
    assert result.data["tax"] is None


def misread(confidence: float = 0.5) -> Document:
    return document_of(["ACMF Widgcts", "Due 1E2.00"], confidence=confidence)


def test_letters_are_mended_only_where_the_recognizer_is_unsure():
    answer = {"seller": cell("L1", "ACME Widgets", "corrected")}
    script = lambda m, o: {  # noqa: E731
        k: answer.get(k, [] if k == "items" else ABSENT) for k in wanted(m)
    }
    field = extracted(script, document=misread(), extraction=ALL_RULES)["seller"]
    assert (field.value, field.raw_text, field.how) == (
        "ACME Widgets",
        "ACMF Widgcts",
        "corrected",
    )
    assert field.evidence[0].match == "fuzzy"
    sure = extracted(script, document=misread(0.99), extraction=ALL_RULES)["seller"]
    assert sure.value == "ACMF Widgcts"  # the page's own text


def test_digits_are_mended_only_with_a_second_read():
    script = lambda m, o: {  # noqa: E731
        k: cell("L2", "132.00", "corrected") if k == "total" else [] if k == "items" else ABSENT
        for k in wanted(m)
    }
    assert extracted(script, document=misread())["total"].value is None


def test_rows_are_merged_without_duplicates():
    twice = GOOD["items"] + GOOD["items"][:1]
    result = extracted(
        lambda m, o: good(m, o) | {"items": twice},
        {"what": [("Nuts", 0.6)], "how dear": [("20.00", 0.6)]},
    )
    assert [row["name"] for row in result.data["items"]] == ["Bolts zinc plated", "Nuts"]
    assert any(note == "items: 1 rows read, 2 by the model, 2 kept" for note in result.vlm.notes)


def test_a_failing_check_is_read_again_and_settled():
    wrong = GOOD | {"total": cell("L8", "150.00")}
    model = ScriptedChatModel(
        script=[wrong, {key: GOOD[key] for key in ("subtotal", "tax", "total")}]
    )
    result = extracted(model)
    assert result["total"].value == 132.0
    assert "a check fails: adds up" in str(model.requests[1][0][-1].content)
    assert all(check.status != "failed" for check in result.checks)


def test_of_two_readings_the_one_that_adds_up_wins():
    said = {"total": cell("L8", "150.00")}
    field = extracted(lambda m, o: good(m, o) | said, {"all": [("132.00", 0.5)]})["total"]
    assert field.value == 132.0
    assert "'150.00'" in field.message


def wide(count: int) -> dict[str, Any]:
    fields = {
        f"f{n}": {"type": ["string", "null"], "description": f"Field {n}"} for n in range(count)
    }
    return {"title": "Wide", "type": "object", "properties": fields}


@pytest.mark.parametrize("at_one_time", [1, 3])
def test_wide_schemas_are_split(at_one_time):
    document = document_of([f"key{n} value{n}" for n in range(100)])
    model = ScriptedChatModel(
        script=lambda m, o: {k: cell(f"L{int(k[1:]) + 1}", f"value{k[1:]}") for k in wanted(m)}
    )
    settings = FAST.replace(vlm_concurrency=at_one_time)
    result = agent(model, settings=settings).extract(document, wide(100))
    assert sorted(len(wanted(messages)) for messages, _ in model.requests) == [20, 40, 40]
    assert result.data == {f"f{n}": f"value{n}" for n in range(100)}


def test_long_documents_are_split_and_put_together():
    pages = [[f"page {n} has {'words ' * 20}", f"code value{n}"] for n in range(6)]
    document = document_of(*pages)
    line = lambda n: f"L{2 * n + 2}"  # noqa: E731

    def script(messages, options):
        schema = options["response_format"]["json_schema"]["schema"]
        ids = schema["$defs"]["cell"]["properties"]["lines"]["items"]["enum"]
        return {
            k: cell(line(int(k[1:])), f"value{k[1:]}") if line(int(k[1:])) in ids else ABSENT
            for k in wanted(messages)
        }

    model = ScriptedChatModel(script=script)
    result = agent(model, settings=FAST.replace(vlm_chars=400)).extract(document, wide(6))
    assert len(model.requests) == 3
    assert result.data == {f"f{n}": f"value{n}" for n in range(6)}


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (ScriptedAnswer(json.dumps(GOOD)[:30], finish="length"), "truncated"),
        (ScriptedAnswer(iter(lambda: " ", "")), "repeated"),
        (ScriptedAnswer("I am sorry, I cannot do that."), "invalid"),
    ],
)
def test_the_ladder_gets_out_of_bad_answers(said, outcome):
    model = ScriptedChatModel(script=[said, GOOD])
    result = extracted(model)
    assert result["total"].value == 132.0
    assert [a.outcome for a in result.vlm.attempts] == [outcome, "answered"]
    first, second = (options for _, options in model.requests)
    assert second["temperature"] > first["temperature"]


def test_what_is_whole_of_a_broken_answer_is_used():
    cut = json.dumps(GOOD)
    cut = cut[: cut.index('"tax"') + 12]
    result = extracted([ScriptedAnswer(cut, finish="length")] * 3)
    assert result["subtotal"].value == 120.0
    assert result["total"].value is None
    assert result.vlm.status == "partial"


def test_an_answer_that_breaks_off_is_gone_on_from():
    """What is whole is not asked for again, and the rest without climbing the ladder."""
    cut = json.dumps(GOOD)[:300]
    model = ScriptedChatModel(
        script=[ScriptedAnswer(cut, finish="length"), {k: GOOD[k] for k in ("total", "items")}]
    )
    result = extracted(model)
    assert wanted(model.requests[1][0]) == ["total", "items"]
    assert model.requests[1][1]["temperature"] == 0.0
    assert result["total"].value == 132.0
    assert result.vlm.status == "used"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{"a": {"b": 1}, "c": {"d', {"a": {"b": 1}}),
        ('{"a": [1, 2], "b": 12', {"a": [1, 2]}),
        ('{"a": "x", "b"', {"a": "x"}),
        ("no object", {}),
        ("[1]", {}),
        ("{" * 3000, {}),
    ],
)
def test_complete_members_of_any_text(text, found):
    assert members(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "b": [{"c": 1}, {"c": 2}, {"c"', {"b": [{"c": 1}, {"c": 2}]}),
        ('{"b": ["x", "y', {"b": ["x"]}),
        ('{"b": [1, 2', {"b": [1]}),
        ('```json\n{"b": [[1], [2],', {"b": [[1], [2]]}),
        ('{"b": [1, 2], "c": [', {}),  # nothing of it is whole
        ('{"b": [1, 2]}', {}),  # it does not break off
        ('{"b": {"c": [1, 2, ', {}),
        ('{"b": [' + "[" * 3000, {}),
        ("no object", {}),
    ],
)
def test_whole_items_of_an_array_that_breaks_off(text, found):
    assert begun(text) == found


def test_a_model_that_raises_or_hangs_leaves_the_embedded_result():
    reader = {"all": [("132.00", 0.7)]}
    for said in (RuntimeError("no GPU"), ScriptedAnswer(GOOD, delay=30)):
        result = extracted([said], reader, vlm_timeout=0.05, vlm_seconds=0.3)
        assert result["total"].value == 132.0
        assert result.vlm.status == "failed"
        assert result.vlm.notes


def test_calls_are_bounded():
    model = ScriptedChatModel(script=lambda m, o: {})
    result = extracted(model, vlm_calls=2)
    assert len(model.requests) == 2
    assert "2 calls are allowed a document" in " ".join(result.vlm.notes)
