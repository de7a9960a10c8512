"""Plain text: lines in reading order."""

from __future__ import annotations

from docagent.document import Document


def document_to_text(document: Document) -> str:
    """``Document.text`` with a final newline: one line per text line, an empty line between
    pages."""
    return document.text + "\n"
