"""The store: what goes in comes out equal, to its owner and to nobody else, in every database."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from docagent.errors import SchemaError, SettingsError, StoreError
from docagent.results import Turn
from docagent.settings import Settings
from docagent.store import LOCAL, open_store
from docagent.store.store import Library, Store
from tests.stores import extraction, read_document

FILE = b"%PDF-1.7 the bytes of a file"
FILE_ID = hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def store(stored_settings: Settings) -> Iterator[Store]:
    opened = open_store(stored_settings)
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store) -> Library:
    return store.library("ann")


def add(library: Library, data: bytes = FILE, name: str = "a.pdf") -> str:
    return library.documents.add(data, name)[0].id


class TestDocuments:
    def test_a_document_is_its_content(self, library: Library) -> None:
        document, is_new = library.documents.add(FILE, "a.pdf")
        assert is_new and document.id == FILE_ID and document.size == len(FILE)
        assert (document.name, document.media_type) == ("a.pdf", "application/pdf")
        assert document.pages is None
        again, is_new = library.documents.add(io.BytesIO(FILE), "other.pdf")
        assert not is_new and again == document
        assert library.documents.content(FILE_ID) == FILE

    @pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
    def test_files_of_any_size_come_back(self, library: Library, size: int) -> None:
        data = bytes(range(256)) * (size // 256 + 1)
        found = library.documents.add(data[:size])[0]
        assert library.documents.content(found.id) == data[:size]

    def test_each_owner_sees_and_deletes_his_own(self, store: Store, library: Library) -> None:
        other = store.library("bob")
        add(library), add(other, name="b.pdf")
        assert other.documents.get(FILE_ID).name == "b.pdf"
        assert len(list(store_files(store))) == 1
        library.documents.delete(FILE_ID)
        assert other.documents.content(FILE_ID) == FILE
        with pytest.raises(StoreError, match="there is no document") as caught:
            library.documents.get(FILE_ID)
        assert caught.value.code == "store.missing"
        other.documents.delete(FILE_ID)
        assert not list(store_files(store))

    def test_nothing_of_another_owner_can_be_reached(self, store: Store, library: Library) -> None:
        document = add(library)
        library.documents.save_reading(read_document(document, "secret"))
        result = library.results.save(document, "extract", {}, extraction(document, 0.5))
        chat = library.chats.create([document])
        job, _ = library.jobs.submit(document, "read", job_id="one")
        hook = library.webhooks.add("https://example.com", ["job.done"])
        library.schemas.save("mine", SCHEMA)
        other = store.library("bob")
        for reach in (
            lambda: other.documents.get(document),
            lambda: other.documents.content(document),
            lambda: other.documents.reading(document),
            lambda: other.documents.save_reading(read_document(document, "x")),
            lambda: other.documents.delete(document),
            lambda: other.results.get(result.id),
            lambda: other.results.label(result.id, "f0", "accepted"),
            lambda: other.results.labels(result.id),
            lambda: other.results.save(document, "extract", {}, extraction(document, 0.5)),
            lambda: other.chats.get(chat.id),
            lambda: other.chats.add(chat.id, "user", "x"),
            lambda: other.chats.messages(chat.id),
            lambda: other.chats.delete(chat.id),
            lambda: other.chats.create([document]),
            lambda: other.jobs.get(job.id),
            lambda: other.jobs.cancel(job.id),
            lambda: other.jobs.submit(document, "read"),
            lambda: other.webhooks.get(hook.id),
            lambda: other.webhooks.delete(hook.id),
            lambda: other.schemas.get("mine"),
            lambda: other.schemas.delete("mine"),
        ):
            with pytest.raises(StoreError) as caught:
                reach()
            assert caught.value.code == "store.missing"
        assert other.search("secret") == []
        assert not any(
            kept.list().items for kept in (other.documents, other.results, other.chats, other.jobs)
        )
        assert not other.webhooks.list() and not other.schemas.list().items

    def test_a_document_is_found_by_the_beginning_of_its_id(self, library: Library) -> None:
        ids = [add(library, bytes([n])) for n in range(20)]
        assert library.documents.find(ids[3][:12]).id == ids[3]
        with pytest.raises(StoreError, match="give more of it"):
            library.documents.find(max({i[0] for i in ids}, key=[i[0] for i in ids].count))
        for nothing in ("", "x", ids[0] + "0"):
            with pytest.raises(StoreError, match="there is no document"):
                library.documents.find(nothing)

    def test_lists_go_on_where_they_stopped(self, library: Library) -> None:
        ids = [add(library, bytes([n])) for n in range(7)]
        newest, after = [], None
        while True:
            found = library.documents.list(limit=3, after=after)
            newest += [document.id for document in found.items]
            after = found.next
            if after is None:
                break
        assert newest == ids[::-1]
        oldest = library.documents.list(order="oldest").items
        assert [document.id for document in oldest] == ids

    @pytest.mark.parametrize("cursor", ["", "x", "!!!", "W10=", "WzEsMl0=", "bnVsbA=="])
    def test_a_wrong_cursor_is_named(self, library: Library, cursor: str) -> None:
        with pytest.raises(StoreError, match="not a cursor"):
            library.documents.list(after=cursor)

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    def test_a_wrong_limit_is_named(self, library: Library, limit: int) -> None:
        with pytest.raises(StoreError, match="ask for 1 to 1000"):
            library.documents.list(limit=limit)


class TestText:
    ODD = "a\0b\ud800\u202e\U0001f600"

    def test_any_text_can_be_stored(self, store: Store, library: Library) -> None:
        document, _ = library.documents.add(FILE, self.ODD)
        assert document.name == "a\ufffdb?\u202e\U0001f600"
        chat = library.chats.create([FILE_ID], self.ODD)
        assert library.chats.add(chat.id, "user", self.ODD).text == chat.title == document.name
        result = library.results.save(FILE_ID, "extract", {}, extraction(FILE_ID, 0.5))
        label = library.results.label(result.id, "f0", "edited", "\0", note=self.ODD)
        assert (label.value, label.note) == ("\0", document.name)
        assert store.keys.create("ann", self.ODD, ["read"])[0].name == document.name

    @pytest.mark.parametrize("name", ["\0", "\ud800", "x" * 10_000, "'; --", "%", "\uffff"])
    def test_names_that_nothing_has_find_nothing(
        self, store: Store, library: Library, name: str
    ) -> None:
        for find in (
            library.documents.get,
            library.documents.find,
            library.documents.content,
            library.results.get,
            library.chats.get,
            library.jobs.get,
            library.schemas.get,
            library.webhooks.get,
            store.keys.get,
        ):
            with pytest.raises(StoreError) as caught:
                find(name)
            assert caught.value.code in ("store.missing", "store.invalid")

    @pytest.mark.parametrize("value", ["\ud800", {"a": float("nan")}, {1, 2}])
    def test_what_is_not_json_is_refused(self, library: Library, value: object) -> None:
        add(library)
        result = library.results.save(FILE_ID, "extract", {}, extraction(FILE_ID, 0.5))
        with pytest.raises(StoreError, match="cannot be stored as JSON"):
            library.results.label(result.id, "f0", "edited", value)


class TestReadings:
    def test_a_reading_comes_back_equal(self, library: Library) -> None:
        add(library)
        assert library.documents.reading(FILE_ID) is None
        read = read_document(FILE_ID, "one\ntwo", "three \0 \ufffe \U0001f600", "")
        library.documents.save_reading(read, "settings")
        assert library.documents.reading(FILE_ID) == read.replace(name="a.pdf")
        assert library.documents.reading(FILE_ID, "settings") is not None
        assert library.documents.reading(FILE_ID, "other settings") is None
        assert library.documents.get(FILE_ID).pages == 3

    def test_a_new_reading_replaces_the_old_one(self, library: Library) -> None:
        add(library)
        library.documents.save_reading(read_document(FILE_ID, "first", "second"))
        library.documents.save_reading(read_document(FILE_ID, "third"))
        assert not library.search("first") and len(library.search("third")) == 1
        assert library.documents.get(FILE_ID).pages == 1


class TestSearch:
    PAGES = ("The Müller company", "Invoice INV-2024/001 of the company Straße 7", "nothing")

    @pytest.fixture
    def searched(self, library: Library) -> Library:
        add(library)
        library.documents.save_reading(read_document(FILE_ID, *self.PAGES))
        return library

    @pytest.mark.parametrize(
        ("query", "pages"),
        [
            ("company", [1, 2]),
            ("COMPANY muller", [1]),
            ("comp", [1, 2]),
            ("ompany", []),
            ("company nothing", []),
            ('"the company"', [2]),
            ('"company the"', []),
            ("2024", [2]),
            ("inv-2024/001", [2]),
            ("strasse", [2]),
            ("OR", []),
            ('company AND "', []),
            ("NEAR(company)", []),
            ("comp*", [1, 2]),
            ("words:company", []),
            ("' ; DROP TABLE pages", []),
            (":* & | ! ( )  company", [1, 2]),
        ],
    )
    def test_pages_with_all_words_are_found(
        self, searched: Library, query: str, pages: list[int]
    ) -> None:
        assert sorted(hit.page for hit in searched.search(query)) == pages

    def test_a_hit_shows_where_it_is(self, searched: Library) -> None:
        (hit,) = searched.search("muller")
        assert hit.snippet == "The \x02Müller\x03 company"
        assert (hit.document_id, hit.name, hit.page) == (FILE_ID, "a.pdf", 1)

    def test_a_long_page_is_cut_around_the_match(self, library: Library) -> None:
        add(library)
        words = [f"w{n}" for n in range(100)]
        library.documents.save_reading(read_document(FILE_ID, " ".join(words)))
        (hit,) = library.search("w50")
        assert hit.snippet.startswith("…w42") and hit.snippet.endswith("w65…")

    def test_the_page_with_more_of_it_comes_first(self, library: Library) -> None:
        add(library)
        read = read_document(FILE_ID, "rent and much else to say here", "rent rent rent rent")
        library.documents.save_reading(read)
        assert [hit.page for hit in library.search("rent")] == [2, 1]

    def test_a_page_of_any_length_can_be_searched(self, library: Library) -> None:
        add(library)
        pages = ["/".join(f"{n:x}" for n in range(150_000)), "x" * 3_000_000, "ﷺ" * 100_000]
        library.documents.save_reading(read_document(FILE_ID, *pages))
        assert [hit.page for hit in library.search("1f")] == [1]
        assert library.documents.get(FILE_ID).pages == 3

    def test_one_document_can_be_searched_alone(self, searched: Library) -> None:
        other = add(searched, b"other")
        searched.documents.save_reading(read_document(other, "company"))
        assert len(searched.search("company")) == 3
        assert [h.document_id for h in searched.search("company", document_id=other)] == [other]
        assert len(searched.search("company", limit=1)) == 1

    @pytest.mark.parametrize("query", ["", " ", '"', "*", "a " * 33])
    def test_a_query_without_words_or_with_too_many_is_refused(
        self, searched: Library, query: str
    ) -> None:
        with pytest.raises(StoreError, match="give 1 to 32 words"):
            searched.search(query)


class TestResults:
    def test_a_result_comes_back_equal(self, library: Library) -> None:
        add(library)
        made = extraction(FILE_ID, 0.9, None, 0.3, failed=1)
        stored = library.results.save(FILE_ID, "extract", {"schema": "invoice"}, made)
        for _ in range(2):
            found = library.results.get(stored.id)
            assert found.result == made and found.options == {"schema": "invoice"}
            assert found.expected_errors == pytest.approx(0.1 + 0 + 0.7 + 1)

    def test_a_result_belongs_to_a_document(self, library: Library) -> None:
        with pytest.raises(StoreError, match="there is no document"):
            library.results.save(FILE_ID, "extract", {}, extraction(FILE_ID))

    def test_a_result_is_of_the_type_of_its_verb(self, library: Library) -> None:
        add(library)
        with pytest.raises(StoreError, match="ask returns Answer, not Extraction"):
            library.results.save(FILE_ID, "ask", {}, extraction(FILE_ID))

    def test_the_doubtful_ones_come_first_for_review(self, library: Library) -> None:
        add(library)
        sure, unsure = (
            library.results.save(FILE_ID, "extract", {}, extraction(FILE_ID, value)).id
            for value in (0.9, 0.2)
        )
        library.results.save(FILE_ID, "read", {}, read_document(FILE_ID, "x"))
        found = library.results.list(order="expected_error")
        assert [item.id for item in found.items] == [unsure, sure]
        library.results.label(unsure, "f0", "accepted")
        left = library.results.list(order="expected_error", reviewed=False)
        assert [item.id for item in left.items] == [sure]


class TestLabels:
    @pytest.fixture
    def result(self, library: Library) -> str:
        add(library)
        return library.results.save(FILE_ID, "extract", {}, extraction(FILE_ID, 0.9, 0.8)).id

    def test_a_label_stands_beside_the_machines_value(self, library: Library, result: str) -> None:
        label = library.results.label(result, "f0", "edited", {"a": [1, None]}, author="reviewer")
        assert label.value == {"a": [1, None]} and label.revision == 1
        assert library.results.get(result).result == extraction(FILE_ID, 0.9, 0.8)
        assert library.results.labels(result) == {"f0": label}

    def test_an_older_label_stays_in_the_history(self, library: Library, result: str) -> None:
        library.results.label(result, "f0", "edited", 1)
        library.results.label(result, "f0", "not_present", 7, revision=1)
        history = library.results.label_history(result)
        assert [(h.revision, h.verdict, h.value) for h in history] == [
            (1, "edited", 1),
            (2, "not_present", None),
        ]

    def test_two_reviewers_do_not_overwrite_each_other(self, library: Library, result: str) -> None:
        library.results.label(result, "f0", "edited", 1, revision=0)
        with pytest.raises(StoreError, match="someone else") as caught:
            library.results.label(result, "f0", "edited", 2, revision=0)
        assert caught.value.code == "store.conflict"
        assert library.results.labels(result)["f0"].value == 1

    def test_a_result_is_reviewed_once_every_field_is(self, library: Library, result: str) -> None:
        library.results.label(result, "f0", "accepted")
        library.results.label(result, "f0", "edited", 2)
        assert not library.results.get(result).reviewed
        library.results.label(result, "f1", "accepted")
        assert library.results.get(result).reviewed

    def test_a_label_is_taken_back(self, library: Library, result: str, store: Store) -> None:
        for path in ("f0", "f1"):
            library.results.label(result, path, "edited", 7)
        library.results.withdraw(result, "f0", author="reviewer", revision=1)
        assert set(library.results.labels(result)) == {"f1"}
        assert not library.results.get(result).reviewed
        history = library.results.label_history(result)
        assert [(h.path, h.revision, h.verdict, h.value) for h in history] == [
            ("f0", 1, "edited", 7),
            ("f0", 2, "withdrawn", None),
            ("f1", 1, "edited", 7),
        ]
        last = store.audit.entries(0, 1000)[-1]
        assert (last.actor, last.action, last.subject) == ("reviewer", "label.withdraw", result)
        with pytest.raises(StoreError, match="there is no label of the field 'f0'"):
            library.results.withdraw(result, "f0")
        with pytest.raises(StoreError, match="someone else"):
            library.results.withdraw(result, "f1", revision=2)
        # Whoever sees no label writes one as if there had been none.
        assert library.results.label(result, "f0", "accepted", revision=0).revision == 3
        assert library.results.get(result).reviewed

    def test_a_field_that_does_not_exist_is_named(self, library: Library, result: str) -> None:
        with pytest.raises(StoreError, match="there is no field 'f7'"):
            library.results.label(result, "f7", "accepted")


class TestChats:
    def test_messages_come_back_in_order(self, library: Library) -> None:
        first, second = add(library), add(library, b"two")
        chat = library.chats.create([second, first, second], "title")
        assert chat.document_ids == (second, first)
        turn = Turn(document_id=first, question="q", read_as="q", text="a", confidence=0.5)
        asked = library.chats.add(chat.id, "user", "q")
        answered = library.chats.add(chat.id, "assistant", "a", turn)
        assert library.chats.messages(chat.id) == (asked, answered)
        assert [asked.number, answered.number] == [1, 2] and answered.turn == turn

    def test_a_chat_goes_with_one_of_its_documents(self, library: Library) -> None:
        first, second = add(library), add(library, b"two")
        library.chats.create([first, second])
        kept = library.chats.create([second])
        library.documents.delete(first)
        assert library.chats.list().items == (kept,)


SCHEMA = {
    "title": "Mine",
    "type": "object",
    "properties": {"total": {"type": "number", "description": "the total"}},
}


class TestSchemas:
    def test_a_schema_is_kept_under_its_name(self, library: Library) -> None:
        library.schemas.save("mine", {**SCHEMA, "title": "Older"})
        saved = library.schemas.save("mine", SCHEMA)
        assert library.schemas.get("mine") == saved and saved.json_schema == SCHEMA
        library.schemas.delete("mine")
        assert library.schemas.list().items == ()

    def test_a_schema_that_cannot_be_extracted_is_refused(self, library: Library) -> None:
        with pytest.raises(SchemaError):
            library.schemas.save("mine", {"type": "array"})


class TestKeys:
    def test_a_key_is_known_by_its_secret(self, store: Store) -> None:
        key, secret = store.keys.create("ann", "laptop", ["read", "write"])
        assert store.keys.authenticate(secret) == key
        assert (key.owner, key.scopes, key.expires) == ("ann", ("read", "write"), None)

    def test_the_secret_is_not_stored(self, store: Store) -> None:
        _, secret = store.keys.create("ann", "laptop", ["read"])
        with store.database.read() as connection:
            row = connection.execute(text("SELECT * FROM keys")).one()
        assert secret.rpartition("_")[2] not in repr(row)

    def test_other_secrets_are_refused(self, store: Store) -> None:
        key, secret = store.keys.create("ann", "laptop", ["read"])
        _, other = store.keys.create("bob", "laptop", ["read"])
        mixed = f"docagent_{key.id}_{other.rpartition('_')[2]}"
        for wrong in ("", "x", secret[:-1], secret + "x", mixed, f"docagent_{'0' * 24}_x", "ä"):
            with pytest.raises(StoreError, match="the key is not valid") as caught:
                store.keys.authenticate(wrong)
            assert caught.value.code == "store.refused"

    def test_a_key_expires(self, store: Store) -> None:
        soon = datetime.now(UTC) + timedelta(hours=1)
        key, secret = store.keys.create("ann", "a", ["read"], soon)
        assert store.keys.authenticate(secret).expires == key.expires == soon
        _, secret = store.keys.create("ann", "b", ["read"], soon - timedelta(hours=2))
        with pytest.raises(StoreError, match="not valid"):
            store.keys.authenticate(secret)

    def test_a_revoked_key_is_refused_and_its_documents_stay(self, store: Store) -> None:
        add(store.library("ann"))
        key, secret = store.keys.create("ann", "a", ["read"])
        store.keys.revoke(key.id)
        with pytest.raises(StoreError, match="not valid"):
            store.keys.authenticate(secret)
        assert store.library("ann").documents.list().items
        assert [key.revoked is not None for key in store.keys.list("ann")] == [True]

    @pytest.mark.parametrize("scopes", [[], ["root"], ["read", "all"]])
    def test_a_scope_that_does_not_exist_is_named(self, store: Store, scopes: list[str]) -> None:
        with pytest.raises(StoreError, match="one or more of read, write, review, admin"):
            store.keys.create("ann", "a", scopes)  # type: ignore[arg-type]


class TestWebhooks:
    def test_an_event_waits_for_each_webhook_that_wants_it(
        self, store: Store, library: Library
    ) -> None:
        hook = library.webhooks.add("https://example.com/a", ["job.done"])
        library.webhooks.add("https://example.com/b", ["job.failed"])
        assert library.webhooks.send("job.done", '{"a": 1}') == 1
        ((found, delivery),) = store.outbox.take(10, seconds=60)
        assert (found, delivery.payload, delivery.attempts) == (hook, '{"a": 1}', 1)
        assert store.outbox.take(10, seconds=60) == ()
        store.outbox.retry(delivery.id, 0)
        ((_, again),) = store.outbox.take(10, seconds=60)
        assert again.attempts == 2
        store.outbox.done(delivery.id)
        store.outbox.retry(delivery.id, 0)
        assert store.outbox.take(10, seconds=0) == ()


class TestAudit:
    def test_what_is_done_is_logged_in_a_chain(self, store: Store, library: Library) -> None:
        document = add(library)
        library.documents.delete(document, actor="admin")
        store.audit.append("bob", "export", document, format="csv")
        entries = store.audit.entries()
        assert [(e.actor, e.action, e.subject) for e in entries] == [
            ("ann", "document.add", document),
            ("admin", "document.delete", document),
            ("bob", "export", document),
        ]
        assert entries[-1].details == {"format": "csv"}
        assert all(b.previous == a.hash for a, b in pairwise(entries))
        assert store.audit.first_broken() is None and store.audit.head() == entries[-1].hash
        assert store.audit.entries(after=2) == entries[2:]

    @pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
    def test_the_database_refuses_changes(self, store: Store, statement: str) -> None:
        store.audit.append("ann", "a", "b")
        refused = pytest.raises(DBAPIError, match="can only be appended to")
        with refused, store.database.engine.begin() as connection:
            connection.execute(text(statement))

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE audit SET actor = 'x' WHERE number = 2", "DELETE FROM audit WHERE number = 2"],
    )
    def test_a_change_around_the_database_is_found(self, store: Store, statement: str) -> None:
        for n in range(3):
            store.audit.append("ann", "a", str(n))
        disable = (
            ["DROP TRIGGER audit_update", "DROP TRIGGER audit_delete"]
            if store.database.is_sqlite
            else ["DROP TRIGGER audit_change ON audit"]
        )
        with store.database.write() as connection:
            for command in [*disable, statement]:
                connection.execute(text(command))
        assert store.audit.first_broken() == 2


class TestJobs:
    def test_a_job_waits_for_a_worker(self, library: Library) -> None:
        add(library)
        job, is_new = library.jobs.submit(FILE_ID, "extract", {"schema": "invoice"}, batch_id="b")
        assert is_new and job.state == "waiting" and not job.is_final
        assert library.jobs.get(job.id) == job and library.jobs.wait(job.id, 0) == job
        assert library.jobs.counts("b") == {"waiting": 1} and library.jobs.counts("c") == {}
        assert library.jobs.list(state="waiting", batch_id="b").items == (job,)
        assert library.jobs.list(state="done").items == ()

    def test_a_key_stands_for_one_submission(self, store: Store, library: Library) -> None:
        add(library), add(store.library("bob"))
        job, _ = library.jobs.submit(FILE_ID, "read", job_id="key")
        again, is_new = library.jobs.submit(FILE_ID, "read", job_id="key")
        assert again == job and not is_new
        with pytest.raises(StoreError, match="use a new key") as caught:
            library.jobs.submit(FILE_ID, "classify", job_id="key")
        assert caught.value.code == "store.conflict"
        assert store.library("bob").jobs.submit(FILE_ID, "classify", job_id="key")[1]

    def test_a_full_queue_refuses_more(self, stored_settings: Settings) -> None:
        store = open_store(stored_settings.replace(jobs_waiting=2))
        library = store.library(LOCAL)
        add(library)
        for n in range(2):
            library.jobs.submit(FILE_ID, "read", job_id=str(n))
        with pytest.raises(StoreError, match="2 jobs wait") as caught:
            library.jobs.submit(FILE_ID, "read")
        assert caught.value.code == "store.full" and caught.value.retryable
        assert not library.jobs.submit(FILE_ID, "read", job_id="0")[1]
        library.jobs.cancel("0")
        assert library.jobs.submit(FILE_ID, "read")[1]
        store.close()

    def test_a_waiting_job_is_cancelled_at_once(self, library: Library) -> None:
        add(library)
        job, _ = library.jobs.submit(FILE_ID, "read")
        cancelled = library.jobs.cancel(job.id)
        assert cancelled.state == "cancelled" and cancelled.finished is not None
        assert library.jobs.cancel(job.id) == cancelled

    def test_a_saved_schema_is_used_as_it_was(self, library: Library) -> None:
        add(library)
        library.schemas.save("mine", SCHEMA)
        job, _ = library.jobs.submit(FILE_ID, "extract", {"schema": "mine"})
        library.schemas.delete("mine")
        assert library.jobs.get(job.id).options == {"schema": SCHEMA}
        kinds, _ = library.jobs.submit(FILE_ID, "classify", {"schemas": ["invoice", "receipt"]})
        assert kinds.options == {"schemas": ["invoice", "receipt"]}

    @pytest.mark.parametrize(
        ("verb", "options", "kind"),
        [
            ("extract", {"schema": "/etc/passwd"}, StoreError),
            ("extract", {"schema": "pyproject.toml"}, StoreError),
            ("classify", {"schemas": ["invoice", "extraction_schemas/x.json"]}, StoreError),
            ("extract", {}, SettingsError),
            ("extract", {"schema": {"type": "array"}}, SchemaError),
            ("ask", {"question": 7}, SettingsError),
            ("read", {"nothing": 1}, SettingsError),
            ("chat", {}, StoreError),
            ("fly", {}, StoreError),
        ],
    )
    def test_wrong_options_are_refused_at_once(
        self, library: Library, verb: str, options: dict[str, object], kind: type[Exception]
    ) -> None:
        add(library)
        with pytest.raises(kind):
            library.jobs.submit(FILE_ID, verb, options)
        assert library.jobs.list().items == ()

    @pytest.mark.parametrize("given", [{"job_id": "a/b"}, {"job_id": ""}, {"priority": 101}])
    def test_wrong_names_are_refused(self, library: Library, given: dict[str, object]) -> None:
        add(library)
        with pytest.raises(StoreError) as caught:
            library.jobs.submit(FILE_ID, "read", **given)  # type: ignore[arg-type]
        assert caught.value.code == "store.invalid"


def store_files(store: Store) -> Iterator[str]:
    yield from store.files._system.find(store.files._root)
