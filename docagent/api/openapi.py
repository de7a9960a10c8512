"""What the description of the API (OpenAPI) says beyond the types: problems, headers, examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docagent.api.problems import MEDIA_TYPE, Problem

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


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI as FastAPI made it, with the type of problems and the ways to send a key."""
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    nested = components["schemas"]["Problem"].pop("$defs", {})
    components["schemas"].update(nested)
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{}, {"key": []}]
    return schema
