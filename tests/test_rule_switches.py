"""Every source of candidates has a switch in the settings, and the switch turns it off."""

from __future__ import annotations

from typing import get_args

import pytest

from docagent import DocAgent, Settings
from docagent.errors import SettingsError
from docagent.reader.scripted import ScriptedReader
from docagent.results import Extraction
from docagent.rules import registry
from docagent.settings import RULE_NAMES, ExtractionSettings, RuleName
from tests.documents import document_of

SCHEMA = {
    "title": "Bill",
    "type": "object",
    "properties": {
        "store_name": {"type": ["string", "null"], "description": "the shop"},
        "invoice_number": {"type": ["string", "null"]},
        "customer_name": {"type": ["string", "null"]},
        "vat_id": {"type": ["string", "null"]},
        "governing_law": {"type": ["string", "null"]},
        "due_date": {"type": ["string", "null"], "format": "date", "description": "when"},
        "unit": {"type": ["string", "null"], "x-normaliser": "currency"},
        "fee": {"type": ["number", "null"], "x-labels": ["Fee"], "x-normaliser": "amount"},
        "parties": {
            "type": "array",
            "items": {"type": "string", "x-normaliser": "text", "x-labels": ["between"]},
        },
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": ["string", "null"], "x-labels": ["Item"]},
                    "quantity": {"type": ["integer", "null"], "x-labels": ["Qty"]},
                    "amount": {"type": ["number", "null"], "x-labels": ["Amount"]},
                },
            },
        },
    },
}
BILL = document_of(
    [
        "ACME Widgets Ltd",
        "12 March 2018",
        "made between Globex Inc and Initech Ltd",
        "Fee EUR 6.00",
        "Invoice A-77",
        "Bill to",
        "Jane Roe",
        "VAT reg. DE136695976",
        "This bill is governed by the laws of Ohio.",
        "",
        "Item          Qty     Amount",
        "               2        1.00",
        "Bolts         10        5.00",
    ]
)
PATHS = {
    "roles": "invoice_number",
    "party_blocks": "customer_name",
    "identifiers": "vat_id",
    "contracts": "governing_law",
    "clauses": "governing_law",
    "labels": "fee",
    "letterhead": "store_name",
    "first_date": "due_date",
    "currency": "unit",
    "parties": "parties[0]",
    "tables": "items[0].amount",
    "headers": "items[0].amount",
}
"""A field that the rule of this name finds on the bill."""
SAME = {
    "tables": ("headers",),
    "headers": ("tables",),
    "contracts": ("clauses",),
    "clauses": ("contracts",),
}
"""Rules that find the same field."""


def sources(result: Extraction) -> dict[str, str]:
    return {field.path: field.source for field in result.fields if field.evidence}


def extracted(**changes: object) -> Extraction:
    settings = Settings.model_validate(
        {"embedded_reader": False, "language_model": False, **changes}
    )
    return DocAgent(settings).extract(BILL, SCHEMA)


def test_the_registry_has_every_rule_of_the_settings_once():
    tables = (
        registry.FIELD_RULES,
        registry.BLANK_RULES,
        registry.QUESTION_RULES,
        registry.TASK_RULES,
        registry.FALLBACK_RULES,
        registry.WHOLE_TABLE_RULES,
        registry.TABLE_RULES,
        registry.LIST_RULES,
        registry.ROW_RULES,
    )
    assert sorted(name for table in tables for name in table) == sorted(get_args(RuleName))


@pytest.mark.parametrize(("rule", "path"), PATHS.items())
def test_a_rule_that_is_switched_off_finds_nothing(rule: str, path: str):
    assert sources(extracted())[path] == "rule"
    others = [name for name in RULE_NAMES if name != rule and name not in SAME.get(rule, ())]
    assert path not in sources(extracted(rules=others))
    assert sources(extracted(rules=[rule, "rows"]))[path] == "rule"


def test_without_rows_cells_are_paired_by_their_position():
    def rows(**changes: object) -> list[tuple[str | None, float | None]]:
        return [(row["description"], row["amount"]) for row in extracted(**changes).data["items"]]

    assert rows() == [(None, 1.0), ("Bolts", 5.0)]
    assert rows(rules=["headers"]) == [("Bolts", 1.0), (None, 5.0)]


def test_rules_alone_and_the_reader_alone():
    reader = ScriptedReader({"the shop": [("Globex Inc", 0.9)]})
    alone = DocAgent(Settings(extraction=ExtractionSettings(rules=())), reader=reader).extract(
        BILL, SCHEMA
    )
    assert sources(alone) == {"store_name": "reader"}
    settings = Settings(extraction=ExtractionSettings(embedded_reader=False))
    rules = DocAgent(settings, reader=reader).extract(BILL, SCHEMA)
    assert set(sources(rules).values()) == {"rule"}
    assert rules.data["store_name"] == "ACME Widgets Ltd"


def test_nothing_is_found_without_a_source():
    assert sources(extracted(rules=())) == {}


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ("labels,parties", ("labels", "parties")),
        (" headers , rows ", ("headers", "rows")),
        ("none", ()),
        ("all", RULE_NAMES),
        ("", RULE_NAMES),
    ],
)
def test_rules_of_the_environment(given: str, rules: tuple[str, ...]):
    assert Settings.from_env({"DOCAGENT_RULES": given}).extraction.rules == rules


def test_an_unknown_rule_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=r"DOCAGENT_RULES.*'labels', 'letterhead'"):
        Settings.from_env({"DOCAGENT_RULES": "labels,lables"})
