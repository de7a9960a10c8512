"""The client against a real, small server that is slow, broken, busy or gone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from docagent.agent import DocAgent
from docagent.cascade.document_view import DocumentView
from docagent.errors import VlmError
from docagent.schemas import load_schema
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import extract
from docagent.vlm.calls import Asker
from docagent.vlm.client import VllmChat
from tests.test_vlm_prompts import grey_page
from tests.vlm_models import BILL, BILL_SCHEMA, FAST, GOOD, DoubtfulReader
from tests.vlm_server import Act, Server, serving

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
READER = {"all": [("132.00", 0.7)]}


def chat(server: Server, **options: Any) -> VllmChat:
    values = {"base_url": server.url, "model": "base", "backoff": 0.01, "timeout": 5.0}
    return VllmChat(**{**values, **options})


def test_a_request_as_vllm_expects_it():
    with serving([Act("hello")]) as server:
        model = chat(server, api_key="secret")
        message = HumanMessage(content=[{"type": "text", "text": "hi"}, IMAGE])
        said = model.invoke([message], response_format={"type": "json_schema"}, temperature=0.0)
        assert said.content == "hello"
        assert said.response_metadata["finish_reason"] == "stop"
        assert said.usage_metadata["input_tokens"] == 70
        (body,) = server.requests
        assert body["messages"][0]["content"] == [{"type": "text", "text": "hi"}, IMAGE]
        assert body["stream"] is True
        assert body["response_format"] == {"type": "json_schema"}
        assert (body["model"], body["temperature"]) == ("base", 0.0)
        assert "stop" not in body
        assert server.headers[0]["Authorization"] == "Bearer secret"
        assert "secret" not in repr(model)


def test_without_a_name_the_first_model_is_used():
    with serving([Act("hello")]) as server:
        model = chat(server, model="")
        model.invoke("hi")
        assert server.requests[0]["model"] == model.model == "first"
        assert model.models() == ("first", "second")


def test_an_answer_that_is_not_streamed_is_taken():
    with serving([Act("hello", plain=True)]) as server:
        assert chat(server).invoke("hi").content == "hello"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again(status):
    with serving([Act(status=status), Act(status=status), Act("hello")]) as server:
        assert chat(server).invoke("hi").content == "hello"
        assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "fault"), [(429, "busy"), (500, "server"), (503, "server")])
def test_tries_are_bounded(status, fault):
    with serving([Act("no room", status=status)]) as server:
        with pytest.raises(VlmError, match=f"HTTP {status}: no room") as caught:
            chat(server).invoke("hi")
        assert (caught.value.fault, len(server.requests)) == (fault, 3)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_is_refused_is_not_tried_again(status):
    with serving([Act("bad", status=status)]) as server:
        with pytest.raises(VlmError, match=f"HTTP {status}: bad") as caught:
            chat(server).invoke("hi")
        assert (caught.value.fault, len(server.requests)) == ("refused", 1)


def test_the_server_says_how_long_to_wait():
    with serving([Act(status=429, headers={"Retry-After": "0.2"}), Act("hello")]) as server:
        start = time.monotonic()
        assert chat(server).invoke("hi").content == "hello"
        assert time.monotonic() - start >= 0.2


def test_a_silent_server_is_a_timeout():
    with serving([Act("hello", delay=30)]) as server:
        with pytest.raises(VlmError, match="did not answer within") as caught:
            chat(server, timeout=0.1, retries=1).invoke("hi")
        assert caught.value.fault == "timeout"
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (Act("x" * 500, break_after=3), "connection"),
        (Act(raw="data: {not json\n\n"), "server"),
        (Act(raw='data: {"error": {"message": "out of memory"}}\n\n'), "server"),
        (Act(raw=""), "connection"),
        (Act(raw="data: []\n\n"), "server"),
    ],
)
def test_a_broken_stream_is_an_error(act, fault):
    with serving([act]) as server, pytest.raises(VlmError) as caught:
        chat(server).invoke("hi")
    assert caught.value.fault == fault


def test_a_server_that_is_not_there():
    with serving([Act()]) as server:
        url = server.url
    with pytest.raises(VlmError, match="is the server running") as caught:
        VllmChat(base_url=url, model="x", backoff=0.01).invoke("hi")
    assert caught.value.fault == "connection"


def test_no_more_requests_at_one_time_than_allowed():
    with serving([Act("hello", delay=0.05)]) as server:
        model = chat(server, concurrency=2)
        with ThreadPoolExecutor(6) as pool:
            assert all(m.content == "hello" for m in pool.map(model.invoke, ["hi"] * 6))
        assert server.busy[1] == 2


def as_asked(body: dict[str, Any]) -> Act:
    """The right answer to an extract prompt."""
    keys = body["response_format"]["json_schema"]["schema"]["required"]
    return Act({key: GOOD[key] for key in keys})


def test_extraction_over_http():
    with serving(as_asked) as server:
        made = DocAgent(FAST, reader=DoubtfulReader(READER), vlm=chat(server))
        result = made.extract(BILL, BILL_SCHEMA)
    assert result["total"].value == 132.0
    assert result["seller"].evidence
    assert (result.vlm.prompt_tokens, result.vlm.completion_tokens) == (70, 7)
    assert result.vlm.model == "base"


@pytest.mark.parametrize(
    "act",
    [
        Act(delay=30),
        Act(status=400),
        Act(status=404),
        Act(status=429),
        Act(status=500),
        Act(GOOD, break_after=2),
        Act(GOOD, finish="length", break_after=None, raw=None),
        Act(raw="data: nonsense\n\n"),
        Act("<html>"),
    ],
)
def test_every_document_gets_a_result_of_the_same_shape(act):
    with serving([act]) as server:
        settings = FAST.replace(vlm_timeout=0.2, vlm_seconds=2.0)
        model = chat(server, timeout=0.2, retries=1)
        made = DocAgent(settings, reader=DoubtfulReader(READER), vlm=model)
        result = made.extract(BILL, BILL_SCHEMA)
        answer = made.ask(BILL, "What is due?")
        correction = made.correct(BILL)
    assert result["total"].value == 132.0
    assert {leaf.path for leaf in result.fields} >= {"seller", "date", "total"}
    assert result.vlm.status == ("failed" if act.answer is not GOOD else result.vlm.status)
    assert result.vlm.notes
    assert answer.vlm.notes
    assert correction.vlm is not None


def test_a_server_that_dies_mid_run_costs_no_document():
    with serving(as_asked) as server:
        made = DocAgent(FAST, reader=DoubtfulReader(READER), vlm=chat(server, retries=1))
        first = made.extract(BILL, BILL_SCHEMA)
        server.stop()
        start = time.monotonic()
        later = [made.extract(BILL, BILL_SCHEMA) for _ in range(5)]
        assert time.monotonic() - start < 5
    assert first.vlm.status == "used"
    assert {r.vlm.status for r in later} == {"failed"}
    assert all(r["total"].value == 132.0 for r in later)
    assert [r.vlm.calls for r in later] == [1, 0, 0, 0, 0]  # it is not asked again at once
    assert "not asked" in later[-1].vlm.notes[-1]


def test_a_request_with_too_many_images_is_sent_with_fewer():
    def act(body: dict[str, Any]) -> Act:
        images = [b for b in body["messages"][-1]["content"] if b["type"] == "image_url"]
        if len(images) > 1:
            return Act("at most 1 image(s) may be provided", status=400)
        return as_asked(body)

    schema = load_schema(BILL_SCHEMA)
    embedded = extract(BILL, schema, DoubtfulReader(READER))
    with serving(act) as server:
        view = DocumentView(BILL, FAST, lambda page: grey_page())
        result = extract_unsure(view, schema, embedded, Asker(chat(server), FAST))
    assert result["total"].value == 132.0
    assert [a.images for a in result.vlm.attempts] == [4, 1]
