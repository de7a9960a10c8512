"""Types of an extraction schema: the schema, its fields and its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry

from docagent.document import Frozen
from docagent.errors import SchemaError
from docagent.schemas.schema_tree import Node

_FORMATS = FormatChecker(("date", "ipv4", "ipv6", "uuid"))
_INDEX = re.compile(r"\[\d+\]")


class Rule(Frozen):
    """One entry of ``x-checks``.

    ``rule`` determines which keys are used (see the README of ``extraction_schemas``). Paths may
    point into an array (``line_items[].amount``).
    """

    name: str
    rule: Literal["sum", "product", "running", "order", "range"]
    of: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()
    start: str | None = None
    before: str | None = None
    after: str | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    scale: float = 1.0
    tolerance: float = 0.01

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path the rule names, without the minus signs of subtracted terms."""
        single = [p for p in (self.start, self.before, self.after) if p]
        return tuple(p.removeprefix("-") for p in (*self.of, *self.optional, *self.equals, *single))


class SchemaField(Frozen):
    """A leaf of a schema: one value, or one column of an array.

    path: ``total``, ``seller.name``, ``line_items[].amount`` or ``parties[]``. types: allowed JSON
    types, without null. normaliser: a name in ``docagent.text.normalise`` (``choice`` uses
    ``choices``). query: text given to the embedded reader. array: path of the enclosing array.
    place: JSON pointer into the schema.
    """

    path: str
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    types: tuple[str, ...]
    format: str | None = None
    normaliser: str
    required: bool = False
    nullable: bool = True
    choices: tuple[Any, ...] = ()
    query: str
    array: str | None = None
    place: str = ""

    @property
    def multiple(self) -> bool:
        """Whether the value can occur several times."""
        return self.array is not None

    def at(self, index: int) -> str:
        """Path of this field in one row, from 0: ``line_items[2].amount``."""
        return self.path.replace("[]", f"[{index}]")


@dataclass(frozen=True)
class Schema:
    """A checked extraction schema. Build it with ``load_schema``.

    domain: ``finance``, ``legal`` or ``medical``; for a user's schema its ``x-domain``, or empty.
    labels: texts printed on such documents, such as the title (the ``x-labels`` of the root).
    json_schema: as given (for a pydantic class, its ``model_json_schema``); it must not be
    modified.
    """

    name: str
    domain: str
    title: str
    description: str
    labels: tuple[str, ...]
    leaves: tuple[SchemaField, ...]
    rules: tuple[Rule, ...]
    json_schema: Mapping[str, Any] = field(hash=False, repr=False)
    tree: Node = field(hash=False, repr=False, compare=False)

    def field(self, path: str) -> SchemaField:
        """The leaf of a path, with or without row numbers. Raises SchemaError if there is none."""
        wanted = _INDEX.sub("[]", path)
        for leaf in self.leaves:
            if leaf.path == wanted:
                return leaf
        known = ", ".join(leaf.path for leaf in self.leaves)
        raise SchemaError(self.name, path, f"there is no such field; there are {known}", "missing")

    def validate(self, data: Any) -> tuple[str, ...]:
        """Validate data under JSON Schema 2020-12; returns one sentence per error, empty if valid.

        Dates are checked to be valid dates. References are never fetched.
        """
        validator = Draft202012Validator(
            dict(self.json_schema), format_checker=_FORMATS, registry=Registry()
        )
        errors = sorted(validator.iter_errors(data), key=lambda e: [str(p) for p in e.path])
        return tuple(f"{_dotted(e.absolute_path)}: {e.message}" for e in errors)


def assemble(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested data from values by path (``line_items[0].amount``).

    A missing value is None and an array without rows is []. So that the data validates, a missing
    optional value that may not be null is left out, and a nullable object with no values is None.
    Raises SchemaError for a path that the schema does not have.
    """
    for path in values:
        schema.field(path)
    rows: dict[str, int] = {}
    for path in values:
        for match in _INDEX.finditer(path):
            array = path[: match.start()]
            rows[array] = max(rows.get(array, 0), int(match.group()[1:-1]) + 1)
    data: dict[str, Any] = _object(schema.tree, "", values, rows)
    return data


def _object(
    node: Node, prefix: str, values: Mapping[str, Any], rows: Mapping[str, int]
) -> dict[str, Any]:
    data = {}
    for name, child in node.children:
        value = _value(child, f"{prefix}{name}", values, rows)
        if value is not None or child.nullable or name in node.required:
            data[name] = value
    return data


def _value(node: Node, path: str, values: Mapping[str, Any], rows: Mapping[str, int]) -> Any:
    if node.kind == "scalar":
        return values.get(path)
    if node.item is not None:
        item = node.item
        return [_value(item, f"{path}[{i}]", values, rows) for i in range(rows.get(path, 0))]
    data = _object(node, f"{path}.", values, rows)
    return None if node.nullable and not any(_scalars(data)) else data


def _scalars(value: Any) -> Iterator[bool]:
    """Whether each scalar inside a value is present."""
    if isinstance(value, dict):
        for child in value.values():
            yield from _scalars(child)
    elif isinstance(value, list):
        yield bool(value)
    else:
        yield value is not None


def _dotted(path: Any) -> str:
    """Path such as ``line_items[0].amount`` from the keys and indices of an error."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the whole"
