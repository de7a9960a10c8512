"""Arguments of the Python functions: asyncio, many sources at a time, and what is refused."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from docagent import DocAgent, Extracted, SchemaError, Settings, SettingsError, SourceError, load
from docagent.concurrency import in_order, in_order_async
from docagent.reader.scripted import ScriptedReader
from docagent.verbs import VERBS
from tests.documents import document_of

SCHEMA = {"properties": {"total": {"type": "string"}}}
DOCUMENT = document_of(["Invoice  INV-7", "Total  12.50"])


@pytest.fixture
def agent() -> DocAgent:
    return DocAgent(reader=ScriptedReader({"total": [("12.50", 0.9)]}))


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_an_async_one_with_the_same_arguments(name: str) -> None:
    plain, other = getattr(DocAgent, name), getattr(DocAgent, f"a{name}")
    assert inspect.iscoroutinefunction(other) and other.__name__ == f"a{name}"
    assert inspect.signature(plain) == inspect.signature(other)


def test_async_verbs_give_the_same_while_the_loop_goes_on(agent: DocAgent) -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0)

    async def run() -> tuple[Any, ...]:
        ticking = asyncio.create_task(tick())
        found = await asyncio.gather(
            agent.aextract(DOCUMENT, SCHEMA), agent.aask(DOCUMENT, "What is the total?")
        )
        ticking.cancel()
        return tuple(found)

    extraction, answer = asyncio.run(run())
    assert extraction == agent.extract(DOCUMENT, SCHEMA)
    assert answer == agent.ask(DOCUMENT, "What is the total?")
    assert len(ticks) > 2


def test_async_verbs_raise_the_same_errors(agent: DocAgent) -> None:
    with pytest.raises(SourceError, match="no such file"):
        asyncio.run(agent.aread("nowhere.pdf"))


def test_a_changed_verb_is_changed_for_asyncio_too() -> None:
    class Own(DocAgent):
        def read(self, source: Any, *args: Any, **options: Any) -> Any:
            return "own"

    assert asyncio.run(Own().aread("x")) == "own"


SOURCES = [DOCUMENT, "nowhere.pdf", b"GIF89a", document_of(["no sum"]), 5]
NAMES = ["test", "nowhere.pdf", "bytes", "test", "int"]
CODES = ["", "source.missing", "source.unsupported", "", "source.not_a_file"]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_many_sources_give_results_and_errors_in_order(agent: DocAgent, workers: int) -> None:
    found = list(agent.extract_many(SOURCES, SCHEMA, workers=workers))
    assert [one.source for one in found] == NAMES
    assert [one.code for one in found] == CODES
    assert found[0].get() == agent.extract(DOCUMENT, SCHEMA)
    assert found[3].get()["total"].status == "not_present"
    with pytest.raises(SourceError, match="no such file"):
        found[1].get()
    stored = [Extracted.model_validate_json(one.model_dump_json()) for one in found]
    assert [(one.source, one.code, one.result) for one in stored] == [
        (one.source, one.code, one.result) for one in found
    ]


def test_many_sources_for_asyncio(agent: DocAgent) -> None:
    async def run() -> list[Extracted]:
        return [one async for one in agent.aextract_many(SOURCES, SCHEMA, workers=2)]

    plain = list(agent.extract_many(SOURCES, SCHEMA))
    assert [(one.code, one.result) for one in asyncio.run(run())] == [
        (one.code, one.result) for one in plain
    ]


def test_a_fault_in_one_document_does_not_lose_the_others() -> None:
    class Broken(ScriptedReader):
        def read(self, document: Any, queries: Any) -> Any:
            if "broken" in document.text:
                raise ZeroDivisionError("somewhere")
            return super().read(document, queries)

    agent = DocAgent(reader=Broken({"total": [("12.50", 0.9)]}))
    sources = [DOCUMENT, document_of(["broken"]), DOCUMENT]
    found = list(agent.extract_many(sources, SCHEMA))
    assert [one.code for one in found] == ["", "docagent.fault", ""]
    assert "ZeroDivisionError: somewhere" in found[1].error


def test_what_is_wrong_for_all_is_raised_at_once(agent: DocAgent) -> None:
    with pytest.raises(SchemaError, match="no such built-in schema"):
        agent.extract_many([], "invoize")
    for workers in (-1, 65, 1.5, "4"):
        with pytest.raises(SettingsError, match="workers"):
            agent.extract_many([], SCHEMA, workers=workers)  # type: ignore[arg-type]
    for single in ("scan.png", b"%PDF", None):
        with pytest.raises(SettingsError, match="give a list"):
            agent.extract_many(single, SCHEMA)  # type: ignore[arg-type]


def test_an_endless_list_is_taken_a_few_at_a_time() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = in_order(lambda number: number * 2, endless(), 3)
    assert [next(results) for _ in range(5)] == [2, 4, 6, 8, 10]
    assert taken <= 5 + 2 * 3

    async def run() -> list[int]:
        found: list[int] = []
        async for one in in_order_async(lambda number: number, endless(), 3):
            found.append(one)
            if len(found) == 5:
                break
        return found

    assert len(asyncio.run(run())) == 5


def test_no_more_than_the_workers_run_at_a_time() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def call(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    assert len(list(in_order(call, range(20), 4))) == 20
    assert 2 <= most <= 4


REFUSED = {
    "settings={}": (lambda agent: DocAgent({}), r"settings=\{\} is not allowed; give Settings"),
    "settings text": (lambda agent: DocAgent("x"), "settings='x' is not allowed"),
    "settings of load": (lambda agent: load(b"", {}), r"settings=\{\} is not allowed"),
    "engine by name": (lambda agent: DocAgent(engine="tesseract"), r"engine='tesseract'.*Settings"),
    "reader": (lambda agent: DocAgent(reader=3), "reader=3 is not allowed; give a Reader"),
    "vlm by name": (lambda agent: DocAgent(vlm="gpt"), "vlm='gpt'.*LangChain chat model"),
    "question None": (lambda agent: agent.ask(DOCUMENT, None), "question=None is not text"),
    "question of bytes": (lambda agent: agent.ask(DOCUMENT, b"x"), "question=b'x' is not text"),
    "chat None": (lambda agent: agent.chat(DOCUMENT).ask(None), "question=None is not text"),
    "locale": (lambda agent: agent.ask(DOCUMENT, "total?", locale=5), "locale=5 is not text"),
    "one kind": (lambda agent: agent.classify(DOCUMENT, "invoice"), "schemas='invoice'.*a list"),
    "kinds": (lambda agent: agent.classify(DOCUMENT, 5), "schemas=5 is not a list"),
    "sentences": (lambda agent: agent.summarise(DOCUMENT, "3"), "sentences='3'.*whole number"),
    "half": (lambda agent: agent.summarise(DOCUMENT, 2.5), "sentences=2.5.*whole number"),
    "progress": (lambda agent: agent.read(DOCUMENT, 5), "progress=5 is not a function"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_argument_names_the_value_and_what_is_allowed(agent: DocAgent, name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(SettingsError, match=message):
        call(agent)


def test_a_wrong_domain_is_refused_where_it_matters() -> None:
    from docagent.vlm.scripted import ScriptedChatModel

    agent = DocAgent(Settings(vlm="always"), vlm=ScriptedChatModel(script=[]))
    with pytest.raises(SettingsError, match="domain=5 is not text"):
        agent.ask(DOCUMENT, "What is the total?", domain=5)  # type: ignore[arg-type]
