"""Built-in schemas, schemas of users, the errors of bad ones, and nested data from paths."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from docagent.errors import SchemaError
from docagent.schemas import Schema, assemble, list_schemas, load_schema
from docagent.schemas.loading import builtin_folder

BUILTIN = list_schemas()
NAMES = {
    "finance": {"bank_statement", "invoice", "receipt"},
    "legal": {"contract", "court_judgment", "nda"},
    "medical": {"discharge_summary", "lab_report", "prescription"},
}


def one(leaf: dict[str, Any], name: str = "value") -> dict[str, Any]:
    return {"type": "object", "properties": {name: leaf}}


def normaliser(leaf: dict[str, Any], name: str = "value") -> str:
    return load_schema(one(leaf, name)).leaves[0].normaliser


def test_there_are_three_schemas_in_each_domain() -> None:
    domains: dict[str, set[str]] = {}
    for schema in BUILTIN:
        domains.setdefault(schema.domain, set()).add(schema.name)
    assert domains == NAMES


@pytest.mark.parametrize("schema", BUILTIN, ids=lambda s: s.name)
class TestBuiltin:
    def test_every_field_is_described_and_nullable(self, schema: Schema) -> None:
        assert schema.title and schema.description and schema.rules
        for leaf in schema.leaves:
            assert 3 <= len(leaf.description.split()) <= 14, leaf.path
            assert leaf.nullable and leaf.required, leaf.path
            assert not leaf.description.endswith("."), leaf.path

    def test_no_two_fields_ask_the_same(self, schema: Schema) -> None:
        assert len({leaf.query for leaf in schema.leaves}) == len(schema.leaves)

    def test_nothing_found_is_valid(self, schema: Schema) -> None:
        assert schema.validate(assemble(schema, {})) == ()

    def test_empty_rows_are_valid(self, schema: Schema) -> None:
        values = {leaf.at(1): None for leaf in schema.leaves if leaf.array}
        data = assemble(schema, values)
        assert schema.validate(data) == ()
        assert all(len(data[leaf.array]) == 2 for leaf in schema.leaves if leaf.array)

    def test_both_names_load_it(self, schema: Schema) -> None:
        assert load_schema(schema.name) is load_schema(f"{schema.domain}/{schema.name}")


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("receipt", {"company", "date", "address", "total", "tax", "subtotal", "change"}),
        ("receipt", {"payment_method", "receipt_number", "currency", "line_items[].amount"}),
        ("invoice", {"line_items[].quantity", "line_items[].unit_price", "due_date"}),
        ("bank_statement", {"transactions[].balance", "opening_balance"}),
        ("nda", {"parties[]", "jurisdiction", "effective_date", "term"}),
        ("lab_report", {"results[].test", "results[].value"}),
        ("prescription", {"medications[].name"}),
    ],
)
def test_fields_of_the_built_in_schemas(name: str, paths: set[str]) -> None:
    assert paths <= {leaf.path for leaf in load_schema(name).leaves}


def test_a_leaf_tells_what_the_reader_needs() -> None:
    leaf = load_schema("invoice").field("line_items[3].amount")
    assert leaf.path == "line_items[].amount"
    assert leaf.query == "line item amount: Price of the whole line"
    assert (leaf.normaliser, leaf.types, leaf.array, leaf.multiple) == (
        "amount",
        ("number",),
        "line_items",
        True,
    )
    assert leaf.at(2) == "line_items[2].amount"
    assert load_schema("nda").field("parties[0]").query.startswith("party: ")


@pytest.mark.parametrize(
    ("leaf", "name", "kind"),
    [
        ({"type": "string", "format": "date"}, "when", "date"),
        ({"type": "string", "format": "date-time"}, "when", "datetime"),
        ({"type": "string"}, "orderDate", "date"),
        ({"type": "string"}, "customer_id", "identifier"),
        ({"type": "string"}, "currency", "currency"),
        ({"type": "string"}, "remark", "text"),
        ({}, "anything", "text"),
        ({"type": "number"}, "grand_total", "amount"),
        ({"type": "number"}, "tax_rate", "percent"),
        ({"type": "number"}, "weight", "decimal"),
        ({"type": ["integer", "null"]}, "count", "integer"),
        ({"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}, "price", "amount"),
        ({"type": "boolean"}, "signed", "boolean"),
        ({"enum": ["a", "b", None]}, "kind", "choice"),
        ({"type": "string", "x-normaliser": "duration"}, "date", "duration"),
    ],
)
def test_normalisers_follow_from_the_schema(leaf: dict[str, Any], name: str, kind: str) -> None:
    assert normaliser(leaf, name) == kind


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    street: str
    zip_code: str | None = Field(None, description="Postal code")


class Row(BaseModel):
    name: str
    price: Decimal | None = None
    ship_to: Place | None = None


class Order(BaseModel):
    """An order."""

    model_config = ConfigDict(
        json_schema_extra={
            "x-checks": [{"name": "sum", "rule": "sum", "of": "rows[].price", "equals": "total"}]
        }
    )
    number: str
    day: date | None = Field(description="Day of the order")
    total: float | None = None
    currency: str = "EUR"
    kind: Literal["sale", "return"] | None = None
    colour: Colour | None = None
    seller: Place
    buyer: Place | None = None
    rows: list[Row] = []
    notes: list[str] = Field([], description="A remark")


def test_a_pydantic_class() -> None:
    schema = load_schema(Order)
    kinds = {leaf.path: leaf.normaliser for leaf in schema.leaves}
    assert kinds == {
        "number": "identifier",
        "day": "date",
        "total": "amount",
        "currency": "currency",
        "kind": "choice",
        "colour": "choice",
        "seller.street": "text",
        "seller.zip_code": "identifier",
        "buyer.street": "text",
        "buyer.zip_code": "identifier",
        "rows[].name": "text",
        "rows[].price": "amount",
        "rows[].ship_to.street": "text",
        "rows[].ship_to.zip_code": "identifier",
        "notes[]": "text",
    }
    assert (schema.name, schema.description) == ("Order", "An order.")
    assert schema.field("colour").choices == ("red", "blue")
    assert schema.field("notes[0]").query == "note: A remark"
    assert [rule.of for rule in schema.rules] == [("rows[].price",)]


def test_the_domain_of_a_users_schema(tmp_path: Path) -> None:
    class Waybill(BaseModel):
        model_config = ConfigDict(json_schema_extra={"x-domain": "logistics"})
        sender: str

    given = {**one({"type": "string"}), "x-domain": "logistics", "x-labels": ["Waybill"]}
    path = tmp_path / "waybill.json"
    path.write_text(json.dumps(given))
    assert {load_schema(s).domain for s in (given, path, Waybill)} == {"logistics"}
    assert load_schema(given).labels == ("Waybill",)
    assert load_schema(one({"type": "string"})).domain == ""


def test_assembled_data_fits_the_pydantic_class() -> None:
    schema = load_schema(Order)
    values = {
        "number": "7",
        "seller.street": "Low Road 1",
        "rows[1].name": "pen",
        "rows[0].name": "ink",
        "rows[1].ship_to.street": "High Road 2",
        "notes[0]": "fragile",
    }
    data = assemble(schema, values)
    assert schema.validate(data) == ()
    assert data["buyer"] is None and "currency" not in data
    order = Order.model_validate(data)
    assert [row.name for row in order.rows] == ["ink", "pen"]
    assert order.rows[1].ship_to == Place(street="High Road 2")
    assert order.currency == "EUR" and order.notes == ["fragile"]


def test_a_missing_value_that_must_be_there_is_an_error_of_the_result() -> None:
    schema = load_schema(Order)
    errors = schema.validate(assemble(schema, {"rows[0].price": 2.0}))
    assert [error.partition(":")[0] for error in errors] == [
        "number",
        "rows[0].name",
        "seller.street",
    ]


def test_validation_names_the_place_and_checks_dates() -> None:
    schema = load_schema("invoice")
    data = assemble(schema, {"invoice_date": "2020-02-30", "line_items[0].amount": "ten"})
    errors = schema.validate(data)
    assert any(error.startswith("invoice_date: ") for error in errors)
    assert any(error.startswith("line_items[0].amount: 'ten'") for error in errors)
    assert schema.validate([1])[0].startswith("the whole: ")


def test_assemble_refuses_a_path_that_is_not_there() -> None:
    with pytest.raises(SchemaError, match="totl"):
        assemble(load_schema("invoice"), {"totl": 3})


def test_a_file_a_dict_and_its_reading_agree(tmp_path: Path) -> None:
    text = (builtin_folder() / "finance" / "receipt.json").read_text(encoding="utf-8")
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    from_file, from_dict = load_schema(path), load_schema(json.loads(text))
    assert from_file.leaves == from_dict.leaves == load_schema("receipt").leaves
    assert load_schema(str(path)).name == "mine"
    assert load_schema(from_dict) is from_dict


def test_a_dict_may_change_afterwards() -> None:
    source = one({"type": "string"})
    schema = load_schema(source)
    source["properties"]["value"]["type"] = "number"
    assert schema.validate({"value": "x"}) == ()


def test_identifiers_and_references_inside_the_schema() -> None:
    schema = load_schema(
        {
            "$id": "https://example.com/a",
            "properties": {"sold": {"$ref": "#/$defs/day", "description": "Day of the sale"}},
            "$defs": {"day": {"type": "string", "format": "date", "description": "A day"}},
        }
    )
    assert schema.leaves[0].description == "Day of the sale"
    assert schema.validate({"sold": "2020-13-01"}) != ()


NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
BAD = [
    ({}, "/", "empty"),
    ({"type": "array", "items": {"type": "string"}}, "/", "object"),
    ({"type": "string"}, "/", "object"),
    ({"type": "object"}, "/", "properties"),
    (one({"type": "strin"}), "/properties/value/type", "strin"),
    (one(False), "/properties/value", "false"),
    (one({"type": "string", "x-normaliser": "dates"}), "/properties/value/x-normaliser", "dates"),
    (one({"type": "string", "x-normalizer": "date"}), "/properties/value/x-normalizer", "mean"),
    (one({"type": "string", "x-labels": "Total"}), "/properties/value/x-labels", "array"),
    (one({"type": "string", "x-domain": "law"}), "/properties/value/x-domain", "at the root"),
    ({**one({"type": "string"}), "x-domain": "my law"}, "/x-domain", "my law"),
    ({**one({"type": "string"}), "x-domains": "law"}, "/x-domains", "did you mean x-domain"),
    (one({"type": "string", "x-normaliser": "amount"}), "/properties/value/x-normaliser", "number"),
    (one({"type": "string", "x-normaliser": "choice"}), "/properties/value/x-normaliser", "enum"),
    (one({"$ref": "https://example.com/x.json"}), "/properties/value/$ref", "not followed"),
    (one({"$ref": "other.json"}), "/properties/value/$ref", "not followed"),
    (one({"$ref": "#/$defs/none"}), "/properties/value/$ref", "nothing"),
    (one({"$ref": "#"}), "/", "no property with a value"),
    ({**one({"$ref": "#/$defs/node"}), "$defs": {"node": NODE}}, "/", "no property with a value"),
    ({**one({"$ref": "#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/a"}}}, "/prop", "itself"),
    (one({"type": "string", "pattern": r"\p{L}+"}), "/properties/value/pattern", "pattern"),
    (one({"type": "string", "pattern": r"(?=(a|a)*)c"}), "/properties/value/pattern", "for ever"),
    (one({"type": "string", "pattern": "("}), "/properties/value/pattern", "pattern"),
    (one({"not": {"$ref": "#/$defs/none"}}), "/properties/value/not/$ref", "nothing"),
    (one({"anyOf": [NODE, NODE]}), "/properties/value/anyOf", "itself|nothing"),
    (one({"type": "string", "x-checks": []}), "/properties/value/x-checks", "root"),
    (one({"type": "string", "enum": {1, 2}}), "/", "not JSON"),
]


@pytest.mark.parametrize(("schema", "place", "reason"), BAD)
def test_a_bad_schema_names_the_place(schema: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(SchemaError) as caught:
        load_schema(schema)
    assert (caught.value.place or "/").startswith(place)
    assert re.search(reason, caught.value.reason), caught.value.reason


@pytest.mark.parametrize(
    ("check", "place", "reason"),
    [
        ({"name": "n", "rule": "add", "of": "value", "equals": "value"}, "/rule", "add"),
        ({"name": "n", "rule": "sum", "of": "value"}, "", "equals"),
        ({"name": "n", "rule": "sum", "of": "valu", "equals": "value"}, "", "did you mean value"),
        ({"name": "n", "rule": "range", "of": "value"}, "", "minimum|schemas"),
        ({"name": "n", "rule": "order", "before": "value", "after": "x", "at": 1}, "", "at"),
        ({"rule": "range", "of": "value", "minimum": 1}, "", "name"),
    ],
)
def test_a_bad_check_names_the_place(check: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason) as caught:
        load_schema({**one({"type": "number"}), "x-checks": [check]})
    assert caught.value.place == f"/x-checks/0{place}"


def test_keywords_of_others_are_left_alone() -> None:
    assert load_schema(one({"type": "string", "x-internal": 1, "x-go-name": "V"})).leaves


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b'{"type": "object",}', "line 1, column ", "not valid JSON"),
        (b"", "line 1, column 1", "not valid JSON"),
        (b"[1]", "", "not list"),
        (b"\xff", "", "cannot be read"),
        (b"[" * 100_000, "", "cannot be read"),
        (b" " * 1_000_001, "", "larger than"),
    ],
)
def test_a_file_that_is_no_schema(tmp_path: Path, content: bytes, place: str, reason: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=rf"bad\.json.*{reason}") as caught:
        load_schema(path)
    assert caught.value.place[: len(place) or None] == place


def test_references_that_multiply_are_stopped() -> None:
    defs: dict[str, Any] = {"d0": {"type": "string"}}
    for i in range(1, 40):
        twice = {name: {"$ref": f"#/$defs/d{i - 1}"} for name in "ab"}
        defs[f"d{i}"] = {"type": "object", "properties": twice}
    with pytest.raises(SchemaError, match="multiply"):
        load_schema({**one({"$ref": "#/$defs/d39"}), "$defs": defs})


def test_a_schema_nested_too_deeply_is_an_error_of_the_schema() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5_000):
        schema = one(schema)
    with pytest.raises(SchemaError, match="deeply"):
        load_schema(schema)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("invoce", "did you mean invoice"),
        ("nothing_like_it", "bank_statement, invoice, receipt"),
        ("missing.json", "no such file"),
        (Path("missing"), "no such file"),
        ("x" * 5000, "no such built-in"),
        ("a\0b", "no such built-in"),
        (3, "BaseModel"),
        (int, "BaseModel"),
    ],
)
def test_what_is_no_schema_says_what_is(source: Any, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        load_schema(source)


def test_the_schema_in_the_documentation_loads() -> None:
    text = (builtin_folder() / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example
    schema = load_schema(json.loads(example[1]))
    assert (schema.name, len(schema.leaves), len(schema.rules)) == ("parking_ticket", 3, 1)
    assert all(f"`{name}`" in text for names in NAMES.values() for name in names)
