"""Webhooks: addresses that are told when a job ends."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from docagent.api.access import Reader, Writer, library_of, server_of
from docagent.api.addresses import check_target
from docagent.api.openapi import PROBLEMS
from docagent.document import Frozen
from docagent.store.types import Webhook

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], responses=PROBLEMS)

Event = Literal["job.done", "job.failed", "job.cancelled"]
EVENTS: tuple[Event, ...] = ("job.done", "job.failed", "job.cancelled")
WebhookId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


class WebhookRequest(Frozen):
    """url: a public https address. events: those it is told of."""

    url: str = Field(min_length=1, max_length=2000, examples=["https://example.com/hook"])
    events: tuple[Event, ...] = Field(default=EVENTS, min_length=1)


class WebhookInfo(Frozen):
    """A webhook without its secret."""

    id: str
    url: str
    events: tuple[str, ...]


class NewWebhook(WebhookInfo):
    """A webhook with the secret that signs what is sent (Standard Webhooks); it is shown once."""

    secret: str


@router.post("", status_code=201)
def add_webhook(request: Request, caller: Writer, wanted: WebhookRequest) -> NewWebhook:
    """Add a webhook. Addresses that are not public are refused, now and at each delivery."""
    check_target(wanted.url, server_of(request).networks)
    made = library_of(request, caller).webhooks.add(wanted.url, wanted.events)
    return NewWebhook(**_info(made).model_dump(), secret=made.secret)


@router.get("")
def list_webhooks(request: Request, caller: Reader) -> tuple[WebhookInfo, ...]:
    """The webhooks of the caller."""
    return tuple(map(_info, library_of(request, caller).webhooks.list()))


@router.delete("/{webhook_id}", status_code=204)
def delete_webhook(request: Request, caller: Writer, webhook_id: WebhookId) -> None:
    """Delete a webhook and what waits for it."""
    library_of(request, caller).webhooks.delete(webhook_id)


def _info(webhook: Webhook) -> WebhookInfo:
    return WebhookInfo(id=webhook.id, url=webhook.url, events=webhook.events)
