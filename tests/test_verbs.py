"""The table of verbs: every door is made from it, so it has to say exactly what DocAgent does."""

from __future__ import annotations

import inspect
import json
from typing import Any, get_type_hints

import pytest

from docagent.agent import DocAgent
from docagent.errors import SchemaError, SettingsError
from docagent.jobs.outputs import FORMAT_SUFFIXES
from docagent.reader.scripted import ScriptedReader
from docagent.schemas import load_schema
from docagent.tasks.summarisation.embedded import MOST_SENTENCES, SENTENCES
from docagent.verbs import FORMATS, SOURCE_OPTIONS, VERBS, Option, Verb
from tests.documents import document_of

GIVEN: dict[str, dict[str, Any]] = {
    "ask": {"question": "How much is the total?"},
    "extract": {"schema": {"properties": {"total": {"type": "string"}}}},
    "classify": {"schemas": ["invoice", "receipt"]},
    "summarise": {"sentences": 2},
}
verbs = pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)


@pytest.fixture
def agent() -> DocAgent:
    return DocAgent(reader=ScriptedReader({"total": [("12.50", 0.9)]}))


@verbs
def test_a_verb_is_a_method_with_the_same_options(verb: Verb) -> None:
    method = getattr(DocAgent, verb.name)
    taken = set(inspect.signature(method).parameters) - {"self", "source", "progress"}
    opening = {option.name for option in SOURCE_OPTIONS}
    assert {option.name for option in verb.options} | opening == taken
    assert verb.result_type is get_type_hints(method, vars(inspect.getmodule(DocAgent)))["return"]


@verbs
def test_a_verb_runs_and_gives_its_type(verb: Verb, agent: DocAgent) -> None:
    document = document_of(["Invoice  INV-7", "Total  12.50", "Thank you very much for the order"])
    options = verb.prepare(GIVEN.get(verb.name, {}))
    assert isinstance(verb.run(agent, document, options), verb.result_type)


@verbs
def test_descriptions_can_be_given_to_any_door(verb: Verb) -> None:
    for text in (verb.help, *(option.help for option in verb.options)):
        assert text and not text.endswith(".")
    json.dumps([[o.name, o.type, o.choices, o.help, o.default] for o in verb.options])


def test_bounds_and_default_of_a_summary_are_those_of_the_task() -> None:
    (sentences,) = (o for o in VERBS["summarise"].options if o.name == "sentences")
    assert (sentences.minimum, sentences.maximum) == (1, MOST_SENTENCES)
    assert sentences.default == SENTENCES


def test_every_format_has_a_suffix() -> None:
    assert tuple(FORMAT_SUFFIXES) == FORMATS


class TestPrepare:
    def test_defaults_are_filled_in_and_schemas_loaded(self) -> None:
        prepared = VERBS["extract"].prepare({"schema": "invoice", "domain": None})
        assert prepared["schema"] is load_schema("invoice")
        assert prepared["domain"] is None
        assert VERBS["summarise"].prepare({})["sentences"] == SENTENCES
        assert VERBS["classify"].prepare({"schemas": ["invoice"]})["schemas"] == (
            load_schema("invoice"),
        )

    @pytest.mark.parametrize(
        ("verb", "given", "told"),
        [
            ("read", {"schema": "invoice"}, "read has no option 'schema'; it takes none"),
            ("ask", {"questoin": "Who?"}, "ask has no option 'questoin'; it takes question"),
            ("ask", {}, "ask needs question"),
            ("ask", {"question": 7}, "question=7 is not text; give a string"),
            ("extract", {}, "extract needs schema"),
            (
                "extract",
                {"schema": "invoice", "locale": "english"},
                "locale='english' is not allowed: give a language code with an optional region",
            ),
            ("ask", {"question": "Who?", "locale": 1}, "locale=1 is not allowed"),
            ("classify", {"schemas": "invoice"}, "schemas='invoice' is not a list"),
            ("summarise", {"sentences": 21}, "sentences=21 is not possible; ask for 1 to 20"),
            ("summarise", {"sentences": True}, "sentences=True is not a whole number"),
        ],
    )
    def test_what_is_wrong_is_named(self, verb: str, given: dict[str, Any], told: str) -> None:
        with pytest.raises(SettingsError) as error:
            VERBS[verb].prepare(given)
        assert told in str(error.value)

    def test_a_wrong_schema(self) -> None:
        with pytest.raises(SchemaError):
            VERBS["extract"].prepare({"schema": "no_such"})

    def test_choices(self) -> None:
        option = Option("size", "text", "how large", choices=("small", "large"))
        assert option.check("small") == "small"
        with pytest.raises(SettingsError, match="give one of small, large"):
            option.check("huge")
