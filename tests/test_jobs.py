"""Jobs: leases in every database, and a worker in this process with an engine of lines."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from sqlalchemy import text

from docagent.agent import DocAgent
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.jobs.running import Runner
from docagent.jobs.worker import Worker
from docagent.reader.scripted import ScriptedReader
from docagent.settings import Settings
from docagent.sources.scan import ScanPage
from docagent.store import Job, open_store
from docagent.store.leases import Lease
from docagent.store.store import Library, Store
from docagent.store.types import JobError
from tests.documents import page_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.stores import read_document

LEASE = 60.0


@pytest.fixture
def store(stored_settings: Settings) -> Iterator[Store]:
    opened = open_store(stored_settings.replace(jobs_lease=LEASE, jobs_attempts=2))
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store) -> Library:
    return store.library("ann")


def submit(library: Library, job_id: str = "", **given: object) -> Job:
    document = library.documents.add(image_file(), "a.png")[0].id
    return library.jobs.submit(document, "read", job_id=job_id or None, **given)[0]  # type: ignore[arg-type]


def image_file(shade: int = 255, pages: int = 1) -> bytes:
    """A file with empty pages, as an image; different for each shade."""
    stream = io.BytesIO()
    images = [Image.new("L", (40, 60), shade) for _ in range(pages)]
    images[0].save(stream, "TIFF" if pages > 1 else "PNG", save_all=True, append_images=images[1:])
    return stream.getvalue()


def expire(store: Store) -> None:
    """Let all leases run out."""
    with store.database.write() as connection:
        connection.execute(text("UPDATE jobs SET lease = 0 WHERE state = 'running'"))


def take(store: Store, worker: str = "w1") -> Lease:
    lease = store.leases.take(worker)
    assert lease is not None
    return lease


RETRYABLE = JobError(code="source.timeout", message="too slow", retryable=True)


class TestLeases:
    def test_a_job_goes_to_one_worker(self, store: Store, library: Library) -> None:
        submit(library, "a")
        lease = take(store)
        assert store.leases.take("w2") is None
        job = library.jobs.get("a")
        assert (job.state, job.stage, job.worker, job.attempts) == ("running", "loading", "w1", 1)
        assert store.leases.progress(lease, "reading", 1, 3)
        job = library.jobs.get("a")
        assert (job.stage, job.pages_done, job.pages_total) == ("reading", 1, 3)
        document = read_document(job.document_id, "x")
        assert store.leases.finish(lease, document)
        job = library.jobs.get("a")
        assert job.is_final and job.state == "done" and job.stage == "finished"
        assert job.result_id is not None
        stored = library.results.get(job.result_id)
        assert stored.result == document and stored.job_id == "a"

    def test_urgent_jobs_come_first_then_older_ones(self, store: Store, library: Library) -> None:
        for name, priority in (("a", 0), ("b", 0), ("c", -1), ("d", 1)):
            submit(library, name, priority=priority)
        assert [take(store).job.id for _ in range(4)] == ["c", "a", "b", "d"]

    def test_many_workers_take_each_job_once(self, store: Store, library: Library) -> None:
        for n in range(12):
            submit(library, str(n))

        def take_all(worker: str) -> list[str]:
            found = []
            while (lease := store.leases.take(worker)) is not None:
                found.append(lease.job.id)
            return found

        with ThreadPoolExecutor(4) as pool:
            taken = [name for found in pool.map(take_all, "wxyz") for name in found]
        assert sorted(taken, key=int) == [str(n) for n in range(12)]

    def test_a_lost_worker_loses_its_job(self, store: Store, library: Library) -> None:
        submit(library, "a")
        old = take(store)
        expire(store)
        new = take(store, "w2")
        assert new.job.id == "a" and new.attempt == 2
        document = read_document(old.job.document_id, "x")
        assert not store.leases.extend(old)
        assert not store.leases.progress(old, "reading", 0, None)
        assert not store.leases.finish(old, document)
        assert not store.leases.fail(old, RETRYABLE)
        assert not store.leases.give_back(old)
        assert library.jobs.get("a").worker == "w2" and library.results.list().items == ()
        assert store.leases.finish(new, document)
        assert len(library.results.list().items) == 1

    def test_a_lease_that_is_extended_goes_on(self, store: Store, library: Library) -> None:
        submit(library)
        lease = take(store)
        expire(store)
        assert store.leases.extend(lease) and store.leases.take("w2") is None

    def test_the_jobs_of_a_dead_worker_can_be_taken_at_once(
        self, store: Store, library: Library
    ) -> None:
        submit(library, "a"), submit(library, "b")
        take(store, "dead"), take(store, "alive")
        assert store.leases.release("dead") == 1
        assert take(store, "new").job.id == "a" and store.leases.take("new") is None

    def test_a_job_that_ends_its_workers_fails(self, store: Store, library: Library) -> None:
        submit(library, "a"), submit(library, "b")
        for _ in range(2):
            assert take(store).job.id == "a"
            expire(store)
        assert take(store).job.id == "b"
        job = library.jobs.get("a")
        assert job.state == "failed" and job.error is not None and job.attempts == 2
        assert job.error.code == "job.lost" and "started 2 times" in job.error.message

    def test_a_failure_that_may_pass_is_tried_again_later(
        self, store: Store, library: Library
    ) -> None:
        submit(library, "a")
        assert store.leases.fail(take(store), RETRYABLE)
        job = library.jobs.get("a")
        assert job.state == "waiting" and job.error == RETRYABLE
        assert store.leases.take("w1") is None
        with store.database.write() as connection:
            connection.execute(text("UPDATE jobs SET due = 0"))
        assert store.leases.fail(take(store), RETRYABLE)
        assert library.jobs.get("a").state == "failed"

    def test_another_failure_is_final(self, store: Store, library: Library) -> None:
        submit(library, "a")
        error = JobError(code="source.damaged", message="broken")
        assert store.leases.fail(take(store), error)
        job = library.jobs.get("a")
        assert (job.state, job.error, job.attempts) == ("failed", error, 1)

    def test_a_job_that_is_given_back_was_never_started(
        self, store: Store, library: Library
    ) -> None:
        submit(library, "a")
        assert store.leases.give_back(take(store))
        job = library.jobs.get("a")
        assert (job.state, job.attempts, job.worker) == ("waiting", 0, "")
        assert take(store, "w2").attempt == 1

    def test_a_cancelled_job_has_no_result(self, store: Store, library: Library) -> None:
        submit(library, "a")
        lease = take(store)
        assert library.jobs.cancel("a").state == "cancelled"
        assert not store.leases.extend(lease)
        assert not store.leases.finish(lease, read_document(lease.job.document_id, "x"))
        assert library.jobs.get("a").state == "cancelled" and not library.results.list().items

    def test_a_deleted_document_has_no_result(self, store: Store, library: Library) -> None:
        job = submit(library)
        lease = take(store)
        library.documents.delete(job.document_id)
        assert not store.leases.finish(lease, read_document(job.document_id, "x"))
        assert store.leases.counts() == {}

    def test_the_password_is_for_the_worker_alone(self, store: Store, library: Library) -> None:
        document = library.documents.add(image_file())[0].id
        job, _ = library.jobs.submit(document, "read", {"password": "hunter2", "pages": "1"})
        assert job.options == {"pages": "1"}
        lease = take(store)
        assert lease.options == {"pages": "1", "password": "hunter2"}
        assert store.leases.finish(lease, read_document(document, "x"))
        assert library.results.list().items[0].options == {"pages": "1"}
        with store.database.read() as connection:
            row = connection.execute(text("SELECT * FROM jobs")).one()
        assert "hunter2" not in repr(row)

    def test_webhooks_are_told_of_the_end(self, store: Store, library: Library) -> None:
        library.webhooks.add("https://example.com", ["job.done", "job.cancelled"])
        submit(library, "a"), submit(library, "b")
        lease = take(store)
        store.leases.finish(lease, read_document(lease.job.document_id, "x"))
        library.jobs.cancel("b"), library.jobs.cancel("b")
        told = [json.loads(delivery.payload) for _, delivery in store.outbox.take(9, 60)]
        assert [(t["type"], t["data"]["id"]) for t in told] == [
            ("job.done", "a"),
            ("job.cancelled", "b"),
        ]
        assert told[0]["data"]["result_id"] == library.jobs.get("a").result_id
        assert "options" not in told[0]["data"]

    def test_what_waits_is_counted(self, store: Store, library: Library) -> None:
        assert store.leases.oldest_waiting() == 0
        submit(library, "a"), submit(library, "b")
        take(store)
        assert store.leases.counts() == {"waiting": 1, "running": 1}
        assert 0 <= store.leases.oldest_waiting() < 60


class Engine:
    """Reads the same lines from every page; calls ``before`` first."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before
        self.pages_read = 0

    def read_page(self, scan_page: ScanPage) -> Page:
        self.before()
        self.pages_read += 1
        return page_of(["Invoice No.  INV-7", "Total  12.50"], scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


class Working:
    """A worker in this process. changes: how often it said that a job changed."""

    def __init__(self, store: Store, reader: ScriptedReader | None = None) -> None:
        self.engine = Engine()
        self.changes = 0
        self.stop = threading.Event()
        agent = DocAgent(store.settings, engine=self.engine, reader=reader or ScriptedReader({}))
        self.worker = Worker(store, Runner(store, agent, self._change), "worker")

    def _change(self) -> None:
        self.changes += 1

    def next(self) -> bool:
        return self.worker.run_next(self.stop)


@pytest.fixture
def sqlite_store(tmp_path: object, empty_stores: object) -> Iterator[Store]:
    opened = open_store(Settings(store_folder=f"{tmp_path}/store", jobs_lease=2, jobs_attempts=2))
    yield opened
    opened.close()


class TestWorker:
    @pytest.fixture
    def store(self, sqlite_store: Store) -> Store:
        return sqlite_store

    @pytest.fixture
    def working(self, store: Store) -> Working:
        return Working(store)

    def test_a_job_is_run(self, library: Library, working: Working) -> None:
        assert not working.next()
        document = library.documents.add(image_file(pages=3), "a.tif")[0].id
        library.jobs.submit(document, "read", job_id="a")
        assert working.next() and not working.next()
        job = library.jobs.get("a")
        assert (job.state, job.pages_done, job.pages_total) == ("done", 3, 3)
        assert job.result_id is not None
        result = library.results.get(job.result_id).result
        assert result == library.documents.reading(document) and working.changes >= 4
        assert [page.number for page in result.pages] == [1, 2, 3]  # type: ignore[attr-defined]
        assert library.search("inv")[0].name == "a.tif"

    def test_a_document_is_read_once_for_all_verbs(
        self, store: Store, library: Library, working: Working
    ) -> None:
        document = library.documents.add(image_file(pages=2))[0].id
        library.jobs.submit(document, "read")
        library.jobs.submit(document, "extract", {"schema": "invoice"})
        library.jobs.submit(document, "correct")
        while working.next():
            pass
        assert working.engine.pages_read == 2
        another = Working(store)
        library.jobs.submit(document, "classify", job_id="c")
        assert another.next() and another.engine.pages_read == 0
        assert library.jobs.get("c").state == "done"

    def test_other_settings_read_again(self, store: Store, library: Library) -> None:
        document = library.documents.add(image_file())[0].id
        for engine_settings in ({}, {"render_dpi": 100}):
            changed = open_store(store.settings.replace(**engine_settings))
            working = Working(changed)
            library.jobs.submit(document, "read", job_id=f"j{len(engine_settings)}")
            assert working.next() and working.engine.pages_read == 1
            changed.close()

    def test_chosen_pages_are_not_taken_for_the_document(
        self, library: Library, working: Working
    ) -> None:
        document = library.documents.add(image_file(pages=3))[0].id
        library.jobs.submit(document, "read", {"pages": "2"}, job_id="a")
        assert working.next()
        result = library.results.list().items[0].result
        assert [page.number for page in result.pages] == [2]  # type: ignore[attr-defined]
        assert library.documents.reading(document) is None
        library.jobs.submit(document, "read", job_id="b")
        assert working.next() and library.documents.get(document).pages == 3

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"not a document", "source.unsupported"),
            (b"", "source.empty"),
            (b"%PDF-1.7 broken", "source.damaged"),
        ],
    )
    def test_a_wrong_file_fails_with_its_code(
        self, library: Library, working: Working, data: bytes, code: str
    ) -> None:
        document = library.documents.add(data, "wrong.pdf")[0].id
        library.jobs.submit(document, "read", job_id="a")
        assert working.next()
        job = library.jobs.get("a")
        assert job.state == "failed" and job.error is not None and job.error.code == code
        assert job.error.message.startswith("wrong.pdf: ")

    def test_a_fault_fails_the_job_and_quotes_nothing(
        self, library: Library, working: Working, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise KeyError("secret words of the document")

        working.engine.before = fail
        submit(library, "a")
        assert working.next()
        job = library.jobs.get("a")
        assert job.state == "failed" and job.error is not None
        assert job.error.code == "job.fault" and "KeyError" in job.error.message
        assert "secret" not in job.error.message + caplog.text and "KeyError" in caplog.text
        working.engine.before = lambda: None
        submit(library, "b")
        assert working.next() and library.jobs.get("b").state == "done"

    def test_a_cancelled_job_stops_at_the_next_page(
        self, library: Library, working: Working
    ) -> None:
        document = library.documents.add(image_file(pages=5))[0].id
        library.jobs.submit(document, "read", job_id="a")
        working.engine.before = lambda: void(library.jobs.cancel("a"))
        assert working.next()
        assert library.jobs.get("a").state == "cancelled"
        assert working.engine.pages_read == 1 and not library.results.list().items

    def test_a_worker_that_stops_gives_its_job_back(
        self, library: Library, working: Working
    ) -> None:
        document = library.documents.add(image_file(pages=5))[0].id
        library.jobs.submit(document, "read", job_id="a")

        def stop() -> None:
            working.stop.set()
            time.sleep(0.5)

        working.engine.before = stop
        assert working.next()
        job = library.jobs.get("a")
        assert (job.state, job.attempts) == ("waiting", 0) and working.engine.pages_read == 1

    def test_a_lease_is_extended_while_a_page_takes_long(
        self, store: Store, library: Library, working: Working
    ) -> None:
        submit(library, "a")
        takers = []

        def wait() -> None:
            end = time.monotonic() + 1.5 * store.settings.jobs.lease
            while time.monotonic() < end:
                takers.append(store.leases.take("w2"))
                time.sleep(0.1)

        working.engine.before = wait
        assert working.next()
        assert library.jobs.get("a").state == "done" and set(takers) == {None}

    def test_a_file_that_was_lost_fails_the_job(
        self, store: Store, library: Library, working: Working
    ) -> None:
        submit(library, "a")
        with store.database.read() as connection:
            path = connection.execute(text("SELECT file FROM contents")).scalar_one()
        store.files.delete(path)
        assert working.next()
        error = library.jobs.get("a").error
        assert error is not None and error.code == "store.damaged"

    def test_a_pdf_with_text_is_extracted(self, store: Store, library: Library) -> None:
        script = ScriptedReader({"total amount": [("12.50", 0.9)]})
        page = PdfPage(text_at(72, 700, "Total 12.50"))
        document = library.documents.add(pdf_bytes(page), "a.pdf")[0].id
        library.schemas.save("slip", SCHEMA)
        library.jobs.submit(document, "extract", {"schema": "slip"}, job_id="a")
        assert Working(store, script).next()
        result = library.results.list().items[0]
        assert result.result.data == {"total": 12.5}  # type: ignore[attr-defined]
        assert result.expected_errors is not None and 0 <= result.expected_errors < 1


SCHEMA = {
    "title": "Slip",
    "type": "object",
    "properties": {
        "total": {"type": "number", "description": "Total amount due", "x-normaliser": "amount"}
    },
}


def void(value: object) -> None:
    """Takes a value and returns nothing."""
