"""Shapes of schemas: what is asked for each of them, what data they give, and bounded time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel, field_validator

from docagent import DocAgent
from docagent.cli import main
from docagent.errors import SchemaError
from docagent.reader.scripted import ScriptedReader
from docagent.schemas import assemble, load_schema, parse_path, write_path
from docagent.settings import Settings
from docagent.text.normalise import normalise
from tests.documents import document_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at

Json = dict[str, Any]
TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def of(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


def needs(schema: Json, *required: str) -> Json:
    return {**schema, "required": list(required)}


CARD = needs(of(kind={"const": "card"}, digits=TEXT), "kind", "digits")
CASH = needs(of(kind={"const": "cash"}, drawer={"type": "integer"}), "kind", "drawer")
ITEMS = {"type": "array", "items": of(name=TEXT, price=NUMBER)}
NODE = of(name=TEXT, parts={"type": "array", "items": {"$ref": "#/$defs/node"}})
SHAPES: list[tuple[str, Json, list[str], Json, Json]] = [
    (
        "arrays in arrays",
        of(orders={"type": "array", "items": of(no=TEXT, items=ITEMS)}),
        ["orders[].no", "orders[].items[].name", "orders[].items[].price"],
        {"orders[1].no": "7", "orders[1].items[0].name": "ink", "orders[0].items[1].price": 2.0},
        {
            "orders": [
                {"items": [{}, {"price": 2.0}]},
                {"no": "7", "items": [{"name": "ink"}]},
            ]
        },
    ),
    (
        "a matrix",
        of(grid={"type": "array", "items": {"type": "array", "items": NUMBER}}),
        ["grid[][]"],
        {"grid[0][1]": 2.0, "grid[0][0]": 1.0, "grid[1][0]": 3.0},
        {"grid": [[1.0, 2.0], [3.0]]},
    ),
    (
        "the alternative whose required fields are found",
        of(payment={"anyOf": [CARD, CASH]}),
        ["payment.kind", "payment.digits", "payment.drawer"],
        {"payment.drawer": 3},
        {"payment": {"kind": "cash", "drawer": 3}},
    ),
    (
        "the alternative that its constant names",
        of(payment={"oneOf": [CARD, CASH]}),
        ["payment.kind", "payment.digits", "payment.drawer"],
        {"payment.kind": "card", "payment.digits": "4242", "payment.drawer": 3},
        {"payment": {"kind": "card", "digits": "4242"}},
    ),
    (
        "allOf",
        {"allOf": [of(a=TEXT), {"$ref": "#/$defs/b"}], **of(c=TEXT), "$defs": {"b": of(b=NUMBER)}},
        ["a", "b", "c"],
        {"a": "x", "b": 1.0},
        {"a": "x", "b": 1.0},
    ),
    (
        "alternatives that only require",
        {**of(a=TEXT, b=TEXT), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        ["a", "b"],
        {"b": "x"},
        {"b": "x"},
    ),
    (
        "a value or a list of values",
        of(tags={"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
        ["tags", "tags[]"],
        {"tags[0]": "x", "tags[1]": "y"},
        {"tags": ["x", "y"]},
    ),
    (
        "an object with any keys",
        needs(of(scores={"type": "object", "additionalProperties": NUMBER}), "scores"),
        ["scores[].key", "scores[].value"],
        {"scores[0].key": "Ann", "scores[0].value": 3.0},
        {"scores": {"Ann": 3.0}},
    ),
    (
        "a tuple",
        of(size={"type": "array", "prefixItems": [NUMBER, TEXT]}),
        ["size.0", "size.1"],
        {"size.0": 2.0, "size.1": "cm"},
        {"size": [2.0, "cm"]},
    ),
    (
        "an optional object",
        of(a=TEXT, inner=needs(of(b=TEXT), "b")),
        ["a", "inner.b"],
        {"a": "x"},
        {"a": "x"},
    ),
    (
        "a constant that has to be there",
        needs(of(version={"const": 2}, a=TEXT), "version"),
        ["version", "a"],
        {"a": "x"},
        {"version": 2, "a": "x"},
    ),
    (
        "nullable, as in OpenAPI",
        needs(of(a={"type": "string", "nullable": True}, b=of(c=TEXT) | {"nullable": True}), "a"),
        ["a", "b.c"],
        {},
        {"a": None, "b": None},
    ),
    (
        "recursion",
        {**of(tree={"$ref": "#/$defs/node"}), "$defs": {"node": NODE}},
        ["tree.name", "tree.parts[].name"],
        {"tree.name": "a", "tree.parts[0].name": "b"},
        {"tree": {"name": "a", "parts": [{"name": "b", "parts": []}]}},
    ),
    (
        "alternatives at the root",
        {"anyOf": [needs(of(a=TEXT), "a"), needs(of(b=TEXT), "b")]},
        ["a", "b"],
        {"b": "x"},
        {"b": "x"},
    ),
    (
        "keys that need quotes",
        of(**{"Invoice No.": TEXT, "a.b": TEXT, "x[3]": of(**{"": TEXT})}),
        ["Invoice No.", '["a.b"]', '["x\\u005b3\\u005d"][""]'],
        {"Invoice No.": "7", '["a.b"]': "8", '["x\\u005b3\\u005d"][""]': "9"},
        {"Invoice No.": "7", "a.b": "8", "x[3]": {"": "9"}},
    ),
]


@pytest.mark.parametrize(
    ("schema", "paths", "values", "data"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES]
)
def test_shapes(schema: Json, paths: list[str], values: Json, data: Json) -> None:
    loaded = load_schema(schema)
    assert [leaf.path for leaf in loaded.leaves] == paths
    assert assemble(loaded, values) == data
    assert loaded.validate(data) == ()


@pytest.mark.parametrize(
    "envelope",
    [
        lambda s: {"name": "bill", "strict": True, "schema": s},
        lambda s: {"type": "json_schema", "json_schema": {"name": "bill", "schema": s}},
        lambda s: {"type": "function", "function": {"name": "bill", "parameters": s}},
        lambda s: {"name": "bill", "input_schema": s},
    ],
)
def test_definitions_of_structured_outputs(envelope: Any, tmp_path: Path) -> None:
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(envelope(of(total=NUMBER))))
    for source in (path, envelope(of(total=NUMBER))):
        schema = load_schema(source)
        assert (schema.name, [leaf.path for leaf in schema.leaves]) == ("bill", ["total"])


def test_a_property_named_schema_is_a_property() -> None:
    assert [leaf.path for leaf in load_schema(of(schema=TEXT)).leaves] == ["schema"]


@pytest.mark.parametrize("key", ["a", "a b", "Invoice No.", "St. Name", "a.b", "x[3]", "", " a "])
@given(st.lists(st.text() | st.none() | st.integers(0, 99), min_size=1, max_size=5))
def test_paths_are_parsed_back(key: str, steps: list[Any]) -> None:
    given_steps = (key, *steps)
    assert parse_path(write_path(given_steps)) == given_steps


@pytest.mark.parametrize("path", [".a", "a[", "a[b]", 'a["b', "a]"])
def test_what_is_not_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        parse_path(path)


CODES = ["01", "02"]


@pytest.mark.parametrize(
    ("leaf", "printed", "value"),
    [
        ({"enum": ["EUR", "GBP", "USD"]}, "£741.60", "GBP"),
        ({"enum": ["EUR", "GBP", None]}, "Pound sterling", "GBP"),
        ({"enum": ["AUD", "NZD"]}, "$ 5.00", "AUD"),
        ({"enum": ["DE", "FR"]}, "Deutschland", "DE"),
        ({"enum": ["yes", "no"]}, "☒", "yes"),
        ({"enum": [True, False]}, "Yes", True),
        ({"enum": CODES, "x-enumNames": ["Invoice", "Credit note"]}, "CREDIT NOTE", "02"),
        ({"enum": CODES, "description": "01 = Invoice, 02 = Credit note"}, "Invoice", "01"),
        ({"oneOf": [{"const": 1, "title": "Paid"}, {"const": 2, "title": "Open"}]}, "paid", 1),
        ({"enum": ["female", "male"]}, "F", "female"),
    ],
)
def test_choices_by_what_they_are_called(leaf: Json, printed: str, value: Any) -> None:
    field = load_schema(of(v=leaf)).field("v")
    found = normalise(
        field.normaliser, printed, choices=field.choices, choice_labels=field.choice_labels
    )
    assert (found.ok, found.value) == (True, value)


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("£741.60", "£741.60"),
        ("Total: GBP 741.60", "GBP 741.60"),
        ("741.60 EUR", "741.60 EUR"),
        ("- 5.00", "- 5.00"),
        ("Total", None),
    ],
)
def test_money_as_it_is_printed(printed: str, text: str | None) -> None:
    assert normalise("money", printed).value == text


INVOICE = document_of(
    ["INVOICE", "Invoice No.: HF-20417", "Total £741.60"],
)


def agent() -> DocAgent:
    return DocAgent(Settings(extraction={"embedded_reader": False}))  # type: ignore[arg-type]


def test_extraction_of_quoted_keys_codes_and_printed_money() -> None:
    schema = of(**{"Invoice No.": TEXT, "total": TEXT, "currency": {"enum": ["EUR", "GBP"]}})
    result = agent().extract(INVOICE, schema)
    assert result.data == {"Invoice No.": "HF-20417", "total": "£741.60", "currency": "GBP"}
    assert result["Invoice No."].evidence and result.valid


def test_rows_of_an_inner_array_belong_to_the_row_above() -> None:
    page = ["Order 71", "ink 1.50", "pen 2.50", "Order 72", "book 9.00"]
    schema = of(orders={"type": "array", "items": of(no=TEXT, items=ITEMS)})
    reader = ScriptedReader(
        {
            "order no": [("71", 0.9), ("72", 0.9)],
            "order item name": [("ink", 0.9), ("pen", 0.9), ("book", 0.9)],
            "order item price": [("1.50", 0.9), ("2.50", 0.9), ("9.00", 0.9)],
        }
    )
    result = DocAgent(reader=reader).extract(document_of(page), schema)
    assert result.data == {
        "orders": [
            {
                "no": "71",
                "items": [{"name": "ink", "price": 1.5}, {"name": "pen", "price": 2.5}],
            },
            {"no": "72", "items": [{"name": "book", "price": 9.0}]},
        ]
    }


def test_a_grid_has_a_row_for_each_line() -> None:
    schema = of(grid={"type": "array", "items": {"type": "array", "items": NUMBER}})
    reader = ScriptedReader({"grid": [("1.5", 0.9), ("2.5", 0.9), ("3.5", 0.9)]})
    result = DocAgent(reader=reader).extract(document_of(["1.5 2.5", "3.5 1.5"]), schema)
    assert result.data == {"grid": [[1.5, 2.5], [3.5, 1.5]]}


class Bill(BaseModel):
    number: str = Field(alias="Invoice No.")
    currency: Literal["EUR", "GBP"] | None = None


class Strict(Bill):
    @field_validator("number")
    @classmethod
    def refuse(cls, number: str) -> str:
        raise ValueError(f"{number} is not one of ours")


class Raising(Bill):
    @field_validator("number")
    @classmethod
    def fail(cls, number: str) -> str:
        raise ZeroDivisionError("a fault in the class")


class Undescribed(BaseModel):
    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> Json:
        raise RuntimeError("no schema today")


def test_a_pydantic_class_comes_back_as_an_instance() -> None:
    result = agent().extract(INVOICE, Bill)
    assert isinstance(result.parsed, Bill)
    assert (result.parsed.number, result.parsed.currency) == ("HF-20417", "GBP")
    assert "parsed" not in result.model_dump_json()
    assert agent().extract(INVOICE, "invoice").parsed is None


@pytest.mark.parametrize(
    ("model", "reason"), [(Strict, "not one of ours"), (Raising, "ZeroDivisionError: a fault")]
)
def test_a_class_that_refuses_the_data_says_why(model: type[BaseModel], reason: str) -> None:
    result = agent().extract(INVOICE, model)
    assert (result.parsed, result.valid) == (None, False)
    assert reason in " ".join(result.errors)


@pytest.mark.parametrize("model", [Undescribed, RootModel[list[int]]])
def test_a_class_without_a_usable_schema(model: type[BaseModel]) -> None:
    with pytest.raises(SchemaError, match=r"no schema today|the root must be an object"):
        agent().extract(INVOICE, model)


def test_auto_takes_the_kind_of_the_document() -> None:
    page = ["INVOICE", "Invoice number: 7", "Invoice date: 3 May 2021", "Bill to: A", "Due date: x"]
    assert agent().extract(document_of(page), "auto").schema_name == "invoice"
    with pytest.raises(SchemaError, match=r"kind of this document is not known.*invoice"):
        agent().extract(document_of(["lorem ipsum"]), "auto")
    with pytest.raises(SchemaError, match="extraction only"):
        load_schema("auto")


def test_shapes_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["INVOICE", "Invoice number: 7", "Invoice date: 3 May 2021", "Due date: 4 May 2021"]
    content = b"".join(text_at(60, 780 - 20 * at, row) for at, row in enumerate(rows))
    bill, note, schema = (tmp_path / name for name in ("bill.pdf", "note.pdf", "own.json"))
    bill.write_bytes(pdf_bytes(PdfPage(content)))
    note.write_bytes(pdf_bytes(PdfPage(text_at(60, 780, "lorem ipsum dolor sit amet"))))
    schema.write_text(json.dumps({"schema": of(**{"Invoice number": TEXT})}))

    def run(*args: str) -> tuple[int, str, str]:
        code = main(["extract", *args, "--quiet", "--json"])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, out, _ = run(str(bill), "--schema", "auto")
    assert (code, json.loads(out)["schema"]) == (0, "invoice")
    code, out, _ = run(str(bill), "--schema", str(schema))
    assert (code, list(json.loads(out)["data"])) == (0, ["Invoice number"])
    code, _, err = run(str(note), "--schema", "auto")
    assert code == 2 and "the kind of this document is not known" in err
    schema.write_text(json.dumps(of(a={"type": "string", "pattern": r"\p{L}"})))
    code, _, err = run(str(bill), "--schema", str(schema))
    assert code == 2 and "/properties/a/pattern" in err and "Traceback" not in err


def levels(link: Any, last: Json, depth: int = 40) -> Json:
    """A schema whose definitions refer to the next one by ``link``."""
    defs = {f"d{i}": link(f"#/$defs/d{i + 1}") for i in range(depth)}
    return {**needs(of(value={"$ref": "#/$defs/d0"}), "value"), "$defs": defs | {f"d{depth}": last}}


@pytest.mark.parametrize(
    "schema",
    [
        levels(lambda ref: {"anyOf": [{"$ref": ref}, {"$ref": ref}]}, TEXT),
        levels(lambda ref: {"allOf": [{"$ref": ref}, {"$ref": ref}]}, needs(of(a=TEXT), "a")),
        levels(lambda ref: {"oneOf": [of(x={"$ref": ref}), needs(of(x={"$ref": ref}), "x")]}, TEXT),
        {**of(value={"type": "string", "pattern": "^(a+)+$"}), "required": ["value"]},
    ],
    ids=["anyOf", "allOf", "oneOf of objects", "pattern"],
)
def test_loading_and_validation_end(schema: Json) -> None:
    started = time.process_time()
    loaded = load_schema(schema)
    assert len(loaded.leaves) < 100
    leaf = loaded.leaves[0]
    value = "a" * 4_000 + "!"
    loaded.validate(assemble(loaded, {}))
    loaded.validate(assemble(loaded, {leaf.path: value}))
    assert time.process_time() - started < 10


KEYS = st.sampled_from(["a", "total", "a.b", "Invoice No.", "[]", "", "$ref", "type"])
REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/$defs/none", "#x", "other", "#/"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats()
PATTERNS = st.sampled_from(
    ["^a", "(a+)+$", r"\p{L}", "(", r"(?=(a*)*)b", r"(a)\1", "[", "a{99999}"]
)


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(KEYS, inner, max_size=3)
    keywords = {
        "type": st.sampled_from(["object", "array", "string", "number", "null", "strin"])
        | st.lists(st.sampled_from(["object", "array", "string", "null"]), max_size=3),
        "properties": named,
        "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
        "additionalProperties": inner,
        "required": st.lists(KEYS, max_size=2, unique=True),
        "items": inner,
        "prefixItems": several,
        "anyOf": several,
        "oneOf": several,
        "allOf": several,
        "not": inner,
        "if": inner,
        "then": inner,
        "$ref": REFERENCES,
        "enum": st.lists(VALUES | st.lists(VALUES, max_size=2), max_size=3),
        "const": VALUES,
        "nullable": st.booleans(),
        "pattern": PATTERNS,
        "format": st.sampled_from(["date", "x"]),
        "x-normaliser": st.sampled_from(["date", "amount", "choice", "money", "none"]),
        "schema": inner,
    }
    return st.fixed_dictionaries({}, optional=keywords) | st.one_of(
        st.fixed_dictionaries({"type": st.just("object"), "properties": named}),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": several}),
        st.fixed_dictionaries({"allOf": several}),
    )


PARTS = st.recursive(
    st.sampled_from([{}, True, False, TEXT, NUMBER, {"type": "null"}, {"$ref": "#/$defs/a"}]),
    grown,
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(PARTS, PARTS, st.dictionaries(KEYS, PARTS, min_size=1, max_size=4))
def test_any_schema_loads_or_is_an_error_of_the_schema(a: Any, b: Any, properties: Json) -> None:
    started = time.process_time()
    try:
        schema = load_schema({**of(**properties), "$defs": {"a": a, "b": b}})
    except SchemaError as error:
        assert error.reason
    else:
        paths = [leaf.path for leaf in schema.leaves]
        assert len(set(paths)) == len(paths)
        schema.validate(assemble(schema, {}))
        schema.validate(assemble(schema, {leaf.at(0): "a" for leaf in schema.leaves}))
    assert time.process_time() - started < 10
