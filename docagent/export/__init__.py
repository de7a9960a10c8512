"""Export of documents (plain text, Markdown, hOCR, ALTO 4, searchable PDF) and of results (tables
as CSV and XLSX, HTML)."""

from docagent.export.alto import document_to_alto
from docagent.export.brief import result_to_brief
from docagent.export.hocr import document_to_hocr
from docagent.export.html import result_to_fragment, result_to_html
from docagent.export.markdown import document_to_markdown
from docagent.export.page_pictures import document_to_searchable_pdf, open_source
from docagent.export.pdf.writer import document_to_pdf
from docagent.export.sheets import (
    Sheet,
    SheetBuilder,
    extraction_to_sheets,
    extractions_to_sheets,
)
from docagent.export.spreadsheets import sheet_to_csv, sheets_to_xlsx
from docagent.export.text import document_to_text

__all__ = [
    "Sheet",
    "SheetBuilder",
    "document_to_alto",
    "document_to_hocr",
    "document_to_markdown",
    "document_to_pdf",
    "document_to_searchable_pdf",
    "document_to_text",
    "extraction_to_sheets",
    "extractions_to_sheets",
    "open_source",
    "result_to_brief",
    "result_to_fragment",
    "result_to_html",
    "sheet_to_csv",
    "sheets_to_xlsx",
]
