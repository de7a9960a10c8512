"""Chats about several documents: the answer says which one it is from."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.api_server import ApiServer
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_api_documents import read_events, upload_bytes

PAPERS = {
    "lease.pdf": ["Lease of the warehouse", "Monthly rent: 4,200.00 EUR"],
    "plumber.pdf": ["Plumber Jones", "Invoice No. PL-77", "Total 310.40"],
    "bakery.pdf": ["Bakery Smith", "Invoice No. BK-12", "Total 18.90"],
    "zoo.pdf": ["Visit to the zoo", "The zebra is in house 4"],
}


@pytest.fixture(scope="module")
def owner(api: ApiServer) -> Iterator[httpx2.Client]:
    """A client whose only documents are PAPERS, all read."""
    with api.client("several") as client:
        for name, lines in PAPERS.items():
            page = b"".join(text_at(72, 700 - 30 * n, line) for n, line in enumerate(lines))
            document = upload_bytes(client, pdf_bytes(PdfPage(page)), name)
            assert client.post("/v1/read", json={"document_id": document}).status_code == 200
        yield client


@pytest.fixture(scope="module")
def ids(owner: httpx2.Client) -> dict[str, str]:
    found = owner.get("/v1/documents").json()["items"]
    return {document["name"]: document["id"] for document in found}


def test_the_answer_names_the_document(owner: httpx2.Client, ids: dict[str, str]) -> None:
    chat = owner.post("/v1/chats", json={}).json()
    assert set(chat["document_ids"]) == set(ids.values())
    path = f"/v1/chats/{chat['id']}/messages"
    for question, text, name in (
        ("What is the total of the plumber's invoice?", "310.40", "plumber.pdf"),
        ("What is the total of the bakery's invoice?", "18.90", "bakery.pdf"),
        ("What is the monthly rent?", "4,200.00", "lease.pdf"),
    ):
        turn = owner.post(path, json={"question": question}).json()
        assert turn["document_id"] == ids[name] and text in turn["text"]
        assert turn["citations"][0]["page"] == 1
    events = read_events(
        owner.post(
            path,
            json={"question": "What is the total of the plumber's invoice?"},
            headers={"Accept": "text/event-stream"},
        ).text
    )
    assert events[-1][0] == "turn"
    messages = owner.get(f"/v1/chats/{chat['id']}").json()["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant"] * 4


def test_documents_that_were_not_named_are_not_asked(
    owner: httpx2.Client, ids: dict[str, str]
) -> None:
    about = [ids["zoo.pdf"], ids["bakery.pdf"]]
    chat = owner.post("/v1/chats", json={"document_ids": about}).json()
    assert chat["document_ids"] == about
    question = {"question": "What is the monthly rent?"}
    turn = owner.post(f"/v1/chats/{chat['id']}/messages", json=question).json()
    assert turn["document_id"] in about and "4,200" not in (turn["text"] or "")


def test_a_chat_without_documents_is_refused(api: ApiServer, owner: httpx2.Client) -> None:
    with api.client("several-none") as nobody:
        answer = nobody.post("/v1/chats", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "chat.no_document")
    strange = owner.post("/v1/chats", json={"document_ids": ["0" * 64]})
    assert (strange.status_code, strange.json()["code"]) == (404, "store.missing")
