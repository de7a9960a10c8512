"""A model with tools at work on one question: call after call, until it answers or may no more."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from docagent.cascade.answer_format import members
from docagent.cascade.document_view import Look
from docagent.chat.claims import Conclusion
from docagent.chat.tools import TOOLS, DocumentTools, tool_specs
from docagent.layout.numbered_lines import defuse
from docagent.results import ChatEvent, Step
from docagent.schemas import list_schemas
from docagent.tasks.answering.cascade import Conversation, earlier_values
from docagent.vlm.calls import Asker, Reply, Request
from docagent.vlm.message_content import keep_images
from docagent.vlm.streaming import ToolCall

RESERVED = 2
"""Calls kept for asking without tools, should the tools lead nowhere."""
MOST_SPEECHES = 2
"""Times that a model may speak instead of calling a tool."""
REMINDER = "Give your answer by calling the tool answer."

Message = Mapping[str, Any]


@dataclass
class ToolLoop:
    """One question put to a model with tools."""

    look: Look
    tools: DocumentTools
    asker: Asker
    steps: list[Step] = field(default_factory=list)
    refused: bool = False
    """Whether the server takes no requests with tools."""
    _messages: list[Message] = field(default_factory=list)

    def run(self, question: str, conversation: Conversation) -> Iterator[ChatEvent]:
        """Events of the tools called. Afterwards ``tools.conclusion`` is the answer, held to
        the page, or None if there is none."""
        request = self._request(question, conversation)
        self._messages = list(request.messages)
        speeches = 0
        while self._may_go_on() and speeches < MOST_SPEECHES:
            reply = self.asker.ask(replace(request, messages=tuple(self._messages)))
            if not reply.ok:
                self.refused = reply.outcome == "refused" and "tool" in reply.message.lower()
                return
            if not reply.calls:
                speeches += 1
                yield from self._hear_speech(reply)
            else:
                yield from self._call(reply)

    @property
    def conclusion(self) -> Conclusion | None:
        return self.tools.conclusion

    def _request(self, question: str, conversation: Conversation) -> Request:
        (part,) = conversation.parts
        self.tools.show(part)
        values = {
            "question": defuse(question),
            "earlier": earlier_values(conversation.earlier),
            "pages": len(self.look.document.pages),
            "schemas": ", ".join(schema.name for schema in list_schemas()),
        }
        made = self.look.request(
            "agent", values, part, [question], json_schema=None, is_usable=bool
        )
        # The other half is for what the model looks at: a server allows so many in all.
        most = self.look.settings.vlm.images - self.look.settings.vlm.images // 2
        return replace(made, messages=keep_images(made.messages, most), tools=tool_specs())

    def _may_go_on(self) -> bool:
        return (
            self.conclusion is None
            and self.asker.calls_left > RESERVED
            and len(self.steps) < self.look.settings.vlm.tool_calls
        )

    def _hear_speech(self, reply: Reply) -> Iterator[ChatEvent]:
        """A model that says its answer instead of calling the tool is heard if it has the form."""
        said = members(reply.text)
        self._messages.append({"role": "assistant", "content": reply.text})
        if "answers" in said:
            yield from self._do(ToolCall("", "answer", json.dumps({"answers": said["answers"]})))
        reminder = self.steps[-1].message if self.steps and not self.steps[-1].ok else ""
        self._messages.append({"role": "user", "content": f"{reminder} {REMINDER}".strip()})

    def _call(self, reply: Reply) -> Iterator[ChatEvent]:
        calls = reply.calls[: self.look.settings.vlm.tool_calls - len(self.steps)]
        named = [replace(call, id=f"call_{len(self.steps) + n}") for n, call in enumerate(calls)]
        told = [_as_told(call) for call in named]
        self._messages.append({"role": "assistant", "content": reply.text, "tool_calls": told})
        images: list[str] = []
        for call in named:
            images += yield from self._do(call)
        if images:
            self._messages.append({"role": "user", "content": [_picture(url) for url in images]})

    def _do(self, call: ToolCall) -> Generator[ChatEvent, None, tuple[str, ...]]:
        result = self.tools.call(call.name, call.arguments)
        self.steps.append(result.step)
        if call.id:
            self._messages.append({"role": "tool", "tool_call_id": call.id, "content": result.text})
        yield ChatEvent(kind="tool", text=f"{result.step.tool}: {result.step.message}")
        return result.images


def _as_told(call: ToolCall) -> dict[str, Any]:
    """A call as the model is told that it made it; what is not JSON would upset its template."""
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = None
    whole = call.arguments if isinstance(arguments, dict) else "{}"
    name = call.name if call.name in TOOLS else re.sub(r"\W", "_", call.name)[:40] or "unknown"
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": whole}}


def _picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}
