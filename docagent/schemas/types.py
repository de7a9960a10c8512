"""Types of an extraction schema: the schema, its fields and its rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from docagent.document import Frozen
from docagent.errors import SchemaError
from docagent.schemas.paths import parse_path, write_path
from docagent.schemas.schema_tree import Node
from docagent.schemas.validation import validation_errors

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

    path: ``total``, ``seller.name``, ``line_items[].amount``, ``parties[]`` or ``["a.b"]``; see
    ``docagent.schemas.paths``. types: allowed JSON types, without null. normaliser: a name in
    ``docagent.text.normalise`` (``choice`` uses ``choices``). choice_labels: what each choice is
    called, in their order. is_inferred: whether the normaliser comes from the name and type alone.
    query: text given to the embedded reader. array: path of the innermost
    enclosing array. place: JSON pointer into the schema.
    """

    path: str
    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    types: tuple[str, ...]
    format: str | None = None
    normaliser: str
    is_inferred: bool = False
    required: bool = False
    nullable: bool = True
    choices: tuple[Any, ...] = ()
    choice_labels: tuple[tuple[str, ...], ...] = ()
    query: str
    array: str | None = None
    place: str = ""

    @property
    def multiple(self) -> bool:
        """Whether the value can occur several times."""
        return self.array is not None

    @property
    def name(self) -> str:
        """The last key of the path: ``amount`` of ``line_items[].amount``, ``parties``."""
        return next((s for s in reversed(parse_path(self.path)) if isinstance(s, str)), self.path)

    @property
    def depth(self) -> int:
        """How many arrays the field is in."""
        return self.path.count("[]")

    def at(self, *rows: int) -> str:
        """Path of this field in one row, from 0: ``line_items[2].amount``. rows: of the arrays it
        is in, the outermost first; those not given are the first rows of the outer ones."""
        numbers = iter((*(0,) * (self.depth - len(rows)), *rows))
        return re.sub(r"\[\]", lambda _: f"[{next(numbers)}]", self.path)


@dataclass(frozen=True)
class Schema:
    """A checked extraction schema. Build it with ``load_schema``.

    domain: ``finance``, ``legal`` or ``medical``; for a user's schema its ``x-domain``, or empty.
    labels: texts printed on such documents, such as the title (the ``x-labels`` of the root).
    json_schema: as given (for a pydantic class, its ``model_json_schema``); it must not be
    modified. model: the pydantic class it was made of.
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
    model: type[BaseModel] | None = field(default=None, hash=False, repr=False, compare=False)

    @cached_property
    def _by_path(self) -> dict[str, SchemaField]:
        return {leaf.path: leaf for leaf in self.leaves}

    def field(self, path: str) -> SchemaField:
        """The leaf of a path, with or without row numbers. Raises SchemaError if there is none."""
        found = self._by_path.get(_INDEX.sub("[]", path)) or self._by_path.get(_canonical(path))
        if found is not None:
            return found
        known = ", ".join(leaf.path for leaf in self.leaves)
        raise SchemaError(self.name, path, f"there is no such field; there are {known}", "missing")

    def validate(self, data: Any) -> tuple[str, ...]:
        """Validate data under JSON Schema 2020-12; returns one sentence per error, empty if valid.

        Dates are checked to be valid dates. References are never fetched.
        """
        return validation_errors(self.json_schema, data)

    def parse(self, data: Any) -> tuple[BaseModel | None, tuple[str, ...]]:
        """Data as an instance of the pydantic class, or None and one sentence per reason."""
        if self.model is None:
            return None, ()
        try:
            return self.model.model_validate_json(json.dumps(data)), ()
        except ValidationError as error:
            return None, tuple(
                f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg']}" for e in error.errors()
            )
        except Exception as error:  # a validator of the user's class may raise anything
            reason = f"{self.model.__name__} raised {type(error).__name__}: {error}"
            return None, (f"the whole: {reason}",)


def _canonical(path: str) -> str:
    """A path as fields have it, whichever keys of it are quoted; the path itself if it is none."""
    try:
        return write_path([None if isinstance(s, int) else s for s in parse_path(path)])
    except ValueError:
        return path
