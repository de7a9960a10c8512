"""The tables, as ``migrations`` makes them.

Times are seconds since 1970 (UTC), JSON is text, so that both databases hold the same. What belongs
to a document is deleted with it by the database itself.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts a primary key up only if it is a plain INTEGER."""


def _to_document(*, nullable: bool = False) -> tuple[Column[str], ForeignKeyConstraint]:
    """The column ``document_id``, and the reference to that document of the row's owner."""
    return (
        Column("document_id", Text, nullable=nullable),
        ForeignKeyConstraint(
            ["owner", "document_id"],
            ["documents.owner", "documents.content_id"],
            ondelete="CASCADE",
        ),
    )


# One row for each content, whoever owns it. file: its path below the folder of files. wrapped_key:
# the key of the file, encrypted with the store's. pages, reading, made_with: how many pages were
# read, what else was read, as JSON, and with which settings.
contents = Table(
    "contents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("pages", Integer),
    Column("reading", Text),
    Column("made_with", Text, nullable=False, default=""),
)

documents = Table(
    "documents",
    metadata,
    Column("owner", Text, primary_key=True),
    Column(
        "content_id",
        Text,
        ForeignKey("contents.id"),
        primary_key=True,
        index=True,
    ),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("created", Double, nullable=False, index=True),
)

# page: the whole page as JSON. text: its text. words: the same as ``search.to_words`` gives it; the
# search index covers it.
pages = Table(
    "pages",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("content_id", Text, ForeignKey("contents.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("page", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("content_id", "number"),
)

results = Table(
    "results",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    *_to_document(),
    Column("verb", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("job_id", Text),
    Column("fields", Integer, nullable=False, default=0),
    Column("expected_errors", Double),
    Column("reviewed", Boolean, nullable=False, default=False),
    Column("created", Double, nullable=False),
    Index(None, "owner", "created"),
    Index(None, "owner", "document_id"),
)

# Every revision of a label stays; the highest counts.
labels = Table(
    "labels",
    metadata,
    Column("result_id", Text, ForeignKey("results.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created", Double, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("created", Double, nullable=False),
    Index(None, "owner", "created"),
)

chat_documents = Table(
    "chat_documents",
    metadata,
    Column("chat_id", Text, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    *_to_document(),
    Index(None, "owner", "document_id"),
)

messages = Table(
    "messages",
    metadata,
    Column("chat_id", Text, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("turn", Text),
    Column("created", Double, nullable=False),
)

# request: hash of what was asked, to tell a repeated submission from another one with the same id.
# lease: until when the worker holds the job. due: when it may be started.
jobs = Table(
    "jobs",
    metadata,
    Column("number", _Number, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("id", Text, nullable=False),
    *_to_document(),
    Column("verb", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("batch_id", Text),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("pages_done", Integer, nullable=False, default=0),
    Column("pages_total", Integer),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker", Text, nullable=False, default=""),
    Column("lease", Double),
    Column("due", Double, nullable=False),
    Column("result_id", Text),
    Column("error", Text),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("finished", Double),
    UniqueConstraint("owner", "id"),
    Index(None, "state", "priority", "number"),
    Index(None, "owner", "document_id"),
    Index(None, "owner", "batch_id"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("revoked", Double),
)

schemas = Table(
    "schemas",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("json_schema", Text, nullable=False),
    Column("created", Double, nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created", Double, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("owner", Text, nullable=False),
    *_to_document(nullable=True),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due", Double, nullable=False, index=True),
    Index(None, "owner", "document_id"),
)

# The database refuses to change or delete its rows.
audit = Table(
    "audit",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("time", Double, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
