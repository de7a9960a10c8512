"""Tools made from the table of verbs: the same names, options and descriptions as everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from docagent.errors import DocAgentError
from docagent.mcp.documents import Documents, telling
from docagent.mcp.replies import reply
from docagent.tool_arguments import describe, option_type
from docagent.verbs import SOURCE_OPTIONS, Option, Verb

DOCUMENT = "name of a document: one that list_documents gives, or the id of an upload"
_NAME = Annotated[str, Field(description=DOCUMENT)]


def verb_tool(verb: Verb, documents: Documents) -> Callable[..., CallToolResult]:
    """The function of a tool that runs a verb on one document."""

    def run(document: str, **given: Any) -> CallToolResult:
        return reply(documents.run(verb, document, given), document)

    run.__name__, run.__doc__ = verb.name, describe(verb)
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [_parameter("document", _NAME), *map(_option, (*verb.options, *SOURCE_OPTIONS))],
        return_annotation=Annotated[CallToolResult, verb.result_type],
    )
    return tool(run)


def tool(call: Callable[..., CallToolResult]) -> Callable[..., CallToolResult]:
    """A function as a tool: the client is told of pages that it reads, and the model of its
    DocAgentErrors, as what to do differently."""

    def run(client: Context[Any, Any], **given: Any) -> CallToolResult:
        try:
            with telling(client):
                return call(**given)
        except DocAgentError as error:
            raise ToolError(f"{error} [{error.code}]") from error

    signature = inspect.signature(call, eval_str=True)
    parameters = [_parameter("client", Context), *signature.parameters.values()]
    named = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    run.__name__, run.__doc__ = call.__name__, call.__doc__
    # The library looks for a parameter of this type among the annotations, not in the signature.
    run.__annotations__ = {"client": Context}
    run.__signature__ = signature.replace(parameters=named)  # type: ignore[attr-defined]
    return run


def _option(option: Option) -> inspect.Parameter:
    kind, default = option_type(option)
    return _parameter(option.name, kind, inspect.Parameter.empty if default is ... else default)


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
