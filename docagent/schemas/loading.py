"""Loading of schemas from built-in names, JSON files, dicts and pydantic classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import BaseModel

from docagent.errors import SchemaError
from docagent.schemas.fields import leaves_of
from docagent.schemas.keywords import check_keywords, pointer, unwrap
from docagent.schemas.schema_tree import Node, build_tree
from docagent.schemas.types import Rule, Schema, SchemaField

SchemaSource = str | Path | Mapping[str, Any] | type[BaseModel] | Schema
"""A built-in name, a path to a JSON file, a JSON Schema, or a pydantic class."""

AUTO = Schema("auto", "", "auto", "", (), (), (), {}, Node("object", "", False, (), {}))
"""Stands for the built-in schema of the kind that the document is classified as."""
_PACKAGE = Path(__file__).parents[1]
_MAX_BYTES = 1_000_000


@cache
def builtin_folder() -> Path:
    """Folder of the shipped schemas: inside the package, or beside it in a checkout."""
    inside = _PACKAGE / "extraction_schemas"
    return inside if inside.is_dir() else _PACKAGE.parent / "extraction_schemas"


@cache
def _builtin_files() -> dict[str, Path]:
    """Path by ``domain/name``, sorted."""
    return {
        f"{path.parent.name}/{path.stem}": path
        for path in sorted(builtin_folder().glob("*/*.json"))
    }


def list_schemas() -> tuple[Schema, ...]:
    """Every built-in schema, sorted by domain and name."""
    return tuple(_load_builtin(name) for name in _builtin_files())


def load_schema(source: SchemaSource, *, allow_auto: bool = False) -> Schema:
    """Load and check a schema.

    source: a built-in name (``invoice``, ``finance/invoice``), a path to a JSON Schema file, a JSON
    Schema as a dict, or a pydantic class; a definition of a structured output, with the schema
    under ``schema``, will do. allow_auto: whether ``auto`` gives AUTO. Raises SchemaError naming
    the wrong place (a JSON pointer) or the available names.
    """
    if isinstance(source, Schema):
        return source
    if isinstance(source, Mapping):
        return _build(_name_of(source), "", source)
    if isinstance(source, type) and issubclass(source, BaseModel):
        return replace(_build(source.__name__, "", _model_schema(source)), model=source)
    if not isinstance(source, str | Path):
        kind = source.__name__ if isinstance(source, type) else type(source).__name__
        reason = "give a built-in name, a path, a dict or a pydantic BaseModel class"
        raise SchemaError(kind, "", reason)
    if source == AUTO.name and not Path(AUTO.name).is_file():
        if allow_auto:
            return AUTO
        reason = "auto stands for the kind of a document, and serves extraction only; name a schema"
        raise SchemaError(AUTO.name, "", reason)
    builtin = _builtin_name(str(source))
    return _load_builtin(builtin) if builtin else _load_file(source)


def _builtin_name(name: str) -> str | None:
    names = _builtin_files()
    if name in names:
        return name
    return next((full for full in names if full.partition("/")[2] == name), None)


@cache
def _load_builtin(name: str) -> Schema:
    path = _builtin_files()[name]
    return _build(path.stem, path.parent.name, _read(path))


def _load_file(source: str | Path) -> Schema:
    path = Path(source).expanduser()
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # a name too long for a path, or with a null byte
        is_file = False
    if is_file:
        return _build(path.stem, "", _read(path))
    if isinstance(source, Path) or path.suffix == ".json":
        raise SchemaError(str(source), "", "there is no such file", "missing")
    shorts = [name.partition("/")[2] for name in _builtin_files()]
    close = get_close_matches(str(source), [*shorts, *_builtin_files()], 1)
    guess = f"did you mean {close[0]}? " if close else ""
    reason = f"no such built-in schema; {guess}there are {', '.join(shorts)}; or give a JSON file"
    raise SchemaError(str(source)[:80], "", reason, "missing")


def _read(path: Path) -> Mapping[str, Any]:
    name = path.name
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SchemaError(name, "", f"the file is larger than {_MAX_BYTES} bytes")
        schema = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise SchemaError(name, place, f"not valid JSON: {error.msg}") from error
    except (UnicodeDecodeError, RecursionError, OSError) as error:
        raise SchemaError(name, "", f"the file cannot be read as JSON: {error}") from error
    if not isinstance(schema, Mapping):
        raise SchemaError(name, "", f"a schema is a JSON object, not {type(schema).__name__}")
    return schema


def _model_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    try:
        return model.model_json_schema()
    except Exception as error:  # besides pydantic's errors, code of the user's class may raise
        raise SchemaError(model.__name__, "", f"pydantic cannot describe it: {error}") from error


def _name_of(schema: Mapping[str, Any]) -> str:
    """Name of a schema given as a dict: its title in snake case, or ``schema``."""
    title = schema.get("title")
    return "_".join(title.lower().split()) if isinstance(title, str) and title else "schema"


@cache
def _vocabulary() -> Draft202012Validator:
    """Validator of extraction schemas: JSON Schema 2020-12 with the ``x-`` keywords."""
    text = (builtin_folder() / "vocabulary.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _build(name: str, domain: str, json_schema: Mapping[str, Any]) -> Schema:
    """Check a JSON Schema and convert it to leaves and rules."""
    if not json_schema:
        raise SchemaError(name, "", "it is empty; give an object with properties")
    json_schema, given_name = unwrap(json_schema)
    name = given_name or name
    try:
        text = json.dumps(json_schema, ensure_ascii=False)
        if len(text.encode()) > _MAX_BYTES:
            raise SchemaError(name, "", f"it is larger than {_MAX_BYTES} bytes")
        json_schema = json.loads(text)  # A copy; tuples become lists.
        check_keywords(name, json_schema)
        error = best_match(_vocabulary().iter_errors(json_schema))
        if error is not None:
            raise SchemaError(name, pointer(*error.absolute_path), error.message)
        tree = build_tree(name, json_schema)
        leaves = leaves_of(name, tree)
    except RecursionError as error:
        raise SchemaError(name, "", "it is nested too deeply") from error
    except (TypeError, ValueError) as error:
        raise SchemaError(name, "", f"it is not JSON: {error}") from error
    return Schema(
        name=name,
        domain=domain or str(json_schema.get("x-domain", "")),
        title=str(json_schema.get("title", name)),
        description=str(json_schema.get("description", "")),
        labels=tuple(json_schema.get("x-labels", ())),
        leaves=leaves,
        rules=_rules(name, json_schema, leaves),
        json_schema=json_schema,
        tree=tree,
    )


def _rules(
    name: str, json_schema: Mapping[str, Any], leaves: tuple[SchemaField, ...]
) -> tuple[Rule, ...]:
    """The ``x-checks`` of the root; every path must be a leaf."""
    arrays = {leaf.path: leaf.array for leaf in leaves}
    rules = []
    for index, entry in enumerate(json_schema.get("x-checks", ())):
        lists = {
            k: (v,) if isinstance(v, str) else tuple(v) for k, v in entry.items() if k in _LISTS
        }
        rule = Rule.model_validate({**entry, **lists})
        place = pointer("x-checks", index)
        for path in rule.paths:
            if path.count("[]") > 1:
                reason = f"{path!r} is in an array of an array, which no rule can name"
                raise SchemaError(name, place, reason)
            if path not in arrays:
                close = get_close_matches(path, arrays, 1)
                guess = f"; did you mean {close[0]}?" if close else ""
                raise SchemaError(name, place, f"{path!r} is not a field of this schema{guess}")
        if len({arrays[p] for p in rule.paths if arrays[p]}) > 1:
            raise SchemaError(name, place, "a rule may name the columns of one array only")
        rules.append(rule)
    return tuple(rules)


_LISTS = frozenset({"of", "optional", "equals"})
