"""Extraction of the fields of a schema, with evidence."""
