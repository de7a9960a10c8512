"""Small conversions between rows and values: times, identifiers, JSON and cursors of lists."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, tuple_
from sqlalchemy.engine import Row

from docagent.errors import StoreError
from docagent.store.types import Slice

T = TypeVar("T")

MAX_ITEMS = 1000
"""Most items of one slice of a list."""

_ID_BYTES = 12


def now() -> float:
    """Seconds since 1970 (UTC)."""
    return datetime.now(UTC).timestamp()


def to_time(seconds: float) -> datetime:
    """The time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def to_optional_time(seconds: float | None) -> datetime | None:
    """The same for a time that may be missing."""
    return None if seconds is None else to_time(seconds)


def new_id() -> str:
    """A random identifier, 24 hexadecimal digits."""
    return secrets.token_hex(_ID_BYTES)


def to_text(given: str) -> str:
    """A text that both databases can hold: PostgreSQL has no zero byte, and neither has half a
    surrogate pair."""
    return given.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def to_json(value: Any) -> str:
    """JSON text without spaces, keys in order. Raises StoreError for what is not of JSON types."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        text.encode()
        return text
    except (TypeError, ValueError) as error:
        raise StoreError(f"{value!r} cannot be stored as JSON: {error}", "invalid") from error


def from_json(text: str) -> Any:
    """The value of JSON text."""
    return json.loads(text)


def check_limit(limit: int) -> int:
    """The limit of a list. Raises StoreError for one outside 1 to MAX_ITEMS."""
    if not 1 <= limit <= MAX_ITEMS:
        raise StoreError(f"limit={limit} is not possible; ask for 1 to {MAX_ITEMS}", "invalid")
    return limit


def slice_of(
    connection: Connection,
    query: Select[Any],
    order: tuple[Column[Any], Column[Any]],
    window: tuple[int, str | None, bool],
    convert: Callable[[Row[Any]], T],
) -> Slice[T]:
    """Some rows of a query, in the order of two columns that the query selects; the second tells
    rows apart that are equal in the first.

    window: most items, the cursor of the slice before, and whether the order is descending.
    """
    limit, after, is_descending = window
    columns = tuple_(*order)
    if after is not None:
        values = tuple_(*_from_cursor(after))
        query = query.where(columns < values if is_descending else columns > values)
    query = query.order_by(*(c.desc() if is_descending else c.asc() for c in order))
    rows = connection.execute(query.limit(check_limit(limit) + 1)).all()
    items = tuple(convert(row) for row in rows[:limit])
    if len(rows) <= limit:
        return Slice(items=items)
    last: Mapping[Any, Any] = rows[limit - 1]._mapping
    return Slice(items=items, next=_to_cursor([last[column] for column in order]))


def _to_cursor(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _from_cursor(cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise _not_a_cursor(cursor) from error
    is_cursor = (
        isinstance(values, list)
        and len(values) == 2
        and isinstance(values[0], int | float)
        and isinstance(values[1], str)
    )
    if not is_cursor:
        raise _not_a_cursor(cursor)
    return list(values)


def _not_a_cursor(cursor: str) -> StoreError:
    return StoreError(
        f"{cursor!r} is not a cursor; use the one that the list before gave", "invalid"
    )


def missing(kind: str, name: str) -> StoreError:
    """The error for what the owner does not have; it does not say whether another one has it."""
    return StoreError(f"there is no {kind} {name!r}", "missing")
