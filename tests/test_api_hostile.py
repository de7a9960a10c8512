"""Hostile files and bodies: names, scripts, formulas, damage, sizes, and what never arrives."""

from __future__ import annotations

import csv
import io
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from eval.performance.server_uploads import mutated, send_all
from tests.api_server import SAMPLES, ApiServer
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_api_documents import upload_bytes


class TestHostileFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "../../../../tmp/owned.pdf",
            "/etc/cron.d/owned",
            "..\\..\\owned.pdf",
            "a\0b\n\r.pdf",
            ".",
        ],
    )
    def test_a_name_is_no_path(self, api: ApiServer, anna: httpx2.Client, name: str) -> None:
        content = pdf_bytes(PdfPage(text_at(50, 700, f"Letter {name!r}")))
        stored = anna.get(f"/v1/documents/{upload_bytes(anna, content, name)}").json()
        assert not re.search(r"[/\\\0\r\n]", stored["name"]) and stored["name"] not in (
            "",
            ".",
            "..",
        )
        assert not list(api.folder.parent.rglob("owned*"))

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/documents/../../etc/passwd",
            "/v1/documents/..%2f..%2fetc%2fpasswd",
            "/v1/documents/..%2f..%2fetc%2fpasswd/file",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/..%2f..%2fetc/passwd",
            "//etc/passwd",
            "/v1/samples/..%2f..%2f__init__.py",
        ],
    )
    def test_an_address_is_no_path(self, anna: httpx2.Client, path: str) -> None:
        answer = anna.get(path)
        assert answer.status_code in (404, 405, 422)
        assert "root:" not in answer.text

    def test_script_in_a_document_is_text(self, anna: httpx2.Client) -> None:
        script = "<script>alert(1)</script>"
        content = pdf_bytes(PdfPage(text_at(50, 700, f"Total {script} <img src=x onerror=y>")))
        document = upload_bytes(anna, content, f"{script}.pdf")
        for path in ("", "/text?format=hocr", "/text?format=alto", "/text?format=text", "/file"):
            answer = anna.get(f"/v1/documents/{document}{path}")
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            kind = answer.headers["Content-Type"].partition(";")[0]
            assert kind != "text/html"
            if kind in ("application/xhtml+xml", "application/xml"):
                assert "<script" not in answer.text and "&lt;script" in answer.text

    def test_a_body_that_is_too_large(self, tmp_path: Path) -> None:
        limit = {"DOCAGENT_MAX_BYTES": "200000"}
        with ApiServer(tmp_path, environment=limit) as server, server.client() as client:
            assert client.get("/v1/limits").json()["max_bytes"] == 200_000
            big = b"%PDF-1.7" + b"0" * 300_000
            for given in ({"files": {"file": big}}, {"content": big}):
                answer = client.post("/v1/documents", **given)  # type: ignore[arg-type]
                assert answer.status_code == 413, answer.text
                assert answer.headers["Content-Type"] == "application/problem+json"

            def endless() -> Iterator[bytes]:
                for _ in range(100):
                    yield b"0" * 100_000

            answer = client.post("/v1/documents", content=endless())
            assert answer.status_code == 413
            small = client.post(
                "/v1/documents", files={"file": (SAMPLES / "receipt.jpg").read_bytes()}
            )
            assert small.status_code == 201

    def test_too_many_pages_or_pixels(self, tmp_path: Path) -> None:
        limits = {"DOCAGENT_MAX_PAGES": "1", "DOCAGENT_MAX_PIXELS": "10000"}
        with ApiServer(tmp_path, environment=limits) as server, server.client() as client:
            pages = pdf_bytes(PdfPage(b""), PdfPage(b""))
            for content in (pages, (SAMPLES / "receipt.jpg").read_bytes()):
                for path in ("/v1/documents", "/v1/read"):
                    answer = client.post(path, files={"file": content})
                    assert (answer.status_code, answer.json()["code"]) == (413, "source.too_large")


def test_a_body_that_does_not_arrive_is_given_up(tmp_path: Path) -> None:
    environment = {"DOCAGENT_SERVE_UPLOAD_SECONDS": "1"}
    with ApiServer(tmp_path, environment=environment) as server:
        address = urlsplit(server.url)
        assert address.hostname and address.port
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            head = f"POST /v1/documents HTTP/1.1\r\nHost: {address.netloc}\r\n"
            connection.sendall(f"{head}Content-Length: 1000\r\n\r\n%PDF".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        assert answer.startswith("HTTP/1.1 408"), answer
        assert "request.timeout" in answer


def test_damaged_files_give_results_or_problems(api: ApiServer) -> None:
    workers = api.workers()
    headers = {"Authorization": f"Bearer {api.key('vandal')}"}
    answers = send_all(api.url, mutated(40, seed=1), headers)
    assert sum(answers.values()) == 40
    assert {status for status, _ in answers} <= {200, 413, 415, 422, 504}, answers
    assert api.workers() == workers


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_formula_in_a_document_is_text_in_a_table(anna: httpx2.Client, start: str) -> None:
    formula = f"{start}HYPERLINK(1)"
    content = pdf_bytes(PdfPage(text_at(50, 700, "Invoice") + text_at(50, 680, "Total 12.00")))
    document = upload_bytes(anna, content, "formula.pdf")
    schema = {"type": "object", "properties": {"remark": {"type": "string"}}}
    body = {"document_id": document, "schema": schema}
    result = anna.post("/v1/extract", json=body).headers["X-Result-Id"]
    label = {"verdict": "edited", "value": formula}
    made = anna.put(f"/v1/extractions/{result}/fields/remark", json=label)
    assert made.status_code == 200, made.text
    answer = anna.get(f"/v1/extractions/{result}/export", params={"format": "csv"})
    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    assert f"'{formula}" in cells
    assert formula not in cells
