"""What goes into a call fits the model: its length is asked, and what is too long is halved."""

from __future__ import annotations

import re
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from docagent.agent import DocAgent
from docagent.errors import VlmError
from docagent.settings import Settings
from docagent.vlm.budget import ContextLength, fit_settings
from docagent.vlm.calls import Breaker
from docagent.vlm.client import VllmChat
from docagent.vlm.message_content import mostly_pictures
from docagent.vlm.openai_protocol import status_to_error
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import document_of
from tests.vlm_models import ABSENT, BILL_SCHEMA, FAST, DoubtfulReader, cell
from tests.vlm_server import Act, Server, serving

FILLER = [f"Clause {n} of the terms is printed here" for n in range(60)]
LONG = document_of([*FILLER[:50], "Due 132.00", *FILLER[50:]])
DOUBTFUL = document_of([*FILLER[:50], "Due 1E2.00 to Acrne", *FILLER[50:]], confidence=0.5)
TOO_LONG = (
    "This model's maximum context length is 4096 tokens. However, your prompt contains at least "
    "4097 input tokens. Please reduce the length of the input prompt."
)


def page_text(body: dict[str, Any]) -> str:
    blocks = body["messages"][-1]["content"]
    if isinstance(blocks, str):
        return blocks
    return "\n".join(block["text"] for block in blocks if block["type"] == "text")


def as_printed(body: dict[str, Any]) -> Act:
    """An answer to any prompt, made of the lines that it shows."""
    found = re.search(r"(L\d+)\| Due", page_text(body))
    due = cell(found[1], "132.00") if found else ABSENT
    form = body["response_format"]["json_schema"]
    if form["name"] == "ask":
        return Act({"answers": [due] if found else []})
    keys = form["schema"]["required"]
    if form["name"] == "correct":
        shown = dict(re.findall(r"(L\d+)\| (.*)", page_text(body)))
        return Act({key: shown.get(key, "") for key in keys})
    said = {"total": due, "items": []}
    return Act({key: said.get(key, ABSENT) for key in keys})


def small(most: int, message: str = TOO_LONG) -> Any:
    """A server whose model takes pages of so many characters."""

    def act(body: dict[str, Any]) -> Act:
        return Act(message, status=400) if len(page_text(body)) > most else as_printed(body)

    return act


def agent(server: Server, **update: Any) -> DocAgent:
    model = VllmChat(base_url=server.url, model="first", backoff=0.01, timeout=5.0)
    return DocAgent(FAST.replace(**update), reader=DoubtfulReader({}), vlm=model)


@pytest.mark.parametrize(
    ("tokens", "chars", "answer"),
    [
        (None, 12_000, 2048),
        (128_000, 12_000, 2048),
        (16_384, 12_000, 2048),
        (8192, 4785, 2048),
        (4096, 1280, 2048),
        (1024, 320, 512),
        (64, 200, 32),
    ],
)
def test_limits_are_cut_to_what_a_model_takes(tokens, chars, answer):
    fitted = fit_settings(Settings(), tokens)
    assert (fitted.vlm.chars, fitted.vlm.max_tokens) == (chars, answer)


def test_smaller_limits_of_the_user_stay():
    mine = Settings(vlm_chars=300, vlm_max_tokens=20)
    assert fit_settings(mine, 16_384) == mine


def test_a_server_tells_once_what_its_model_takes():
    with serving(as_printed, max_model_len=2048) as server:
        asked = agent(server, vlm_images=0, vlm_max_tokens=4000)
        results = [asked.extract(LONG, BILL_SCHEMA) for _ in range(3)]
        assert len(server.listed) == 1
        sizes = [len(page_text(body)) for body in server.requests]
        assert {body["max_tokens"] for body in server.requests} == {1024}
    assert {result["total"].value for result in results} == {132.0}
    with serving(as_printed) as server:
        assert agent(server).extract(LONG, BILL_SCHEMA)["total"].value == 132.0
        assert max(sizes) < len(page_text(server.requests[0]))  # it says nothing, and gets all


def test_an_adapter_takes_what_its_base_model_does():
    with serving([Act()], max_model_len=2048) as server:
        model = VllmChat(base_url=server.url, model="first")
        assert model.context_length() == model.with_model("adapter").context_length() == 2048


def test_a_server_that_does_not_tell_is_left_alone_for_a_while():
    model = VllmChat(base_url="http://127.0.0.1:9/v1", model="first")
    length, breaker = ContextLength(model), Breaker()
    assert length.tokens(breaker) is None
    asked = []
    model.__dict__["context_length"] = lambda: asked.append(1)
    assert length.tokens(breaker) is None
    assert not asked


def test_a_model_of_another_make_tells_by_its_profile():
    model = ScriptedChatModel(script=[], profile={"max_input_tokens": 3000})
    assert ContextLength(model).tokens(Breaker()) == 3000
    assert ContextLength(ScriptedChatModel(script=[])).tokens(Breaker()) is None


@pytest.mark.parametrize("most", [3000, 1700])
def test_what_is_too_long_is_asked_in_halves(most):
    with serving(small(most)) as server:
        asked = agent(server)
        result = asked.extract(LONG, BILL_SCHEMA)
        answer = asked.ask(LONG, "What is due?")
    assert result["total"].value == 132.0
    assert result.vlm.status == "used"
    assert "length" in {attempt.outcome for attempt in result.vlm.attempts}
    assert answer.text == "132.00"
    assert answer.vlm.status == "used"


def test_a_correction_that_is_too_long_is_asked_in_halves():
    with serving(small(3000)) as server:
        correction = agent(server, vlm_calls=40).correct(DOUBTFUL)
    assert correction.vlm.status == "used"
    answered = [a for a in correction.vlm.attempts if a.outcome == "answered"]
    lines = [line for attempt in answered for line in attempt.asked]
    assert len(lines) == len(set(lines)) == 61


def test_halving_is_bounded():
    with serving(small(100)) as server:
        use = agent(server).extract(LONG, BILL_SCHEMA).vlm
        assert len(server.requests) == 7  # the whole, its halves, and theirs
    assert use.status == "failed"
    assert not use.unreached
    assert any("maximum context length" in note for note in use.notes)


@pytest.mark.parametrize(
    ("status", "said", "fault"),
    [
        (400, TOO_LONG, "length"),
        (
            400,
            "The decoder prompt (length 9) is longer than the maximum model length of 8",
            "length",
        ),
        (400, '{"error": {"code": "context_length_exceeded"}}', "length"),
        (413, "prompt is too long: 9 tokens", "length"),
        (400, "At most 1 image(s) may be provided in one prompt.", "refused"),
        (404, TOO_LONG, "refused"),
        (500, TOO_LONG, "server"),
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(status, said, fault):
    error = status_to_error(status, said)
    assert error.fault == fault
    assert error.retryable == (fault == "server")


def test_pictures_go_first_where_they_take_most_room():
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    text = {"type": "text", "text": "x" * 8000}
    assert mostly_pictures([{"role": "user", "content": [picture] * 3 + [text]}])
    assert not mostly_pictures([{"role": "user", "content": [picture, text]}])
    assert not mostly_pictures([{"role": "user", "content": "x"}])


def faulty(*numbers: int) -> Any:
    """A server with an error in some of its requests, by number from 1."""
    count = iter(range(1, 1000))
    return lambda body: Act(status=500) if next(count) in numbers else as_printed(body)


def test_one_error_of_a_server_costs_one_part():
    with serving(faulty(1)) as server:
        model = VllmChat(base_url=server.url, model="first", retries=0)
        settings = FAST.replace(vlm_chars=900)
        reader = DoubtfulReader({})
        result = DocAgent(settings, reader=reader, vlm=model).extract(LONG, BILL_SCHEMA)
        assert len(server.requests) > 2
    assert result["total"].value == 132.0
    assert [a.outcome for a in result.vlm.attempts].count("server") == 1
    assert result.vlm.unreached


def test_two_errors_of_a_server_in_a_row_are_enough():
    with serving(faulty(*range(1, 99))) as server:
        model = VllmChat(base_url=server.url, model="first", retries=1, backoff=0.01)
        settings = FAST.replace(vlm_chars=900)
        reader = DoubtfulReader({})
        result = DocAgent(settings, reader=reader, vlm=model).extract(LONG, BILL_SCHEMA)
        assert len(server.requests) == 4  # two calls, each tried twice
    assert result.vlm.status == "failed"
    with pytest.raises(VlmError):
        model.invoke([HumanMessage("gone")])
