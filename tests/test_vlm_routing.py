"""Every verb asks the adapter of the document's domain: as given, of the schema, or as its words
tell; else the base model."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.settings import Settings
from docagent.usage import VlmUse
from tests.documents import document_of
from tests.test_classification import INVOICE, LETTER, NDA
from tests.test_vlm_adapters import IDLE, WORKS, settings_for, vllm
from tests.vlm_models import BILL_SCHEMA, DoubtfulReader
from tests.vlm_server import serving

VERBS = {
    "ask": lambda agent, document, **given: agent.ask(document, "What is due?", **given),
    "chat": lambda agent, document, **given: agent.chat(document, **given).ask("What is due?"),
    "correct": lambda agent, document, **given: agent.correct(document, **given),
    "extract": lambda agent, document, **given: agent.extract(document, BILL_SCHEMA, **given),
    "summarise": lambda agent, document, **given: agent.summarise(document, **given),
    "classify": lambda agent, document, **given: agent.classify(document, **given),
}


def used(
    verb: str, lines: list[str], adapters: str, *, logprobs: Any = WORKS, **given: Any
) -> VlmUse:
    """What a verb says of its model; the first one served is ``first``, the adapter ``second``."""
    with serving(vllm(logprobs)) as server:
        settings = settings_for(server, adapters).replace(vlm_tools=False)
        agent = DocAgent(settings, reader=DoubtfulReader({}))
        use = VERBS[verb](agent, document_of(lines, confidence=0.5), **given).vlm
        asked = {body["model"] for body in server.requests if "logprobs" not in body}
    assert asked == {use.model}
    return use


@pytest.mark.parametrize("verb", VERBS)
def test_the_words_of_the_document_choose_the_adapter(verb):
    use = used(verb, INVOICE, "finance=second")
    assert use.model == "second"
    assert "the adapter is that of finance" in " ".join(use.notes)


@pytest.mark.parametrize("verb", VERBS)
def test_the_base_model_is_asked_where_they_do_not_tell_or_there_is_no_adapter(verb):
    assert used(verb, LETTER, "finance=second").model == "first"
    assert used(verb, NDA, "finance=second").model == "first"


@pytest.mark.parametrize("verb", VERBS)
def test_a_domain_that_is_given_counts(verb):
    assert used(verb, LETTER, "finance=second", domain="finance").model == "second"
    assert used(verb, INVOICE, "finance=second", domain="").model == "first"
    use = used(verb, INVOICE, "finance=second", domain="law")
    assert use.model == "first"
    assert "there is no adapter for 'law'; the base model is asked instead" in use.notes


def test_an_adapter_without_effect_is_not_asked():
    use = used("ask", INVOICE, "finance=second", logprobs=IDLE)
    assert use.model == "first"
    assert "has no effect" in " ".join(use.notes)


def test_the_domain_of_the_schema_comes_before_the_words():
    marked = {**BILL_SCHEMA, "x-domain": "trade"}
    with serving(vllm(WORKS)) as server:
        settings = settings_for(server, "trade=second")
        agent = DocAgent(settings, reader=DoubtfulReader({}))
        assert agent.extract(document_of(INVOICE), marked).vlm.model == "second"
        assert agent.extract(document_of(INVOICE), marked, domain="").vlm.model == "first"


def test_without_adapters_nothing_is_noted():
    with serving(vllm(WORKS)) as server:
        settings = Settings(vlm_url=server.url, vlm_model="first", vlm="always", vlm_retries=0)
        agent = DocAgent(settings, reader=DoubtfulReader({}))
        use = agent.ask(document_of(INVOICE), "What is due?", domain="finance").vlm
    assert (use.model, use.notes) == ("first", ())


@pytest.mark.parametrize("verb", ["ask", "chat", "correct", "extract", "summarise", "classify"])
def test_the_command_has_the_option(verb, capsys):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert "--domain NAME" in capsys.readouterr().out
