"""Validation of data under the JSON Schema it was extracted by, in bounded time.

The schema is the user's: its patterns go to an engine that does not hang, a reference is applied
to a value once however many alternatives lead to it, and ``nullable`` counts as in OpenAPI.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from docagent.schemas.keywords import DATA_KEYWORDS, SCHEMA_MAPS
from docagent.schemas.patterns import matches

_FORMATS = FormatChecker(("date", "ipv4", "ipv6", "uuid"))
_LEFT_OUT = frozenset(("$id", "$schema", "unevaluatedProperties", "unevaluatedItems"))
"""Keywords without which references start at the root; data have no keys that a schema lacks."""
_SEEN: ContextVar[dict[tuple[str, int], list[str]]] = ContextVar("seen")
"""Errors of each reference applied to each value, by identity, while one validation runs."""
_Check = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def validation_errors(schema: Mapping[str, Any], data: Any) -> tuple[str, ...]:
    """One sentence per error of the data, empty if they are valid. Dates are checked to be valid
    dates. References are never fetched."""
    validator = _validator_class()(_plain(schema), format_checker=_FORMATS, registry=Registry())
    token = _SEEN.set({})
    try:
        errors = sorted(validator.iter_errors(data), key=lambda e: [str(p) for p in e.path])
    except (RecursionError, Unresolvable, re.error, ArithmeticError) as error:
        return (f"the whole: it cannot be validated under this schema: {error}",)
    finally:
        _SEEN.reset(token)
    return tuple(f"{_dotted(e.absolute_path)}: {e.message}" for e in errors)


@cache
def _validator_class() -> Any:
    """The validator of JSON Schema 2020-12 with the differences that this module names."""
    plain = Draft202012Validator.VALIDATORS

    def reference(
        validator: Any, ref: str, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        key, seen = (ref, id(instance)), _SEEN.get()
        if key in seen:
            yield from (ValidationError(message) for message in seen[key][:1])
            return
        seen[key] = []  # one that is being applied holds as far as it leads back to itself
        errors = list(plain["$ref"](validator, ref, instance, schema) or ())
        seen[key] = [error.message for error in errors]
        yield from errors

    def pattern(_: Any, wanted: str, instance: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not matches(wanted, instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    checks: dict[str, _Check] = {**plain, "$ref": reference, "pattern": pattern}
    nullable = {keyword: _unless_null(check) for keyword, check in checks.items()}
    extend: Any = validators.extend
    return extend(Draft202012Validator, nullable)


def _unless_null(check: _Check) -> _Check:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if instance is None and isinstance(schema, Mapping) and schema.get("nullable") is True:
            return ()
        return check(validator, value, instance, schema) or ()

    return checked


def _plain(schema: Any) -> Any:
    """The schema without what would move the start of its references."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {}
    for key, value in schema.items():
        if key in SCHEMA_MAPS and isinstance(value, Mapping):
            found[key] = {name: _plain(inner) for name, inner in value.items()}
        elif key not in _LEFT_OUT:
            found[key] = value if key in DATA_KEYWORDS else _plain(value)
    return found


def _dotted(path: Any) -> str:
    """Path such as ``line_items[0].amount`` from the keys and indices of an error."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the whole"
