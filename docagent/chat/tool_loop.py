"""A model with tools on one question: it calls tools until it answers or has to stop."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from docagent.cascade.answer_format import members
from docagent.cascade.document_view import DocumentView
from docagent.chat.claims import Conclusion
from docagent.chat.tools import TOOLS, DocumentTools, tool_specs
from docagent.layout.lines_with_ids import defuse
from docagent.results import ChatEvent, Step
from docagent.schemas import list_schemas
from docagent.tasks.answering.cascade import Conversation, earlier_values
from docagent.vlm.calls import Asker, Reply, Request
from docagent.vlm.message_content import keep_images
from docagent.vlm.streaming import ToolCall

RESERVED_CALLS = 2
"""Calls kept for asking without tools, should the tools give no answer."""
MAX_PLAIN_REPLIES = 2
"""Replies of a model that call no tool."""
REMINDER = "Give your answer by calling the tool answer."

Message = Mapping[str, Any]


@dataclass
class ToolLoop:
    """One question put to a model with tools."""

    view: DocumentView
    tools: DocumentTools
    asker: Asker
    steps: list[Step] = field(default_factory=list)
    refused: bool = False
    """Whether the server takes no requests with tools."""
    _messages: list[Message] = field(default_factory=list)

    def run(self, question: str, conversation: Conversation) -> Iterator[ChatEvent]:
        """Events of the tools called. Afterwards ``tools.conclusion`` is the answer, verified on
        the page, or None if there is none."""
        request = self._request(question, conversation)
        self._messages = list(request.messages)
        plain_replies = 0
        while self._may_go_on() and plain_replies < MAX_PLAIN_REPLIES:
            reply = self.asker.ask(replace(request, messages=tuple(self._messages)))
            if not reply.ok:
                self.refused = reply.outcome == "refused" and "tool" in reply.message.lower()
                return
            if not reply.calls:
                plain_replies += 1
                yield from self._apply_plain_reply(reply)
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
            "pages": len(self.view.document.pages),
            "schemas": ", ".join(schema.name for schema in list_schemas()),
        }
        made = self.view.request(
            "agent", values, part, [question], json_schema=None, is_usable=bool
        )
        # The other half is for pictures that the model calls for: a server allows so many in all.
        most = self.view.settings.vlm.images - self.view.settings.vlm.images // 2
        return replace(made, messages=keep_images(made.messages, most), tools=tool_specs())

    def _may_go_on(self) -> bool:
        return (
            self.conclusion is None
            and self.asker.calls_left > RESERVED_CALLS
            and len(self.steps) < self.view.settings.vlm.tool_calls
        )

    def _apply_plain_reply(self, reply: Reply) -> Iterator[ChatEvent]:
        """An answer in the text of a reply counts as a call of the tool if it has its form."""
        found = members(reply.text)
        self._messages.append({"role": "assistant", "content": reply.text})
        if "answers" in found:
            yield from self._do(ToolCall("", "answer", json.dumps({"answers": found["answers"]})))
        reminder = self.steps[-1].message if self.steps and not self.steps[-1].ok else ""
        self._messages.append({"role": "user", "content": f"{reminder} {REMINDER}".strip()})

    def _call(self, reply: Reply) -> Iterator[ChatEvent]:
        calls = reply.calls[: self.view.settings.vlm.tool_calls - len(self.steps)]
        named = [replace(call, id=f"call_{len(self.steps) + n}") for n, call in enumerate(calls)]
        sent = [_to_message(call) for call in named]
        self._messages.append({"role": "assistant", "content": reply.text, "tool_calls": sent})
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


def _to_message(call: ToolCall) -> dict[str, Any]:
    """A call of the model in its history; arguments that are not JSON would break its template."""
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        arguments = None
    whole = call.arguments if isinstance(arguments, dict) else "{}"
    name = call.name if call.name in TOOLS else re.sub(r"\W", "_", call.name)[:40] or "unknown"
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": whole}}


def _picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}
