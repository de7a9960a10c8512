"""What a schema may say at all: its envelope, ``x-`` keywords, references and patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote

from docagent.errors import SchemaError
from docagent.schemas.patterns import pattern_fault

KEYWORDS = ("x-checks", "x-domain", "x-labels", "x-normaliser")
ROOT_KEYWORDS = {"x-checks": "checks belong", "x-domain": "the domain belongs"}
ENVELOPES = ("schema", "json_schema", "function", "parameters", "input_schema", "response_format")
"""Keys under which definitions of structured outputs and of tools hold a JSON Schema."""
_SHAPES = frozenset({"properties", "$ref", "anyOf", "oneOf", "allOf", "items", "$defs"})
SCHEMA_MAPS = frozenset(
    {"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"}
)
DATA_KEYWORDS = frozenset({"enum", "const", "default", "example", "examples", "x-checks"})


def pointer(*parts: object) -> str:
    """JSON pointer (RFC 6901) of keys and indices."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in parts)


def unwrap(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The JSON Schema in an envelope such as ``{"name": "invoice", "schema": {...}}``, and the name
    given there; a schema without one as it is."""
    name = ""
    while not _SHAPES & schema.keys():
        inner = next((schema[k] for k in ENVELOPES if isinstance(schema.get(k), Mapping)), None)
        if inner is None:
            break
        given = schema.get("name")
        name = given if isinstance(given, str) and given else name
        schema = inner
    given = schema.get("name") if not _SHAPES & schema.keys() else None
    return schema, given if isinstance(given, str) and given else name


def check_keywords(name: str, schema: Mapping[str, Any]) -> None:
    """Refuse misspelt ``x-`` keywords, references that lead nowhere or out of the schema, and
    patterns that cannot be matched. Raises SchemaError naming the place."""
    for place, part in _subschemas(schema, ""):
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if isinstance(target, str) and not (key == "$ref" and target.startswith("#")):
                reason = f"{key} {target!r} is not followed; only references within the schema are"
                raise SchemaError(name, place + pointer(key), reason)
            if isinstance(target, str):
                _follow(name, schema, target, place + pointer(key))
        for key, belongs in ROOT_KEYWORDS.items():
            if place and key in part:
                raise SchemaError(name, place + pointer(key), f"{belongs} at the root")
        for key in part:
            known = get_close_matches(key, KEYWORDS, 1, 0.75) if key.startswith("x-") else []
            if key not in KEYWORDS and known:
                raise SchemaError(name, place + pointer(key), f"did you mean {known[0]}?")
        _check_patterns(name, part, place)


def find_target(schema: Mapping[str, Any], reference: str) -> Any:
    """What a reference within the schema points at: ``#``, a JSON pointer or the name of an
    ``$anchor``. Raises ValueError with a sentence if it is nothing."""
    if reference in ("#", "#/"):
        return schema
    if not reference.startswith("#/"):
        anchored = (p for _, p in _subschemas(schema, "") if p.get("$anchor") == reference[1:])
        found = next(anchored, None)
        if found is None:
            raise ValueError(f"{reference!r} points at nothing in this schema")
        return found
    value: Any = schema
    for step in unquote(reference[2:]).split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise ValueError(f"{reference!r} points at nothing in this schema")
    return value


def _follow(name: str, schema: Mapping[str, Any], reference: str, place: str) -> None:
    """Follow a reference to a schema that is not a reference. Raises SchemaError."""
    followed: set[str] = set()
    while True:
        if reference in followed:
            reason = f"{reference!r} refers to itself and to nothing else"
            raise SchemaError(name, place, reason)
        followed.add(reference)
        try:
            target = find_target(schema, reference)
        except ValueError as error:
            raise SchemaError(name, place, str(error)) from error
        if not isinstance(target, Mapping | bool):
            raise SchemaError(name, place, f"{reference!r} points at what is not a schema")
        onward = target.get("$ref") if isinstance(target, Mapping) else None
        if not isinstance(onward, str) or not onward.startswith("#"):
            return
        reference = onward


def _check_patterns(name: str, part: Mapping[str, Any], place: str) -> None:
    given = part.get("pattern")
    patterns = [(given, "pattern")] if isinstance(given, str) else []
    several = part.get("patternProperties")
    if isinstance(several, Mapping):
        patterns += [(pattern, "patternProperties") for pattern in several]
    for pattern, key in patterns:
        fault = pattern_fault(pattern)
        if fault:
            raise SchemaError(name, place + pointer(key), fault)


def _subschemas(schema: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _subschemas(item, place + pointer(index))
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for key, value in schema.items():
        if key in SCHEMA_MAPS and isinstance(value, Mapping):
            for child, subschema in value.items():
                yield from _subschemas(subschema, place + pointer(key, child))
        elif key not in DATA_KEYWORDS and not (key.startswith("x-") and key not in KEYWORDS):
            yield from _subschemas(value, place + pointer(key))
