"""Contents of OpenAI-style messages: pictures, text, and the room that they take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

CHARS_PER_TOKEN = 2.5
"""Of laid-out pages: ids, amounts and codes take a token for each character or two."""
PICTURE_TOKENS = 1500
"""Of a picture whose size is not known."""


def count_images(messages: Sequence[Message]) -> int:
    """Images in OpenAI-style messages."""
    return sum(_is_image(block) for message in messages for block in _blocks(message))


def keep_images(messages: Sequence[Message], most: int) -> tuple[Message, ...]:
    """The messages with only the first ``most`` images. A text right above an image that is left
    out, unless it is the first of its message, is the image's caption and is left out too."""
    kept: list[Message] = []
    left = most
    for message in messages:
        blocks: list[Mapping[str, Any]] = []
        for block in _blocks(message):
            if _is_image(block):
                left -= 1
                if left < 0:
                    if len(blocks) > 1 and not _is_image(blocks[-1]):
                        blocks.pop()
                    continue
            blocks.append(block)
        kept.append({**message, "content": blocks} if blocks else message)
    return tuple(kept)


def mostly_pictures(messages: Sequence[Message]) -> bool:
    """Whether the pictures of messages take more room than their text."""
    text = sum(len(text) for message in messages for text in _texts(message))
    return count_images(messages) * PICTURE_TOKENS > text / CHARS_PER_TOKEN


def hash_messages(messages: Sequence[Message]) -> str:
    """SHA-256 of messages as JSON, first 16 hex digits."""
    text = json.dumps(list(messages), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _texts(message: Message) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    return [str(block.get("text", "")) for block in _blocks(message)]


def _blocks(message: Message) -> Sequence[Mapping[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else ()


def _is_image(block: Mapping[str, Any]) -> bool:
    return block.get("type") == "image_url"
