"""Export of documents (plain text, Markdown, hOCR, ALTO 4, searchable PDF) and of results (tables
as CSV and XLSX)."""

from docagent.export.alto import document_to_alto
from docagent.export.hocr import document_to_hocr
from docagent.export.markdown import document_to_markdown
from docagent.export.page_pictures import document_to_searchable_pdf, open_source
from docagent.export.pdf.writer import document_to_pdf
from docagent.export.spreadsheets import table_to_csv, tables_to_xlsx
from docagent.export.tables import (
    Table,
    TableBuilder,
    extraction_to_tables,
    extractions_to_tables,
)
from docagent.export.text import document_to_text

__all__ = [
    "Table",
    "TableBuilder",
    "document_to_alto",
    "document_to_hocr",
    "document_to_markdown",
    "document_to_pdf",
    "document_to_searchable_pdf",
    "document_to_text",
    "extraction_to_tables",
    "extractions_to_tables",
    "open_source",
    "table_to_csv",
    "tables_to_xlsx",
]
