"""Summaries in the document's own sentences."""
