"""The documents of one owner: files, and the pages that were read from them.

A content is stored once, whoever owns it; each owner has a row of his own that names it. The last
owner who deletes his row deletes the content.
"""

from __future__ import annotations

import hashlib
import io
import mimetypes
from typing import IO, Any

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.engine import Row

from docagent.document import Document, Page
from docagent.errors import StoreError
from docagent.store.audit import Audit
from docagent.store.database import Database, lock_content
from docagent.store.deletion import Deletion
from docagent.store.files import Files
from docagent.store.rows import from_json, missing, now, slice_of, to_text, to_time
from docagent.store.search import to_index
from docagent.store.tables import contents, documents, pages
from docagent.store.types import Order, Slice, StoredDocument

UNKNOWN_MEDIA_TYPE = "application/octet-stream"
_CHUNK = 2**20
_STORED_APART = {"id", "name", "pages"}
"""Fields of a Document that have columns or rows of their own."""


class Documents:
    """Adds, lists, reads and deletes the documents of one owner."""

    def __init__(self, database: Database, files: Files, audit: Audit, owner: str) -> None:
        self._database = database
        self._files = files
        self._audit = audit
        self._deletion = Deletion(database, files, audit)
        self.owner = owner

    def add(
        self, data: bytes | IO[bytes], name: str = "", media_type: str = ""
    ) -> tuple[StoredDocument, bool]:
        """Store a file; returns the document, and whether it is new to the owner.

        data: the bytes, or a binary file that can be rewound; it is read twice. name: for people;
        a document that is known keeps its first name. media_type: by default the one that the
        name's ending says. Raises StoreError if it cannot be written. What kind of file it is, and
        how large, is not checked here.
        """
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        content_id, size = _measure(source)
        with self._database.read() as connection:
            found = self._find(connection, content_id)
            if found is not None:
                return found, False
            is_stored = _file_of(connection, content_id) is not None
        # The file is written before the row that names it: a process that dies between the two
        # leaves a file without a row, never a row without a file.
        written = None if is_stored else self._write(source, content_id)
        leftover = written
        try:
            with self._database.write() as connection:
                lock_content(connection, content_id)
                if _file_of(connection, content_id) is None:
                    # Whoever stored it has deleted it since the look above.
                    written = written or self._write(source, content_id)
                    path, wrapped = written
                    row = {"id": content_id, "size": size, "file": path, "wrapped_key": wrapped}
                    connection.execute(insert(contents), row)
                    leftover = None
                is_new = self._insert(connection, content_id, name, media_type)
                stored = self._find(connection, content_id)
                assert stored is not None  # it was inserted, now or by another
        finally:
            if leftover is not None:
                self._files.delete(leftover[0])
        return stored, is_new

    def get(self, document_id: str) -> StoredDocument:
        """A document. Raises StoreError if the owner has none with that id."""
        with self._database.read() as connection:
            found = self._find(connection, document_id)
        if found is None:
            raise missing("document", document_id)
        return found

    def find(self, beginning: str) -> StoredDocument:
        """The document whose id begins like this. Raises StoreError if there is none, or several
        of them."""
        query = self._query().where(
            documents.c.content_id >= beginning, documents.c.content_id < beginning + "g"
        )
        with self._database.read() as connection:
            rows = connection.execute(query.limit(2)).all()
        if not beginning or not rows:
            raise missing("document", beginning)
        if len(rows) > 1:
            problem = (
                f"several documents have an id that begins with {beginning!r}; give more of it"
            )
            raise StoreError(problem, "invalid")
        return _to_document(rows[0])

    def list(
        self, limit: int = 100, after: str | None = None, order: Order = "newest"
    ) -> Slice[StoredDocument]:
        """Documents, newest first unless ``order`` is ``oldest``. limit: 1 to 1000. after: the
        ``next`` of the slice before."""
        window = (limit, after, order != "oldest")
        columns = (documents.c.created, documents.c.content_id)
        with self._database.read() as connection:
            return slice_of(connection, self._query(), columns, window, _to_document)

    def content(self, document_id: str) -> bytes:
        """The bytes of the file. Raises StoreError if the owner has no such document, or if the
        file is missing or was changed."""
        query = (
            select(contents.c.file, contents.c.wrapped_key)
            .join(documents, documents.c.content_id == contents.c.id)
            .where(documents.c.owner == self.owner, documents.c.content_id == document_id)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise missing("document", document_id)
        return self._files.read(row.file, row.wrapped_key, document_id)

    def save_reading(self, document: Document, made_with: str = "") -> None:
        """Store the pages that were read from a file, in place of an earlier reading; from then on
        searches find them.

        made_with: names the settings that decide what is read, so that a later caller knows whether
        the reading is the one that he would make. Raises StoreError if the owner has no document
        with the id of ``document``.
        """
        mine = select(documents.c.content_id).where(documents.c.owner == self.owner)
        rows = [_to_row(document.id, page) for page in document.pages]
        with self._database.write() as connection:
            changed = connection.execute(
                update(contents)
                .where(contents.c.id == document.id, contents.c.id.in_(mine))
                .values(
                    pages=len(document.pages),
                    reading=document.model_dump_json(exclude=_STORED_APART),
                    made_with=made_with,
                )
            )
            if not changed.rowcount:
                raise missing("document", document.id)
            connection.execute(delete(pages).where(pages.c.content_id == document.id))
            if rows:
                connection.execute(insert(pages), rows)

    def reading(self, document_id: str, made_with: str | None = None) -> Document | None:
        """What was read from a file, equal to what was saved but for the name, which is the
        owner's; None if it was not read, or not with the settings that ``made_with`` names. Raises
        StoreError if the owner has no such document."""
        with self._database.read() as connection:
            query = self._query().where(documents.c.content_id == document_id)
            query = query.add_columns(contents.c.reading, contents.c.made_with)
            row = connection.execute(query).first()
            if row is None:
                raise missing("document", document_id)
            if row.pages is None or made_with not in (None, row.made_with):
                return None
            found = connection.execute(
                select(pages.c.page)
                .where(pages.c.content_id == document_id)
                .order_by(pages.c.number)
            ).scalars()
            read = tuple(map(Page.model_validate_json, found))
        others = from_json(row.reading)
        return Document.model_validate(
            {**others, "id": document_id, "name": row.name, "pages": read}
        )

    def delete(self, document_id: str, actor: str = "") -> None:
        """Delete a document with everything made of it: pages, results, labels, chats about it,
        jobs, deliveries, its place in the search index and, unless another owner has the same
        file, the file and its key. The audit log keeps that it was deleted.

        actor: who does it, by default the owner. Raises StoreError if there is no such document.
        """
        if not self._deletion.delete(self.owner, document_id, actor or self.owner):
            raise missing("document", document_id)

    def _write(self, source: IO[bytes], content_id: str) -> tuple[str, bytes | None]:
        source.seek(0)
        return self._files.save(source, content_id)

    def _insert(self, connection: Connection, content_id: str, name: str, media_type: str) -> bool:
        known = select(documents.c.owner).where(
            documents.c.owner == self.owner, documents.c.content_id == content_id
        )
        if connection.execute(known).first() is not None:
            return False
        guessed = media_type or mimetypes.guess_type(name)[0] or UNKNOWN_MEDIA_TYPE
        row = {
            "owner": self.owner,
            "content_id": content_id,
            "name": to_text(name),
            "media_type": to_text(guessed),
            "created": now(),
        }
        connection.execute(insert(documents), row)
        self._audit.append_in(connection, self.owner, "document.add", content_id)
        return True

    def _find(self, connection: Connection, document_id: str) -> StoredDocument | None:
        query = self._query().where(documents.c.content_id == document_id)
        row = connection.execute(query).first()
        return None if row is None else _to_document(row)

    def _query(self) -> Select[Any]:
        return (
            select(documents, contents.c.size, contents.c.pages)
            .join(contents, contents.c.id == documents.c.content_id)
            .where(documents.c.owner == self.owner)
        )


def _measure(source: IO[bytes]) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file."""
    source.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _file_of(connection: Connection, content_id: str) -> str | None:
    """The file of a content; None if the content is not stored."""
    query = select(contents.c.file).where(contents.c.id == content_id)
    return connection.execute(query).scalar()


def _to_row(content_id: str, page: Page) -> dict[str, Any]:
    readable = to_text(page.text)
    return {
        "content_id": content_id,
        "number": page.number,
        "page": page.model_dump_json(),
        "text": readable,
        "words": to_index(readable),
    }


def _to_document(row: Row[Any]) -> StoredDocument:
    return StoredDocument(
        id=row.content_id,
        owner=row.owner,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        pages=row.pages,
        created=to_time(row.created),
    )
