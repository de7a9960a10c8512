"""What chat models of any make raise: told apart, and tried again where it may pass."""

from __future__ import annotations

import time
from types import SimpleNamespace

import httpx
import pytest
from langchain_core import exceptions as langchain

from docagent.agent import DocAgent
from docagent.errors import VlmError
from docagent.settings import Settings
from docagent.vlm import streaming
from docagent.vlm.faults import to_vlm_error
from docagent.vlm.scripted import ScriptedAnswer, ScriptedChatModel
from docagent.vlm.streaming import CallLimits, stream_answer
from tests.documents import document_of
from tests.vlm_models import FAST, DoubtfulReader, cell


class ApiError(Exception):
    """As makers' own errors are: a status of its own, or in the response."""

    def __init__(self, text="", status_code=None, response=None):
        super().__init__(text)
        self.status_code, self.response = status_code, response


class APITimeoutError(Exception):
    """Known by its name alone."""


def raised_from(cause):
    error = ValueError("wrapped")
    error.__cause__ = cause
    return error


BUSY = SimpleNamespace(status_code=429, headers={"retry-after": "0.3"})


@pytest.mark.parametrize(
    ("error", "fault", "status"),
    [
        (ApiError("slow down", 429), "busy", 429),
        (ApiError("slow down", response=BUSY), "busy", 429),
        (ApiError("broken", 500), "server", 500),
        (ApiError("overloaded", 529), "server", 529),
        (ApiError("no key", 401), "refused", 401),
        (ApiError("no such model", 404), "refused", 404),
        (ApiError("prompt is too long: 9 tokens > 8", 400), "length", 400),
        (ApiError("Error code: 400 - context_length_exceeded"), "length", 0),
        (TimeoutError("late"), "timeout", 0),
        (ConnectionResetError("gone"), "connection", 0),
        (httpx.ConnectError("gone"), "connection", 0),
        (httpx.ReadTimeout("late"), "timeout", 0),
        (APITimeoutError("late"), "timeout", 0),
        (langchain.ModelRateLimitError("busy"), "busy", 0),
        (langchain.ModelConnectionError("gone"), "connection", 0),
        (langchain.ContextOverflowError("full"), "length", 0),
        (raised_from(ApiError("busy", 503)), "server", 503),
        (raised_from(TimeoutError()), "timeout", 0),
        (RuntimeError("out of memory"), "model", 0),
        (ValueError("no"), "model", 0),
    ],
)
def test_exceptions_of_any_make_are_told_apart(error, fault, status):
    known = to_vlm_error(error)
    assert (known.fault, known.status) == (fault, status)
    assert str(known).startswith(type(error).__name__)


def test_a_response_says_how_long_to_wait():
    assert to_vlm_error(ApiError("busy", response=BUSY)).retry_after == 0.3


def stream(script, retries=2, seconds=5.0):
    model = ScriptedChatModel(script=script)
    limits = CallLimits(seconds, 500, retries)
    answer = stream_answer(model, [{"role": "user", "content": "hi"}], {}, limits)
    return answer, len(model.requests)


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(streaming, "BACKOFF_SECONDS", 0.01)


def test_what_may_pass_is_tried_again(hurried):
    answer, calls = stream([ApiError("busy", 429), TimeoutError("late"), "fine"])
    assert (answer.outcome, answer.text, calls) == ("answered", "fine", 3)


def test_tries_are_bounded(hurried):
    answer, calls = stream([ConnectionError("gone")] * 9)
    assert (answer.outcome, calls) == ("connection", 3)
    assert answer.message == "ConnectionError: gone"


@pytest.mark.parametrize(
    "first",
    [
        ApiError("no key", 401),
        RuntimeError("out of memory"),
        VlmError("its client has tried again already", "busy"),
        ScriptedAnswer("half", error=ConnectionError("gone")),
    ],
)
def test_what_is_final_or_half_said_is_not_tried_again(hurried, first):
    assert stream([first, "fine"])[1] == 1


def test_retries_end_with_the_time_of_the_call():
    start = time.monotonic()
    answer, calls = stream([ConnectionError("gone")] * 9, retries=8, seconds=0.3)
    assert (answer.outcome, calls) == ("timeout", 1)
    assert time.monotonic() - start < 2


def test_a_model_that_is_busy_for_a_moment_costs_nothing(hurried):
    script = [ApiError("busy", 429), {"answers": [cell("L1", "Bob")]}]
    model = ScriptedChatModel(script=script)
    agent = DocAgent(FAST, reader=DoubtfulReader({}), vlm=model)
    answer = agent.ask(document_of(["Signed by Bob"]), "Who signed?")
    assert (answer.text, answer.vlm.calls) == ("Bob", 1)
    none = Settings.model_validate({**FAST.model_dump(), "vlm_retries": 0})
    model = ScriptedChatModel(script=script)
    found = DocAgent(none, reader=DoubtfulReader({}), vlm=model).ask(
        document_of(["Signed by Bob"]), "Who signed?"
    )
    assert found.vlm.attempts[0].outcome == "busy"
