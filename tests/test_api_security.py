"""What a server refuses, and what is inert: others' documents, other sites, hostile files."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from docagent.settings import Settings
from docagent.store import open_store
from tests.api_server import ROOT, ApiServer
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_api_documents import upload, upload_bytes
from tests.test_api_webhooks import receiver

CANARY = "Zyxwvutsrq"


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server on the loopback interface that needs no key."""
    with ApiServer(tmp_path_factory.mktemp("open"), "--allow-host", "docs.test") as server:
        yield server


class TestOwners:
    def test_another_keys_document_is_not_there(self, api: ApiServer) -> None:
        with api.client("owner") as owner, api.client("thief") as thief:
            document = upload(owner)
            body = {"document_id": document, "schema": "receipt"}
            made = owner.post("/v1/extract", json=body).headers
            chat = owner.post("/v1/chats", json={"document_id": document}).json()["id"]
            batch = owner.post(
                "/v1/batches", json={"document_ids": [document], "verb": "read"}
            ).json()["id"]
            owner.put("/v1/schemas/secret-plan", json={"properties": {"a": {"type": "string"}}})
            hook = owner.post("/v1/webhooks", json={"url": "https://example.com/"})
            addresses = [
                f"/v1/documents/{document}",
                f"/v1/documents/{document}/file",
                f"/v1/documents/{document}/pages/1.webp",
                f"/v1/documents/{document}/pages/1",
                f"/v1/documents/{document}/text",
                f"/v1/documents/{document}/searchable.pdf",
                f"/v1/jobs/{made['X-Job-Id']}",
                f"/v1/jobs/{made['X-Job-Id']}/events",
                f"/v1/jobs/{made['X-Job-Id']}/result",
                f"/v1/results/{made['X-Result-Id']}",
                f"/v1/extractions/{made['X-Result-Id']}",
                f"/v1/extractions/{made['X-Result-Id']}/labels",
                f"/v1/extractions/{made['X-Result-Id']}/fields/total",
                f"/v1/chats/{chat}",
                f"/v1/batches/{batch}",
                "/v1/schemas/secret-plan",
            ]
            for address in addresses:
                answer = thief.get(address)
                assert answer.status_code == 404, address
                assert "145.61" not in answer.text
            changes: list[tuple[str, str, Any]] = [
                ("DELETE", f"/v1/documents/{document}", None),
                ("POST", "/v1/read", {"document_id": document}),
                ("POST", "/v1/chats", {"document_id": document}),
                ("POST", f"/v1/chats/{chat}/messages", {"question": "What is the total?"}),
                ("DELETE", f"/v1/chats/{chat}", None),
                ("POST", f"/v1/jobs/{made['X-Job-Id']}/cancel", None),
                (
                    "PUT",
                    f"/v1/extractions/{made['X-Result-Id']}/fields/total",
                    {"verdict": "accepted"},
                ),
                ("DELETE", "/v1/schemas/secret-plan", None),
            ]
            for method, address, body_ in changes:
                given = {} if body_ is None else {"json": body_}
                assert thief.request(method, address, **given).status_code == 404, address
            ask = {"messages": [{"role": "user", "content": "total?"}]}
            named = thief.post(
                "/v1/chat/completions", json={"model": f"docagent:{document}", **ask}
            )
            assert named.status_code == 404
            assert thief.post("/v1/chat/completions", json=ask).status_code == 404
            for listing in ("documents", "jobs", "results", "review", "chats"):
                assert thief.get(f"/v1/{listing}").json()["items"] == [], listing
            assert thief.get("/v1/webhooks").json() == []
            assert thief.post("/v1/search", json={"query": "total"}).json() == []
            assert hook.status_code in (201, 422)  # 422 where there is no network
            assert owner.get(f"/v1/documents/{document}").status_code == 200

    def test_the_same_file_of_two_owners_stays_apart(self, api: ApiServer) -> None:
        with api.client("first") as first, api.client("second") as second:
            content = pdf_bytes(PdfPage(text_at(50, 700, "Shared letter")))
            document = upload_bytes(first, content, "mine.pdf")
            assert upload_bytes(second, content, "yours.pdf") == document
            first.get(f"/v1/documents/{document}/text")
            assert second.get(f"/v1/documents/{document}").json()["name"] == "yours.pdf"
            assert second.get("/v1/jobs").json()["items"] == []
            assert first.delete(f"/v1/documents/{document}").status_code == 204
            assert second.get(f"/v1/documents/{document}/file").content == content


class TestKeys:
    def test_without_a_key_nothing_is_seen(self, api: ApiServer) -> None:
        anonymous = httpx2.Client(base_url=api.url)
        paths = httpx2.get(f"{api.url}/openapi.json").json()["paths"]
        free = {"/healthz", "/readyz", "/problems/{code}", "/v1/session"}
        with anonymous:
            for path in sorted(set(paths) - free):
                for method in paths[path]:
                    answer = anonymous.request(method, path.replace("{", "").replace("}", ""))
                    assert answer.status_code == 401, (method, path, answer.text)
                    assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("given", ["Bearer x", "Bearer docagent_00_x", "Basic eDp5", "Bearer"])
    def test_a_wrong_key(self, api: ApiServer, given: str) -> None:
        answer = httpx2.get(f"{api.url}/v1/documents", headers={"Authorization": given})
        assert answer.status_code in (401, 429)

    def test_scopes(self, api: ApiServer) -> None:
        with api.client("reader", ["read"]) as reader:
            assert reader.get("/v1/documents").status_code == 200
            answer = reader.post("/v1/samples/receipt.jpg")
            assert (answer.status_code, answer.json()["code"]) == (403, "key.scope")
        with api.client("worker", ["write"]) as worker:
            assert worker.post("/v1/samples/receipt.jpg").status_code == 201
            assert worker.get("/v1/documents").status_code == 403

    def test_a_revoked_or_expired_key(self, api: ApiServer) -> None:
        run = [sys.executable, "-m", "docagent", "keys"]
        environment = {
            "PYTHONPATH": str(ROOT),
            "DOCAGENT_STORE_FOLDER": str(api.folder),
            "PATH": "/usr/bin:/bin",
        }

        def keys(*arguments: str) -> str:
            command = [*run, *arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        def status(secret: str) -> int:
            headers = {"Authorization": f"Bearer {secret}"}
            return httpx2.get(f"{api.url}/v1/documents", headers=headers).status_code

        brief = keys("create", "brief", "--days", "0.00003")
        secret = keys("create", "scanner", "--owner", "office", "--scope", "read")
        assert status(secret) == 200
        line = next(row for row in keys("list").splitlines() if "scanner" in row)
        assert secret not in line and "owner office" in line
        keys("revoke", line.split()[0])
        assert status(secret) in (401, 429)
        time.sleep(2)
        assert status(brief) in (401, 429)
        stored = (api.folder / "docagent.db").read_bytes()
        assert secret.encode() not in stored and brief.encode() not in stored

    def test_logging_in_keeps_the_key_from_scripts(self, api: ApiServer) -> None:
        secret = api.key("person")
        with httpx2.Client(base_url=api.url) as browser:
            assert browser.get("/v1/session").status_code == 401
            answer = browser.post("/v1/session", json={"key": secret})
            assert answer.json()["owner"] == "person"
            cookie = answer.headers["Set-Cookie"].lower()
            assert "httponly" in cookie and "samesite=strict" in cookie
            assert browser.get("/v1/documents").status_code == 200
            browser.delete("/v1/session")
            assert browser.get("/v1/documents").status_code == 401

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
    def test_a_server_without_keys_is_not_open_to_others(self, tmp_path: Path, host: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "docagent", "serve", "--host", host, "--port", "0"],
            env={
                "PYTHONPATH": str(ROOT),
                "DOCAGENT_STORE_FOLDER": str(tmp_path),
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert "there is no key yet" in done.stderr


class TestOtherSites:
    def test_a_rebound_name_is_refused(self, open_server: ApiServer) -> None:
        for host in ("evil.test", "evil.test:80", "127.0.0.1.evil.test", "", "localhost.evil.test"):
            answer = httpx2.get(f"{open_server.url}/v1/documents", headers={"Host": host})
            assert answer.status_code in (400, 421), host
            assert "items" not in answer.text
        for host in ("localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]:80", "docs.test"):
            answer = httpx2.get(f"{open_server.url}/v1/documents", headers={"Host": host})
            assert answer.status_code == 200, host

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://evil.test"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ],
    )
    def test_another_site_changes_nothing(
        self, open_server: ApiServer, headers: dict[str, str]
    ) -> None:
        with open_server.client() as client:
            answer = client.post("/v1/samples/nda.pdf", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "request.origin")
            own = {"Origin": open_server.url, "Sec-Fetch-Site": "same-origin"}
            assert client.post("/v1/samples/receipt.jpg", headers=own).is_success
            assert len(client.get("/v1/documents").json()["items"]) == 1

    def test_another_site_reads_nothing(self, open_server: ApiServer) -> None:
        with open_server.client() as client:
            for method in ("GET", "OPTIONS"):
                answer = client.request(
                    method,
                    "/v1/documents",
                    headers={
                        "Origin": "http://evil.test",
                        "Access-Control-Request-Method": "DELETE",
                    },
                )
                assert not [h for h in answer.headers if h.startswith("access-control")]
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    environment = {"DOCAGENT_SERVE_RATE": "5"}
    with ApiServer(tmp_path, environment=environment) as server, server.client() as client:
        answers = [client.get("/v1/documents") for _ in range(8)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert answers[-1].json()["retryable"]


def test_nothing_of_a_document_is_traced(tmp_path: Path) -> None:
    with receiver() as (url, received):
        # The first two requests to the receiver are refused; the exporter goes on.
        collector = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": url.removesuffix("/hook"),
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        server = ApiServer(tmp_path, environment=collector)
        with server, server.client() as client:
            content = pdf_bytes(PdfPage(text_at(50, 700, f"{CANARY} invoice")))
            document = upload_bytes(client, content, f"{CANARY}.pdf")
            client.post("/v1/extract", json={"document_id": document, "schema": "invoice"})
            client.post("/v1/search", json={"query": CANARY})
            client.get(f"/v1/documents?after={CANARY}")
        sent = b"".join(body for _, body in received)
    for name in (b"POST /v1/extract", b"job extract", b"read_page"):
        assert name in sent, name
    assert CANARY.lower().encode() not in sent.lower()


def test_nothing_of_a_document_is_logged(api: ApiServer) -> None:
    with api.client("discreet") as client:
        lines = [f"{CANARY} invoice", f"Total {CANARY}55"]
        content = pdf_bytes(
            PdfPage(b"".join(text_at(50, 700 - 20 * i, t) for i, t in enumerate(lines)))
        )
        document = upload_bytes(client, content, f"{CANARY}.pdf")
        body: dict[str, Any] = {"document_id": document}
        client.post("/v1/extract", json={**body, "schema": "invoice"})
        client.post("/v1/ask", json={**body, "question": f"What is {CANARY}?"})
        client.post("/v1/ask", json={**body, "question": 7, CANARY: 1})
        client.post("/v1/search", json={"query": CANARY})
        client.get(f"/v1/documents?after={CANARY}")
        client.get(f"/{CANARY}")
        chat = client.post("/v1/chats", json={**body, "title": CANARY}).json()
        client.post(f"/v1/chats/{chat['id']}/messages", json={"question": f"Where is {CANARY}?"})
        ask = {"messages": [{"role": "user", "content": f"{CANARY}?"}]}
        client.post("/v1/chat/completions", json=ask)
        client.post("/v1/read", files={"file": (CANARY, f"%PDF-1.7 {CANARY}".encode())})
        assert CANARY in client.get(f"/v1/documents/{document}/text").text
        metrics = client.get("/metrics").text
    assert "docagent_requests_seconds_count" in metrics
    assert CANARY.lower() not in metrics.lower()
    log = api.log.read_text("utf-8")
    assert "/v1/extract" in log
    assert CANARY.lower() not in log.lower()
    assert all(isinstance(line, dict) for line in api.log_lines())


def test_the_audit_log_is_whole(api: ApiServer) -> None:
    with api.client("audited") as client:
        document = upload(client)
        client.delete(f"/v1/documents/{document}")
        assert client.get("/v1/audit").status_code == 403
    with api.client("auditor", ["admin"]) as client:
        entries = client.get("/v1/audit", params={"after": 2, "limit": 2}).json()
        assert [entry["number"] for entry in entries] == [3, 4]
        assert entries[1]["previous"] == entries[0]["hash"]
    store = open_store(Settings(store_folder=api.folder))
    try:
        assert store.audit.first_broken() is None
        actions: list[str] = []
        after = 0
        while entries := store.audit.entries(after, 1000):
            actions += [entry.action for entry in entries if entry.actor.endswith("audited")]
            after = entries[-1].number
        assert {"document.add", "document.delete", "key.create"} <= set(actions)
    finally:
        store.close()
