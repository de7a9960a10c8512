"""Fields of a schema: each leaf of the tree with its query and its normaliser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from docagent.errors import SchemaError
from docagent.schemas.keywords import pointer
from docagent.schemas.merging import enum_labels, unite_scalars
from docagent.schemas.paths import Steps, write_path
from docagent.schemas.schema_tree import Node
from docagent.schemas.types import SchemaField

MAX_LEAVES = 5_000
"""Most values of one schema."""

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
_MONEY_TEXT = "amount balance cost fee price subtotal sum total"
_MONEY_QUALIFIERS = (
    "and currency discount due excl excluding final grand gross incl including invoice item line "
    "monthly net of order paid payable price sales sub tax text unit value vat with yearly"
)
"""Names of texts that are an amount: made of these words alone, one of the first kind."""
_PERCENT = "percent percentage rate"
_DATE = "date dob"
_IDENTIFIER = "bic code iban id identifier no number ref reference sku swift"
_NO_IDENTIFIER = re.compile(r"\bno (?=assign|compet|contest|hir|solicit)|\bsource code\b")
"""Words of an identifier that mean something else: clauses that forbid, and programs."""


def query_text(path: str, description: str, labels: Sequence[str] = ()) -> str:
    """Query for a field: ``line item amount: Price of the whole line``.

    Labels replace a missing description.
    """
    meaning = description.strip().rstrip(".") or ", ".join(labels)
    name = " ".join(_words(path))
    return f"{name}: {meaning}" if meaning else name


@dataclass(frozen=True)
class _Place:
    """A place where values stand. node: what they are. required: whether there has to be one."""

    node: Node
    required: bool


_Places = dict[Steps, list[_Place]]
"""Places by path inside a node; alternatives of one path stand in one list."""


def leaves_of(name: str, root: Node) -> tuple[SchemaField, ...]:
    """Every leaf of a schema in order. Alternatives of one path are one leaf.

    Raises SchemaError if there is none, or more than MAX_LEAVES, or a normaliser gives another
    type than the field has.
    """
    found = _Collector(name).places(root)
    if not found:
        raise SchemaError(name, "", "it has no property with a value, so there is nothing to ask")
    return tuple(_leaf(name, places, steps) for steps, places in found.items())


class _Collector:
    """Finds the leaves of a tree; of a node that stands in several places, once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known: dict[int, _Places] = {}

    def places(self, node: Node) -> _Places:
        """Leaves inside an object, or of a union of objects, by path."""
        if id(node) not in self.known:
            found: _Places = {}
            for key, child, required in _members(node):
                self.add(found, child, key, required)
            self.known[id(node)] = found
        return self.known[id(node)]

    def add(self, found: _Places, child: Node, prefix: Steps, required: bool) -> None:
        if child.kind == "scalar":
            found.setdefault(prefix, []).append(_Place(child, required))
        elif child.item is not None and child.kind == "array" and child.item.kind == "scalar":
            item = _with_array(child, child.item)
            found.setdefault((*prefix, None), []).append(_Place(item, required))
        else:
            for steps, places in self.places(child).items():
                known = found.setdefault((*prefix, *steps), [])
                ids = {id(place.node) for place in known}
                known += [place for place in places if id(place.node) not in ids]
        if len(found) > MAX_LEAVES:
            reason = f"more than {MAX_LEAVES} values; references and alternatives multiply them"
            raise SchemaError(self.name, "", reason)


def _members(node: Node) -> Iterator[tuple[Steps, Node, bool]]:
    """What is directly inside a node: path, node and whether it has to be there."""
    for key, child in node.children:
        yield (key,), child, key in node.required or node.kind == "tuple"
    if node.kind == "array" and node.item is not None:
        yield (None,), node.item, True
    if node.kind == "map" and node.item is not None:
        yield (None, "key"), KEY_NODE, True
        yield (None, "value"), node.item, True
    for option in node.options:
        yield (), option, True


KEY_NODE = Node("scalar", "", False, ("string",), {"description": "Name of the entry"})
"""The key of an entry of an object with any keys; entries are the rows of an array."""


def _with_array(array: Node, item: Node) -> Node:
    """The item of an array of scalars; keywords it lacks are taken from the array."""
    told = {k: array.keywords[k] for k in ("title", "description") if k in array.keywords}
    hints = {k: v for k, v in array.keywords.items() if k in ("x-labels", "x-normaliser")}
    return Node("scalar", item.place, item.nullable, item.types, {**told, **hints, **item.keywords})


def _leaf(name: str, places: Sequence[_Place], steps: Steps) -> SchemaField:
    node = _united([place.node for place in places])
    words = node.keywords
    choices = tuple(words.get("enum", (words["const"],) if "const" in words else ()))
    title, description = str(words.get("title", "")), str(words.get("description", ""))
    labels = tuple(words.get("x-labels", ()))
    normaliser = words.get("x-normaliser") or _inferred(node, steps, choices)
    _check_type(name, node, normaliser, choices)
    path = write_path(steps)
    return SchemaField(
        path=path,
        title=title,
        description=description,
        labels=labels,
        types=node.types,
        format=words.get("format"),
        normaliser=normaliser,
        is_inferred="x-normaliser" not in words and "format" not in words,
        required=all(place.required for place in places),
        nullable=node.nullable,
        choices=choices,
        choice_labels=enum_labels(words, choices) if choices else (),
        query=query_text(_spoken(steps), description or title, labels),
        array=path.rpartition("[]")[0] if None in steps else None,
        place=node.place,
    )


def _united(nodes: Sequence[Node]) -> Node:
    """The scalar that stands for the alternatives of one path."""
    if len(nodes) == 1:
        return nodes[0]
    united = unite_scalars([node.keywords for node in nodes], [node.types for node in nodes])
    texts = ("title", "description", "x-labels")
    told = {k: node.keywords[k] for node in reversed(nodes) for k in texts if k in node.keywords}
    nullable = any(node.nullable for node in nodes)
    return Node("scalar", nodes[0].place, nullable, tuple(united["type"]), {**told, **united})


def _spoken(steps: Steps) -> str:
    """A path as a query says it, without the quotes of keys that need them."""
    return "".join("[]" if step is None else f".{step}" for step in steps).removeprefix(".")


def _inferred(node: Node, steps: Steps, choices: tuple[Any, ...]) -> str:
    """Normaliser of a field that names none, inferred from enum, format, type and name."""
    words = set(_NO_IDENTIFIER.sub("", " ".join(_words(_name(steps)))).split())
    if choices:
        return "choice"
    if node.keywords.get("format") in _BY_FORMAT:
        return _BY_FORMAT[node.keywords["format"]]
    if "number" in node.types:
        return _named(words, {"percent": _PERCENT, "amount": _MONEY}) or "decimal"
    if "string" not in node.types:
        return "integer" if "integer" in node.types else "boolean"
    kinds = {"currency": "currency", "date": _DATE, "identifier": _IDENTIFIER}
    return _named(words, kinds) or ("money" if _is_money_text(node, words) else "text")


def _is_money_text(node: Node, words: set[str]) -> bool:
    """Whether a text is wanted that is an amount of money as it is printed."""
    restricted = ("pattern", "format", "x-labels")
    is_free = node.types == ("string",) and not any(key in node.keywords for key in restricted)
    money = set(_MONEY_TEXT.split())
    return is_free and bool(words & money) and words <= money | set(_MONEY_QUALIFIERS.split())


def _name(steps: Steps) -> str:
    """The last key of a path, marked as a list where it is one."""
    keys = [step for step in steps if isinstance(step, str)]
    return f"{keys[-1] if keys else ''}{'[]' if steps and steps[-1] is None else ''}"


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
