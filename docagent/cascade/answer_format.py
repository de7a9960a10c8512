"""The format of a model's answer: its JSON Schema, and parsing of what is usable of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator

from docagent.results import How
from docagent.schemas import SchemaField

MAX_VALUE_CHARS = 600
MAX_LINES = 12
MAX_ROWS = 200
HOWS = ("verbatim", "corrected", "derived", "absent")
_SPACE = re.compile(r"[\s,]*")
_OPENING = re.compile(r"\s*:\s*\[")
_DECODER = json.JSONDecoder()

Json = dict[str, Any]


@dataclass(frozen=True)
class Claim:
    """A model's answer for one value: the ids of its lines, how it is printed, its words."""

    lines: tuple[str, ...]
    how: How
    value: str | None


@dataclass(frozen=True)
class Unit:
    """A piece of a schema asked for as one: a single field, or all columns of an array. key: the
    path of the field or array."""

    key: str
    leaves: tuple[SchemaField, ...]

    @property
    def is_array(self) -> bool:
        return self.leaves[0].array is not None

    def column(self, leaf: SchemaField) -> str:
        """The key of a column in a row; empty where a row is a single value."""
        return leaf.path.removeprefix(f"{self.key}[]").removeprefix(".")


def units_of(leaves: Sequence[SchemaField]) -> tuple[Unit, ...]:
    """The leaves of a schema as units, in order."""
    keys = dict.fromkeys(leaf.array or leaf.path for leaf in leaves)
    return tuple(
        Unit(key, tuple(leaf for leaf in leaves if (leaf.array or leaf.path) == key))
        for key in keys
    )


def pack(units: Sequence[Unit], most: int) -> list[tuple[Unit, ...]]:
    """Units in groups of at most ``most`` leaves; the columns of a wider array are units in
    groups of their own."""
    groups: list[list[Unit]] = []
    for unit in (narrow for wide in units for narrow in _narrowed(wide, most)):
        width = sum(len(u.leaves) for u in groups[-1]) if groups else most
        if width + len(unit.leaves) > most:
            groups.append([])
        groups[-1].append(unit)
    return [tuple(group) for group in groups]


def _narrowed(unit: Unit, most: int) -> list[Unit]:
    """A unit in units of the same key with at most ``most`` leaves each."""
    leaves = unit.leaves
    return [Unit(unit.key, leaves[at : at + most]) for at in range(0, len(leaves), most)]


def fields_schema(units: Sequence[Unit], ids: Sequence[str]) -> Json:
    """JSON Schema of an answer with these units; line ids can only be those of the page."""
    return _object({unit.key: _unit_schema(unit) for unit in units}, ids)


def answers_schema(ids: Sequence[str], most: int) -> Json:
    """JSON Schema of the answers to a question."""
    cells = {"type": "array", "maxItems": most, "items": {"$ref": "#/$defs/cell"}}
    return _object({"answers": cells}, ids)


def lines_schema(ids: Sequence[str], longest: int) -> Json:
    """JSON Schema of lines by id."""
    return _plain_object({line: {"type": "string", "maxLength": longest} for line in ids})


def members(text: str) -> Json:
    """The members of the JSON object in a text, as far as they are complete.

    Text around the object (a code fence, say) is ignored. Of an object that breaks off, the
    member it breaks off in is left out. Empty if there is no object.
    """
    start = text.find("{")
    if start < 0:
        return {}
    whole = _loaded(text)
    return whole if isinstance(whole, dict) else _complete(text, start + 1)[0]


def begun(text: str) -> dict[str, list[Any]]:
    """The member in which the JSON object in a text breaks off, if it is an array: its key and
    its items that are whole, at least one. Otherwise empty."""
    start = text.find("{")
    if start < 0 or isinstance(_loaded(text), dict):
        return {}
    _, at = _complete(text, start + 1)
    try:
        key, at = _DECODER.raw_decode(text, _skip(text, at))
    except (ValueError, RecursionError):
        return {}
    opening = _OPENING.match(text, at)
    items = _items(text, opening.end()) if opening and isinstance(key, str) else []
    return {key: items} if items else {}


def is_object(text: str) -> bool:
    """Whether a text is a complete JSON object, but for what stands around it."""
    return isinstance(_loaded(text), dict)


def problem(schema: Json, key: str, value: Any) -> str:
    """Why a member does not fit its property of a schema made here; empty if it does."""
    part = {"$defs": schema.get("$defs", {}), **schema["properties"][key]}
    try:
        error = next(iter(Draft202012Validator(part).iter_errors(value)), None)
    except RecursionError:
        return "it is nested too deeply"
    if error is None:
        return ""
    if error.validator == "enum" and "lines" in error.absolute_path:
        return "it names lines that are not there"
    return f"it does not follow the form ({error.validator})"


def to_claim(cell: Mapping[str, Any]) -> Claim:
    """A cell that fits its schema as a claim."""
    value = cell["value"]
    if value is not None:
        # Half a surrogate pair, which JSON can spell, could not be written to a file.
        value = " ".join(value.encode("utf-8", "replace").decode("utf-8").split()) or None
    return Claim(tuple(dict.fromkeys(cell["lines"])), cast(How, cell["how"]), value)


def _unit_schema(unit: Unit) -> Json:
    if not unit.is_array:
        return {"$ref": "#/$defs/cell"}
    columns = {unit.column(leaf): {"$ref": "#/$defs/cell"} for leaf in unit.leaves}
    row = {"$ref": "#/$defs/cell"} if "" in columns else _plain_object(columns)
    return {"type": "array", "maxItems": MAX_ROWS, "items": row}


def _object(properties: Json, ids: Sequence[str]) -> Json:
    line = {"type": "array", "maxItems": MAX_LINES, "items": {"enum": list(ids)}}
    # Lines first: the model has to name the place before it gives the value.
    cell = _plain_object(
        {
            "lines": line,
            "how": {"enum": list(HOWS)},
            "value": {"type": ["string", "null"], "maxLength": MAX_VALUE_CHARS},
        }
    )
    return {**_plain_object(properties), "$defs": {"cell": cell}}


def _plain_object(properties: Mapping[str, Any]) -> Json:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _loaded(text: str) -> Any:
    """The JSON value from the first brace of a text to the last; None if it is not whole."""
    start, end = text.find("{"), text.rfind("}") + 1
    try:
        return json.loads(text[start:end]) if start >= 0 else None
    except (ValueError, RecursionError):
        return None


def _complete(text: str, at: int) -> tuple[Json, int]:
    """Members from a place inside an object until it breaks off, and the place after them."""
    found: Json = {}
    end = at
    try:
        while True:
            key, at = _DECODER.raw_decode(text, _skip(text, end))
            at = _skip(text, at)
            if not isinstance(key, str) or text[at : at + 1] != ":":
                return found, end
            value, at = _DECODER.raw_decode(text, _skip(text, at + 1))
            if _may_go_on(text, value, at):
                return found, end
            found[key], end = value, at
    except (ValueError, RecursionError):
        return found, end


def _items(text: str, at: int) -> list[Any]:
    """Items from a place inside an array until it breaks off."""
    items: list[Any] = []
    try:
        while True:
            value, at = _DECODER.raw_decode(text, _skip(text, at))
            if _may_go_on(text, value, at):
                return items
            items.append(value)
    except (ValueError, RecursionError):
        return items


def _may_go_on(text: str, value: Any, at: int) -> bool:
    """Whether a value is a number or word at the very end; an object, list or text is closed."""
    return at >= len(text.rstrip()) and not isinstance(value, dict | list | str)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
