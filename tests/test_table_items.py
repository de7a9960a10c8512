"""Arrays are filled from the tables of a document, with schemas of plain description."""

from __future__ import annotations

from typing import Any

import pytest

from docagent import DocAgent, Settings
from docagent.reader.scripted import ScriptedReader
from docagent.results import Extraction
from tests.documents import document_of

PLAIN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "qty": {"type": "number"},
                    "price": {"type": "number"},
                },
            },
        }
    },
}
GERMAN = [
    "Pos  Bezeichnung           Menge   Einzelpreis   Gesamtpreis",
    "1    Schraube M6            10          0,50          5,00",
    "     verzinkt",
    "Werkzeug",
    "2    Hammer                  2         12,50         25,00",
    "     Zwischensumme                                   30,00",
    "     Übertrag                                        30,00",
    "3    Zange                   1         20,00         20,00",
    "     Summe                                           50,00",
]
FRENCH = [
    "Désignation               Qté     P.U. HT     Montant HT",
    "Vis M6                     10        0,50           5,00",
    "Marteau                     2       12,50          25,00",
    "Total HT                                           30,00",
]


def items(lines: list[str], schema: dict[str, Any] = PLAIN, **rules: Any) -> list[dict[str, Any]]:
    return extraction(lines, schema, **rules).data.get("items", [])


def extraction(*pages: Any, **rules: Any) -> Extraction:
    *given, schema = pages
    agent = DocAgent(Settings(extraction=rules), reader=ScriptedReader({}))
    return agent.extract(document_of(*given), schema)


def test_sections_carried_amounts_and_totals_are_no_items() -> None:
    assert items(GERMAN) == [
        {"name": "Schraube M6 verzinkt", "qty": 10, "price": 0.5},
        {"name": "Hammer", "qty": 2, "price": 12.5},
        {"name": "Zange", "qty": 1, "price": 20},
    ]


def test_headers_of_other_languages() -> None:
    assert items(FRENCH) == [
        {"name": "Vis M6", "qty": 10, "price": 0.5},
        {"name": "Marteau", "qty": 2, "price": 12.5},
    ]


def test_items_go_on_over_pages() -> None:
    first = [""] * 20 + GERMAN[:2]
    second = [GERMAN[0], *GERMAN[4:]]
    found = extraction(first, second, PLAIN)
    assert [row["name"] for row in found.data["items"]] == ["Schraube M6", "Hammer", "Zange"]
    pages = {field.evidence[0].page for field in found.fields if field.path.endswith("name")}
    assert pages == {1, 2}


@pytest.mark.parametrize(
    "head", ["foo  barbarbarba           quuxq   bazbazbazba   Gesamtpreis", GERMAN[0]]
)
def test_a_product_that_holds_finds_columns_without_names(head: str) -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "qty": {"type": "number"},
                        "unit_price": {"type": "number"},
                        "amount": {"type": "number"},
                    },
                },
            }
        },
    }
    rows = items([head, *GERMAN[1:3], GERMAN[4]], schema)
    assert rows == [
        {"qty": 10, "unit_price": 0.5, "amount": 5},
        {"qty": 2, "unit_price": 12.5, "amount": 25},
    ]


def test_an_empty_cell_is_absent_and_the_rule_can_be_switched_off() -> None:
    rows = [*FRENCH[:1], "Vis M6                               0,50           5,00", FRENCH[2]]
    assert items(rows)[0] == {"name": "Vis M6", "price": 0.5}
    assert items(rows, rules=("labels",)) == []
