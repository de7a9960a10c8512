"""Tools made from the table of verbs: the same names, options and descriptions as everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from docagent.errors import DocAgentError
from docagent.mcp.library import Library
from docagent.mcp.replies import reply
from docagent.tool_arguments import check_arguments, describe, option_type
from docagent.verbs import SOURCE_OPTIONS, Option, Verb

DOCUMENT = "name of a document: one that list_documents gives, or the id of an upload"
_NAME = Annotated[str, Field(description=DOCUMENT)]


def verb_tool(verb: Verb, library: Library) -> Callable[..., CallToolResult]:
    """The function of a tool that runs a verb on one document."""

    def run(document: str, **given: Any) -> CallToolResult:
        opening = {option.name: given.pop(option.name, None) for option in SOURCE_OPTIONS}
        options = check_arguments(verb, given)
        return reply(verb.run(library.agent, library.open(document, **opening), options), document)

    told = failing_clearly(run)
    told.__name__, told.__doc__ = verb.name, describe(verb)
    told.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [_parameter("document", _NAME), *map(_option, (*verb.options, *SOURCE_OPTIONS))],
        return_annotation=Annotated[CallToolResult, verb.result_type],
    )
    return told


def failing_clearly(call: Callable[..., CallToolResult]) -> Callable[..., CallToolResult]:
    """A function whose DocAgentErrors are told to the model, as what to do differently."""

    def run(*args: Any, **given: Any) -> CallToolResult:
        try:
            return call(*args, **given)
        except DocAgentError as error:
            raise ToolError(f"{error} [{error.code}]") from error

    run.__name__, run.__doc__ = call.__name__, call.__doc__
    run.__signature__ = inspect.signature(call, eval_str=True)  # type: ignore[attr-defined]
    return run


def _option(option: Option) -> inspect.Parameter:
    kind, default = option_type(option)
    return _parameter(option.name, kind, inspect.Parameter.empty if default is ... else default)


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
