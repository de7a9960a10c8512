"""JSON Schema to a tree of objects, arrays and scalars, with references resolved.

Only what can be extracted is kept: ``anyOf``/``oneOf`` with null becomes nullable, and a reference
is replaced by its target. Everything else stays in the JSON Schema, for validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from docagent.errors import SchemaError

MAX_NODES = 5_000
"""Most objects, arrays and values of one schema; references count each time they are used."""
KEYWORDS = ("x-checks", "x-domain", "x-labels", "x-normaliser")
ROOT_KEYWORDS = {"x-checks": "checks belong", "x-domain": "the domain belongs"}
_SCHEMA_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_DATA = frozenset({"enum", "const", "default", "examples", "x-checks"})
_SCALARS = ("string", "number", "integer", "boolean")
_PYTHON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True)
class Node:
    """A node of the tree.

    place: JSON pointer into the schema. types: JSON types of a scalar, without null. keywords: the
    merged JSON Schema of the node. children: of an object, in order. item: of an array.
    """

    kind: Literal["object", "array", "scalar"]
    place: str
    nullable: bool
    types: tuple[str, ...]
    keywords: Mapping[str, Any]
    children: tuple[tuple[str, Node], ...] = ()
    required: frozenset[str] = frozenset()
    item: Node | None = None


@dataclass(frozen=True)
class _Part:
    """A schema with its place and the references followed to reach it."""

    schema: Mapping[str, Any]
    place: str
    refs: tuple[str, ...] = ()


def pointer(*parts: object) -> str:
    """JSON pointer (RFC 6901) of keys and indices."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in parts)


def check_keywords(name: str, schema: Any) -> None:
    """Refuse references out of the schema and misspelt ``x-`` keywords. Raises SchemaError."""
    for place, part in _subschemas(schema, ""):
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if isinstance(target, str) and not (key == "$ref" and target.startswith("#")):
                reason = f"{key} {target!r} is not followed; only references within the schema are"
                raise SchemaError(name, place + pointer(key), reason)
        for key, belongs in ROOT_KEYWORDS.items():
            if place and key in part:
                raise SchemaError(name, place + pointer(key), f"{belongs} at the root")
        for key in part:
            known = get_close_matches(key, KEYWORDS, 1, 0.75)
            if key.startswith("x-") and key not in KEYWORDS and known:
                raise SchemaError(name, place + pointer(key), f"did you mean {known[0]}?")


def build_tree(name: str, schema: Mapping[str, Any]) -> Node:
    """Build the tree of a whole schema.

    Raises SchemaError, naming the place, for what cannot be extracted: no object at the root,
    recursion, arrays in arrays, a choice between objects.
    """
    root = _Builder(name, schema).node(_Part(schema, ""), in_array=False)
    if root.kind != "object":
        raise SchemaError(name, "", f"the root must be an object with properties, not {root.kind}")
    return root


def _subschemas(schema: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _subschemas(item, place + pointer(index))
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for key, value in schema.items():
        if key in _SCHEMA_MAPS and isinstance(value, Mapping):
            for child, subschema in value.items():
                yield from _subschemas(subschema, place + pointer(key, child))
        elif key not in _DATA:
            yield from _subschemas(value, place + pointer(key))


class _Builder:
    """Recursive descent over one schema."""

    def __init__(self, name: str, root: Mapping[str, Any]) -> None:
        self.name = name
        self.root = root
        self.places = 0

    def error(self, place: str, reason: str) -> SchemaError:
        return SchemaError(self.name, place, reason)

    def node(self, part: _Part, *, in_array: bool) -> Node:
        self.places += 1
        if self.places > MAX_NODES:
            raise self.error("", f"more than {MAX_NODES} places; references may multiply them")
        part, nullable, types = self.resolve(part)
        schema = part.schema
        if "object" in types or "array" in types:
            if len(types) > 1:
                raise self.error(part.place, f"one of the types {', '.join(types)}, not several")
            build = self.object_node if types == ("object",) else self.array_node
            return build(part, nullable, in_array=in_array)
        return Node("scalar", part.place, nullable, types, schema)

    def object_node(self, part: _Part, nullable: bool, *, in_array: bool) -> Node:
        properties = part.schema.get("properties", {})
        if not properties:
            raise self.error(part.place, "an object needs properties, one for each value wanted")
        children = []
        for key, value in properties.items():
            place = part.place + pointer("properties", key)
            if not key or set(key) & set(".[]"):
                raise self.error(place, "a property name may not be empty or contain . [ ]")
            child = self.node(
                _Part(self.mapping(value, place), place, part.refs), in_array=in_array
            )
            children.append((key, child))
        required = frozenset(part.schema.get("required", ()))
        return Node(
            "object", part.place, nullable, (), part.schema, tuple(children), required=required
        )

    def array_node(self, part: _Part, nullable: bool, *, in_array: bool) -> Node:
        if in_array:
            raise self.error(part.place, "an array inside an array cannot be extracted; flatten it")
        if "prefixItems" in part.schema:
            reason = "prefixItems cannot be extracted; use an object with named properties"
            raise self.error(part.place + pointer("prefixItems"), reason)
        place = part.place + pointer("items")
        items = self.mapping(part.schema.get("items", {}), place)
        item = self.node(_Part(items, place, part.refs), in_array=True)
        return Node("array", part.place, nullable, (), part.schema, item=item)

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        """A sub-schema as a mapping: ``true`` allows anything, ``false`` raises SchemaError."""
        if value is False:
            raise self.error(place, "false allows no value, so there is nothing to extract")
        return value if isinstance(value, Mapping) else {}

    def resolve(self, part: _Part) -> tuple[_Part, bool, tuple[str, ...]]:
        """Follow references and take null out of choices; returns the part, nullable, and its
        types."""
        part = self.follow(part)
        nullable = False
        for key in ("anyOf", "oneOf", "allOf"):
            if key not in part.schema:
                continue
            options = [
                self.resolve(_Part(self.mapping(s, place), place, part.refs))
                for i, s in enumerate(part.schema[key])
                for place in [part.place + pointer(key, i)]
            ]
            filled = [o for o in options if o[2]]
            nullable = nullable or (key != "allOf" and any(o[1] for o in options))
            part = self.chosen(part, key, [o[0] for o in filled], [o[2] for o in filled])
        types, null = self.types(part)
        return part, nullable or null, types

    def chosen(
        self, part: _Part, key: str, options: list[_Part], types: list[tuple[str, ...]]
    ) -> _Part:
        """Merge the only option into the part, or unite the scalar types of all options."""
        rest = {k: v for k, v in part.schema.items() if k != key}
        if len(options) == 1:
            return _Part({**options[0].schema, **rest}, options[0].place, options[0].refs)
        if key == "allOf" and ("type" in rest or "properties" in rest):
            return _Part(rest, part.place, part.refs)
        union = dict.fromkeys(t for group in types for t in group)
        if key == "allOf" or not set(union) <= set(_SCALARS):
            reason = f"{key} with several objects or arrays cannot be extracted; choose one"
            raise self.error(part.place + pointer(key), reason)
        return _Part({"type": list(union), **rest}, part.place, part.refs)

    def follow(self, part: _Part) -> _Part:
        while "$ref" in part.schema:
            reference = str(part.schema["$ref"])
            place = part.place + pointer("$ref")
            if reference in part.refs:
                raise self.error(place, f"{reference!r} refers to itself; recursion has no end")
            target = self.mapping(self.target(reference, place), place)
            rest = {k: v for k, v in part.schema.items() if k != "$ref"}
            part = _Part({**target, **rest}, reference[1:], (*part.refs, reference))
        return part

    def target(self, reference: str, place: str) -> Any:
        value: Any = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(value, Mapping) or key not in value:
                raise self.error(place, f"{reference!r} points at nothing in this schema")
            value = value[key]
        if reference in {"#", "#/"}:
            raise self.error(place, f"{reference!r} refers to itself; recursion has no end")
        if not reference.startswith("#/"):
            raise self.error(place, f"{reference!r} must be a JSON pointer such as #/$defs/name")
        return value

    def types(self, part: _Part) -> tuple[tuple[str, ...], bool]:
        """JSON types without null (string if none is stated), and whether null is allowed."""
        schema = part.schema
        stated = schema.get("type")
        values = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if stated is None and values is not None:
            stated = [_PYTHON_TYPES.get(type(v), "null") for v in values]
        if stated is None:
            shape = "object" if "properties" in schema else "array" if "items" in schema else None
            return (shape or "string",), shape is None
        names = [stated] if isinstance(stated, str) else stated
        null = "null" in names and (values is None or None in values)
        return tuple(dict.fromkeys(t for t in names if t != "null")), null
