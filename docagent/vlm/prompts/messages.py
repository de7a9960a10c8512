"""Templates, page text and pictures put together as chat messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docagent.vlm.prompts.pictures import Crop
from docagent.vlm.prompts.templates import PromptTemplate

Message = Mapping[str, Any]
"""An OpenAI-style message, which LangChain takes as it is."""


def build_messages(
    template: PromptTemplate,
    values: Mapping[str, Any],
    document_text: str,
    pages: Sequence[str] = (),
    crops: Sequence[Crop] = (),
) -> tuple[Message, ...]:
    """Messages in the order that lets a server's prefix cache hit: instructions, task, page
    pictures, page text, then what is asked now, with its crops.

    values: what the template takes. document_text: as ``lay_out`` gives it. pages: data URLs of
    pictures. A crop stands below its caption. Raises as ``PromptTemplate.render``.
    """
    text = template.render(values)
    blocks = [_text(text["task"])]
    blocks += [_picture(url) for url in pages]
    blocks += [_text(document_text), _text(text["request"])]
    for crop in crops:
        blocks += [_text(crop.caption), _picture(crop.url)]
    return (
        {"role": "system", "content": text["system"]},
        {"role": "user", "content": [b for b in blocks if b.get("text") != ""]},
    )


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}
