"""Deletion leaves nothing, encryption shows nothing, and files that were changed are noticed."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from docagent.errors import SettingsError, StoreError
from docagent.results import Turn
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.encryption import CHUNK, Secrets
from docagent.store.rows import now
from docagent.store.store import Library, Store
from docagent.store.tables import documents, jobs
from tests.stores import KEY, extraction, read_document, store_settings

CANARY = "Zyxwvutcanary"
FILE = f"the file says {CANARY}".encode() * 1000
OTHER_KEY = "a0" * 32


@pytest.fixture
def store(stored_settings: Settings) -> Iterator[Store]:
    opened = open_store(stored_settings)
    yield opened
    opened.close()


def fill(library: Library, data: bytes = FILE, canary: str = CANARY) -> str:
    """A document with everything that can be made of one; all of it has the word in it."""
    document = library.documents.add(data, f"{canary}.pdf")[0].id
    pages = (f"{canary} on page {n} " + "and other words " * 50 for n in range(20))
    library.documents.save_reading(read_document(document, *pages))
    result = library.results.save(
        document, "extract", {"x": canary}, extraction(document, 0.5, 0.5)
    )
    library.results.label(result.id, "f0", "edited", canary, note=canary)
    library.results.label(result.id, "f0", "edited", canary * 2)
    chat = library.chats.create([document], canary)
    turn = Turn(document_id=document, question=canary, read_as=canary, text=canary)
    library.chats.add(chat.id, "user", canary)
    library.chats.add(chat.id, "assistant", canary, turn)
    library.jobs.submit(document, "ask", {"question": canary})
    library.webhooks.add("https://example.com", ["job.done"])
    library.webhooks.send("job.done", canary, document)
    return document


def places(folder: Path, word: str) -> list[str]:
    """The files of a folder that have a word in them, in either case, as text or in UTF-16."""
    forms = [form for w in (word, word.lower()) for form in (w.encode(), w.encode("utf-16-le"))]
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        if any(form in data for form in forms):
            found.append(path.name)
    return found


class TestDeletion:
    def test_no_row_is_left(self, store: Store) -> None:
        library, other = store.library("ann"), store.library("bob")
        document, kept = fill(library), fill(other, b"another file")
        library.documents.delete(document)
        with store.database.read() as connection:
            left = {
                table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
                for table in ("documents", "contents", "results", "chats", "jobs", "deliveries")
            }
            labels, messages, pages = (
                connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
                for table in ("labels", "messages", "pages")
            )
        assert set(left.values()) == {1} and (labels, messages, pages) == (2, 2, 20)
        assert library.search(CANARY) == [] and len(other.search(CANARY)) == 20
        assert other.documents.content(kept) == b"another file"

    def test_no_trace_is_left_on_disk(self, tmp_path: Path) -> None:
        store = open_store(store_settings("sqlite", tmp_path))
        library = store.library()
        document = fill(library)
        fill(library, b"another file", "Other")
        assert places(tmp_path, CANARY)
        library.documents.delete(document)
        assert places(tmp_path, CANARY) == []
        # The search index cuts words into pieces; the end of one is still a word of its own.
        assert places(tmp_path, CANARY[3:]) == []
        store.close()

    def test_what_two_owners_have_goes_with_the_second(self, store: Store) -> None:
        first, second = store.library("ann"), store.library("bob")
        document = fill(first)
        fill(second)
        first.documents.delete(document)
        assert second.documents.content(document) == FILE and len(second.search(CANARY)) == 20
        assert second.chats.list().items and second.jobs.list().items
        entry = store.audit.entries()[-1]
        assert entry.details == {"reason": "asked", "file": "kept for another owner"}

    def test_the_audit_log_remembers_without_quoting(self, store: Store) -> None:
        library = store.library("ann")
        document = fill(library)
        library.documents.delete(document, actor="admin")
        entry = store.audit.entries()[-1]
        assert (entry.actor, entry.action, entry.subject) == ("admin", "document.delete", document)
        assert CANARY not in repr(store.audit.entries()) and store.audit.first_broken() is None

    def test_the_same_file_can_come_back(self, store: Store) -> None:
        library = store.library("ann")
        for _ in range(3):
            document = fill(library)
            assert library.documents.content(document) == FILE
            library.documents.delete(document)

    def test_a_file_that_is_gone_already_does_not_stop_it(self, store: Store) -> None:
        library = store.library("ann")
        document = fill(library)
        with store.database.read() as connection:
            store.files.delete(connection.execute(text("SELECT file FROM contents")).scalar_one())
        library.documents.delete(document)
        assert library.documents.list().items == ()


class TestRetention:
    def test_old_documents_are_deleted_for_all_owners(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings.replace(store_retention_days=30))
        for owner in ("ann", "bob"):
            fill(store.library(owner), owner.encode())
            store.library(owner).documents.add(b"new")
        old = hashlib.sha256(b"ann").hexdigest(), hashlib.sha256(b"bob").hexdigest()
        with store.database.write() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.content_id.in_(old))
                .values(created=now() - 31 * 86400)
            )
        assert store.retain() == 2 and store.retain() == 0
        for owner in ("ann", "bob"):
            assert len(store.library(owner).documents.list().items) == 1
            assert store.library(owner).search(CANARY) == []
        assert [e.details["reason"] for e in store.audit.entries()[-2:]] == ["retention"] * 2
        store.close()

    def test_without_a_limit_everything_stays(self, store: Store) -> None:
        fill(store.library("ann"))
        with store.database.write() as connection:
            connection.execute(update(documents).values(created=0))
        assert store.retain() == 0 and store.library("ann").documents.list().items

    def test_files_that_nothing_names_are_swept_once_they_are_old(self, tmp_path: Path) -> None:
        store = open_store(store_settings("sqlite", tmp_path))
        document = fill(store.library())
        folder = tmp_path / "files" / "00"
        folder.mkdir(parents=True)
        for name in ("old", "new"):
            (folder / name).write_bytes(b"left behind")
        os.utime(folder / "old", (0, 0))
        (kept,) = (tmp_path / "files" / document[:2]).iterdir()
        os.utime(kept, (0, 0))
        store.retain()
        assert {path.name for path in folder.iterdir()} == {"new"} and kept.exists()
        store.close()


class TestEncryption:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "store"

    @pytest.fixture
    def encrypted(self, folder: Path) -> Iterator[Store]:
        opened = open_store(store_settings("encrypted", folder))
        yield opened
        opened.close()

    def test_nothing_can_be_read_without_the_key(self, encrypted: Store, folder: Path) -> None:
        document = fill(encrypted.library())
        for word in (CANARY, document, "CREATE TABLE", "%PDF", "SQLite format"):
            assert places(folder, word) == []
        assert not any(document in path.name for path in folder.rglob("*"))

    @pytest.mark.parametrize("key", ["", OTHER_KEY])
    def test_another_key_opens_nothing(self, encrypted: Store, folder: Path, key: str) -> None:
        fill(encrypted.library())
        with pytest.raises(StoreError, match="set DOCAGENT_STORE_KEY to the key") as caught:
            open_store(Settings(store_folder=folder, store_key=key))
        assert caught.value.code == "store.locked"

    @pytest.mark.parametrize("key", ["x", "5c" * 31, "5c" * 33, "zz" * 32])
    def test_a_key_has_64_digits(self, folder: Path, key: str) -> None:
        with pytest.raises(SettingsError, match="64 hexadecimal digits") as caught:
            open_store(Settings(store_folder=folder, store_key=key))
        assert key not in str(caught.value).replace("64 hexadecimal digits", "").split()

    def test_a_plain_store_is_not_opened_with_a_key(self, folder: Path) -> None:
        open_store(Settings(store_folder=folder)).close()
        with pytest.raises(StoreError) as caught:
            open_store(store_settings("encrypted", folder))
        assert caught.value.code == "store.locked"

    def test_a_deleted_document_cannot_be_had_from_a_copy_of_the_files(
        self, encrypted: Store, folder: Path
    ) -> None:
        library = encrypted.library()
        document = fill(library)
        with encrypted.database.read() as connection:
            row = connection.execute(text("SELECT file, wrapped_key FROM contents")).one()
        copy = (folder / "files" / row.file).read_bytes()
        library.documents.delete(document)
        again = fill(library)
        with encrypted.database.read() as connection:
            new = connection.execute(text("SELECT file, wrapped_key FROM contents")).one()
        # The copy under the new name: its own key is gone, and the new one does not fit.
        assert new.wrapped_key != row.wrapped_key
        (folder / "files" / new.file).write_bytes(copy)
        with pytest.raises(StoreError, match="was changed or cut short"):
            library.documents.content(again)

    @pytest.mark.postgres
    def test_files_are_encrypted_beside_postgresql(
        self, postgres: object, empty_database: str, folder: Path
    ) -> None:
        url = postgres.new_database(like=empty_database)  # type: ignore[attr-defined]
        settings = store_settings("postgres", folder, url, store_key=KEY)
        store = open_store(settings)
        document = fill(store.library())
        assert places(folder, CANARY) == [] and store.library().documents.content(document) == FILE
        store.close()
        for key in ("", OTHER_KEY):
            other = open_store(settings.replace(store_key=key))
            with pytest.raises(StoreError) as caught:
                other.library().documents.content(document)
            assert caught.value.code == "store.locked"
            other.close()

    def test_the_audit_log_is_signed(self, encrypted: Store) -> None:
        encrypted.audit.append("ann", "a", "b")
        entry = encrypted.audit.entries()[0]
        plain = open_store(Settings(store_folder=encrypted.settings.store.folder / "plain"))  # type: ignore[operator]
        assert encrypted.audit.first_broken() is None
        assert plain.audit._hash(_fields(entry)) != entry.hash
        plain.close()


def _fields(entry: object) -> dict[str, object]:
    values = dict(entry.__dict__)
    values.pop("hash")
    return values | {"time": entry.time.timestamp(), "details": "{}"}  # type: ignore[attr-defined]


class TestChangedFiles:
    def test_a_plain_file_that_was_changed_is_noticed(self, tmp_path: Path) -> None:
        store = open_store(store_settings("sqlite", tmp_path))
        document = fill(store.library())
        (path,) = (tmp_path / "files" / document[:2]).iterdir()
        path.write_bytes(FILE + b"!")
        with pytest.raises(StoreError, match="was changed") as caught:
            store.library().documents.content(document)
        assert caught.value.code == "store.damaged"
        path.unlink()
        with pytest.raises(StoreError, match="is missing"):
            store.library().documents.content(document)
        store.close()

    SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5)

    @pytest.mark.parametrize("size", SIZES)
    def test_what_is_encrypted_comes_back(self, size: int) -> None:
        data = os.urandom(size)
        secrets, sealed, key = sealed_file(data)
        assert b"".join(secrets.decrypt(io.BytesIO(sealed), key, "name")) == data

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data[:-1],
            lambda data: data[: len(data) // 2],
            lambda data: data[: 11 + CHUNK + 16],
            lambda data: data[:11] + data[11 + CHUNK + 16 :],
            lambda data: data[:11] + data[11 + CHUNK + 16 :] + data[11 : 11 + CHUNK + 16],
            lambda data: data[:-1] + bytes([data[-1] ^ 1]),
            lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
            lambda data: b"",
            lambda data: b"x" + data,
            lambda data: data + b"x",
            lambda data: data + data[11:],
        ],
    )
    def test_every_change_of_it_is_noticed(self, change: object) -> None:
        secrets, sealed, key = sealed_file(os.urandom(2 * CHUNK))
        changed = io.BytesIO(change(sealed))  # type: ignore[operator]
        with pytest.raises(StoreError, match="was changed or cut short"):
            b"".join(secrets.decrypt(changed, key, "name"))

    def test_it_cannot_be_passed_off_as_another_file(self) -> None:
        secrets, sealed, key = sealed_file(b"data")
        with pytest.raises(StoreError, match="was changed"):
            b"".join(secrets.decrypt(io.BytesIO(sealed), key, "other"))
        _, wrapped = secrets.new_file_key("name")
        with pytest.raises(StoreError, match="another key"):
            secrets.unwrap(wrapped, "other")
        with pytest.raises(StoreError, match="another key"):
            Secrets(OTHER_KEY).unwrap(wrapped, "name")


def sealed_file(data: bytes) -> tuple[Secrets, bytes, bytes]:
    secrets = Secrets(KEY)
    key, wrapped = secrets.new_file_key("name")
    assert secrets.unwrap(wrapped, "name") == key
    target = io.BytesIO()
    secrets.encrypt(io.BytesIO(data), target, key, "name")
    return secrets, target.getvalue(), key


def test_tables_that_hold_documents_text_are_known() -> None:
    """A new column that points at a document must be deleted with it."""
    assert {c.ondelete for c in jobs.foreign_key_constraints} == {"CASCADE"}
