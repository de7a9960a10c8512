"""Stores for tests: the databases, and small documents and results to put into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docagent.document import Document, Line, Page, Word
from docagent.results import Check, Evidence, Extraction, Field
from docagent.settings import Settings

KEY = "5c" * 32
EMBEDDED = ("sqlite", "encrypted")
"""Kinds of stores that need no server."""

BOX = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2))


def store_settings(database: str, folder: Path, url: str = "", **others: Any) -> Settings:
    """Settings of a store in a folder; url: of the PostgreSQL database."""
    given: dict[str, Any] = {"store_folder": folder}
    if database == "encrypted":
        given["store_key"] = KEY
    if database == "postgres":
        given["store_url"] = url
    return Settings(**given | others)


def read_document(document_id: str, *pages: str) -> Document:
    """What was read: one page for each text, lines as they are in it."""
    return Document(
        id=document_id,
        name="given.pdf",
        pages=tuple(_page(number, text) for number, text in enumerate(pages, 1)),
    )


def _page(number: int, text: str) -> Page:
    lines = tuple(
        Line(words=tuple(Word(text=w, polygon=BOX, confidence=0.9) for w in line.split()))
        for line in text.split("\n")
    )
    return Page(number=number, width=100, height=200, lines=lines)


def extraction(document_id: str, *confidences: float | None, failed: int = 0) -> Extraction:
    """An extraction with a field for each confidence; None is a field that was not found."""
    checks = [
        Check(kind="sum", name="sum", status="failed", message="1 is not 2") for _ in range(failed)
    ]
    return Extraction(
        document_id=document_id,
        schema_name="invoice",
        fields=tuple(_field(index, value) for index, value in enumerate(confidences)),
        checks=tuple(checks),
        data={"f0": 1.5, "nested": {"list": [1, "ä"]}},
        valid=True,
    )


def _field(index: int, confidence: float | None) -> Field:
    path = f"f{index}"
    if confidence is None:
        return Field(path=path, status="not_present", absence=0.75)
    place = Evidence(page=1, span={"start": 0, "end": 3}, quote="1.5", polygons=(BOX,))
    return Field(
        path=path,
        raw_text="1.5",
        value=1.5,
        confidence=confidence,
        status="found",
        evidence=(place,),
    )
