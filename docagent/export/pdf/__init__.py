"""Searchable PDFs: page images with invisible text."""
