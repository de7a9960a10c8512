"""Documents over HTTP: upload, pages, text, search, review, schemas, chats, deletion."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from openpyxl import load_workbook
from PIL import Image

from docagent.document import Document, Page
from docagent.results import Extraction, Turn
from tests.api_server import SAMPLES, ApiServer

RECEIPT = SAMPLES / "receipt.jpg"


def upload(client: httpx2.Client, name: str = "receipt.jpg") -> str:
    """Id of a sample."""
    content = (SAMPLES / name).read_bytes()
    answer = client.post("/v1/documents", files={"file": (name, content)})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def receipt(anna: httpx2.Client) -> str:
    return upload(anna)


def test_a_file_is_stored_once(api: ApiServer) -> None:
    with api.client("uploader") as client:
        form = {"file": ("r.jpg", RECEIPT.read_bytes(), "application/pdf")}
        first = client.post("/v1/documents", files=form)
        headers = {"X-Filename": quote("Beleg für März.jpg"), "Content-Type": "image/jpeg"}
        second = client.post("/v1/documents", content=RECEIPT.read_bytes(), headers=headers)
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert first.json()["media_type"] == "image/jpeg"
        assert client.get(first.headers["Location"]).json() == first.json()
        assert client.get("/v1/documents").json()["items"] == [first.json()]
        file = client.get(f"{first.headers['Location']}/file")
        assert file.content == RECEIPT.read_bytes()
        assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''r.jpg"


def test_a_list_goes_on_where_it_stopped(anna: httpx2.Client) -> None:
    for name in ("invoice.png", "nda.pdf", "receipt.jpg"):
        upload(anna, name)
    whole = [d["id"] for d in anna.get("/v1/documents?limit=1000").json()["items"]]
    pieces: list[str] = []
    after = None
    while True:
        params = {"limit": 1} | ({"after": after} if after else {})
        piece = anna.get("/v1/documents", params=params).json()
        pieces += [d["id"] for d in piece["items"]]
        after = piece["next"]
        if after is None:
            break
    assert pieces == whole
    assert anna.get("/v1/documents?after=nonsense").status_code == 422


class TestPages:
    def test_a_picture_of_a_page(self, anna: httpx2.Client, receipt: str) -> None:
        anna.post("/v1/read", json={"document_id": receipt})
        path = f"/v1/documents/{receipt}/pages/1.webp"
        answer = anna.get(path, params={"width": 300})
        picture = Image.open(io.BytesIO(answer.content))
        assert (picture.format, picture.width) == ("WEBP", 300)
        assert "immutable" in answer.headers["Cache-Control"]
        headers = {"If-None-Match": answer.headers["ETag"]}
        assert anna.get(path, params={"width": 300}, headers=headers).status_code == 304
        assert anna.get(path, params={"width": 301}, headers=headers).status_code == 200

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("pages/2.webp", 404),
            ("pages/0.webp", 422),
            ("pages/1.webp?width=9", 422),
            ("pages/one.webp", 422),
            ("pages/2", 404),
        ],
    )
    def test_no_such_page(self, anna: httpx2.Client, receipt: str, path: str, status: int) -> None:
        assert anna.get(f"/v1/documents/{receipt}/{path}").status_code == status

    def test_words_of_a_page(self, anna: httpx2.Client, receipt: str) -> None:
        page = Page.model_validate_json(anna.get(f"/v1/documents/{receipt}/pages/1").content)
        whole = anna.get(f"/v1/documents/{receipt}/text?format=json")
        assert Document.model_validate_json(whole.content).pages == (page,)

    @pytest.mark.parametrize(
        ("kind", "media_type", "start"),
        [
            ("text", "text/plain", ""),
            ("markdown", "text/markdown", ""),
            ("hocr", "application/xhtml+xml", "<?xml"),
            ("alto", "application/xml", "<?xml"),
        ],
    )
    def test_text_in_every_format(
        self, anna: httpx2.Client, receipt: str, kind: str, media_type: str, start: str
    ) -> None:
        answer = anna.get(f"/v1/documents/{receipt}/text", params={"format": kind})
        assert answer.headers["Content-Type"].startswith(media_type)
        assert answer.text.startswith(start)
        assert "145.61" in answer.text

    def test_a_searchable_pdf(self, anna: httpx2.Client, receipt: str) -> None:
        answer = anna.get(f"/v1/documents/{receipt}/searchable.pdf")
        assert answer.content.startswith(b"%PDF-")
        again = upload_bytes(anna, answer.content, "again.pdf")
        assert "145.61" in anna.get(f"/v1/documents/{again}/text").text


def upload_bytes(client: httpx2.Client, content: bytes, name: str) -> str:
    answer = client.post("/v1/documents", files={"file": (name, content)})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def test_search_finds_pages(anna: httpx2.Client, receipt: str) -> None:
    anna.post("/v1/read", json={"document_id": receipt})
    hits = anna.post("/v1/search", json={"query": "toothpaste"}).json()
    assert receipt in {hit["document_id"] for hit in hits}
    assert "\x02TOOTHPASTE\x03" in hits[0]["snippet"]
    assert anna.post("/v1/search", json={"query": "!!"}).status_code == 422


class TestReview:
    @pytest.fixture
    def extraction(self, anna: httpx2.Client, receipt: str) -> str:
        body = {"document_id": receipt, "schema": "receipt"}
        return str(anna.post("/v1/extract", json=body).headers["X-Result-Id"])

    def test_a_label_stands_beside_the_machines_value(
        self, anna: httpx2.Client, extraction: str
    ) -> None:
        path = f"/v1/extractions/{extraction}/fields/total"
        edit = {"verdict": "edited", "value": 146.0, "note": "smudged"}
        answer = anna.put(path, json=edit, headers={"If-Match": '"0"'})
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == '"1"'
        assert answer.json()["author"] == "key of anna"
        stale = anna.put(path, json={"verdict": "accepted"}, headers={"If-Match": '"0"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "store.conflict")
        reviewed = anna.get(f"/v1/extractions/{extraction}").json()
        machine = {f["path"]: f["value"] for f in reviewed["extraction"]["fields"]}
        assert machine["total"] == 145.61
        assert reviewed["labels"]["total"]["value"] == 146.0
        assert reviewed["data"]["total"] == 146.0
        anna.put(path, json={"verdict": "not_present"}, headers={"If-Match": '"1"'})
        reviewed = anna.get(f"/v1/extractions/{extraction}").json()
        assert reviewed["data"].get("total") is None
        history = anna.get(f"/v1/extractions/{extraction}/labels").json()
        assert [label["revision"] for label in history] == [1, 2]

    def test_files_to_save_have_peoples_values(self, anna: httpx2.Client, extraction: str) -> None:
        path = f"/v1/extractions/{extraction}"
        for field, label in (
            ("total", {"verdict": "edited", "value": 146.0}),
            ("company", {"verdict": "not_present"}),
        ):
            assert anna.put(f"{path}/fields/{field}", json=label).is_success
        made = anna.get(f"{path}/export")
        assert made.headers["Content-Disposition"].endswith("receipt.jpg.json")
        saved = Extraction.model_validate_json(made.content)
        assert (saved["total"].value, saved["total"].source) == (146.0, "human")
        assert (saved["company"].value, saved["company"].status) == (None, "not_present")
        rows = list(csv.DictReader(anna.get(f"{path}/export?format=csv").text.splitlines()))
        assert (rows[0]["total"], rows[0]["company"]) == ("146.0", "")
        items = anna.get(f"{path}/export", params={"format": "csv", "table": "line_items"})
        assert "CORN FLAKES" in items.text
        book = load_workbook(io.BytesIO(anna.get(f"{path}/export?format=xlsx").content))
        assert "line_items" in book.sheetnames
        assert anna.get(f"{path}/export?format=csv&table=none").status_code == 422

    def test_a_label_is_taken_back(self, anna: httpx2.Client, extraction: str) -> None:
        path = f"/v1/extractions/{extraction}"
        machine = anna.get(f"{path}/export").json()
        assert anna.delete(f"{path}/fields/total").status_code == 404
        anna.put(f"{path}/fields/total", json={"verdict": "edited", "value": 1.0})
        stale = anna.delete(f"{path}/fields/total", headers={"If-Match": '"7"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "store.conflict")
        taken = anna.delete(f"{path}/fields/total", headers={"If-Match": '"1"'})
        assert (taken.status_code, taken.content) == (204, b"")
        assert anna.get(f"{path}/fields/total").status_code == 404
        assert anna.get(f"{path}/export").json() == machine
        reviewed = anna.get(path).json()
        assert reviewed["labels"] == {} and reviewed["data"]["total"] == 145.61
        history = anna.get(f"{path}/labels").json()
        assert [label["verdict"] for label in history] == ["edited", "withdrawn"]
        again = anna.put(
            f"{path}/fields/total", json={"verdict": "accepted"}, headers={"If-Match": '"0"'}
        )
        assert again.headers["ETag"] == '"3"'

    def test_checks_are_of_the_values_that_count(
        self, anna: httpx2.Client, extraction: str
    ) -> None:
        path = f"/v1/extractions/{extraction}"

        def failed(label: dict[str, Any]) -> list[set[str]]:
            """The fields of failed checks once the total has a label."""
            assert anna.put(f"{path}/fields/total", json=label).is_success
            saved = Extraction.model_validate_json(anna.get(f"{path}/export").content)
            shown = anna.get(path).json()["checks"]
            assert [check.model_dump(mode="json") for check in saved.checks] == shown
            return [set(check.paths) for check in saved.failed_checks]

        sums = [{"subtotal", "tax", "total"}, {"amount_paid", "change", "total"}]
        assert failed({"verdict": "edited", "value": 146.0}) == sums
        assert failed({"verdict": "edited", "value": 145.61}) == []
        assert failed({"verdict": "not_present"}) == []

    def test_a_document_whose_fields_all_have_labels_leaves_the_queue(
        self, anna: httpx2.Client, extraction: str
    ) -> None:
        def queue() -> list[str]:
            return [r["id"] for r in anna.get("/v1/review?limit=1000").json()["items"]]

        assert extraction in queue()
        fields = anna.get(f"/v1/extractions/{extraction}").json()["extraction"]["fields"]
        for field in fields:
            path = f"/v1/extractions/{extraction}/fields/{quote(field['path'])}"
            assert anna.put(path, json={"verdict": "accepted"}).status_code == 200
        assert extraction not in queue()

    def test_the_doubtful_come_first(self, anna: httpx2.Client, receipt: str) -> None:
        for schema in ("receipt", "invoice"):
            anna.post("/v1/extract", json={"document_id": receipt, "schema": schema})
        items = anna.get("/v1/review?limit=1000").json()["items"]
        errors = [item["expected_errors"] for item in items]
        assert errors == sorted(errors, reverse=True)

    @pytest.mark.parametrize(
        ("path", "body", "headers", "status"),
        [
            ("no_such_field", {"verdict": "accepted"}, {}, 404),
            ("total", {"verdict": "fine"}, {}, 422),
            ("total", {"verdict": "accepted"}, {"If-Match": "soon"}, 422),
        ],
    )
    def test_a_label_that_is_none(
        self,
        anna: httpx2.Client,
        extraction: str,
        path: str,
        body: dict[str, Any],
        headers: dict[str, str],
        status: int,
    ) -> None:
        address = f"/v1/extractions/{extraction}/fields/{path}"
        assert anna.put(address, json=body, headers=headers).status_code == status


class TestSchemas:
    def test_a_saved_schema_is_used_by_its_name(self, anna: httpx2.Client, receipt: str) -> None:
        schema = {"type": "object", "properties": {"total": {"type": "number"}}}
        answer = anna.put("/v1/schemas/my-bill", json=schema)
        assert answer.status_code == 200, answer.text
        names = [s["name"] for s in anna.get("/v1/schemas").json()]
        assert {"my-bill", "invoice", "receipt"} <= set(names)
        body = {"document_id": receipt, "schema": "my-bill"}
        found = anna.post("/v1/extract", json=body).json()
        assert (found["schema"], found["data"]) == ("my-bill", {"total": 145.61})
        assert anna.delete("/v1/schemas/my-bill").status_code == 204
        assert anna.post("/v1/extract", json=body).status_code == 404

    def test_names_of_built_in_schemas_are_taken(self, anna: httpx2.Client) -> None:
        for name in ("invoice", "auto"):
            assert anna.put(f"/v1/schemas/{name}", json={}).status_code == 409

    def test_a_wrong_schema_is_not_saved(self, anna: httpx2.Client) -> None:
        wrong = {"type": "object", "properties": {"a": {"type": "x"}}}
        answer = anna.put("/v1/schemas/wrong", json=wrong)
        assert answer.json()["errors"][0]["pointer"] == "/properties/a/type"


class TestChats:
    def test_a_conversation_is_kept(self, anna: httpx2.Client, receipt: str) -> None:
        chat = anna.post("/v1/chats", json={"document_id": receipt, "title": "lunch"}).json()
        path = f"/v1/chats/{chat['id']}"
        answer = anna.post(f"{path}/messages", json={"question": "What is the total?"})
        turn = Turn.model_validate_json(answer.content)
        assert turn.text == "145.61"
        assert turn.citations[0].quote == "145.61"
        answer = anna.post(f"{path}/messages", json={"question": "And the date?"})
        assert "date" in answer.json()["read_as"]
        messages = anna.get(path).json()["messages"]
        assert [m["role"] for m in messages] == ["user", "assistant"] * 2
        assert messages[0]["text"] == "What is the total?"
        assert chat["id"] in {c["id"] for c in anna.get("/v1/chats").json()["items"]}
        assert anna.delete(path).status_code == 204
        assert anna.get(path).status_code == 404

    def test_events_while_a_question_is_answered(self, anna: httpx2.Client, receipt: str) -> None:
        chat = anna.post("/v1/chats", json={"document_id": receipt}).json()
        path = f"/v1/chats/{chat['id']}/messages"
        headers = {"Accept": "text/event-stream"}
        answer = anna.post(path, json={"question": "What is the total?"}, headers=headers)
        events = read_events(answer.text)
        assert [name for name, _ in events] == ["pages", "text", "turn"]
        assert events[-1][1]["turn"]["text"] == "145.61"

    def test_a_question_that_is_none(self, anna: httpx2.Client, receipt: str) -> None:
        chat = anna.post("/v1/chats", json={"document_id": receipt}).json()
        path = f"/v1/chats/{chat['id']}/messages"
        for headers in ({}, {"Accept": "text/event-stream"}):
            answer = anna.post(path, json={"question": "   "}, headers=headers)
            assert answer.status_code == 422
        assert anna.get(f"/v1/chats/{chat['id']}").json()["messages"] == []


def read_events(text: str) -> list[tuple[str, Any]]:
    """Name and JSON of each server-sent event."""
    events = []
    for block in filter(str.strip, text.split("\n\n")):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            events.append((lines.get("event", "message"), json.loads(lines["data"])))
    return events


def test_samples_for_an_empty_library(api: ApiServer) -> None:
    with api.client("newcomer") as client:
        names = [sample["name"] for sample in client.get("/v1/samples").json()]
        assert "receipt.jpg" in names
        assert client.post("/v1/samples/receipt.jpg").status_code == 201
        assert client.post("/v1/samples/..%2f..%2fagent.py").status_code == 404
        assert len(client.get("/v1/documents").json()["items"]) == 1


def test_deletion_is_complete(api: ApiServer) -> None:
    with api.client("forgetful") as client:
        document = upload(client, "invoice.png")
        extracted = client.post(
            "/v1/extract", json={"document_id": document, "schema": "invoice"}
        ).headers
        chat = client.post("/v1/chats", json={"document_id": document}).json()["id"]
        picture = f"/v1/documents/{document}/pages/1.webp"
        assert client.get(picture).status_code == 200
        assert client.delete(f"/v1/documents/{document}").status_code == 204
        for path in (
            picture,
            f"/v1/documents/{document}",
            f"/v1/documents/{document}/file",
            f"/v1/documents/{document}/text",
            f"/v1/jobs/{extracted['X-Job-Id']}",
            f"/v1/results/{extracted['X-Result-Id']}",
            f"/v1/extractions/{extracted['X-Result-Id']}",
            f"/v1/chats/{chat}",
        ):
            assert client.get(path).status_code == 404, path
        assert client.post("/v1/search", json={"query": "Northfield"}).json() == []
        assert client.delete(f"/v1/documents/{document}").status_code == 404
