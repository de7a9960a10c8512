"""Extraction schemas: JSON Schema 2020-12 with ``x-`` keywords, parsed to fields, queries and
rules."""

from docagent.schemas.fields import query_text
from docagent.schemas.loading import SchemaSource, list_schemas, load_schema
from docagent.schemas.types import Rule, Schema, SchemaField, assemble

__all__ = [
    "Rule",
    "Schema",
    "SchemaField",
    "SchemaSource",
    "assemble",
    "list_schemas",
    "load_schema",
    "query_text",
]
