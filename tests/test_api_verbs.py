"""The verbs over HTTP: a file or a document in, the library's own results out."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from docagent import DocAgent
from docagent.results import Extraction
from docagent.verbs import VERBS
from tests.api_server import SAMPLES

RECEIPT = SAMPLES / "receipt.jpg"
OPTIONS: dict[str, dict[str, Any]] = {
    "read": {},
    "correct": {},
    "ask": {"question": "What is the total?"},
    "extract": {"schema": "receipt"},
    "classify": {"schemas": ["receipt", "invoice"]},
    "summarise": {"sentences": 2},
}


@pytest.fixture(scope="module")
def receipt(anna: httpx2.Client) -> str:
    """Id of the receipt."""
    answer = anna.post("/v1/documents", files={"file": (RECEIPT.name, RECEIPT.read_bytes())})
    return str(answer.json()["id"])


@pytest.mark.parametrize("name", OPTIONS)
def test_a_verb_gives_what_the_library_gives(anna: httpx2.Client, receipt: str, name: str) -> None:
    answer = anna.post(f"/v1/{name}", json={"document_id": receipt, **OPTIONS[name]})
    assert answer.status_code == 200, answer.text
    verb = VERBS[name]
    expected = verb.run(DocAgent(), RECEIPT, verb.prepare(OPTIONS[name]))
    assert verb.result_type.model_validate_json(answer.content) == expected
    again = anna.get(f"/v1/jobs/{answer.headers['X-Job-Id']}/result")
    stored = anna.get(answer.headers["Content-Location"]).json()
    assert again.json() == answer.json() == stored["result"]


def test_every_verb_with_a_result_has_a_route(anna: httpx2.Client) -> None:
    assert set(OPTIONS) == {name for name, verb in VERBS.items() if not verb.is_conversation}


def test_a_file_and_its_fields_in_one_call(anna: httpx2.Client) -> None:
    schema = {"title": "Bill", "type": "object", "properties": {"total": {"type": "number"}}}
    data = {"schema": json.dumps(schema), "locale": "en"}
    answer = anna.post("/v1/extract", files={"file": RECEIPT.read_bytes()}, data=data)
    extraction = Extraction.model_validate_json(answer.content)
    assert extraction.data == {"total": 145.61}
    assert extraction.schema_name == "bill"


def test_a_form_has_numbers_and_lists(anna: httpx2.Client) -> None:
    files = {"file": RECEIPT.read_bytes()}
    answer = anna.post("/v1/summarise", files=files, data={"sentences": "1"})
    assert len(answer.json()["sentences"]) <= 1
    answer = anna.post("/v1/classify", files=files, data={"schemas": ["receipt", "invoice"]})
    assert answer.json()["kind"] == "receipt"


WRONG: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("ask", {}, 422, "request.invalid", "/question"),
    ("ask", {"question": 7}, 422, "settings.invalid", "/question"),
    ("ask", {"question": "Who?", "locale": "english"}, 422, "settings.invalid", "/locale"),
    ("ask", {"question": "Who?", "questoin": 1}, 422, "request.invalid", "/questoin"),
    ("read", {"schema": "invoice"}, 422, "request.invalid", "/schema"),
    ("summarise", {"sentences": 21}, 422, "settings.invalid", "/sentences"),
    ("classify", {"schemas": "invoice"}, 422, "settings.invalid", "/schemas"),
    ("extract", {"schema": {"type": "object"}}, 422, "schema.invalid", "/schema"),
    (
        "extract",
        {"schema": {"properties": {"a": {"type": "x"}}}},
        422,
        "schema.invalid",
        "/schema/properties/a/type",
    ),
    ("read", {"priority": "high"}, 422, "request.invalid", "/priority"),
]


@pytest.mark.parametrize(("name", "options", "status", "code", "pointer"), WRONG)
def test_what_is_wrong_is_named(
    anna: httpx2.Client,
    receipt: str,
    name: str,
    options: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    answer = anna.post(f"/v1/{name}", json={"document_id": receipt, **options})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer)
    assert problem["status"] == status
    assert not problem["retryable"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert anna.get(problem["type"]).text.startswith(code)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "source.empty"),
        (b"plain text", 415, "source.unsupported"),
        (b"<html><script>alert(1)</script>", 415, "source.unsupported"),
        (b"PK\x03\x04 an office file", 415, "source.unsupported"),
        (RECEIPT.read_bytes()[:200], 422, "source.damaged"),
        (b"%PDF-1.7 nothing", 422, "source.damaged"),
    ],
)
def test_a_file_that_cannot_be_read(
    anna: httpx2.Client, content: bytes, status: int, code: str
) -> None:
    # What the client says of the file is not believed.
    file = ("../../etc/passwd", content, "image/png")
    for path in ("/v1/read", "/v1/documents"):
        answer = anna.post(path, files={"file": file})
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[1]", "headers": {"Content-Type": "application/json"}}, 422),
        ({"content": b'{"a": NaN}', "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": {}}, 422),
        ({"files": {"picture": b"x"}}, 422),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}, 400),
    ],
)
def test_a_body_that_is_none(anna: httpx2.Client, given: dict[str, Any], status: int) -> None:
    answer = anna.post("/v1/read", **given)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


class TestWaiting:
    def test_a_slow_call_becomes_a_job_and_no_result_is_lost(
        self, anna: httpx2.Client, receipt: str
    ) -> None:
        body = {"document_id": receipt, "schema": "receipt"}
        answer = anna.post("/v1/extract", json=body, headers={"Prefer": "wait=0.001"})
        assert answer.status_code == 202
        assert answer.headers["Preference-Applied"] == "wait=0.001"
        job = answer.json()
        assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
        ended = wait_for(anna, job["id"])
        assert (ended["state"], ended["pages_done"], ended["pages_total"]) == ("done", 1, 1)
        first = anna.get(f"/v1/jobs/{job['id']}/result")
        assert first.json() == anna.get(f"/v1/jobs/{job['id']}/result").json()
        assert Extraction.model_validate_json(first.content)["total"].value == 145.61

    def test_not_waiting_at_all(self, anna: httpx2.Client, receipt: str) -> None:
        headers = {"Prefer": "respond-async"}
        answer = anna.post("/v1/read", json={"document_id": receipt}, headers=headers)
        assert answer.status_code == 202

    @pytest.mark.parametrize("preference", ["", "wait", "wait=soon", "handling=lenient", "wait=-1"])
    def test_another_preference_is_ignored(
        self, anna: httpx2.Client, receipt: str, preference: str
    ) -> None:
        headers = {"Prefer": preference}
        answer = anna.post("/v1/read", json={"document_id": receipt}, headers=headers)
        assert answer.status_code == 200
        assert "Preference-Applied" not in answer.headers

    def test_a_key_for_the_call_makes_it_happen_once(
        self, anna: httpx2.Client, receipt: str
    ) -> None:
        headers = {"Idempotency-Key": "order-4711"}
        body = {"document_id": receipt, "schema": "receipt"}
        answers = [anna.post("/v1/extract", json=body, headers=headers) for _ in range(2)]
        assert answers[0].headers["X-Result-Id"] == answers[1].headers["X-Result-Id"]
        assert answers[0].headers["X-Job-Id"] == "order-4711"
        other = anna.post("/v1/read", json={"document_id": receipt}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "store.conflict")
        headers = {"Idempotency-Key": "no spaces please"}
        other = anna.post("/v1/read", json={"document_id": receipt}, headers=headers)
        assert other.status_code == 422


def wait_for(client: httpx2.Client, job_id: str, seconds: float = 60) -> dict[str, Any]:
    """The job once it has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        if job["finished"]:
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {job_id} did not end")


def test_a_schema_is_never_a_file_of_the_server(
    anna: httpx2.Client, receipt: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.json"
    path.write_text('{"type": "object", "properties": {"total": {"type": "number"}}}')
    for name in (str(path), "/etc/passwd", "../../../etc/passwd", "invoice.json"):
        answer = anna.post("/v1/extract", json={"document_id": receipt, "schema": name})
        assert answer.status_code in (404, 422), answer.text
        assert "root:" not in answer.text
