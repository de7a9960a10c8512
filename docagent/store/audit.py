"""The audit log: each entry holds the hash of the one before, and the database refuses changes.

Entries name documents by their hash and never hold their text, so that they may stay when a
document is deleted. An encrypted store signs the hashes with its key, so that who can write to the
database but does not have the key cannot forge the log either. To prove that no entries were cut
off at the end, note ``head`` somewhere else from time to time.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import Row

from docagent.store.database import Database
from docagent.store.encryption import Secrets
from docagent.store.rows import check_limit, from_json, now, to_json, to_time
from docagent.store.tables import audit
from docagent.store.types import AuditEntry

FIRST = "0" * 64
"""What the first entry has as the hash of the one before."""

_LOCK = "SELECT pg_advisory_xact_lock(7305420180)"


class Audit:
    """Appends entries and checks the chain."""

    def __init__(self, database: Database, secrets: Secrets | None) -> None:
        self._database = database
        self._key = b"" if secrets is None else secrets.audit_key

    def append(self, actor: str, action: str, subject: str, **details: Any) -> None:
        """Add an entry in a transaction of its own. action: ``THING.VERB``, such as
        ``document.delete``. details: JSON types; never text of a document."""
        with self._database.write() as connection:
            self.append_in(connection, actor, action, subject, details)

    def append_in(
        self,
        connection: Connection,
        actor: str,
        action: str,
        subject: str,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """The same in the transaction of what is logged, so that neither is without the other."""
        if connection.dialect.name == "postgresql":
            connection.execute(text(_LOCK))
        last = connection.execute(
            select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
        ).first()
        number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
        values = {
            "number": number,
            "time": now(),
            "actor": actor,
            "action": action,
            "subject": subject,
            "details": to_json(dict(details or {})),
            "previous": previous,
        }
        connection.execute(insert(audit), {**values, "hash": self._hash(values)})

    def entries(self, after: int = 0, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Entries in order. after: number of the last one already known. limit: 1 to 1000."""
        query = select(audit).where(audit.c.number > after).order_by(audit.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(check_limit(limit))).all()
        return tuple(map(_to_entry, rows))

    def head(self) -> str:
        """The hash of the last entry."""
        query = select(audit.c.hash).order_by(audit.c.number.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar() or FIRST

    def first_broken(self) -> int | None:
        """Number of the first entry that was changed, or before which one is missing; None if the
        chain is whole."""
        number, previous = 1, FIRST
        with self._database.read() as connection:
            for row in connection.execute(select(audit).order_by(audit.c.number)):
                values = dict(row._mapping)
                found = values.pop("hash")
                is_next = row.number == number and row.previous == previous
                if not is_next or not hmac.compare_digest(found, self._hash(values)):
                    return number
                number, previous = number + 1, found
        return None

    def _hash(self, values: Mapping[str, Any]) -> str:
        message = to_json(dict(values)).encode()
        if self._key:
            return hmac.new(self._key, message, hashlib.sha256).hexdigest()
        return hashlib.sha256(message).hexdigest()


def _to_entry(row: Row[Any]) -> AuditEntry:
    values = dict(row._mapping)
    return AuditEntry(
        **values | {"time": to_time(row.time), "details": from_json(row.details)},
    )
