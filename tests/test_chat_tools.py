"""A model with tools: what it does with them, and what of its answers is shown."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import pytest

from docagent import DocAgent
from docagent.schemas import list_schemas
from docagent.vlm.client import VllmChat
from docagent.vlm.scripted import ScriptedAnswer, ScriptedChatModel
from tests.chat_documents import NDA, rent, report
from tests.chat_models import answers, calls, line_of, model_of, talk, texts, told
from tests.test_vlm_agent import PaperEngine, pictures, sheet
from tests.vlm_models import FAST, DoubtfulReader, cell
from tests.vlm_server import Act, serving

SUM = "What are net and VAT together?"


def test_a_model_searches_a_long_document_and_its_answer_is_cited():
    document = report(extra={33: ["Approved by Clara Whitfield"]})

    def script(messages: list[Any], options: dict[str, Any]) -> ScriptedAnswer:
        if len(messages) == 2:
            assert "Whitfield" not in " ".join(texts(messages))
            return calls("search", query="approved")
        return answers(cell(line_of(messages, "Whitfield"), "Clara Whitfield"))

    model = model_of(script)
    turn = talk(model, document).ask("Whose name stands under the Berlin report?")
    assert (turn.text, turn.citations[0].page) == ("Clara Whitfield", 33)
    assert [(step.tool, step.ok) for step in turn.steps] == [("search", True), ("answer", True)]
    assert 33 in turn.pages
    assert "BEGIN DOCUMENT" in told(model)[0]
    assert turn.vlm.status == "used"
    assert [a.template for a in turn.vlm.attempts] == ["agent", "agent"]
    assert turn.vlm.attempts[0].answer.startswith("search({")


def test_a_page_is_read_by_its_number():
    document = report()
    model = model_of(calls("read_page", number=29), answers(cell(line_29(document), rent(29))))
    turn = talk(model, document).ask("How much is the Berlin rent?")
    assert (turn.text, turn.citations[0].page) == (rent(29), 29)
    assert "page 29" in told(model)[0]


def line_29(document: Any) -> str:
    return f"L{29 * len(document.pages[0].lines)}"


def test_a_page_longer_than_a_call_is_read_in_parts():
    long = report(2, {2: [f"Item {n} for {n}.75" for n in range(300)]})
    model = model_of(
        calls("read_page", number=2),
        calls("read_page", number=2, part=2),
        calls("read_page", number=2, part=99),
        answers(),
    )
    turn = talk(model, long, vlm_chars=3000).ask("What is item 170?")
    assert [step.ok for step in turn.steps] == [True, True, False, True]
    assert "This is part 2 of" in told(model)[1]
    assert "has parts 1 to" in told(model)[2]


def test_what_is_calculated_is_derived_from_printed_numbers():
    model = model_of(
        calls("calculate", expression="120.00 + 12.00", lines=["L7", "L8"]),
        answers(cell("L7", "132.00", "derived")),
    )
    turn = talk(model).ask(SUM)
    assert (turn.text, turn.how, turn.confidence) == ("132.00", "derived", None)
    assert [c.quote for c in turn.citations] == ["120.00", "12.00"]
    assert "120.00 + 12.00 = 132.00" in turn.message
    assert told(model) == ["120.00 + 12.00 = 132.00"]


@pytest.mark.parametrize(
    ("sums", "value", "text"),
    [
        ([("120.00 * 12.00 / 100", ["L7", "L8"])], "14.40", "14.40"),
        ([("(120.00 + 12.00 + 2.50) / 3", ["L7", "L8", "L9"])], "44.83", "44.8333333333"),
        ([("120.00 + 12.00", ["L7", "L8"]), ("132.00 - 2.50", ["L9"])], "129.50", "129.50"),
        ([("120.00 + 12.00", ["L7", "L8"])], "EUR 132.00", "132.00"),
    ],
)
def test_calculations_that_hold(sums, value, text):
    script = [calls("calculate", expression=e, lines=lines) for e, lines in sums]
    turn = talk(model_of(*script, answers(cell("L7", value, "derived")))).ask(SUM)
    assert (turn.text, turn.how) == (text, "derived")
    assert turn.citations


@pytest.mark.parametrize(
    ("expression", "lines", "value"),
    [
        ("120.00 + 13.00", ["L7", "L8"], "133.00"),
        ("120.00 + 12.00", ["L7"], "132.00"),
        ("120.00 + 12.00", ["L7", "L8"], "132.01"),
        ("100 * 100", [], "10000"),
        ("1 + 1", ["L7"], "2"),
        ("120.00 * 2", ["L7"], "240.00"),
    ],
)
def test_calculations_that_do_not_hold_are_not_shown(expression, lines, value):
    wrong = answers(cell("L7", value, "derived"))
    plain = {"answers": [cell("L7", value, "derived")]}
    script = [calls("calculate", expression=expression, lines=lines), *[wrong] * 11, plain, plain]
    turn = talk(model_of(*script), vlm_tool_calls=3).ask(SUM)
    assert (turn.text, turn.citations, turn.abstained) == (None, (), "not_present")
    assert not turn.steps[-1].ok


def test_a_sum_in_the_head_of_the_model_is_not_shown():
    claim = cell("L7", "132.00", "derived")
    model = model_of(answers(claim), answers(claim), {"answers": [claim]}, {"answers": [claim]})
    turn = talk(model, vlm_tool_calls=2).ask(SUM)
    assert (turn.text, turn.abstained) == (None, "not_present")
    assert "calculate did not give it" in turn.steps[0].message


def test_an_answer_that_does_not_hold_can_be_mended():
    model = model_of(
        answers(cell("L5", "Carla Whitfeld-Smith")), answers(cell("L5", "Clara Whitfield"))
    )
    turn = talk(model).ask("Who signed it?")
    assert turn.text == "Clara Whitfield"
    assert "not printed on the lines it names" in told(model)[0]


@pytest.mark.parametrize(
    "said",
    [
        '{"answers": [{"lines": ["L5"], "how": "verbatim", "value": "Clara Whitfield"}]}',
        "It was Clara Whitfield.",
    ],
)
def test_a_model_that_speaks_instead_of_answering(said):
    model = model_of(said, answers(cell("L5", "Clara Whitfield")))
    turn = talk(model).ask("Who signed it?")
    assert turn.text == "Clara Whitfield"
    assert len(model.requests) == (1 if said.startswith("{") else 2)


def test_nothing_found_with_tools_is_not_in_the_document():
    turn = talk(model_of(answers())).ask("Who is the president?")
    assert (turn.text, turn.abstained) == (None, "not_present")
    assert turn.vlm.status == "used"


def test_a_region_is_looked_at_enlarged():
    model = model_of(calls("look", lines=["L2"]), calls("look", lines=["L2"]), answers())
    agent = DocAgent(FAST, engine=PaperEngine(), reader=DoubtfulReader({}), vlm=model)
    turn = agent.chat(sheet()).ask("What is due?")
    assert [step.tool for step in turn.steps] == ["look", "look", "answer"]
    assert len(pictures(model.requests[0][0])) == 1
    (crop,) = pictures(model.requests[1][0][-1:])
    assert crop.width > crop.height
    total = sum(isinstance(m.content, list) and len(pictures([m])) for m in model.requests[2][0])
    assert total <= FAST.vlm.images


def test_without_pictures_nothing_is_looked_at():
    turn = talk(model_of(calls("look", lines=["L1"]), answers())).ask("Who signed it?")
    assert not turn.steps[0].ok


def test_fields_are_extracted_with_their_lines():
    model = model_of(calls("extract", name="invoice"), answers(cell("L8", "12.00")))
    turn = talk(model, reader={"tax": [("12.00", 0.9)]}).ask("How much for the state?")
    assert turn.steps[0].ok
    assert "L8| " in told(model)[0]
    assert turn.text == "12.00"


def test_a_long_document_is_extracted_page_by_page():
    reader = {"total": [(rent(30), 0.9)]}
    model = model_of(
        calls("extract", name="invoice"),
        calls("extract", name="invoice", pages=[30]),
        answers(cell(f"L{30 * 23}", rent(30))),
    )
    turn = talk(model, report(), reader).ask("How much is the Berlin rent?")
    assert [step.ok for step in turn.steps] == [False, True, True]
    assert (turn.text, turn.citations[0].page) == (rent(30), 30)


def test_the_model_is_told_the_turns_before_and_the_constant_comes_first():
    model = model_of(
        answers(cell("L5", "Clara Whitfield")), answers(cell("L6", "7 May 2022")), answers()
    )
    chat = talk(model)
    for question in ("Who signed it?", "when?", "Which court?"):
        chat.ask(question)
    assert [turn.text for turn in chat.turns] == ["Clara Whitfield", "7 May 2022", None]
    first, second, third = (texts(messages) for messages, _ in model.requests)
    assert first[:-1] == second[:-1] == third[:-1]
    assert "Earlier question: Who signed it?\nEarlier answer: Clara Whitfield" in second[-1]
    assert third[-1].startswith(second[-1].partition("Question: when?")[0])
    assert third[-1].endswith("Question: Which court?")


def test_a_sure_answer_is_not_asked_for_but_a_follow_up_is():
    reader = {"who signed": [("Clara Whitfield", 0.99)], "when": [("3 March 2021", 0.99)]}
    model = model_of(answers(cell("L6", "7 May 2022")))
    chat = talk(model, reader=reader)
    assert chat.ask("Who signed it?").vlm.status == "not_needed"
    assert not model.requests
    chat.ask("when?")
    assert len(model.requests) == 1


def test_what_happens_is_streamed():
    model = model_of(calls("search", query="signed"), answers(cell("L5", "Clara Whitfield")))
    events = list(talk(model).stream("Who signed it?"))
    kinds = [event.kind for event in events]
    assert kinds == ["pages", "model", "tool", "tool", "text", "turn"]
    assert events[2].text.startswith("search: found on page 2")


@pytest.mark.parametrize("tools", [False, True])
def test_without_tools_the_pages_found_are_given(tools):
    model = ScriptedChatModel(
        script=lambda m, o: {"answers": [cell(line_of(m, rent(12)), rent(12))]}, calls_tools=tools
    )
    document = report()
    turn = talk(model, document, vlm_tools=False).ask("How much is the rent of Oslo number 12?")
    assert (turn.text, turn.citations[0].page, turn.steps) == (rent(12), 12, ())
    assert turn.vlm.attempts[0].template == "chat"
    given = " ".join(texts(model.requests[0][0]))
    assert "page 12\n" in given
    assert len(given) < 2 * FAST.vlm.chars


def call_event(name: str | None, arguments: str) -> str:
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    call = {"index": 0, "id": "a1" if name else None, "type": "function", "function": function}
    return f"data: {json_of({'choices': [{'delta': {'tool_calls': [call]}}]})}\n\n"


def json_of(value: Any) -> str:
    return json.dumps(value)


def test_tool_calls_over_http():
    spoken = [
        call_event("answer", '{"answers": [{"lines": ["L5"], '),
        call_event(None, '"how": "verbatim", "value": "Clara Whitfield"}]}'),
        'data: {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}\n\ndata: [DONE]\n\n',
    ]
    with serving([Act(raw="".join(spoken))]) as server:
        model = VllmChat(base_url=server.url, model="base", backoff=0.01)
        turn = talk(model).ask("Who signed it?")
        (body,) = server.requests
    assert turn.text == "Clara Whitfield"
    names = {"search", "read_page", "look", "extract", "calculate", "answer"}
    assert {tool["function"]["name"] for tool in body["tools"]} == names
    assert body["tool_choice"] == "auto"
    assert "response_format" not in body


def test_a_server_without_tools_is_asked_without_them():
    def act(body: dict[str, Any]) -> Act:
        if "tools" in body:
            return Act('"auto" tool choice requires --enable-auto-tool-choice', status=400)
        return Act({"answers": [cell("L5", "Clara Whitfield")]})

    with serving(act) as server:
        chat = talk(VllmChat(base_url=server.url, model="base", backoff=0.01))
        first, second = chat.ask("Who signed it?"), chat.ask("Whose signature is it?")
        asked = [("tools" in body) for body in server.requests]
    assert first.text == second.text == "Clara Whitfield"
    assert asked == [True, False, False]


def test_a_server_that_goes_away_in_the_middle():
    with serving([Act(json_of({"answers": [cell("L5", "Clara Whitfield")]}))]) as server:
        reader = {"who signed": [("Clara Whitfield", 0.6)], "net": [("120.00", 0.6)]}
        model = VllmChat(base_url=server.url, model="base", backoff=0.01, retries=0)
        chat = talk(model, reader=reader, vlm_unsure=0.99)
        first = chat.ask("Who signed it?")
        server.stop()
        later = [chat.ask("How much is the net?"), chat.ask("How much is the net amount?")]
    assert first.vlm.status == "used"
    assert [turn.text for turn in later] == ["120.00", "120.00"]
    assert [turn.vlm.status for turn in later] == ["failed", "failed"]
    assert later[1].vlm.calls == 0  # it is not asked again at once
    assert all(turn.vlm.notes and turn.citations for turn in later)


def test_schemas_are_named_in_the_prompt():
    model = model_of(answers())
    talk(model).ask("Who signed it?")
    given = " ".join(texts(model.requests[0][0]))
    assert all(schema.name in given for schema in list_schemas())
    assert NDA.pages[0].lines[0].text in given


def test_no_tool_opens_a_file_a_socket_or_a_process():
    script = [
        calls("search", query="signed"),
        calls("read_page", number=1),
        calls("look", lines=["L1"]),
        calls("extract", name="invoice"),
        calls("extract", name="/etc/passwd"),
        calls("extract", name="../../pyproject.toml"),
        calls("calculate", expression="open('/etc/passwd')", lines=[]),
        calls("calculate", expression="120.00 + 12.00", lines=["L7", "L8"]),
        answers(cell("L7", "132.00", "derived")),
    ]
    talk(model_of(*script), vlm_calls=12).ask(SUM)  # what is loaded once a process
    chat = talk(model_of(*script), vlm_calls=12)
    assert _watched(lambda: open(__file__).close())  # noqa: PTH123
    assert _watched(lambda: socket.socket().close())
    events = list(_watched(lambda: [chat.ask(SUM)]))
    assert chat.turns[0].text == "132.00"
    assert events == []


WATCHED: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if WATCHED is not None and event.startswith(("open", "socket.", "subprocess.", "os.", "exec")):
        WATCHED.append(f"{event} {arguments}"[:200])


def _watched(act: Any) -> list[str]:
    """Audit events of files, sockets and processes while something is done."""
    global WATCHED
    sys.addaudithook(_hook)  # cannot be taken away again, so it has a switch
    WATCHED = []
    try:
        act()
        return WATCHED
    finally:
        WATCHED = None
