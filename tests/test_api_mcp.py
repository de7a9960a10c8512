"""``/mcp`` of the server with the official client: tools, keys, scopes, progress, foreign hosts."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2
import pytest

from docagent import Answer, Extraction
from tests.api_server import SAMPLES, ApiServer
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_api_documents import upload, upload_bytes

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

Ask = Callable[[Client], Awaitable[Any]]
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPTED = {"Accept": "application/json, text/event-stream"}


def with_client(api: ApiServer, key: str, ask: Ask) -> Any:
    async def run() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=120) as web:
            transport = streamable_http_client(f"{api.url}/mcp", http_client=web)
            async with Client(transport) as client:
                return await ask(client)

    return asyncio.run(run())


def call(api: ApiServer, key: str, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    async def ask(client: Client) -> list[Any]:
        return [await client.call_tool(name, given) for name, given in calls]

    return list(with_client(api, key, ask))


def test_the_tools_work_on_the_callers_documents(api: ApiServer) -> None:
    key = api.key("model")
    content = base64.b64encode((SAMPLES / "receipt.jpg").read_bytes()).decode()
    (kept,) = call(api, key, ("upload", {"name": "../receipt.jpg", "content": content}))
    assert not kept.is_error, kept.content
    name = kept.structured_content["document"]
    assert kept.structured_content["name"] == "receipt.jpg"
    schema = {"properties": {"total": {"type": "number", "x-labels": ["Total"]}}}
    listed, found, own, asked, lines, page, missing = call(
        api,
        key,
        ("list_documents", {}),
        ("extract", {"document": name, "schema": "receipt"}),
        ("extract", {"document": name, "schema": schema}),
        ("ask", {"document": name, "question": "What is the total?"}),
        ("search", {"document": name, "query": "toothpaste"}),
        ("look_at", {"document": name, "page": 1}),
        ("look_at", {"document": name, "page": 2}),
    )
    assert listed.structured_content == {"documents": [name], "names": ["receipt.jpg"]}
    extraction = Extraction.model_validate(found.structured_content)
    assert extraction["total"].value == 145.61 and extraction["total"].evidence[0].page == 1
    assert own.structured_content["data"] == {"total": 145.61}
    assert Answer.model_validate(asked.structured_content).citations
    assert "TOOTHPASTE" in lines.structured_content["lines"][0]["text"]
    assert page.content[1].mime_type == "image/webp"
    assert missing.is_error and "there is no page 2" in missing.content[0].text


def test_another_keys_document_is_not_there(api: ApiServer) -> None:
    with api.client("owner") as owner:
        document = upload(owner)
    listed, *refused = call(
        api,
        api.key("thief"),
        ("list_documents", {}),
        *((tool, {"document": document}) for tool in ("read", "classify")),
    )
    assert listed.structured_content["documents"] == []
    for answer in refused:
        assert answer.is_error and "there is no document" in answer.content[0].text


def test_a_schema_is_never_a_file(api: ApiServer) -> None:
    with api.client("schemer") as client:
        document = upload(client)
    given = {"document": document[:16], "schema": "/etc/passwd"}
    (answer,) = call(api, api.key("schemer"), ("extract", given))
    assert answer.is_error and "/etc/passwd" in answer.content[0].text
    assert "root:" not in answer.content[0].text


@pytest.mark.parametrize(
    ("scopes", "allowed"), [(["read"], (True, False)), (["read", "write"], (True, True))]
)
def test_a_key_does_what_its_scopes_say(
    api: ApiServer, scopes: Sequence[str], allowed: tuple[bool, ...]
) -> None:
    with api.client("scoped") as client:
        document = upload(client)
    answers = call(
        api,
        api.key("scoped", scopes),
        ("read", {"document": document}),
        ("classify", {"document": document}),
    )
    assert tuple(not answer.is_error for answer in answers) == allowed
    if not allowed[1]:
        assert "scope write" in answers[1].content[0].text


def test_pages_are_told_while_a_document_is_read(api: ApiServer) -> None:
    pages = [PdfPage(text_at(50, 700, f"Progress {n}")) for n in range(6)]
    with api.client("waiting") as client:
        document = upload_bytes(client, pdf_bytes(*pages), "long.pdf")
    told: list[tuple[float, float | None]] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total))

    async def ask(client: Client) -> Any:
        return await client.call_tool("read", {"document": document}, progress_callback=hear)

    answer = with_client(api, api.key("waiting"), ask)
    assert "Progress 5" in answer.content[0].text
    assert told and told[-1] == (6, 6) and told == sorted(told)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "key.missing"),
        ({"Authorization": "Bearer docagent_wrong"}, 401, "store.refused"),
        ({"Origin": "http://evil.test"}, 403, "request.origin"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "request.origin"),
    ],
)
def test_strangers_are_refused(
    api: ApiServer, headers: dict[str, str], status: int, code: str
) -> None:
    answer = httpx2.post(f"{api.url}/mcp", json=PING, headers={**ACCEPTED, **headers})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_name_that_was_rebound_is_refused(api: ApiServer) -> None:
    headers = {**ACCEPTED, "Authorization": f"Bearer {api.key('rebound')}"}
    for method in ("GET", "POST"):
        request: dict[str, Any] = {"json": PING} if method == "POST" else {}
        answer = httpx2.request(
            method, f"{api.url}/mcp", headers={**headers, "Host": "evil.test"}, **request
        )
        assert (answer.status_code, answer.json()["code"]) == (421, "request.host")
