"""JSON Schema to a tree of what can be extracted, with references and compositions resolved.

A reference is replaced by its target, ``allOf`` by what its parts say together, and null among
alternatives by ``nullable``. Alternatives of scalars are one scalar; other alternatives stay
beside each other, and the data decides between them. A schema that refers to itself is followed
MAX_RECURSION times. Everything else stays in the JSON Schema, for validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from docagent.errors import SchemaError
from docagent.schemas.keywords import find_target, pointer
from docagent.schemas.merging import (
    SCALARS,
    distinct,
    is_restriction,
    merge_keywords,
    types_of,
    unite_scalars,
    with_conditional_properties,
)

MAX_NODES = 5_000
"""Most objects, arrays and values of one schema; references count each time they are used."""
MAX_ALTERNATIVES = 200
MAX_RECURSION = 2
"""Times that a schema is followed inside itself, the first one counted; once, where schemas that
refer to each other would have too many places."""

NodeKind = Literal["object", "tuple", "array", "map", "scalar", "union", "nothing"]


@dataclass(frozen=True)
class Node:
    """A node of the tree; nodes of one schema may be shared.

    kind: map is an object with any keys, union one of several shapes, nothing a place without a
    value (null, or a recursion that is not followed further). place: JSON pointer into the schema.
    types: JSON types of a scalar, without null. keywords: the merged JSON Schema of the node.
    children: of an object or tuple, in order. item: of an array or map. options: of a union.
    """

    kind: NodeKind
    place: str
    nullable: bool
    types: tuple[str, ...]
    keywords: Mapping[str, Any]
    children: tuple[tuple[str, Node], ...] = ()
    required: frozenset[str] = frozenset()
    item: Node | None = None
    options: tuple[Node, ...] = ()


@dataclass(frozen=True)
class _Part:
    """A schema with its place and the references followed to reach it."""

    schema: Mapping[str, Any]
    place: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Choice:
    """Alternatives without references and compositions. nullable: whether null is one more."""

    options: tuple[_Part, ...]
    nullable: bool


def build_tree(name: str, schema: Mapping[str, Any]) -> Node:
    """Build the tree of a whole schema.

    Raises SchemaError, naming the place, for what cannot be extracted: no object at the root, or
    more places than MAX_NODES.
    """
    try:
        root = _Builder(name, schema, MAX_RECURSION).node(_Part(schema, ""))
    except _TooManyPlacesError:
        root = _Builder(name, schema, 1).node(_Part(schema, ""))
    shapes = root.options if root.kind == "union" else (root,)
    if any(shape.kind != "object" for shape in shapes):
        kinds = ", ".join(dict.fromkeys(shape.kind for shape in shapes if shape.kind != "object"))
        raise SchemaError(name, "", f"the root must be an object with properties, not {kinds}")
    return root


class _TooManyPlacesError(SchemaError):
    """A schema has more places than MAX_NODES."""


class _Builder:
    """Recursive descent over one schema."""

    def __init__(self, name: str, root: Mapping[str, Any], recursion: int) -> None:
        self.name = name
        self.root = root
        self.recursion = recursion
        self.places = 0
        self.choices: dict[tuple[Any, ...], _Choice] = {}
        self.nodes: dict[tuple[Any, ...], Node] = {}
        # By identity of the part, which is kept so that no other one can have it.
        self.shapes: dict[tuple[int, str], tuple[_Part, Node]] = {}
        self.reached: dict[str, frozenset[str]] = {}

    def error(self, place: str, reason: str) -> SchemaError:
        return SchemaError(self.name, place, reason)

    def node(self, part: _Part) -> Node:
        """The node of a schema; one that is no more than a reference is built once."""
        key = self._key(part)
        if key is None:
            return self._node(part)
        if key not in self.nodes:
            self.nodes[key] = self._node(part)
        return self.nodes[key]

    def _node(self, part: _Part) -> Node:
        self.places += 1
        if self.places > MAX_NODES:
            reason = f"more than {MAX_NODES} places; references may multiply them"
            raise _TooManyPlacesError(self.name, "", reason)
        choice = self.choice(part)
        typed = [(option, *types_of(option.schema)) for option in choice.options]
        nullable = choice.nullable or any(null for _, _, null in typed)
        scalars = [(o, t) for o, types, _ in typed if (t := _scalars(types))]
        shapes = [
            self.shape(option, kind)
            for option, types, _ in typed
            for kind in types
            if kind not in SCALARS
        ]
        if scalars:
            shapes.insert(0, self.scalar(part, scalars))
        if not shapes:
            return Node("nothing", part.place, nullable, (), {})
        if len(shapes) == 1:
            return replace(shapes[0], nullable=nullable)
        return Node("union", part.place, nullable, (), part.schema, options=tuple(shapes))

    def scalar(self, part: _Part, options: Sequence[tuple[_Part, tuple[str, ...]]]) -> Node:
        if len(options) == 1:
            only, types = options[0]
            return Node("scalar", only.place, False, types, only.schema)
        united = unite_scalars([o.schema for o, _ in options], [types for _, types in options])
        return Node("scalar", part.place, False, tuple(united["type"]), united)

    def shape(self, part: _Part, kind: str) -> Node:
        """The node of an object or array; alternatives share theirs."""
        key = (id(part), kind)
        if key not in self.shapes:
            made = self.object_node(part) if kind == "object" else self.array_node(part)
            self.shapes[key] = (part, made)
        return self.shapes[key][1]

    def object_node(self, part: _Part) -> Node:
        properties = part.schema.get("properties", {})
        children: list[tuple[str, Node]] = []
        for key, value in properties.items():
            place = part.place + pointer("properties", key)
            children.append((key, self.node(_Part(self.mapping(value, place), place, part.refs))))
        required = frozenset(part.schema.get("required", ()))
        if not properties and part.schema.get("additionalProperties") is not False:
            return self.map_node(part)
        return Node(
            "object", part.place, False, (), part.schema, tuple(children), required=required
        )

    def map_node(self, part: _Part) -> Node:
        """An object with any keys. At the root there is nothing that could be asked for."""
        if not part.place:
            raise self.error("", "an object needs properties, one for each value wanted")
        several = part.schema.get("patternProperties") or {}
        given = part.schema.get("additionalProperties", next(iter(several.values()), {}))
        place = part.place + pointer("additionalProperties")
        value = self.node(_Part(self.mapping(given, place), place, part.refs))
        return Node("map", part.place, False, (), part.schema, item=value)

    def array_node(self, part: _Part) -> Node:
        if "prefixItems" in part.schema:
            places = [part.place + pointer("prefixItems", i) for i in range(1_000)]
            given = zip(part.schema["prefixItems"], places, strict=False)
            nodes = [self.node(_Part(self.mapping(s, p), p, part.refs)) for s, p in given]
            children = tuple((str(i), node) for i, node in enumerate(nodes))
            return Node("tuple", part.place, False, (), part.schema, children)
        place = part.place + pointer("items")
        items = self.mapping(part.schema.get("items", {}), place)
        item = self.node(_Part(items, place, part.refs))
        return Node("array", part.place, False, (), part.schema, item=item)

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        """A sub-schema as a mapping: ``true`` allows anything, ``false`` raises SchemaError."""
        if value is False:
            raise self.error(place, "false allows no value, so there is nothing to extract")
        return value if isinstance(value, Mapping) else {}

    def choice(self, part: _Part) -> _Choice:
        """Alternatives of a schema, with what stands beside ``anyOf``, ``oneOf``, ``allOf`` and
        ``$ref`` in each of them."""
        key = self._key(part)
        if key is not None and key in self.choices:
            return self.choices[key]
        found = self._choice(part)
        if key is not None:
            self.choices[key] = found
        return found

    def _choice(self, part: _Part) -> _Choice:
        if "$ref" in part.schema:
            reference = str(part.schema["$ref"])
            if part.refs.count(reference) >= self.recursion:
                return _Choice((), False)
            rest = {k: v for k, v in part.schema.items() if k != "$ref"}
            inner = self.choice(self.target(reference, part))
            return self.beside(part, rest, [inner])
        for key in ("allOf", "anyOf", "oneOf"):
            if key in part.schema:
                rest = {k: v for k, v in part.schema.items() if k != key}
                if key == "allOf":
                    return self.all_of(part, rest)
                members = [m for m in self.members(part, key) if not is_restriction(m.schema)]
                if not members:
                    return self.choice(_Part(rest, part.place, part.refs))
                return self.beside(part, rest, [self.choice(member) for member in members])
        if part.schema.get("type") == "null":
            return _Choice((), True)
        return _Choice((replace(part, schema=with_conditional_properties(part.schema)),), False)

    def beside(self, part: _Part, rest: Mapping[str, Any], inner: Sequence[_Choice]) -> _Choice:
        """Alternatives with the keywords that stand beside them; these may have alternatives of
        their own."""
        self.places += len(inner)
        options = distinct([option for choice in inner for option in choice.options])
        if len(options) > MAX_ALTERNATIVES:
            raise self.error(part.place, f"more than {MAX_ALTERNATIVES} alternatives; choose fewer")
        nullable = any(choice.nullable for choice in inner) or rest.get("nullable") is True
        shaping = {k: v for k, v in rest.items() if k not in ("$defs", "definitions", "nullable")}
        if not shaping:
            return _Choice(tuple(options), nullable)
        told = [_Part(merge_keywords(o.schema, shaping), o.place, o.refs) for o in options]
        if not {"anyOf", "oneOf", "allOf"} & shaping.keys():
            return _Choice(tuple(distinct(told)), nullable)
        return self.beside(part, {}, [_Choice((), nullable), *map(self.choice, told)])

    def all_of(self, part: _Part, rest: Mapping[str, Any]) -> _Choice:
        """What the parts of an ``allOf`` say together, alternatives multiplied out."""
        combined = _Choice((_Part({}, part.place, part.refs),), True)
        for member in self.members(part, "allOf"):
            choice = self.choice(member)
            if not choice.options and not choice.nullable:
                return choice  # a recursion that is not followed further
            options = []
            for left in combined.options:
                for right in choice.options:
                    place = right.place if not left.schema else left.place
                    followed = right.refs[len(part.refs) :]
                    refs = (*left.refs, *(ref for ref in followed if ref not in left.refs))
                    options.append(_Part(merge_keywords(left.schema, right.schema), place, refs))
            if len(options) > MAX_ALTERNATIVES:
                raise self.error(part.place, f"more than {MAX_ALTERNATIVES} alternatives")
            combined = _Choice(tuple(options), combined.nullable and choice.nullable)
        return self.beside(part, rest, [combined])

    def members(self, part: _Part, key: str) -> list[_Part]:
        places = [part.place + pointer(key, i) for i in range(len(part.schema[key]))]
        given = zip(part.schema[key], places, strict=True)
        return [_Part(self.mapping(s, p), p, part.refs) for s, p in given if s is not False]

    def target(self, reference: str, part: _Part) -> _Part:
        try:
            value = find_target(self.root, reference)
        except ValueError as error:
            raise self.error(part.place + pointer("$ref"), str(error)) from error
        place = reference[1:] if reference.startswith("#/") else ""
        mapping = self.mapping(value, part.place)
        if value is self.root:
            mapping = {
                k: v for k, v in mapping.items() if not k.startswith(("x-domain", "x-checks"))
            }
            place = part.place
        return _Part(mapping, place, (*part.refs, reference))

    def _key(self, part: _Part) -> tuple[Any, ...] | None:
        """What a reference leads to, which is the same wherever the references followed so far
        cannot come up again; None for what is more than a reference."""
        if part.schema.keys() != {"$ref"}:
            return None
        reference = str(part.schema["$ref"])
        again = sorted(set(part.refs) & self.reach(reference))
        return reference, tuple((ref, part.refs.count(ref)) for ref in again)

    def reach(self, reference: str) -> frozenset[str]:
        """The references that can be followed from one, itself among them."""
        if reference not in self.reached:
            found, left = {reference}, [reference]
            while left:
                try:
                    target = find_target(self.root, left.pop())
                except ValueError:
                    continue
                for ref in _references(target):
                    if ref not in found:
                        found.add(ref)
                        left.append(ref)
            self.reached[reference] = frozenset(found)
        return self.reached[reference]


def _scalars(types: Sequence[str]) -> tuple[str, ...]:
    return tuple(t for t in types if t in SCALARS)


def _references(schema: Any) -> set[str]:
    """Every reference inside a schema."""
    found: set[str] = set()
    left = [schema]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("$ref"), str):
                found.add(value["$ref"])
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return found
