"""Schemas put together: ``allOf``, alternatives with what stands beside them, several scalars."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

SCALARS = ("string", "number", "integer", "boolean")
ENUM_LABELS = (
    "enumNames",
    "x-enumNames",
    "x-enum-varnames",
    "x-enum-labels",
    "x-enumDescriptions",
    "x-enum-descriptions",
)
"""Keywords with what each value of an enum is called, in the order of the values."""
_PYTHON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}
_NOT_SHAPES = frozenset(("$defs", "definitions", "$schema", "$id", "$anchor", "$comment"))

_RESTRICTIONS = frozenset(
    "required not if then else dependentRequired dependentSchemas minProperties maxProperties "
    "propertyNames unevaluatedProperties contains".split()
)

Keywords = Mapping[str, Any]


def merge_keywords(inner: Keywords, outer: Keywords) -> dict[str, Any]:
    """Both schemas in one: properties and required ones of both, types and values that both allow;
    of other keywords those of ``outer`` count."""
    found = {**{k: v for k, v in inner.items() if k not in _NOT_SHAPES}, **outer}
    if "properties" in inner and "properties" in outer:
        ours, theirs = inner["properties"], outer["properties"]
        found["properties"] = {
            key: {"allOf": [ours[key], theirs[key]]}
            if key in ours and key in theirs and ours[key] != theirs[key]
            else theirs.get(key, ours.get(key))
            for key in dict.fromkeys((*ours, *theirs))
        }
    if "required" in inner and "required" in outer:
        found["required"] = [*dict.fromkeys((*inner["required"], *outer["required"]))]
    if "type" in inner and "type" in outer:
        found["type"] = _common_types(inner["type"], outer["type"])
    if "enum" in inner and "enum" in outer:
        found["enum"] = [v for v in inner["enum"] if v in outer["enum"]] or outer["enum"]
    for key in ("anyOf", "oneOf"):
        if key in inner and key in outer and inner[key] != outer[key]:
            # Both lists hold: the alternatives of one in an allOf beside those of the other.
            found["allOf"] = [*found.get("allOf", ()), {key: inner[key]}]
    return found


def with_conditional_properties(schema: Keywords) -> Keywords:
    """The schema with the properties that ``then``, ``else`` and ``dependentSchemas`` add, none of
    them required."""
    parts = [schema.get("then"), schema.get("else")]
    dependent = schema.get("dependentSchemas")
    parts += dependent.values() if isinstance(dependent, Mapping) else ()
    given = [p["properties"] for p in parts if isinstance(p, Mapping) and "properties" in p]
    if not given:
        return schema
    left_out = ("if", "then", "else", "dependentSchemas")
    properties = dict(schema.get("properties", {}))
    for more in given:
        properties |= {k: v for k, v in more.items() if v is not False and k not in properties}
    return {**{k: v for k, v in schema.items() if k not in left_out}, "properties": properties}


def unite_scalars(options: Sequence[Keywords], types: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """One schema that allows what each of several schemas of scalars allows."""
    shared = {
        key: value
        for key, value in options[0].items()
        if all(key in other and other[key] == value for other in options)
    }
    left_out = ("type", "enum", "const", *ENUM_LABELS)
    united = {key: value for key, value in shared.items() if key not in left_out}
    united["type"] = [*dict.fromkeys(t for group in types for t in group)]
    values = [_values_of(option) for option in options]
    if any(v is None for v in values):
        return united
    united["enum"] = [value for some in values for value in some or ()]
    united["enumNames"] = [name for o in options for name in _names_of(o)]
    return united


def types_of(schema: Keywords) -> tuple[tuple[str, ...], bool]:
    """JSON types without null (string if none is stated), and whether null is allowed."""
    stated, values = schema.get("type"), _values_of(schema)
    nullable = schema.get("nullable") is True
    if stated is None and values is not None:
        stated = [_PYTHON_TYPES.get(type(v), "null") for v in values]
    if stated is None:
        shape = _shape_of(schema)
        return (shape or "string",), nullable or shape is None
    names = [stated] if isinstance(stated, str) else stated
    null = "null" in names and (values is None or None in values)
    return tuple(dict.fromkeys(t for t in names if t != "null")), null or nullable


def is_restriction(schema: Keywords) -> bool:
    """Whether a schema only restricts what others say, as ``{"required": ["a"]}`` does."""
    said = ("type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf", "format", "pattern")
    is_shaped = _shape_of(schema) is not None or any(key in schema for key in said)
    return not is_shaped and bool(_RESTRICTIONS & schema.keys())


def distinct(options: Sequence[Any]) -> list[Any]:
    """Options without those whose keywords are the same."""
    return [*{json.dumps(option.schema, sort_keys=True): option for option in options}.values()]


def enum_labels(schema: Keywords, values: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    """What each value is called: by a keyword of the schema, or ``01 = Invoice`` in its
    description."""
    found: list[list[str]] = [[] for _ in values]
    for key in ENUM_LABELS:
        names = schema.get(key)
        if isinstance(names, Mapping):
            names = [names.get(str(value)) for value in values]
        if isinstance(names, list) and len(names) == len(values):
            for labels, name in zip(found, names, strict=True):
                given = name if isinstance(name, list | tuple) else (name,)
                labels += [text for text in given if isinstance(text, str) and text.strip()]
    told = str(schema.get("description", ""))
    for labels, value in zip(found, values, strict=True):
        pattern = rf"(?<![\w-]){re.escape(str(value))}\s*(?:=|:|->|→)\s*([^,;|\n]+)"
        labels += [match.strip(" .") for match in re.findall(pattern, told)]
    return tuple(tuple(dict.fromkeys(filter(None, labels))) for labels in found)


def _values_of(schema: Keywords) -> list[Any] | None:
    values: list[Any] | None = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return values


def _names_of(schema: Keywords) -> list[list[str]]:
    values = _values_of(schema) or []
    labels = [list(found) for found in enum_labels(schema, values)]
    if len(values) == 1:
        told = (schema.get("title"), schema.get("description"))
        labels[0] += [text for text in told if isinstance(text, str)]
    return labels


def _shape_of(schema: Keywords) -> str | None:
    if any(key in schema for key in ("properties", "additionalProperties", "patternProperties")):
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else None


def _common_types(inner: Any, outer: Any) -> Any:
    ours = [inner] if isinstance(inner, str) else inner
    theirs = [outer] if isinstance(outer, str) else outer
    common = [t for t in ours if t in theirs or (t == "integer" and "number" in theirs)]
    common += [t for t in theirs if t == "integer" and "number" in ours and t not in common]
    return common or outer
