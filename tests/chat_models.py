"""Scripted chat models with tools, and conversations with them."""

from __future__ import annotations

import re
from typing import Any

from docagent import Chat, DocAgent
from docagent.document import Document
from docagent.vlm.scripted import ScriptedAnswer, ScriptedChatModel
from tests.chat_documents import NDA
from tests.vlm_models import FAST, DoubtfulReader


def model_of(*script: Any) -> ScriptedChatModel:
    """A model that calls tools: answers in turn, or a function of messages and options."""
    whole = script[0] if callable(script[0]) else list(script)
    return ScriptedChatModel(script=whole, calls_tools=True)


def talk(model: Any, document: Document = NDA, reader: Any = None, **settings: Any) -> Chat:
    limits = FAST.replace(**settings)
    return DocAgent(limits, reader=DoubtfulReader(reader or {}), vlm=model).chat(document)


def calls(tool: str, /, **arguments: Any) -> ScriptedAnswer:
    return ScriptedAnswer(calls=[(tool, arguments)])


def answers(*cells: dict[str, Any]) -> ScriptedAnswer:
    return calls("answer", answers=list(cells))


def texts(messages: list[Any]) -> list[str]:
    """Every text of some messages."""
    found = []
    for message in messages:
        blocks = message.content if isinstance(message.content, list) else [message.content]
        found += [b if isinstance(b, str) else b.get("text", "") for b in blocks]
    return found


def told(model: ScriptedChatModel, request: int = -1) -> list[str]:
    """What tools returned, as a request tells the model."""
    return [m.content for m in model.requests[request][0] if m.type == "tool"]


def line_of(messages: list[Any], words: str) -> str:
    """The id of the last line with some words that a model was shown."""
    pieces = re.split(r"(L\d+)\| ", "\n".join(texts(messages)))
    ids = [name for name, text in zip(pieces[1::2], pieces[2::2], strict=True) if words in text]
    return ids[-1]
