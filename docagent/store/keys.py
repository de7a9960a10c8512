"""API keys. Only the hash of a key's secret is stored, and the secret is shown once.

A secret has 256 random bits, so that a plain SHA-256 is enough: there is nothing to guess that a
slow hash would protect.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from docagent.errors import StoreError
from docagent.store.audit import Audit
from docagent.store.database import Database
from docagent.store.rows import (
    from_json,
    missing,
    new_id,
    now,
    to_json,
    to_optional_time,
    to_text,
    to_time,
)
from docagent.store.tables import keys
from docagent.store.types import Key, Scope

PREFIX = "docagent"
_SECRET_BYTES = 32
_FORM = re.compile(rf"{PREFIX}_([0-9a-f]+)_([A-Za-z0-9_-]+)")
_NO_SECRET = "0" * 64


class Keys:
    """Makes, checks and revokes keys."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def create(
        self,
        owner: str,
        name: str,
        scopes: Sequence[Scope],
        expires: datetime | None = None,
    ) -> tuple[Key, str]:
        """A new key and its secret, which cannot be had again. owner: whose documents it sees.
        Raises StoreError for a scope that does not exist, or no owner."""
        unknown = sorted(set(scopes) - set(get_args(Scope)))
        if unknown or not scopes or not owner:
            allowed = ", ".join(get_args(Scope))
            problem = f"scopes={list(scopes)!r}, owner={owner!r}"
            raise StoreError(f"{problem}: give an owner and one or more of {allowed}", "invalid")
        made = new_id()
        secret = f"{PREFIX}_{made}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        with self._database.write() as connection:
            connection.execute(
                insert(keys).values(
                    id=made,
                    owner=owner,
                    name=to_text(name),
                    scopes=to_json(list(dict.fromkeys(scopes))),
                    hash=_hash(secret),
                    created=now(),
                    expires=None if expires is None else expires.timestamp(),
                )
            )
            self._audit.append_in(connection, owner, "key.create", made, {"scopes": list(scopes)})
        return self.get(made), secret

    def authenticate(self, secret: str) -> Key:
        """The key with this secret. Raises StoreError (``store.refused``) if there is none, or if
        it expired or was revoked; the message does not say which."""
        match = _FORM.fullmatch(secret)
        row = self._find(match[1]) if match else None
        expected = _NO_SECRET if row is None else row.hash
        is_right = hmac.compare_digest(_hash(secret), expected)
        key = None if row is None else _to_key(row)
        if not is_right or key is None or row is None or _is_over(row):
            raise StoreError(
                "the key is not valid; ask for a new one (docagent keys create)", "refused"
            )
        return key

    def get(self, key_id: str) -> Key:
        """A key by its id. Raises StoreError if there is none."""
        row = self._find(key_id)
        if row is None:
            raise missing("key", key_id)
        return _to_key(row)

    def list(self, owner: str | None = None) -> tuple[Key, ...]:
        """Keys of one owner or all, oldest first, also those that are over."""
        query = select(keys).order_by(keys.c.created, keys.c.id)
        if owner is not None:
            query = query.where(keys.c.owner == owner)
        with self._database.read() as connection:
            return tuple(map(_to_key, connection.execute(query)))

    def revoke(self, key_id: str, actor: str = "") -> Key:
        """Withdraw a key for good; the owner's documents stay. Raises StoreError if there is
        none."""
        key = self.get(key_id)
        with self._database.write() as connection:
            open_key = (keys.c.id == key_id, keys.c.revoked.is_(None))
            connection.execute(update(keys).where(*open_key).values(revoked=now()))
            self._audit.append_in(connection, actor or key.owner, "key.revoke", key_id)
        return self.get(key_id)

    def _find(self, key_id: str) -> Row[Any] | None:
        with self._database.read() as connection:
            return connection.execute(select(keys).where(keys.c.id == key_id)).first()


def _is_over(row: Row[Any]) -> bool:
    return row.revoked is not None or (row.expires is not None and row.expires <= now())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _to_key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        owner=row.owner,
        name=row.name,
        scopes=from_json(row.scopes),
        created=to_time(row.created),
        expires=to_optional_time(row.expires),
        revoked=to_optional_time(row.revoked),
    )
