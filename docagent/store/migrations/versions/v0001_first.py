"""The first tables.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The search index takes its words from the table of pages; these keep it the same.
_SQLITE = """
CREATE VIRTUAL TABLE page_search USING fts5(
  words, content='pages', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
);
CREATE TRIGGER page_search_insert AFTER INSERT ON pages BEGIN
  INSERT INTO page_search(rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER page_search_delete AFTER DELETE ON pages BEGIN
  INSERT INTO page_search(page_search, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER page_search_update AFTER UPDATE ON pages BEGIN
  INSERT INTO page_search(page_search, rowid, words) VALUES ('delete', old.id, old.words);
  INSERT INTO page_search(rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log can only be appended to');
END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log can only be appended to');
END
"""
_SQLITE_ENDS = ";\nCREATE"

_ERASING_SQLITE = (3, 42)
"""The first SQLite whose index can delete the words of a page at once."""
_ERASE_WORDS = "INSERT INTO page_search(page_search, rank) VALUES('secure-delete', 1)"

_POSTGRESQL = """
CREATE INDEX page_search ON pages USING gin (to_tsvector('simple'::regconfig, words))
  WITH (fastupdate = off);
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log can only be appended to';
END $$;
CREATE TRIGGER audit_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    _create_documents()
    _create_results()
    _create_chats()
    _create_jobs()
    _create_owners_own()
    _create_audit()
    if op.get_bind().dialect.name == "sqlite":
        for index, statement in enumerate(_SQLITE.split(_SQLITE_ENDS)):
            op.get_bind().exec_driver_sql(statement if not index else f"CREATE{statement}")
        version = op.get_bind().exec_driver_sql("SELECT sqlite_version()").scalar_one()
        if tuple(map(int, version.split("."))) >= _ERASING_SQLITE:
            op.get_bind().exec_driver_sql(_ERASE_WORDS)
    else:
        op.get_bind().exec_driver_sql(_POSTGRESQL)


def _create_documents() -> None:
    op.create_table(
        "contents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("reading", sa.Text(), nullable=True),
        sa.Column("made_with", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contents")),
    )
    op.create_table(
        "documents",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_documents_content_id")
        ),
        sa.PrimaryKeyConstraint("owner", "content_id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_content_id"), "documents", ["content_id"], unique=False)
    op.create_index(op.f("ix_documents_created"), "documents", ["created"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_pages_content_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("content_id", "number", name=op.f("uq_pages_content_id_number")),
    )


def _create_results() -> None:
    op.create_table(
        "results",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.Column("expected_errors", sa.Double(), nullable=True),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "document_id"],
            ["documents.owner", "documents.content_id"],
            name=op.f("fk_results_owner_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_results")),
    )
    op.create_index(op.f("ix_results_owner_created"), "results", ["owner", "created"], unique=False)
    op.create_index(
        op.f("ix_results_owner_document_id"), "results", ["owner", "document_id"], unique=False
    )
    op.create_table(
        "labels",
        sa.Column("result_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"], ["results.id"], name=op.f("fk_labels_result_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("result_id", "path", "revision", name=op.f("pk_labels")),
    )


def _create_chats() -> None:
    op.create_table(
        "chats",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
    )
    op.create_index(op.f("ix_chats_owner_created"), "chats", ["owner", "created"], unique=False)
    op.create_table(
        "chat_documents",
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chats.id"], name=op.f("fk_chat_documents_chat_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["owner", "document_id"],
            ["documents.owner", "documents.content_id"],
            name=op.f("fk_chat_documents_owner_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("chat_id", "position", name=op.f("pk_chat_documents")),
    )
    op.create_index(
        op.f("ix_chat_documents_owner_document_id"),
        "chat_documents",
        ["owner", "document_id"],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("turn", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chats.id"], name=op.f("fk_messages_chat_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chat_id", "number", name=op.f("pk_messages")),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("pages_total", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("lease", sa.Double(), nullable=True),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("finished", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner", "document_id"],
            ["documents.owner", "documents.content_id"],
            name=op.f("fk_jobs_owner_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_jobs")),
        sa.UniqueConstraint("owner", "id", name=op.f("uq_jobs_owner_id")),
    )
    op.create_index(op.f("ix_jobs_owner_batch_id"), "jobs", ["owner", "batch_id"], unique=False)
    op.create_index(
        op.f("ix_jobs_owner_document_id"), "jobs", ["owner", "document_id"], unique=False
    )
    op.create_index(
        op.f("ix_jobs_state_priority_number"), "jobs", ["state", "priority", "number"], unique=False
    )


def _create_owners_own() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=True),
        sa.Column("revoked", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
    )
    op.create_table(
        "schemas",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("json_schema", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_schemas")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_owner"), "webhooks", ["owner"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner", "document_id"],
            ["documents.owner", "documents.content_id"],
            name=op.f("fk_deliveries_owner_document_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name=op.f("fk_deliveries_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_due"), "deliveries", ["due"], unique=False)
    op.create_index(
        op.f("ix_deliveries_owner_document_id"),
        "deliveries",
        ["owner", "document_id"],
        unique=False,
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
