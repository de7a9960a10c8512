"""Results as replies of tools: short text for the model, the whole result for programs, and the
rows for the viewer."""

from __future__ import annotations

from typing import Any

from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent

from docagent.export.brief import result_to_brief
from docagent.export.evidence_view import Result, result_to_view

VIEW = "docagent/view"
"""Key of the rows for the viewer in ``_meta``, which hosts do not show to models."""
MAX_TEXT_CHARS = 40_000
"""Characters of a document's text in one reply."""


def reply(result: Result, document: str) -> CallToolResult:
    """A result of a verb. document: the name by which the client knows the document."""
    view = result_to_view(result)
    meta: dict[str, Any] = {
        VIEW: {"document": document, **view.model_dump(mode="json")},
    }
    return CallToolResult(
        content=[TextContent(type="text", text=result_to_brief(result))],
        structured_content=result.model_dump(mode="json", by_alias=True),
        _meta=meta,
    )


def text_reply(text: str, data: dict[str, Any]) -> CallToolResult:
    """Plain text, with the same as data."""
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=data)


def picture_reply(data: str, note: str) -> CallToolResult:
    """A picture (base64 of a WebP file) with a line about it."""
    content: list[ContentBlock] = [
        TextContent(type="text", text=note),
        ImageContent(type="image", data=data, mime_type="image/webp"),
    ]
    return CallToolResult(content=content)
