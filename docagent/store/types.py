"""What the store hands out: frozen values, all of which go to JSON and back unchanged.

Times are in UTC. An owner is a name: every key belongs to one, and so does every row, so that a
key can be replaced without losing its documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, SerializeAsAny

from docagent.document import Frozen
from docagent.results import Turn

LOCAL = "local"
"""The owner of what is added without a key: on the command line, and on the loopback interface."""

T = TypeVar("T")

Scope = Literal["read", "write", "review", "admin"]
"""What a key may do. read: see its owner's documents and results. write: add and delete them, run
verbs. review: write labels. admin: manage keys, read the audit log."""

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
JobStage = Literal["waiting", "loading", "reading", "working", "finished"]
"""Where a job is. loading: the file is fetched. reading: pages are read, as ``pages_done`` counts.
working: the verb runs on the pages, and its result is written."""

Verdict = Literal["accepted", "edited", "not_present"]
"""What a person says of a field. accepted: the machine's value is right. edited: ``value`` is.
not_present: the document has no such value."""

Order = Literal["newest", "oldest", "expected_error"]

FINAL_STATES: frozenset[JobState] = frozenset(("done", "failed", "cancelled"))
"""A job in one of these states changes no more."""


class Slice(Frozen, Generic[T]):
    """Some items of a list. next: the cursor to ask for the rest with; None at the end."""

    items: tuple[T, ...]
    next: str | None = None


class StoredDocument(Frozen):
    """A file of one owner.

    id: SHA-256 (hex) of its bytes, as in ``Document.id``. media_type: as it was given or found,
    such as ``application/pdf``. size: in bytes. pages: how many; None until the file is read.
    """

    id: str
    owner: str
    name: str
    media_type: str
    size: int
    pages: int | None
    created: datetime


class StoredResult(Frozen):
    """What a verb returned for a document.

    result: the library's own type for ``verb`` (``VERBS[verb].result_type``), equal to what was
    saved. options: those given to the verb, as JSON types. job_id: the job that made it.
    expected_errors: how many of the values that it shows are likely wrong, by their confidence and
    the failed checks; None for verbs without fields. reviewed: whether each field has a label.
    """

    id: str
    owner: str
    document_id: str
    verb: str
    options: Mapping[str, Any]
    result: SerializeAsAny[Frozen]
    job_id: str | None
    expected_errors: float | None
    reviewed: bool
    created: datetime


class Label(Frozen):
    """A person's value for one field of a result; the machine's value is kept in the result.

    path: of the field, such as ``line_items[0].amount``. verdict: ``withdrawn`` only in the
    history, where the label before it was taken back. author: name of the key that wrote it.
    revision: 1 for the first label of the field, then counting up; ``If-Match`` compares it.
    """

    result_id: str
    path: str
    verdict: Verdict | Literal["withdrawn"]
    value: Any = None
    note: str = ""
    author: str = ""
    revision: Annotated[int, Field(ge=1)] = 1
    created: datetime


class Chat(Frozen):
    """A conversation about documents, with its messages in ``Chats.messages``."""

    id: str
    owner: str
    title: str
    document_ids: tuple[str, ...]
    created: datetime


class Message(Frozen):
    """One message of a chat. turn: the library's answer with its citations; None for a question.
    number: from 1, in the order in which they were added."""

    chat_id: str
    number: int
    role: Literal["user", "assistant"]
    text: str
    turn: Turn | None = None
    created: datetime


class JobError(Frozen):
    """Why a job failed. code, retryable: as ``DocAgentError`` has them."""

    code: str
    message: str
    retryable: bool = False


class Job(Frozen):
    """One verb to run on one document.

    id: the idempotency key it was submitted with, or a new one. pages_done, pages_total: while
    pages are read; total is None until it is known. priority: lower numbers run first. attempts:
    how often it was started. worker: who runs it; empty for a job that does not run. result_id: of
    the result, once ``state`` is ``done``. error: why it failed, or why it is tried again.
    """

    id: str
    owner: str
    document_id: str
    verb: str
    options: Mapping[str, Any]
    state: JobState
    stage: JobStage
    pages_done: int = 0
    pages_total: int | None = None
    priority: int = 0
    attempts: int = 0
    worker: str = ""
    batch_id: str | None = None
    result_id: str | None = None
    error: JobError | None = None
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job changes no more."""
        return self.state in FINAL_STATES


class Key(Frozen):
    """An API key without its secret, of which only a hash is stored.

    expires: None for a key without end. revoked: when it was withdrawn.
    """

    id: str
    owner: str
    name: str
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None


class SavedSchema(Frozen):
    """A schema that an owner saved under a name. json_schema: as ``load_schema`` takes it."""

    owner: str
    name: str
    json_schema: Mapping[str, Any]
    created: datetime


class Webhook(Frozen):
    """An address that is told of events. secret: signs what is sent (``whsec_...``)."""

    id: str
    owner: str
    url: str
    events: tuple[str, ...]
    secret: str = Field(repr=False)
    created: datetime


class Delivery(Frozen):
    """One event on its way to a webhook. payload: JSON text, as it is signed and sent."""

    id: str
    webhook_id: str
    payload: str
    attempts: int
    due: datetime


class Hit(Frozen):
    """A page that matches a search. snippet: the words around the match, each matching word
    between ``\\x02`` and ``\\x03``. score: higher is better; not comparable between searches."""

    document_id: str
    name: str
    page: int
    snippet: str
    score: float


class AuditEntry(Frozen):
    """One line of the audit log. actor: who did it, an owner or key. subject: what it was done to,
    such as a document's id. hash: covers this entry and, through ``previous``, all before it."""

    number: int
    time: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    hash: str
