"""The MCP server with the official client: tools, evidence, resources, the viewer, and who may ask
for what."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from docagent import Answer, DocAgent, Extraction, Settings, SettingsError
from docagent.cli import main
from tests.pdf_files import PdfPage, locked_pdf, pdf_bytes, text_at

pytest.importorskip("mcp", reason="the extra 'mcp' is not installed")

import httpx2
from mcp.client import Client

from docagent.mcp import build_server
from docagent.mcp.replies import VIEW
from docagent.mcp.server import VIEWER
from docagent.mcp.serving import http_app

LINES = ["ACME STORES LTD", "Date: 12/03/2024", "Subtotal 10.00", "VAT 20% 2.00", "Total 12.00"]
RECEIPT = pdf_bytes(
    PdfPage(b"".join(text_at(72, 760 - 20 * n, line) for n, line in enumerate(LINES))),
    PdfPage(text_at(72, 700, "Thank you for the visit")),
)
Ask = Callable[[Client], Awaitable[Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    (documents / "sub").mkdir(parents=True)
    (documents / ".hidden").mkdir()
    for name in ("receipt.pdf", "sub/more.pdf", ".hidden/key.pdf"):
        (documents / name).write_bytes(RECEIPT)
    (documents / "notes.txt").write_text("not a document")
    (tmp_path / "secret.pdf").write_bytes(RECEIPT)
    (documents / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    return documents


def with_client(ask: Ask, *folders: Path, settings: Settings | None = None) -> Any:
    async def run() -> Any:
        async with Client(build_server(DocAgent(settings), folders)) as client:
            return await ask(client)

    return asyncio.run(run())


def call(name: str, given: dict[str, Any], *folders: Path) -> Any:
    return with_client(lambda client: client.call_tool(name, given), *folders)


def test_the_tools_are_the_verbs_with_their_options() -> None:
    listed = with_client(lambda client: client.list_tools())
    tools = {tool.name: tool for tool in listed.tools}
    verbs = {"ask", "extract", "classify", "summarise", "correct"}
    others = {"list_documents", "upload", "read", "search", "look_at", "page_picture"}
    assert set(tools) == verbs | others
    for name in verbs:
        assert tools[name].meta["ui"]["resourceUri"] == VIEWER
        assert {"document", "pages", "password"} <= set(tools[name].input_schema["properties"])
        assert tools[name].annotations.read_only_hint
    assert tools["extract"].input_schema["required"] == ["document", "schema"]
    assert tools["summarise"].input_schema["properties"]["sentences"]["default"] == 5
    assert "fields" in tools["extract"].output_schema["properties"]
    assert tools["page_picture"].meta["ui"]["visibility"] == ["app"]


def test_results_have_evidence_for_models_programs_and_the_viewer(folder: Path) -> None:
    found = call("extract", {"document": "receipt.pdf", "schema": "receipt"}, folder)
    assert not found.is_error
    text = found.content[0].text
    assert "- total: 12.0 (" in text and 'page 1: "12.00"' in text
    extraction = Extraction.model_validate(found.structured_content)
    assert extraction["total"].evidence[0].page == 1
    view = found.meta[VIEW]
    (row,) = [row for row in view["rows"] if row["name"] == "total"]
    assert view["document"] == "receipt.pdf" and row["places"][0]["page"] == 1
    assert len(row["places"][0]["polygon"]) == 4
    assert len(text) < len(json.dumps(found.structured_content)) / 3

    asked = call("ask", {"document": "receipt.pdf", "question": "What is the total?"}, folder)
    assert Answer.model_validate(asked.structured_content).citations
    assert "12.00" in asked.content[0].text


def test_a_document_is_read_searched_and_looked_at(folder: Path) -> None:
    async def ask(client: Client) -> list[Any]:
        return [
            await client.call_tool("list_documents", {}),
            await client.call_tool("read", {"document": "sub/more.pdf", "pages": "2"}),
            await client.call_tool("search", {"document": "receipt.pdf", "query": "the total"}),
            await client.call_tool("look_at", {"document": "receipt.pdf", "page": 1}),
            await client.call_tool(
                "look_at", {"document": "receipt.pdf", "page": 1, "box": [0, 0, 0.5, 0.2]}
            ),
        ]

    listed, read, found, page, part = with_client(ask, folder)
    assert listed.structured_content["documents"] == ["link.pdf", "receipt.pdf", "sub/more.pdf"]
    assert "[page 2]\nThank you for the visit" in read.content[0].text
    (line,) = found.structured_content["lines"]
    assert (line["page"], line["text"]) == (1, "Total 12.00") and len(line["bbox"]) == 4
    assert page.content[1].mime_type == "image/webp"
    assert len(part.content[1].data) != len(page.content[1].data)


def test_an_upload_is_a_document(tmp_path: Path) -> None:
    async def ask(client: Client) -> list[Any]:
        content = base64.b64encode(RECEIPT).decode()
        kept = await client.call_tool("upload", {"name": "../r.pdf", "content": content})
        name = kept.structured_content["document"]
        text = await client.read_resource(f"docagent://documents/{name}/text")
        question = {"document": name, "question": "What is the total?"}
        return [kept, await client.call_tool("ask", question), text]

    kept, answer, text = with_client(ask)
    assert kept.structured_content["name"] == "r.pdf" and kept.structured_content["pages"] == 2
    assert "12.00" in answer.content[0].text
    assert "Thank you" in text.contents[0].text


@pytest.mark.parametrize(
    ("name", "given"), [("read", {}), ("ask", {"question": "What is the total?"})]
)
def test_pages_are_told_while_a_document_is_read(folder: Path, name: str, given: Any) -> None:
    told: list[tuple[float, float | None]] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total))

    document = {"document": "receipt.pdf", **given}
    with_client(lambda client: client.call_tool(name, document, progress_callback=hear), folder)
    assert [(done, total) for done, total in told if done] == [(1, 2), (2, 2)]


def test_a_password_opens_an_upload() -> None:
    content = base64.b64encode(locked_pdf("Secret", "k")).decode()
    given = {"name": "l.pdf", "content": content}
    assert call("upload", given).is_error
    assert not call("upload", {**given, "password": "k"}).is_error


@pytest.mark.parametrize(
    "name",
    [
        "../secret.pdf",
        "sub/../../secret.pdf",
        "link.pdf",
        ".hidden/key.pdf",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1/x.pdf",
        "receipt.pdf\x00",
        "",
    ],
)
def test_only_files_below_the_folders_are_documents(folder: Path, name: str) -> None:
    found = call("read", {"document": name}, folder)
    assert found.is_error and "there is no such document" in found.content[0].text
    inside = str(folder / "receipt.pdf")
    assert not call("read", {"document": inside}, folder).is_error
    assert call("read", {"document": inside}).is_error


@pytest.mark.parametrize("schema", ["/etc/passwd", "schema.json", "../invoice", "invoize"])
def test_a_schema_is_never_a_file(folder, tmp_path, monkeypatch, schema: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.json").write_text('{"properties": {"canary": {"type": "string"}}}')
    found = call("extract", {"document": "receipt.pdf", "schema": schema}, folder)
    assert found.is_error and "no such built-in schema" in found.content[0].text


@pytest.mark.parametrize("as_text", [False, True])
def test_a_schema_may_be_given(folder: Path, as_text: bool) -> None:
    schema: Any = {"properties": {"total": {"type": "number", "x-labels": ["Total"]}}}
    schema = json.dumps(schema) if as_text else schema
    found = call("extract", {"document": "receipt.pdf", "schema": schema}, folder)
    assert found.structured_content["data"] == {"total": 12.0}


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("ask", {"document": "receipt.pdf", "question": " "}, "the question is empty"),
        ("ask", {"document": "receipt.pdf", "question": "x", "locale": "klingon"}, "locale"),
        ("ask", {"document": "receipt.pdf", "question": "x", "pages": "9"}, "no page 9"),
        ("summarise", {"document": "receipt.pdf", "sentences": 99}, "sentences"),
        ("look_at", {"document": "receipt.pdf", "page": 1, "box": [0.5, 0.5, 0.4, 0.6]}, "box"),
        ("look_at", {"document": "receipt.pdf", "page": 7}, "no page 7"),
        ("upload", {"name": "x", "content": "no base64!"}, "base64"),
        ("upload", {"name": "x", "content": "R0lGODlh"}, "GIF"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, name: str, given: Any, reason: str) -> None:
    found = call(name, given, folder)
    assert found.is_error and reason in found.content[0].text
    assert "Traceback" not in found.content[0].text


def test_an_upload_beyond_the_limit_is_refused() -> None:
    content = base64.b64encode(bytes(2000)).decode()
    found = with_client(
        lambda client: client.call_tool("upload", {"name": "x", "content": content}),
        settings=Settings(max_bytes=1000),
    )
    assert found.is_error and "larger than" in found.content[0].text


def test_schemas_and_the_viewer_are_resources() -> None:
    async def ask(client: Client) -> list[str]:
        uris = ["docagent://schemas", "docagent://schemas/invoice", VIEWER]
        return [(await client.read_resource(uri)).contents[0].text for uri in uris]

    listed, invoice, viewer = with_client(ask)
    assert "invoice" in {schema["name"] for schema in json.loads(listed)}
    assert "total" in json.loads(invoice)["properties"]
    assert "innerHTML" not in viewer and "http://" not in viewer.replace("http://www.w3.org", "")
    assert "https://" not in viewer and "eval(" not in viewer


def test_requests_by_http_are_for_this_host_only() -> None:
    app = http_app(build_server(DocAgent()), "127.0.0.1", 8010)
    cases = [
        ({"host": "127.0.0.1:8010"}, 200),
        ({"host": "localhost:8010"}, 200),
        ({"host": "127.0.0.1:8010", "origin": "http://localhost:8010"}, 200),
        ({"host": "evil.example:8010"}, 421),
        ({"host": "127.0.0.1:9999"}, 421),
        ({"host": "127.0.0.1:8010", "origin": "http://evil.example"}, 403),
    ]
    assert asyncio.run(statuses(app, [headers for headers, _ in cases])) == [n for _, n in cases]


def test_a_server_that_others_reach_needs_a_token() -> None:
    server = build_server(DocAgent())
    for host in ("0.0.0.0", "192.0.2.1", "docs.example.org"):
        with pytest.raises(SettingsError, match="DOCAGENT_MCP_TOKEN"):
            http_app(server, host, 8010)
    with pytest.raises(SettingsError, match="at least 16"):
        http_app(server, "0.0.0.0", 8010, token="short")
    token = "a-long-random-text"
    app = http_app(server, "0.0.0.0", 8010, token=token, names=["docs.example.org"])
    host = {"host": "docs.example.org"}
    given = [
        host,
        {**host, "authorization": "Bearer another-long-text"},
        {**host, "authorization": f"Bearer {token}"},
        {"host": "evil.example", "authorization": f"Bearer {token}"},
    ]
    assert asyncio.run(statuses(app, given)) == [401, 401, 200, 421]


async def statuses(app: Any, requests: list[dict[str, str]]) -> list[int]:
    """Status of a request to list the tools with each of some headers."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }}  # fmt: skip
    accepted = {"accept": "application/json, text/event-stream"}
    found: list[int] = []
    asgi = getattr(app, "router", None)
    inner = app if asgi is not None else app.__closure__[0].cell_contents
    async with inner.router.lifespan_context(inner):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8010") as web:
            for headers in requests:
                answer = await web.post("/mcp", json=message, headers={**accepted, **headers})
                found.append(answer.status_code)
    return found


def test_the_command_serves_a_client_on_its_standard_streams(folder: Path) -> None:
    from mcp import StdioServerParameters

    command = StdioServerParameters(
        command=sys.executable, args=["-m", "docagent", "mcp", str(folder)]
    )

    async def run() -> Any:
        async with Client(command) as client:
            return await client.call_tool("list_documents", {})

    assert "receipt.pdf" in asyncio.run(run()).structured_content["documents"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["no such folder"], "is not a folder"), (["--http", "--host", "0.0.0.0"], "can be reached")],
)
def test_the_command_refuses_what_is_wrong(arguments, reason, capsys, monkeypatch) -> None:
    monkeypatch.delenv("DOCAGENT_MCP_TOKEN", raising=False)
    assert main(["mcp", *arguments]) == 2
    assert reason in capsys.readouterr().err


HOST = """\
<!DOCTYPE html><html><body><pre id="log">nothing yet</pre><iframe id="app"></iframe><script>
const app = document.getElementById("app"), sent = [];
const result = %s, picture = %s;
window.addEventListener("message", (event) => {
  const message = event.data;
  if (message.jsonrpc !== "2.0") return;
  sent.push(message.method || "answer");
  const say = (more) => app.contentWindow.postMessage({ jsonrpc: "2.0", ...more }, "*");
  if (message.method === "ui/initialize")
    say({ id: message.id, result: { hostContext: { theme: "dark" } } });
  if (message.method === "ui/notifications/initialized")
    say({ method: "ui/notifications/tool-result", params: result });
  if (message.method === "tools/call") say({ id: message.id, result: picture });
});
app.srcdoc = %s;
setInterval(() => {
  const shown = app.contentDocument;
  if (!shown || !shown.querySelector("polygon")) return;
  document.getElementById("log").textContent = JSON.stringify({
    sent, title: shown.getElementById("title").textContent,
    rows: shown.querySelectorAll("#rows li").length,
    boxes: shown.querySelectorAll("polygon").length,
    chosen: shown.querySelectorAll("polygon.chosen").length,
    pictures: shown.querySelectorAll("img").length,
    scripts: shown.querySelectorAll("script").length,
    theme: shown.documentElement.style.colorScheme,
    attacked: Boolean(window.attacked || app.contentWindow.attacked),
  });
}, 50);
</script></body></html>
"""


def test_the_viewer_shows_places_in_a_browser(folder: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium on this machine")

    async def ask(client: Client) -> list[Any]:
        extract = {"document": "receipt.pdf", "schema": "receipt"}
        return [
            await client.call_tool("extract", extract),
            await client.call_tool("page_picture", {"document": "receipt.pdf", "page": 1}),
            await client.read_resource(VIEWER),
        ]

    found, picture, viewer = with_client(ask, folder)
    result = found.model_dump(mode="json", by_alias=True)
    attack = "<img src=x onerror='parent.attacked = attacked = 1'>"
    result["_meta"][VIEW]["rows"][0]["value"] = attack
    result["_meta"][VIEW]["title"] = "<script>attacked = 1</script>"
    html = viewer.contents[0].text
    given = [result, picture.model_dump(mode="json", by_alias=True), html]
    page = tmp_path / "host.html"
    page.write_text(HOST % tuple(json.dumps(one).replace("</", "<\\/") for one in given), "utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=8000"]
    done = subprocess.run(
        [*command, *options, page.as_uri()], capture_output=True, text=True, timeout=120
    )
    log = done.stdout.partition('<pre id="log">')[2].partition("</pre>")[0]
    shown = json.loads(log.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert shown["title"] == "<script>attacked = 1</script>"
    assert shown["rows"] == len(result["_meta"][VIEW]["rows"])
    assert shown["boxes"] >= 3 and shown["chosen"] == 1
    assert (shown["pictures"], shown["scripts"], shown["theme"]) == (1, 1, "dark")
    assert not shown["attacked"]
    assert {"ui/initialize", "tools/call", "ui/notifications/size-changed"} <= set(shown["sent"])
