"""Fields of a schema: each leaf of the tree with its query and its normaliser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from docagent.errors import SchemaError
from docagent.schemas.schema_tree import Node, pointer
from docagent.schemas.types import SchemaField

_BY_FORMAT = {"date": "date", "date-time": "datetime", "time": "time", "duration": "duration"}
_GIVES = {
    "amount": "number",
    "boolean": "boolean",
    "decimal": "number",
    "integer": "integer",
    "measurement": "number",
    "percent": "number",
}
# Words in names of fields, for schemas that give no more than a type.
_MONEY = (
    "amount balance cash change charge cost discount due fee fees gross net paid payment price "
    "shipping subtotal sum tax tip total vat"
)
_PERCENT = "percent percentage rate"
_DATE = "date dob"
_IDENTIFIER = "bic code iban id identifier no number ref reference sku swift"


def query_text(path: str, description: str, labels: Sequence[str] = ()) -> str:
    """Query for a field: ``line item amount: Price of the whole line``.

    Labels replace a missing description.
    """
    meaning = description.strip().rstrip(".") or ", ".join(labels)
    name = " ".join(_words(path))
    return f"{name}: {meaning}" if meaning else name


def leaves_of(name: str, root: Node) -> tuple[SchemaField, ...]:
    """Every leaf of a schema in order.

    Raises SchemaError if a normaliser gives another type than the field has.
    """
    return tuple(_leaves(name, root, "", None))


def _leaves(name: str, node: Node, path: str, array: str | None) -> Iterator[SchemaField]:
    for key, child in node.children:
        child_path = f"{path}.{key}" if path else key
        required = key in node.required
        if child.kind == "scalar":
            yield _leaf(name, child, child_path, required, array)
        elif child.item is None:
            yield from _leaves(name, child, child_path, array)
        elif child.item.kind == "scalar":
            yield _leaf(
                name, _with_array(child, child.item), f"{child_path}[]", required, child_path
            )
        else:
            yield from _leaves(name, child.item, f"{child_path}[]", child_path)


def _with_array(array: Node, item: Node) -> Node:
    """The item of an array of scalars; keywords it lacks are taken from the array."""
    told = {k: array.keywords[k] for k in ("title", "description") if k in array.keywords}
    hints = {k: v for k, v in array.keywords.items() if k in ("x-labels", "x-normaliser")}
    return Node("scalar", item.place, item.nullable, item.types, {**told, **hints, **item.keywords})


def _leaf(name: str, node: Node, path: str, required: bool, array: str | None) -> SchemaField:
    words = node.keywords
    choices = tuple(words.get("enum", (words["const"],) if "const" in words else ()))
    title, description = str(words.get("title", "")), str(words.get("description", ""))
    labels = tuple(words.get("x-labels", ()))
    normaliser = words.get("x-normaliser") or _inferred(node, path, choices)
    _check_type(name, node, normaliser, choices)
    return SchemaField(
        path=path,
        title=title,
        description=description,
        labels=labels,
        types=node.types,
        format=words.get("format"),
        normaliser=normaliser,
        required=required,
        nullable=node.nullable,
        choices=choices,
        query=query_text(path, description or title, labels),
        array=array,
        place=node.place,
    )


def _inferred(node: Node, path: str, choices: tuple[Any, ...]) -> str:
    """Normaliser of a field that names none, inferred from enum, format, type and name."""
    words = set(_words(path.rpartition(".")[2]))
    if choices:
        return "choice"
    if node.keywords.get("format") in _BY_FORMAT:
        return _BY_FORMAT[node.keywords["format"]]
    if "number" in node.types:
        return _named(words, {"percent": _PERCENT, "amount": _MONEY}) or "decimal"
    if "string" not in node.types:
        return "integer" if "integer" in node.types else "boolean"
    kinds = {"currency": "currency", "date": _DATE, "identifier": _IDENTIFIER}
    return _named(words, kinds) or "text"


def _named(words: set[str], kinds: dict[str, str]) -> str | None:
    return next((kind for kind, names in kinds.items() if words & set(names.split())), None)


def _check_type(name: str, node: Node, normaliser: str, choices: tuple[Any, ...]) -> None:
    given = _GIVES.get(normaliser, "string")
    fits = given in node.types or (given == "integer" and "number" in node.types)
    place = node.place + pointer("x-normaliser")
    if normaliser == "choice":
        if not choices:
            raise SchemaError(name, place, "choice needs an enum of the values allowed")
    elif not fits:
        types = " or ".join(node.types)
        raise SchemaError(name, place, f"{normaliser} gives a {given}, but the type is {types}")


def _words(path: str) -> list[str]:
    """Words of a path: ``line_items[].unitPrice`` -> line item unit price."""
    singular = re.sub(r"ies\[\]", "y", path)
    singular = re.sub(r"(?<=\w)s\[\]", "", singular)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", singular)
    return re.findall(r"[^\W_]+", spaced.lower())
