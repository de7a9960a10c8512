"""Documents as texts with plain metadata, which loaders of every framework give on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from docagent.arguments import shown
from docagent.document import Document, Page
from docagent.errors import SettingsError
from docagent.export import document_to_markdown
from docagent.integrations.passages import Passage, document_to_passages

Split = Literal["document", "page", "passage"]
SPLITS: tuple[Split, ...] = ("document", "page", "passage")


@dataclass(frozen=True)
class TextPart:
    """A text with its metadata: strings and numbers only, which every vector store takes.

    Always ``source``, ``document_id`` and ``pages`` (how many); of a page or passage also ``page``
    (from 1), ``width``, ``height`` (pixels), ``confidence`` (0-1; not for a native text layer) and
    ``error`` (of a page that could not be read); of a passage also ``left``, ``top``, ``right`` and
    ``bottom`` (shares of the page, 0-1), so that what is found can be shown on the page.
    """

    text: str
    metadata: dict[str, Any] = field(default_factory=dict)


def check_split(split: object) -> None:
    """Raises SettingsError for a split that does not exist."""
    if split not in SPLITS:
        raise SettingsError(f"split={shown(split)} is not allowed; give {', '.join(SPLITS)}")


def document_to_parts(
    document: Document, source: str, split: Split = "page", markdown: bool = False
) -> Iterator[TextPart]:
    """A document as one part, one a page, or one a passage of a few lines. markdown: of pages and
    documents, Markdown with tables rather than plain text."""
    if split == "passage":
        for passage in document_to_passages(document):
            yield passage_to_part(passage, source)
    elif split == "page":
        for page in document.pages:
            text = _text(document.replace(pages=(page,)), markdown)
            yield TextPart(text, _document(document, source) | _page(page))
    else:
        yield TextPart(_text(document, markdown), _document(document, source))


def passage_to_part(passage: Passage, source: str) -> TextPart:
    """A passage with its place."""
    page = passage.document.page(passage.page)
    box = dict(zip(("left", "top", "right", "bottom"), passage.bbox, strict=True))
    sure = {} if passage.confidence is None else {"confidence": passage.confidence}
    metadata = _document(passage.document, source) | _page(page) | box | sure
    return TextPart(passage.text, metadata)


def _text(document: Document, markdown: bool) -> str:
    return document_to_markdown(document).strip() if markdown else document.text


def _document(document: Document, source: str) -> dict[str, Any]:
    return {"source": source, "document_id": document.id, "pages": len(document.pages)}


def _page(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = {"page": page.number, "width": page.width, "height": page.height}
    if page.confidence is not None:
        found["confidence"] = page.confidence
    return found | ({"error": page.error} if page.error else {})
