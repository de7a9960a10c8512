"""Extraction schemas that an owner saved under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.engine import Row

from docagent.schemas import load_schema
from docagent.store.database import Database
from docagent.store.rows import from_json, missing, now, slice_of, to_json, to_time
from docagent.store.tables import schemas
from docagent.store.types import SavedSchema, Slice


class Schemas:
    """Keeps the schemas of one owner."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self.owner = owner

    def save(self, name: str, json_schema: Mapping[str, Any]) -> SavedSchema:
        """Store a schema, in place of one with the same name. Raises SchemaError if it is not one
        that docagent can extract."""
        load_schema(dict(json_schema))
        values = {"json_schema": to_json(dict(json_schema)), "created": now()}
        with self._database.write() as connection:
            connection.execute(delete(schemas).where(*self._is(name)))
            connection.execute(insert(schemas).values(owner=self.owner, name=name, **values))
        return self.get(name)

    def get(self, name: str) -> SavedSchema:
        """A schema. Raises StoreError if the owner has none of that name."""
        with self._database.read() as connection:
            row = connection.execute(select(schemas).where(*self._is(name))).first()
        if row is None:
            raise missing("schema", name)
        return _to_schema(row)

    def list(self, limit: int = 100, after: str | None = None) -> Slice[SavedSchema]:
        """Schemas, newest first. limit: 1 to 1000."""
        query: Select[Any] = select(schemas).where(schemas.c.owner == self.owner)
        order = (schemas.c.created, schemas.c.name)
        with self._database.read() as connection:
            return slice_of(connection, query, order, (limit, after, True), _to_schema)

    def delete(self, name: str) -> None:
        """Delete a schema; results made with it stay. Raises StoreError if there is none of that
        name."""
        with self._database.write() as connection:
            if not connection.execute(delete(schemas).where(*self._is(name))).rowcount:
                raise missing("schema", name)

    def _is(self, name: str) -> tuple[Any, Any]:
        return schemas.c.owner == self.owner, schemas.c.name == name


def _to_schema(row: Row[Any]) -> SavedSchema:
    values = dict(row._mapping)
    return SavedSchema(
        **values | {"json_schema": from_json(row.json_schema), "created": to_time(row.created)}
    )
