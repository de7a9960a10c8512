"""Webhooks: signed, sent to public addresses only, and tried again."""

from __future__ import annotations

import http.server
import ipaddress
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from docagent.api.addresses import check_target, is_public, parse_networks
from docagent.errors import StoreError
from tests.api_server import ApiServer
from tests.test_api_documents import upload

PRIVATE = [
    "127.0.0.1",
    "127.255.0.1",
    "10.0.0.1",
    "172.16.5.5",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_in_every_disguise(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https:///path",
        "https://example.com:0/",
        "https://example.com:99999/",
        "file:///etc/passwd",
        "nonsense",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(StoreError, match="webhook"):
        check_target(url, resolver=lambda name, port: ["93.184.215.14"])


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    target = check_target("https://example.com/a?b=1#c", resolver=lambda *_: ["93.184.215.14"])
    assert (target.url, target.host, target.name) == (
        "https://93.184.215.14:443/a?b=1",
        "example.com",
        "example.com",
    )
    with pytest.raises(StoreError, match="not a public address"):
        check_target("https://example.com/", resolver=lambda *_: ["93.184.215.14", "10.0.0.1"])
    allowed = parse_networks("10.0.0.0/8, fd00::/8")
    assert check_target("http://hook.local/", allowed, lambda *_: ["10.0.0.1"]).url == (
        "http://10.0.0.1:80/"
    )


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets; the first request fails, and the second leads elsewhere."""

    received: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((dict(self.headers.items()), body))
        self.send_response({1: 500, 2: 302}.get(len(self.received), 200))
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    handler = type("Handler", (Receiver,), {"received": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", handler.received
    finally:
        server.shutdown()
        server.server_close()


def test_private_addresses_are_refused(api: ApiServer) -> None:
    with api.client("curious") as client, receiver() as (url, received):
        for refused in (url, "https://127.0.0.1/", "https://localhost/", "https://[::1]/"):
            answer = client.post("/v1/webhooks", json={"url": refused})
            assert (answer.status_code, answer.json()["code"]) == (422, "store.invalid"), refused
        assert client.get("/v1/webhooks").json() == []
        assert received == []


def test_an_event_is_signed_and_sent_until_it_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {
        "DOCAGENT_SERVE_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "DOCAGENT_SERVE_WEBHOOK_RETRY": "0.2",
    }
    server = ApiServer(tmp_path, environment=allowed)
    with server, server.client() as client, receiver() as (url, received):
        hook = client.post("/v1/webhooks", json={"url": url, "events": ["job.done"]}).json()
        assert hook["secret"].startswith("whsec_")
        assert "secret" not in client.get("/v1/webhooks").json()[0]
        document = upload(client)
        answer = client.post("/v1/extract", json={"document_id": document, "schema": "receipt"})
        end = time.monotonic() + 60
        while len(received) < 3:
            assert time.monotonic() < end, received
            time.sleep(0.1)
        time.sleep(1)
        assert len(received) == 3
        assert len({headers["webhook-id"] for headers, _ in received}) == 1
        for headers, body in received:
            event = Verifier(hook["secret"]).verify(body, headers)
            assert event["type"] == "job.done"
            assert event["data"]["id"] == answer.headers["X-Job-Id"]
            assert b"145.61" not in body
        with pytest.raises(Exception, match="signature"):
            Verifier(hook["secret"]).verify(body + b" ", headers)
        assert client.delete(f"/v1/webhooks/{hook['id']}").status_code == 204
        client.post("/v1/read", json={"document_id": document})
        time.sleep(3)
        assert len(received) == 3
        assert json.dumps(hook["secret"]) not in server.log.read_text()
