"""Deletion of documents: rows, files, the search index, and the traces they leave."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from docagent.store.audit import Audit
from docagent.store.database import Database, lock_content
from docagent.store.files import Files
from docagent.store.rows import now
from docagent.store.tables import chat_documents, chats, contents, documents

DAY = 86_400.0


class Deletion:
    """Deletes documents completely, one by one or by age."""

    def __init__(self, database: Database, files: Files, audit: Audit) -> None:
        self._database = database
        self._files = files
        self._audit = audit

    def delete(self, owner: str, document_id: str, actor: str, reason: str = "asked") -> bool:
        """Delete one document of one owner; returns whether there was one. reason: for the audit
        log: ``asked`` or ``retention``."""
        with self._database.write() as connection:
            lock_content(connection, document_id)
            _delete_chats(connection, owner, document_id)
            # Results, labels, jobs and deliveries go with the row, as the tables say.
            gone = connection.execute(
                delete(documents).where(
                    documents.c.owner == owner, documents.c.content_id == document_id
                )
            )
            if not gone.rowcount:
                return False
            file = _delete_unowned_content(connection, document_id)
            details = {"reason": reason, "file": "deleted" if file else "kept for another owner"}
            self._audit.append_in(connection, actor, "document.delete", document_id, details)
        # The file goes after the row: a process that dies here leaves a file that ``sweep`` finds.
        if file:
            self._files.delete(file)
        self._database.erase_traces()
        return True

    def delete_older(self, days: float, actor: str) -> int:
        """Delete the documents of all owners that were added more than ``days`` days ago; returns
        how many."""
        query = (
            select(documents.c.owner, documents.c.content_id)
            .where(documents.c.created < now() - days * DAY)
            .order_by(documents.c.created)
        )
        with self._database.read() as connection:
            old = connection.execute(query).all()
        return sum(self.delete(owner, name, actor, "retention") for owner, name in old)

    def sweep(self) -> int:
        """Delete files that processes which died have left; returns how many."""
        with self._database.read() as connection:
            known = set(connection.execute(select(contents.c.file)).scalars())
        return self._files.sweep(known)


def _delete_chats(connection: Connection, owner: str, document_id: str) -> None:
    """Delete the chats about a document: their messages quote it."""
    about = select(chat_documents.c.chat_id).where(
        chat_documents.c.owner == owner, chat_documents.c.document_id == document_id
    )
    connection.execute(delete(chats).where(chats.c.id.in_(about)))


def _delete_unowned_content(connection: Connection, content_id: str) -> str | None:
    """Delete a content that nobody owns any more, with its pages and its key; returns its file.
    None if there is another owner."""
    named = select(contents.c.file).where(contents.c.id == content_id)
    file: str | None = connection.execute(named).scalar()
    owners = select(func.count()).where(documents.c.content_id == content_id)
    if connection.execute(owners).scalar():
        return None
    connection.execute(delete(contents).where(contents.c.id == content_id))
    return file
