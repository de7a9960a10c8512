"""Addresses that are told of events, and the deliveries that wait for them.

The store keeps both; whoever sends deliveries takes them with ``Outbox.take`` and says with
``done`` or ``retry`` what became of them. A sender that dies leaves its deliveries to the next.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import Row

from docagent.store.audit import Audit
from docagent.store.database import Database
from docagent.store.rows import from_json, missing, new_id, now, to_json, to_time
from docagent.store.tables import deliveries, webhooks
from docagent.store.types import Delivery, Webhook

_SECRET_BYTES = 24


class Webhooks:
    """Keeps the webhooks of one owner."""

    def __init__(self, database: Database, audit: Audit, owner: str) -> None:
        self._database = database
        self._audit = audit
        self.owner = owner

    def add(self, url: str, events: Sequence[str]) -> Webhook:
        """Add a webhook with a new secret (in the form of Standard Webhooks). Whether ``url`` may
        be called is not checked here."""
        made = new_id()
        secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        with self._database.write() as connection:
            connection.execute(
                insert(webhooks).values(
                    id=made,
                    owner=self.owner,
                    url=url,
                    events=to_json(list(events)),
                    secret=f"whsec_{secret}",
                    created=now(),
                )
            )
            self._audit.append_in(connection, self.owner, "webhook.add", made)
        return self.get(made)

    def get(self, webhook_id: str) -> Webhook:
        """A webhook. Raises StoreError if the owner has none with that id."""
        found = next((hook for hook in self.list() if hook.id == webhook_id), None)
        if found is None:
            raise missing("webhook", webhook_id)
        return found

    def list(self) -> tuple[Webhook, ...]:
        """All webhooks, oldest first."""
        query = (
            select(webhooks)
            .where(webhooks.c.owner == self.owner)
            .order_by(webhooks.c.created, webhooks.c.id)
        )
        with self._database.read() as connection:
            return tuple(map(_to_webhook, connection.execute(query)))

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook and what waits for it. Raises StoreError if there is no such one."""
        mine = (webhooks.c.owner == self.owner, webhooks.c.id == webhook_id)
        with self._database.write() as connection:
            if not connection.execute(delete(webhooks).where(*mine)).rowcount:
                raise missing("webhook", webhook_id)
            self._audit.append_in(connection, self.owner, "webhook.delete", webhook_id)

    def send(self, event: str, payload: str, document_id: str | None = None) -> int:
        """Queue an event for every webhook that wants it; returns for how many. document_id: what
        it is about; deleting that document deletes deliveries that still wait."""
        with self._database.write() as connection:
            return queue_deliveries(connection, self.owner, event, payload, document_id)


class Outbox:
    """The deliveries of all owners, for whoever sends them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, limit: int, seconds: float) -> tuple[tuple[Webhook, Delivery], ...]:
        """Deliveries that are due, oldest first, each for one taker: it is due again after
        ``seconds`` unless the taker says before what became of it."""
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.due <= now())
            .order_by(deliveries.c.due)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as connection:
            taken = list(connection.execute(due).scalars())
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id.in_(taken))
                .values(due=now() + seconds, attempts=deliveries.c.attempts + 1)
            )
            rows = connection.execute(select(deliveries).where(deliveries.c.id.in_(taken))).all()
            hooks = connection.execute(
                select(webhooks).where(webhooks.c.id.in_([row.webhook_id for row in rows]))
            ).all()
        hook_by_id = {row.id: _to_webhook(row) for row in hooks}
        rows = sorted(rows, key=lambda row: taken.index(row.id))
        return tuple((hook_by_id[row.webhook_id], _to_delivery(row)) for row in rows)

    def done(self, delivery_id: str) -> None:
        """A delivery arrived, or is given up."""
        with self._database.write() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.id == delivery_id))

    def retry(self, delivery_id: str, seconds: float) -> None:
        """A delivery failed and is due again after ``seconds``."""
        with self._database.write() as connection:
            connection.execute(
                update(deliveries).where(deliveries.c.id == delivery_id).values(due=now() + seconds)
            )


def queue_deliveries(
    connection: Connection, owner: str, event: str, payload: str, document_id: str | None
) -> int:
    """``Webhooks.send`` in the transaction of what the event tells of."""
    hooks = connection.execute(select(webhooks).where(webhooks.c.owner == owner)).all()
    wanted = [row.id for row in hooks if event in from_json(row.events)]
    for webhook_id in wanted:
        connection.execute(
            insert(deliveries).values(
                id=new_id(),
                webhook_id=webhook_id,
                owner=owner,
                document_id=document_id,
                payload=payload,
                due=now(),
            )
        )
    return len(wanted)


def _to_webhook(row: Row[Any]) -> Webhook:
    values = dict(row._mapping)
    return Webhook(**values | {"events": from_json(row.events), "created": to_time(row.created)})


def _to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        payload=row.payload,
        attempts=row.attempts,
        due=to_time(row.due),
    )
