"""Jobs over HTTP: events, cancellation, batches, and servers and workers that are killed."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import httpx2

from tests.api_server import SAMPLES, ApiServer
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_api_documents import read_events, upload, upload_bytes
from tests.test_api_verbs import wait_for


def letter(text: str, pages: int = 1) -> bytes:
    return pdf_bytes(*(PdfPage(text_at(50, 700, f"{text} {n}")) for n in range(pages)))


def test_events_tell_how_far_a_job_is(anna: httpx2.Client) -> None:
    document = upload_bytes(anna, letter("Events", 5), "events.pdf")
    headers = {"Prefer": "respond-async"}
    job = anna.post("/v1/read", json={"document_id": document}, headers=headers).json()
    answer = anna.get(f"/v1/jobs/{job['id']}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    events = read_events(answer.text)
    assert [name for name, _ in events[:-1]] == ["progress"] * (len(events) - 1)
    name, last = events[-1]
    assert (name, last["state"], last["pages_done"], last["pages_total"]) == ("end", "done", 5, 5)
    again = read_events(anna.get(f"/v1/jobs/{job['id']}/events").text)
    assert again == [("end", last)]


def test_a_job_is_cancelled(anna: httpx2.Client) -> None:
    document = upload_bytes(anna, letter("Cancelled", 40), "long.pdf")
    headers = {"Prefer": "respond-async"}
    body = {"document_id": document, "priority": 50}
    job = anna.post("/v1/read", json=body, headers=headers).json()
    cancelled = anna.post(f"/v1/jobs/{job['id']}/cancel").json()
    assert cancelled["state"] in ("cancelled", "done")
    if cancelled["state"] == "cancelled":
        answer = anna.get(f"/v1/jobs/{job['id']}/result")
        assert (answer.status_code, answer.json()["code"]) == (409, "job.cancelled")
    assert anna.post("/v1/jobs/no-such-job/cancel").status_code == 404


def test_a_result_before_its_time(anna: httpx2.Client) -> None:
    document = upload_bytes(anna, letter("Early", 60), "early.pdf")
    headers = {"Prefer": "respond-async"}
    job = anna.post("/v1/read", json={"document_id": document}, headers=headers).json()
    answer = anna.get(f"/v1/jobs/{job['id']}/result")
    assert answer.status_code in (200, 409)
    if answer.status_code == 409:
        assert (answer.json()["code"], answer.json()["retryable"]) == ("job.not_done", True)
    wait_for(anna, job["id"])
    assert anna.get(f"/v1/jobs/{job['id']}/result").status_code == 200


def test_a_failed_job_says_why_for_ever(anna: httpx2.Client) -> None:
    content = (SAMPLES / "receipt.jpg").read_bytes()[:500]
    answer = anna.post("/v1/read", files={"file": content})
    jobs = anna.get("/v1/jobs", params={"state": "failed", "limit": 1}).json()["items"]
    result = anna.get(f"/v1/jobs/{jobs[0]['id']}/result")
    assert answer.json()["code"] == result.json()["code"] == "source.damaged"
    assert jobs[0]["error"]["code"] == "source.damaged"


def test_a_batch(anna: httpx2.Client) -> None:
    documents = [upload_bytes(anna, letter(f"Batch {n}"), f"{n}.pdf") for n in range(5)]
    body: dict[str, Any] = {"document_ids": [*documents, "f" * 64], "verb": "read"}
    answer = anna.post("/v1/batches", json=body)
    assert answer.status_code == 202
    batch = answer.json()
    assert [r["document_id"] for r in batch["refused"]] == ["f" * 64]
    end = time.monotonic() + 60
    while (counts := anna.get(answer.headers["Location"]).json()["counts"]) != {"done": 5}:
        assert time.monotonic() < end, counts
        time.sleep(0.1)
    jobs = anna.get("/v1/jobs", params={"batch_id": batch["id"]}).json()["items"]
    assert {job["document_id"] for job in jobs} == set(documents)
    wrong = anna.post("/v1/batches", json={**body, "verb": "extract"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "settings.invalid")
    assert anna.get(f"/v1/batches/{'0' * 24}").status_code == 404


def test_a_batch_of_nothing_is_none(anna: httpx2.Client) -> None:
    missing = ["f" * 64, "e" * 64]
    answer = anna.post("/v1/batches", json={"verb": "read", "document_ids": missing})
    assert (answer.status_code, answer.json()["code"]) == (404, "store.missing")


def test_a_full_queue_is_told(tmp_path: Path) -> None:
    limits = {"DOCAGENT_JOBS_WAITING": "1"}
    server = ApiServer(tmp_path, "--workers", "1", environment=limits)
    with server, server.client() as client:
        document = upload_bytes(client, letter("Queue", 20), "queue.pdf")
        headers = {"Prefer": "respond-async"}
        answers = [
            client.post("/v1/read", json={"document_id": document}, headers=headers)
            for _ in range(6)
        ]
        refused = [a for a in answers if a.status_code == 429]
        assert refused, [a.status_code for a in answers]
        assert refused[0].json()["code"] == "store.full"
        assert int(refused[0].headers["Retry-After"]) >= 1
        for answer in answers:
            if answer.status_code == 202:
                assert wait_for(client, answer.json()["id"])["state"] == "done"


def test_work_survives_workers_and_servers_that_are_killed(tmp_path: Path) -> None:
    server = ApiServer(tmp_path).start()
    client = server.client()
    try:
        jobs = []
        for number in range(12):
            document = upload_bytes(client, letter(f"Survivor {number}", 3), f"{number}.pdf")
            headers = {"Prefer": "respond-async", "Idempotency-Key": f"job-{number}"}
            body = {"document_id": document, "schema": "invoice"}
            jobs.append(client.post("/v1/extract", json=body, headers=headers).json()["id"])
        workers = server.workers()
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        while client.get("/v1/jobs", params={"state": "done", "limit": 1}).json()["items"] == []:
            time.sleep(0.05)
        os.kill(server.process.pid, signal.SIGKILL)
        server.stop()
        client.close()
        server = ApiServer(tmp_path, environment={"DOCAGENT_JOBS_LEASE": "1"}).start()
        client = server.client()
        ended = [wait_for(client, job, 120) for job in jobs]
        assert [job["state"] for job in ended] == ["done"] * 12
        results = client.get("/v1/results", params={"limit": 100}).json()["items"]
        assert sorted(r["job_id"] for r in results) == sorted(jobs)
        assert len(server.workers()) == 2
    finally:
        client.close()
        server.stop()


def test_the_next_request_finds_another_worker(api: ApiServer, anna: httpx2.Client) -> None:
    document = upload(anna)
    before = api.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    answer = anna.post("/v1/ask", json={"document_id": document, "question": "What is the total?"})
    assert answer.json()["text"] == "145.61"
    assert not set(api.workers()) & set(before)
    restarts = re.search(r"docagent_worker_restarts_total (\d+)", anna.get("/metrics").text)
    assert restarts and int(restarts[1]) >= 2
