"""Processes that run jobs, or serve them, are killed: no job is lost, and none has two results."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from docagent.document import Document
from docagent.jobs.worker import STUCK_EXIT_CODE
from docagent.settings import Settings
from docagent.store import open_store
from docagent.store.store import Library, Store
from docagent.store.tables import deliveries
from tests.api_server import ApiServer
from tests.job_processes import WorkerProcess, wait_until, worker_processes
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.postgres_server import Server
from tests.stores import store_settings

JOBS = 50
PAGES = 4
LEASE = 2.0


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgres", marks=(pytest.mark.postgres, pytest.mark.slow)),
    ]
)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty store with short leases."""
    if request.param == "sqlite":
        yield store_settings("sqlite", tmp_path, jobs_lease=LEASE)
        return
    server: Server = request.getfixturevalue("postgres")
    url = server.new_database()
    yield store_settings("postgres", tmp_path, url, jobs_lease=LEASE)
    server.drop(url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store) -> Library:
    return store.library("ann")


def submit(library: Library, count: int) -> None:
    """Submit jobs, each for a document of its own."""
    # No server calls this address; what waits for it tells how often each event was raised.
    library.webhooks.add("https://localhost/hook", ["job.done", "job.failed"])
    for number in range(count):
        pages = [PdfPage(text_at(72, 700, text_of(number, page))) for page in range(PAGES)]
        document = library.documents.add(pdf_bytes(*pages), f"{number}.pdf")[0].id
        library.jobs.submit(document, "read", job_id=str(number))


def text_of(number: int, page: int) -> str:
    return f"Job {number} has this text on its page {page} of {PAGES}"


def wait_for_all(library: Library, count: int) -> None:
    wait_until(lambda: library.jobs.counts().get("done", 0) >= count)


def check(store: Store, library: Library, count: int) -> int:
    """Each job is done once: one result, which is that of its document, and one event. Returns how
    many jobs were started more than once."""
    jobs = library.jobs.list(1000).items
    assert {job.id: job.state for job in jobs} == {str(n): "done" for n in range(count)}
    results = library.results.list(1000).items
    assert sorted(result.job_id or "" for result in results) == sorted(map(str, range(count)))
    for result in results:
        assert isinstance(result.result, Document)
        expected = [text_of(int(result.job_id or ""), page) for page in range(PAGES)]
        assert [page.text for page in result.result.pages] == expected
    with store.database.read() as connection:
        told = [
            json.loads(text) for text in connection.execute(select(deliveries.c.payload)).scalars()
        ]
    assert sorted((t["type"], t["data"]["id"]) for t in told) == sorted(
        ("job.done", str(n)) for n in range(count)
    )
    return sum(job.attempts > 1 for job in jobs)


def test_another_worker_takes_over(settings: Settings, store: Store, library: Library) -> None:
    submit(library, 5)
    with worker_processes(settings, 1) as (first,):
        job = first.stop_in_job(store, library)
        first.kill()
        with worker_processes(settings, 1):
            wait_for_all(library, 5)
    assert check(store, library, 5) == 1 and library.jobs.get(job.id).attempts == 2


def test_a_worker_that_is_asked_to_stop_leaves_nothing_behind(
    settings: Settings, store: Store, library: Library
) -> None:
    submit(library, 30)
    with worker_processes(settings, 1) as (worker,):
        wait_until(lambda: "done" in library.jobs.counts())
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
    assert "running" not in library.jobs.counts()
    assert all(job.attempts == (job.state == "done") for job in library.jobs.list(1000).items)


def test_a_job_that_takes_too_long_ends_its_worker(
    settings: Settings, store: Store, library: Library
) -> None:
    submit(library, 1)
    with worker_processes(settings.replace(jobs_seconds=0.001), 1) as (worker,):
        assert worker.wait() == STUCK_EXIT_CODE
    error = library.jobs.get("0").error
    assert error is not None and error.code == "job.timeout"


@pytest.mark.slow
class TestFiftyJobs:
    @pytest.fixture(autouse=True)
    def jobs(self, library: Library) -> None:
        submit(library, JOBS)

    def test_everything_is_killed_and_started_again(
        self, settings: Settings, store: Store, library: Library
    ) -> None:
        with worker_processes(settings, 2) as workers:
            wait_until(lambda: library.jobs.counts().get("done", 0) >= 5)
            for worker in workers:
                worker.stop_in_job(store, library)
            for worker in workers:
                worker.kill()
        assert library.jobs.counts()["done"] < JOBS
        with worker_processes(settings, 2):
            wait_for_all(library, JOBS)
        assert check(store, library, JOBS) == 2

    def test_one_worker_is_killed_and_started_again(
        self, settings: Settings, store: Store, library: Library
    ) -> None:
        with worker_processes(settings, 2) as workers:
            for _ in range(3):
                done = library.jobs.counts().get("done", 0)
                wait_until(lambda known=done: library.jobs.counts().get("done", 0) >= known + 4)
                workers[0].stop_in_job(store, library)
                workers[0].kill()
                assert store.leases.release(workers[0].name) == 1
                workers[0] = WorkerProcess(settings)
            wait_for_all(library, JOBS)
        assert check(store, library, JOBS) == 3

    def test_one_worker_is_killed_and_never_comes_back(
        self, settings: Settings, store: Store, library: Library
    ) -> None:
        with worker_processes(settings, 3) as workers:
            wait_until(lambda: library.jobs.counts().get("done", 0) >= 5)
            workers[0].stop_in_job(store, library)
            workers[0].kill()
            wait_for_all(library, JOBS)
        assert check(store, library, JOBS) == 1

    def test_a_worker_that_comes_back_late_changes_nothing(
        self, settings: Settings, store: Store, library: Library
    ) -> None:
        with worker_processes(settings, 2) as workers:
            wait_until(lambda: library.jobs.counts().get("done", 0) >= 5)
            late = workers[0].stop_in_job(store, library)
            wait_for_all(library, JOBS)
            done = library.jobs.get(late.id)
            workers[0].send(signal.SIGCONT)
            time.sleep(LEASE)
            assert library.jobs.get(late.id) == done
            # It goes on with other work.
            again = library.documents.add(pdf_bytes(PdfPage(text_at(72, 700, "more"))))[0].id
            workers[1].kill()
            library.jobs.submit(again, "read", job_id="more")
            wait_until(lambda: library.jobs.get("more").state == "done")
            library.documents.delete(again)
        assert check(store, library, JOBS) == 1


@pytest.mark.slow
def test_a_server_is_killed_and_started_again(settings: Settings, store: Store) -> None:
    library = store.library()
    submit(library, JOBS)
    server = start_server(settings)
    try:
        for _ in range(2):
            done = library.jobs.counts().get("done", 0)
            wait_until(lambda known=done: library.jobs.counts().get("done", 0) >= known + 3)
            os.kill(server.process.pid, signal.SIGKILL)
            server.stop()
            assert library.jobs.counts()["done"] < JOBS
            server = start_server(settings)
        wait_for_all(library, JOBS)
        check(store, library, JOBS)
        with server.client() as client:
            for number in range(JOBS):
                answer = client.get(f"/v1/jobs/{number}/result")
                read = Document.model_validate_json(answer.content)
                assert read.pages[0].text == text_of(number, 0)
    finally:
        server.stop()


def start_server(settings: Settings) -> ApiServer:
    """``docagent serve`` with its workers, on the same store."""
    folder = settings.store.folder
    assert folder is not None
    variables = {
        "DOCAGENT_STORE_URL": settings.store.url.get_secret_value(),
        "DOCAGENT_JOBS_LEASE": str(LEASE),
        "DOCAGENT_THREADS": "1",
    }
    return ApiServer(folder, environment=variables).start()
