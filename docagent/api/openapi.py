"""What the description of the API (OpenAPI) says beyond the types: problems, headers, examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from docagent.api.problems import MEDIA_TYPE, Problem
from docagent.verbs import VERBS

EXAMPLE_DOCUMENT = "0" * 64

PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "The request is refused: what is wrong, where, and whether to try again",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
    "5XX": {
        "description": "The server or the vision-language model failed",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}
"""The answers that any route may give instead of its own."""


def _no_boolean(value: Any) -> Any:
    """Pydantic takes true and "1" for a number; the description of the API does not."""
    if isinstance(value, bool | str):
        raise ValueError("Input should be a valid integer")
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
"""A whole number in a JSON body."""


def answers(description: str, *media_types: str) -> dict[int | str, dict[str, Any]]:
    """What a route answers that is not JSON of a type."""
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return {200: {"description": description, "content": content}}


VERB_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "example": "wait=20",
        "description": "wait=SECONDS: how long to wait for the result before the answer is a job "
        "(202); respond-async: not at all",
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_.:-]{1,200}$"},
        "description": "becomes the job's id; the same request with the same key is the same job",
    },
]

VERB_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "read": {},
    "correct": {},
    "ask": {"question": "What is the total?"},
    "extract": {"schema": "receipt"},
    "classify": {},
    "summarise": {"sentences": 2},
}
"""Options of each verb in the example of its request; they fit the shipped samples."""


NEEDS_NO_KEY = frozenset(("/healthz", "/readyz", "/problems/{code}"))


def describe(schema: dict[str, Any], needs_keys: bool) -> dict[str, Any]:
    """OpenAPI as FastAPI made it, with the type of problems and, if the server needs keys, the way
    to send one."""
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    nested = components["schemas"]["Problem"].pop("$defs", {})
    components["schemas"].update(nested)
    # A stored result is of one of the types that verbs return.
    types = [verb.result_type.__name__ for verb in VERBS.values() if not verb.is_conversation]
    components["schemas"]["Frozen"] = {
        "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in types]
    }
    if needs_keys:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"key": []}]
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                if path in NEEDS_NO_KEY or (path == "/v1/session" and method != "get"):
                    operation["security"] = []
    return schema
