"""Nested data from values by path: rows, entries, and the alternative that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docagent.schemas.paths import Steps, parse_path
from docagent.schemas.schema_tree import Node
from docagent.schemas.types import Schema

_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


@dataclass(frozen=True)
class _Part:
    """Data of one node. found: how many values in it were found. is_whole: whether all that is
    required is there. clashes: how many values are not the constant they have to be."""

    data: Any
    found: int = 0
    is_whole: bool = True
    clashes: int = 0


def assemble(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested data from values by path (``line_items[0].amount``).

    A missing value is None and an array without rows is []. So that the data validates, a missing
    optional value that may not be null is left out, as is an optional object without values, and a
    nullable object without values is None. Of alternatives, the one whose required values are
    found is taken, then the one with most values. A required constant is itself.
    Raises SchemaError for a path that the schema does not have.
    """
    for path in values:
        schema.field(path)
    data: dict[str, Any] = _Assembler(values).part(schema.tree, ()).data
    return {} if data is None else data


class _Assembler:
    """Data of the nodes of one tree; of a node that alternatives share, once for each place."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {parse_path(path): value for path, value in values.items()}
        self.rows: dict[Steps, int] = {}
        for steps in self.values:
            for at, step in enumerate(steps):
                if isinstance(step, int):
                    known = self.rows.get(steps[:at], 0)
                    self.rows[steps[:at]] = max(known, step + 1)
        self.known: dict[tuple[int, Steps], _Part] = {}

    def part(self, node: Node, steps: Steps) -> _Part:
        key = (id(node), steps)
        if key not in self.known:
            self.known[key] = self._part(node, steps)
        return self.known[key]

    def _part(self, node: Node, steps: Steps) -> _Part:
        if node.kind == "scalar":
            return self._scalar(node, steps)
        if node.kind == "nothing":
            return _Part(None, is_whole=node.nullable)
        if node.kind in ("array", "map"):
            return self._rows(node, steps)
        made = self._union(node, steps) if node.kind == "union" else self._members(node, steps)
        if node.nullable and not made.found:
            return _Part(None)
        return made

    def _scalar(self, node: Node, steps: Steps) -> _Part:
        value = self.values.get(steps)
        if value is None:
            return _Part(None, is_whole=node.nullable)
        fits = not node.types or isinstance(value, tuple(_types(node)))
        clash = "const" in node.keywords and value != node.keywords["const"]
        return _Part(value, 1, fits, int(clash or not fits))

    def _members(self, node: Node, steps: Steps) -> _Part:
        """An object, or a tuple."""
        parts = {key: self.part(child, (*steps, key)) for key, child in node.children}
        data: dict[str, Any] = {}
        is_whole = True
        for key, child in node.children:
            part, is_required = parts[key], key in node.required or node.kind == "tuple"
            value = part.data
            if value is None and is_required and "const" in child.keywords and not child.nullable:
                data[key] = child.keywords["const"]
                continue
            is_whole = is_whole and (part.is_whole or not (is_required or part.found))
            is_empty = not part.found and child.kind in ("object", "tuple", "union", "map")
            if is_required or child.nullable or (value is not None and not is_empty):
                data[key] = value
        found = sum(part.found for part in parts.values())
        clashes = sum(part.clashes for part in parts.values())
        shown = list(data.values()) if node.kind == "tuple" else data
        return _Part(shown, found, is_whole, clashes)

    def _rows(self, node: Node, steps: Steps) -> _Part:
        """An array, or an object with any keys, whose entries are rows too."""
        count = self.rows.get(steps, 0)
        if node.item is None:
            return _Part([])
        if node.kind == "array":
            rows = [self.part(node.item, (*steps, row)) for row in range(count)]
            data = [row.data for row in rows]
            return _Part(data, sum(row.found for row in rows), all(row.is_whole for row in rows))
        entries: dict[str, Any] = {}
        for row in range(count):
            name = self.values.get((*steps, row, "key"))
            if name is not None:
                part = self.part(node.item, (*steps, row, "value"))
                entries.setdefault(str(name), part.data)
        if node.nullable and not entries:
            return _Part(None)
        return _Part(entries, len(entries))

    def _union(self, node: Node, steps: Steps) -> _Part:
        options = [self.part(option, steps) for option in node.options]
        return max(options, key=lambda o: (o.found > 0, -o.clashes, o.is_whole, o.found))


def _types(node: Node) -> tuple[type, ...]:
    return tuple(kind for name in node.types for kind in _PYTHON_TYPES[name])
