"""Tables of a document: found from ruling lines and from the alignment of words."""

from docagent.tables.cells import cell_words
from docagent.tables.find import find_tables, tables_of, with_tables

__all__ = ["cell_words", "find_tables", "tables_of", "with_tables"]
