"""Schemas: the built-in ones, and those that the caller saved under a name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request

from docagent.api.access import Reader, Writer, library_of
from docagent.api.openapi import PROBLEMS
from docagent.api.problems import RequestError
from docagent.document import Frozen
from docagent.errors import SchemaError
from docagent.schemas import AUTO, Schema, list_schemas, load_schema
from docagent.store.types import SavedSchema

router = APIRouter(prefix="/v1/schemas", tags=["schemas"], responses=PROBLEMS)

SchemaName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")]


class SchemaInfo(Frozen):
    """A schema that ``extract`` takes by name. is_builtin: whether it ships with docagent."""

    name: str
    title: str
    domain: str
    description: str
    fields: int
    is_builtin: bool


class SchemaDetails(SchemaInfo):
    """The same with the schema itself."""

    json_schema: dict[str, Any]


@router.get("")
def get_schemas(request: Request, caller: Reader) -> tuple[SchemaInfo, ...]:
    """The built-in schemas, and then those that the caller saved."""
    saved = library_of(request, caller).schemas.list(1000).items
    return (*(_info(s) for s in list_schemas()), *(_saved_info(s) for s in saved))


@router.get("/{name}")
def get_schema(request: Request, caller: Reader, name: SchemaName) -> SchemaDetails:
    """A schema by its name."""
    for schema in list_schemas():
        if schema.name == name:
            return _details(_info(schema), schema)
    saved = library_of(request, caller).schemas.get(name)
    return _details(_saved_info(saved), load_schema(dict(saved.json_schema)))


@router.put("/{name}")
def put_schema(
    request: Request,
    caller: Writer,
    name: SchemaName,
    json_schema: Annotated[
        dict[str, Any],
        Body(
            description="JSON Schema 2020-12",
            examples=[{"type": "object", "properties": {"total": {"type": "number"}}}],
        ),
    ],
) -> SchemaDetails:
    """Save a schema under a name, in place of an earlier one of that name."""
    if name == AUTO.name or name in {schema.name for schema in list_schemas()}:
        message = f"{name} is the name of a built-in schema; take another one"
        raise RequestError(409, "store.conflict", message, pointer="name")
    try:
        saved = library_of(request, caller).schemas.save(name, {"title": name, **json_schema})
    except SchemaError as error:
        raise RequestError(422, error.code, str(error), pointer=error.place) from error
    return _details(_saved_info(saved), load_schema(dict(saved.json_schema)))


@router.delete("/{name}", status_code=204)
def delete_schema(request: Request, caller: Writer, name: SchemaName) -> None:
    """Delete a saved schema; results made with it stay."""
    library_of(request, caller).schemas.delete(name)


def _info(schema: Schema) -> SchemaInfo:
    return SchemaInfo(
        name=schema.name,
        title=schema.title,
        domain=schema.domain,
        description=schema.description,
        fields=len(schema.leaves),
        is_builtin=True,
    )


def _saved_info(saved: SavedSchema) -> SchemaInfo:
    info = _info(load_schema(dict(saved.json_schema)))
    return info.replace(name=saved.name, is_builtin=False)


def _details(info: SchemaInfo, schema: Schema) -> SchemaDetails:
    return SchemaDetails(**info.model_dump(), json_schema=dict(schema.json_schema))
