"""One route for each verb: a file or the id of a document in, the verb's own result out."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from docagent.api.access import Writer, library_of, server_of
from docagent.api.openapi import EXAMPLE_DOCUMENT, PROBLEMS, VERB_EXAMPLES, VERB_HEADERS
from docagent.api.problems import RequestError
from docagent.api.running import respond_with_result, submit
from docagent.api.uploads import Body, read_body
from docagent.errors import DocAgentError, SchemaError, SettingsError
from docagent.sources.scan import READABLE
from docagent.store.jobs import PRIORITIES
from docagent.store.types import Job
from docagent.verbs import SOURCE_OPTIONS, VERBS, Option, Verb

router = APIRouter(tags=["verbs"])

RUNNABLE = tuple(verb for verb in VERBS.values() if not verb.is_conversation)
"""The verbs that return a result; conversations have routes of their own."""

_PAGES = r"^[1-9]\d{0,5}(-([1-9]\d{0,5})?)?(,[1-9]\d{0,5}(-([1-9]\d{0,5})?)?)*$"
_NO_OPTIONS = ("document_id", "priority")


async def run_verb(verb: Verb, request: Request, caller: Writer) -> Response:
    """Run a verb on the file or document of a request."""
    server = server_of(request)
    body = await read_body(request, server.settings.limits)
    options = to_options(verb, body)
    priority = _priority(body.fields.get("priority"))
    document_id = await document_of(request, caller, body)
    key = request.headers.get("idempotency-key") or None
    given = {"job_id": key, "priority": priority}
    try:
        job = await submit(request, caller, document_id, verb.name, options, **given)
    except (SchemaError, SettingsError) as error:
        name = next((option.name for option in verb.options if option.type == "schema"), "")
        place = error.place if isinstance(error, SchemaError) else ""
        raise RequestError(422, error.code, str(error), pointer=f"/{name}{place}") from error
    return await respond_with_result(request, caller, job)


def to_options(verb: Verb, body: Body) -> dict[str, Any]:
    """The options of a verb in a body, each checked on its own so that the problem names it."""
    known = {option.name: option for option in options_of(verb)}
    given = {n: v for n, v in body.fields.items() if n not in _NO_OPTIONS and v is not None}
    if body.is_form:  # an empty field of a form is one that was not filled in
        given = {name: value for name, value in given.items() if value != ""}
    for name in given:
        if name not in known:
            allowed = ", ".join([*known, *_NO_OPTIONS])
            message = f"{verb.name} has no option {name!r}; it takes {allowed}"
            raise RequestError(422, "request.invalid", message, pointer=f"/{name}")
    for name, option in known.items():
        if option.required and name not in given:
            message = f"{verb.name} needs {name}: {option.help}"
            raise RequestError(422, "request.invalid", message, pointer=f"/{name}")
    if body.is_form:
        given = {name: from_form(known[name], value) for name, value in given.items()}
    return {name: check_option(known[name], value) for name, value in given.items()}


def options_of(verb: Verb) -> tuple[Option, ...]:
    """The options of a verb, and those that say how its source is opened."""
    return (*verb.options, *SOURCE_OPTIONS)


def check_option(option: Option, value: Any) -> Any:
    """A value that the option takes, in JSON types. Schemas are checked when the job is submitted:
    a name stands for a built-in or saved schema there, never for a file of the server."""
    if option.type == "schema":
        return value
    try:
        option.check(value)
    except DocAgentError as error:
        raise RequestError(422, error.code, str(error), pointer=f"/{option.name}") from error
    return value


def from_form(option: Option, text: Any) -> Any:
    """The text of a form field as JSON would have it."""
    if option.many:
        parts = text if isinstance(text, list) else [text]
        return [from_form(replace(option, many=False), part) for part in parts]
    if not isinstance(text, str):
        return text
    if option.type == "integer" and re.fullmatch(r"-?\d{1,9}", text.strip()):
        return int(text)
    if option.type == "schema" and text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            message = f"{option.name} is not JSON: {error}"
            raise RequestError(422, "schema.invalid", message, pointer=f"/{option.name}") from error
    return text


async def document_of(request: Request, caller: Writer, body: Body) -> str:
    """The id of the document that a request is about; its file is stored."""
    library = library_of(request, caller)
    given = body.fields.get("document_id")
    if (body.file is None) == (given is None):
        message = "send either a file (a form with the part file) or a document_id"
        raise RequestError(422, "request.invalid", message, pointer="/document_id")
    if body.file is not None:
        file = body.file
        stored, _ = await asyncio.to_thread(
            library.documents.add, file.data, file.name, file.media_type
        )
    else:
        stored = await asyncio.to_thread(library.documents.get, str(given))
    return stored.id


def _priority(given: Any) -> int:
    if given is None:
        return 0
    if isinstance(given, str) and re.fullmatch(r"-?\d{1,3}", given.strip()):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int):
        message = f"priority={given!r} is not a whole number"
        raise RequestError(422, "request.invalid", message, pointer="/priority")
    return given


def request_body(verb: Verb) -> dict[str, Any]:
    """The body of a verb's route for OpenAPI: a form with a file, or JSON with a document."""
    options = {option.name: option_schema(option) for option in options_of(verb)}
    required = [option.name for option in verb.options if option.required]
    priority = {
        "type": "integer",
        "minimum": PRIORITIES[0],
        "maximum": PRIORITIES[1],
        "description": "lower numbers run first",
    }
    file = {"type": "string", "format": "binary", "description": f"one of {READABLE}"}
    document = {"type": "string", "description": "id of a document that is there already"}
    common = {**options, "priority": priority}
    return {
        "required": True,
        "content": {
            "application/json": {
                "schema": _object({"document_id": document, **common}, ["document_id", *required]),
                "example": {"document_id": EXAMPLE_DOCUMENT, **VERB_EXAMPLES[verb.name]},
            },
            "multipart/form-data": {
                "schema": _object({"file": file, **common}, ["file", *required]),
            },
        },
    }


def option_schema(option: Option) -> dict[str, Any]:
    """JSON Schema of an option."""
    made: dict[str, Any] = {"type": "string"}
    if option.type == "integer":
        made = {"type": "integer"}
        bounds = {"minimum": option.minimum, "maximum": option.maximum}
        made |= {name: bound for name, bound in bounds.items() if bound is not None}
    if option.type == "schema":
        made = {"anyOf": [{"type": "string"}, {"type": "object"}]}
    if option.type == "pages":
        numbers = {"type": "array", "items": {"type": "integer", "minimum": 1}}
        text = {"type": "string", "pattern": _PAGES}
        made = {"anyOf": [text, numbers]}
    if option.choices:
        made["enum"] = list(option.choices)
    if option.many:
        made = {"type": "array", "items": made}
    return {**made, "description": option.help}


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def _endpoint(verb: Verb) -> Callable[[Request, Writer], Coroutine[Any, Any, Response]]:
    async def run(request: Request, caller: Writer) -> Response:
        return await run_verb(verb, request, caller)

    return run


for _verb in RUNNABLE:
    router.add_api_route(
        f"/v1/{_verb.name}",
        _endpoint(_verb),
        methods=["POST"],
        operation_id=_verb.name,
        summary=_verb.help[0].upper() + _verb.help[1:],
        response_model=None,
        responses={
            200: {"model": _verb.result_type, "description": "The result"},
            202: {"model": Job, "description": "It takes longer than asked to wait: the job"},
            **PROBLEMS,
        },
        openapi_extra={"requestBody": request_body(_verb), "parameters": VERB_HEADERS},
    )
