"""Export of a Document as plain text, Markdown, hOCR, ALTO 4 or a searchable PDF."""

from docagent.export.alto import document_to_alto
from docagent.export.hocr import document_to_hocr
from docagent.export.markdown import document_to_markdown
from docagent.export.page_pictures import document_to_searchable_pdf, open_source
from docagent.export.pdf.writer import document_to_pdf
from docagent.export.text import document_to_text

__all__ = [
    "document_to_alto",
    "document_to_hocr",
    "document_to_markdown",
    "document_to_pdf",
    "document_to_searchable_pdf",
    "document_to_text",
    "open_source",
]
