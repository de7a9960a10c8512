"""Which adapter a document goes to, and how one without effect is found out."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.cli import vlm as command_line
from docagent.errors import SettingsError
from docagent.settings import Settings
from docagent.vlm.adapters import AdapterRouter, largest_difference, probe_adapter
from docagent.vlm.calls import Breaker
from docagent.vlm.client import VllmChat
from docagent.vlm.connection import load_chat_model
from docagent.vlm.openai_protocol import to_logprobs
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import document_of
from tests.vlm_models import BILL_SCHEMA, FAST, DoubtfulReader
from tests.vlm_server import Act, serving

BASE = {"first": [-1.0, -2.0, -3.0]}
WORKS = {**BASE, "second": [-1.0, -2.5, -3.0]}
IDLE = {**BASE, "second": [-1.0, -2.0, -3.0]}


def vllm(logprobs, unknown=()):
    """A server that tells log probabilities by model, and answers every question with nothing."""

    def act(body):
        if body["model"] in unknown:
            return Act("no such model", status=404)
        if "logprobs" not in body:
            return Act({"answers": []})
        return told(logprobs.get(body["model"]))

    return act


def told(values):
    """A completion with log probabilities of its first token, as vLLM tells them."""
    likeliest = [
        {"token": "\ufffd", "bytes": [195, place], "logprob": value}
        for place, value in enumerate(values or ())
    ]
    first = {"token": "a", "logprob": 0.0, "bytes": [97], "top_logprobs": likeliest}
    logprobs = None if values is None else {"content": [first]}
    return Act(body={"choices": [{"logprobs": logprobs}]})


def client(server):
    return VllmChat(base_url=server.url, model="first", retries=0)


@pytest.mark.parametrize(
    ("logprobs", "effect"),
    [(WORKS, "works"), (IDLE, "no_effect"), ({}, "unknown"), (BASE, "unknown")],
)
def test_an_adapter_must_differ_from_the_base_model(logprobs, effect):
    with serving(vllm(logprobs)) as server:
        state = probe_adapter(client(server), "second")
    assert state.effect == effect
    assert bool(state.message) == (effect != "works")


def test_noise_of_a_busy_server_is_no_effect():
    turns = iter([[-1.0, -2.0], [-1.01, -2.0], [-1.0, -2.02]])

    def act(body):
        return told(next(turns))

    with serving(act) as server:
        assert probe_adapter(client(server), "second").effect == "no_effect"


def test_an_adapter_that_is_not_served_is_told_with_those_that_are():
    with serving(vllm(WORKS)) as server:
        state = probe_adapter(client(server), "third")
    assert state.effect == "not_served"
    assert "first, second" in state.message


def test_differences_are_of_the_tokens_in_both():
    assert largest_difference({}, {}) is None
    assert largest_difference({"a": -1.0}, {}) is None
    assert largest_difference({"a": -1.0, "b": -2.0, "c": 0.0}, {"a": -1.5, "b": -3.0}) == 1.0
    assert largest_difference({"a": -1.0}, {"b": -1.0}) == math.inf


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"choices": []},
        {"choices": [{"logprobs": {"content": []}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "a"}]}]}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [["a", -1.0]]}]}}]},
        {"choices": [{"logprobs": {"content": [{"top_logprobs": [{"logprob": "much"}]}]}}]},
    ],
)
def test_what_is_not_told_is_empty(answer):
    assert to_logprobs(answer) == {}


@pytest.mark.parametrize(
    ("schema", "logprobs", "adapters", "model", "note"),
    [
        ("invoice", WORKS, "finance=second", "second", ""),
        ("nda", WORKS, "finance=second", "first", ""),
        ({**BILL_SCHEMA, "x-domain": "trade"}, WORKS, "trade=second", "second", ""),
        ("invoice", IDLE, "finance=second", "first", "has no effect"),
        ("invoice", WORKS, "finance=third", "first", "is not served"),
        ("invoice", {}, "finance=second", "second", "was not checked"),
    ],
)
def test_extraction_asks_the_adapter_of_the_domain(schema, logprobs, adapters, model, note):
    with serving(vllm(logprobs)) as server:
        settings = settings_for(server, adapters)
        agent = DocAgent(settings, reader=DoubtfulReader({}))
        results = [agent.extract(document_of(["Total 12.00"]), schema) for _ in range(2)]
        asked = [body["model"] for body in server.requests if "logprobs" not in body]
        probes = [body for body in server.requests if "logprobs" in body]
    assert set(asked) == {model}
    assert {result.vlm.model for result in results} == {model}
    assert all((note in " ".join(result.vlm.notes)) for result in results)
    assert len(probes) <= 3  # once for both documents


def test_questions_on_a_document_of_no_known_domain_go_to_the_base_model():
    with serving(vllm(WORKS)) as server:
        agent = DocAgent(settings_for(server, "finance=second"), reader=DoubtfulReader({}))
        plain, sure = (
            document_of(["Total 12.00"]),
            document_of(["Invoice", "Invoice No 7", "Bill to"]),
        )
        assert agent.ask(plain, "What is due?").vlm.model == "first"
        assert agent.ask(sure, "What is due?").vlm.model == "second"


def test_an_adapter_that_the_server_loses_is_replaced_by_the_base_model():
    unknown = set()
    with serving(vllm(WORKS, unknown)) as server:
        agent = DocAgent(settings_for(server, "finance=second"), reader=DoubtfulReader({}))
        assert agent.extract(document_of(["Total 12.00"]), "invoice").vlm.model == "second"
        unknown.add("second")
        use = agent.extract(document_of(["Total 12.00"]), "invoice").vlm
    assert use.model == "first"
    assert "'second' is not served; the base model is asked instead" in use.notes


def test_a_server_that_is_gone_is_not_probed_for_every_document():
    breaker = Breaker()
    model = VllmChat(base_url="http://127.0.0.1:9/v1", model="first", retries=0)
    router = AdapterRouter(model, {"finance": "second"})
    first, second = router.choose("finance", breaker), router.choose("finance", breaker)
    assert "was not checked" in first.notes[0]
    assert second.notes == ()
    assert breaker.reply is not None


def test_a_model_without_adapters_is_asked_and_flagged():
    model = ScriptedChatModel(script=[{}])
    chosen = AdapterRouter(model, {"finance": "second"}).choose("finance", Breaker())
    assert chosen.model is model
    assert "takes none" in chosen.notes[0]


def settings_for(server, adapters):
    update = {"vlm_url": server.url, "vlm_adapters": adapters, "vlm_calls": 1, "vlm": "always"}
    return Settings.model_validate({**FAST.model_dump(), **update})


def test_adapters_are_settings():
    pairs = (("finance", "f"), ("legal", "l"))
    for given in ("legal=l, finance=f,", {"finance": "f", "legal": "l"}, pairs):
        assert Settings(vlm_adapters=given).vlm.adapters == pairs
    assert Settings.from_env({"DOCAGENT_VLM_ADAPTERS": "legal=l"}).vlm.adapters == (("legal", "l"),)
    assert hash(Settings(vlm_adapters="legal=l"))


@pytest.mark.parametrize("text", ["finance", "=f", "finance=", "finance=a,finance=b"])
def test_wrong_adapters_are_told(text, capsys):
    with pytest.raises(SettingsError, match="DOCAGENT_VLM_ADAPTERS"):
        Settings.from_env({"DOCAGENT_VLM_ADAPTERS": text})
    url = "http://127.0.0.1:9/v1"
    assert main(["vlm", "check", "--vlm-url", url, "--vlm-adapters", text]) == 2
    assert "--vlm-adapters" in capsys.readouterr().err


def test_adapters_need_a_server():
    with pytest.raises(SettingsError, match="need vlm_url"):
        load_chat_model(Settings(vlm_factory="a:b", vlm_adapters="legal=l"))


def test_check_tells_what_is_served(capsys):
    with serving(vllm(WORKS)) as server:
        assert main(["vlm", "check", "--vlm-url", server.url]) == 0
        assert "adapter second: works" in capsys.readouterr().out
    with serving(vllm(IDLE)) as server:
        assert main(["vlm", "check", "--vlm-url", server.url, "--json"]) == 2
        told = json.loads(capsys.readouterr().out)
    assert told["base"] == "first"
    assert told["adapters"][0]["effect"] == "no_effect"
    assert main(["vlm", "check"]) == 2
    assert main(["vlm", "check", "--vlm-url", "http://127.0.0.1:9/v1"]) == 2


class StandIn:
    """Takes the place of vLLM's process; another server answers on its port."""

    made: list[StandIn]

    def __init__(self, options):
        self.options, self.stopped = options, False
        self.process = SimpleNamespace(wait=lambda: 0)
        self.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stopped = True

    def wait_until_ready(self, seconds):
        pass


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Runs ``docagent vlm serve`` with adapters, in front of a server; its exit code."""
    monkeypatch.setattr(StandIn, "made", [], raising=False)
    monkeypatch.setattr(command_line, "VllmServer", StandIn)
    monkeypatch.setattr(command_line.signal, "signal", lambda number, handler: None)
    monkeypatch.setenv("DOCAGENT_VLM_RETRIES", "0")

    def run(server, *names):
        (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 8}))
        adapters = [word for name in names for word in ("--adapter", f"{name}={tmp_path}")]
        port = server.url.split(":")[2].removesuffix("/v1")
        return main(["vlm", "serve", "--name", "first", "--port", port, *adapters])

    return run


def test_serve_starts_with_adapters_that_work(start, capsys):
    with serving(vllm(WORKS)) as server:
        assert start(server, "second") == 0
    told = capsys.readouterr().err
    assert "adapter second: works" in told
    assert "docagent: ready" in told


@pytest.mark.parametrize(("name", "reason"), [("second", "no effect"), ("third", "is not served")])
def test_serve_refuses_an_adapter_without_effect_and_ends_the_server(start, capsys, name, reason):
    with serving(vllm(IDLE)) as server:
        assert start(server, name) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert "docagent: ready" not in told
    assert [made.stopped for made in StandIn.made] == [True]


def test_a_server_that_is_lost_between_two_adapters_is_told_and_ended(start, capsys):
    answers = vllm(WORKS)

    def act(body):
        if len(server.requests) == 3:  # the last one about the first of them
            server.stop()
        return answers(body)

    with serving(act) as server:
        assert start(server, "second", "third") == 2
    told = capsys.readouterr().err
    assert "is the server running?" in told
    assert "docagent: ready" not in told
    assert [made.stopped for made in StandIn.made] == [True]
