"""``DocAgent(url=...)``: the same verbs, the same types and the same errors, over HTTP."""

from __future__ import annotations

import asyncio
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel

from docagent import DocAgent, Document, Settings
from docagent.client import RESULTS
from docagent.errors import (
    DocAgentError,
    SchemaError,
    ServerError,
    SettingsError,
    SourceError,
    StoreError,
)
from docagent.reader.scripted import ScriptedReader
from docagent.verbs import VERBS
from tests.api_server import SAMPLES, ApiServer
from tests.documents import document_of

RECEIPT = SAMPLES / "receipt.jpg"


class Bill(BaseModel):
    """A pydantic class as a schema."""

    total: float


@pytest.fixture(scope="module")
def remote(api: ApiServer) -> DocAgent:
    return DocAgent(url=api.url, key=api.key("remote"))


VERB_CALLS: list[tuple[str, Callable[[DocAgent], Any]]] = [
    ("read", lambda agent: agent.read(RECEIPT)),
    ("read", lambda agent: agent.read(SAMPLES / "nda.pdf", pages="1")),
    ("correct", lambda agent: agent.correct(RECEIPT)),
    ("ask", lambda agent: agent.ask(RECEIPT, "What is the total?", locale="en")),
    ("extract", lambda agent: agent.extract(RECEIPT, "receipt")),
    ("extract", lambda agent: agent.extract(RECEIPT, Bill)),
    ("extract", lambda agent: agent.extract(RECEIPT, "auto")),
    ("classify", lambda agent: agent.classify(RECEIPT, ["receipt", "invoice"])),
    ("summarise", lambda agent: agent.summarise(RECEIPT, 2)),
]


@pytest.mark.parametrize(("name", "call"), VERB_CALLS)
def test_a_verb_gives_the_same_here_and_there(
    remote: DocAgent, name: str, call: Callable[[DocAgent], Any]
) -> None:
    there, here = call(remote), call(DocAgent())
    assert isinstance(there, RESULTS[name])
    assert there == here


def test_the_client_knows_every_verb() -> None:
    wanted = {n: verb.result_type for n, verb in VERBS.items() if not verb.is_conversation}
    assert wanted == RESULTS


def test_the_class_of_a_schema_is_kept(remote: DocAgent) -> None:
    assert remote.extract(RECEIPT, Bill).parsed == Bill(total=145.61)


def test_every_kind_of_source(remote: DocAgent, tmp_path: Path) -> None:
    picture = Image.open(RECEIPT).convert("L")
    sources: list[Any] = [
        str(RECEIPT),
        RECEIPT.read_bytes(),
        io.BytesIO(RECEIPT.read_bytes()),
        np.asarray(picture),
        picture,
    ]
    for source in sources:
        assert "145.61" in remote.read(source).text, type(source)


def test_a_document_that_the_server_has_is_not_sent_again(remote: DocAgent) -> None:
    document = remote.read(RECEIPT)
    assert remote.ask(document, "What is the total?").text == "145.61"
    with pytest.raises(StoreError, match="no document"):
        remote.ask(document_of(["Total 1.00"]), "What is the total?")


def test_progress(remote: DocAgent) -> None:
    seen: list[tuple[int, int]] = []
    remote.read(SAMPLES / "nda.pdf", lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0


def test_a_conversation(remote: DocAgent) -> None:
    chat = remote.chat(RECEIPT)
    assert chat.ask("What is the total?").text == "145.61"
    kinds = [event.kind for event in chat.stream("And the date?")]
    assert kinds[-1] == "turn"
    assert [turn.question for turn in chat.turns] == ["What is the total?", "And the date?"]
    assert isinstance(chat.document, Document)
    with pytest.raises(SettingsError):
        chat.ask("   ")


def test_asyncio_and_many(remote: DocAgent) -> None:
    assert asyncio.run(remote.aask(RECEIPT, "What is the total?")).text == "145.61"
    results = list(remote.extract_many([RECEIPT, b"not a file"], Bill, workers=2))
    assert results[0].get().parsed == Bill(total=145.61)
    assert (results[1].result, results[1].code) == (None, "source.unsupported")


def test_it_can_be_sent_to_another_process(remote: DocAgent) -> None:
    assert pickle.loads(pickle.dumps(remote)).ask(RECEIPT, "What is the total?").text == "145.61"


ERRORS: list[tuple[Callable[[DocAgent], Any], type[DocAgentError], str]] = [
    (lambda agent: agent.read("no_such_file.png"), SourceError, "source.missing"),
    (lambda agent: agent.read(b""), SourceError, "source.empty"),
    (lambda agent: agent.read(b"plain text"), SourceError, "source.unsupported"),
    (lambda agent: agent.read(RECEIPT.read_bytes()[:300]), SourceError, "source.damaged"),
    (lambda agent: agent.read(7), SourceError, "source.not_a_file"),
    (lambda agent: agent.ask(RECEIPT, " "), SettingsError, "settings.invalid"),
    (lambda agent: agent.ask(RECEIPT, "Who?", locale="x1"), SettingsError, "settings.invalid"),
    (lambda agent: agent.summarise(RECEIPT, 99), SettingsError, "settings.invalid"),
    (lambda agent: agent.extract(RECEIPT, {"type": "array"}), SchemaError, "schema.invalid"),
    (lambda agent: agent.read(SAMPLES / "nda.pdf", pages="9"), DocAgentError, "settings.invalid"),
]


@pytest.mark.parametrize(("call", "kind", "code"), ERRORS)
def test_an_error_is_the_same_here_and_there(
    remote: DocAgent, call: Callable[[DocAgent], Any], kind: type[DocAgentError], code: str
) -> None:
    with pytest.raises(kind) as there:
        call(remote)
    with pytest.raises(kind) as here:
        call(DocAgent())
    assert (there.value.code, there.value.retryable) == (here.value.code, here.value.retryable)


def test_a_server_that_is_not_there_or_not_ours(api: ApiServer) -> None:
    with pytest.raises(ServerError) as caught:
        DocAgent(url=api.url, key="docagent_00_wrong").read(RECEIPT)
    assert not caught.value.retryable
    with pytest.raises(SettingsError, match="not an address"):
        DocAgent(url="docs.example.com")
    with pytest.raises(SettingsError, match="give its url"):
        DocAgent(key="docagent_00_x")
    with pytest.raises(SettingsError, match="reader"):
        DocAgent(Settings(), url=api.url, reader=ScriptedReader({}))


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docagent.client.TRIES", 1)
    with pytest.raises(ServerError, match="cannot be reached") as caught:
        DocAgent(url="http://127.0.0.1:9").read(RECEIPT)
    assert caught.value.code == "server.unreachable"
    assert caught.value.retryable
