"""Extraction schemas: JSON Schema 2020-12 with ``x-`` keywords, parsed to fields, queries and
rules."""

from docagent.schemas.assembly import assemble
from docagent.schemas.fields import query_text
from docagent.schemas.loading import AUTO, SchemaSource, list_schemas, load_schema
from docagent.schemas.paths import parse_path, write_path
from docagent.schemas.types import Rule, Schema, SchemaField

__all__ = [
    "AUTO",
    "Rule",
    "Schema",
    "SchemaField",
    "SchemaSource",
    "assemble",
    "list_schemas",
    "load_schema",
    "parse_path",
    "query_text",
    "write_path",
]
