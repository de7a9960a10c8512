"""Delivery of events to webhooks, signed as Standard Webhooks asks, to public addresses only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx2
from standardwebhooks import Webhook as Signer

from docagent.api.addresses import Network, Resolve, check_target, resolve
from docagent.api.logs import LOG
from docagent.errors import StoreError
from docagent.store.types import Delivery, Webhook
from docagent.store.webhooks import Outbox

TAKE = 10
"""Deliveries taken at once."""
TIMEOUT_SECONDS = 10.0
TAKE_SECONDS = 2.0 * TAKE * TIMEOUT_SECONDS
"""How long a sender may take for those it took, before another one sends them too."""
MAX_TRIES = 7
"""Tries before a delivery is given up; with the usual waits, five hours after the first."""
RETRY_FACTOR = 5
"""Each wait is so many times as long as the one before."""


class Sender:
    """Sends deliveries. allowed: private networks that webhooks may be in. retry: seconds before
    the second try."""

    def __init__(
        self, allowed: Sequence[Network] = (), retry: float = 5.0, resolver: Resolve = resolve
    ) -> None:
        self._allowed = allowed
        self._retry = retry
        self._resolver = resolver
        # No proxy, cookies or redirects: the connection goes to the checked address or nowhere.
        self._client = httpx2.Client(
            trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS
        )

    def send_due(self, outbox: Outbox) -> int:
        """Send what is due; returns how many were tried."""
        due = outbox.take(TAKE, TAKE_SECONDS)
        for webhook, delivery in due:
            problem = self._send(delivery, webhook)
            if not problem:
                outbox.done(delivery.id)
                continue
            tries = delivery.attempts
            LOG.warning("webhook_failed", webhook=webhook.id, reason=problem, attempts=tries)
            if tries >= MAX_TRIES:
                outbox.done(delivery.id)
            else:
                outbox.retry(delivery.id, self._retry * RETRY_FACTOR ** (tries - 1))
        return len(due)

    def _send(self, delivery: Delivery, webhook: Webhook) -> str:
        """Why a delivery failed; empty if it did not. The address is resolved again each time."""
        try:
            target = check_target(webhook.url, self._allowed, self._resolver)
        except StoreError:
            return "address"
        now = datetime.now(UTC)
        headers = {
            "Host": target.host,
            "Content-Type": "application/json",
            "User-Agent": "docagent",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(webhook.secret).sign(delivery.id, now, delivery.payload),
        }
        try:
            with self._client.stream(
                "POST",
                target.url,
                content=delivery.payload.encode(),
                headers=headers,
                extensions={"sni_hostname": target.name},
            ) as response:
                status = response.status_code
        except httpx2.HTTPError as error:
            return type(error).__name__
        return "" if 200 <= status < 300 else f"status {status}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
