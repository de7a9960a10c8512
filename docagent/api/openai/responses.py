"""``/v1/responses``, as far as questions about a document need it; nothing is stored."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from docagent.api.access import Writer, server_of
from docagent.api.openai.answered import Answered, to_answered
from docagent.api.openai.asked import MODEL, parse_messages
from docagent.api.openai.chat_completions import ask_document, last_turn
from docagent.api.openapi import PROBLEMS, answers
from docagent.results import Turn

router = APIRouter(tags=["OpenAI"], responses=PROBLEMS)


class ResponseRequest(BaseModel):
    """A question in OpenAI's newer form. input: text, or messages."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(default=MODEL, max_length=200)
    input: str | list[dict[str, Any]] = Field(examples=["What is the total?"])
    stream: StrictBool = False
    metadata: dict[str, Any] | None = None


@router.post(
    "/v1/responses",
    response_model=None,
    responses=answers("The answer, in OpenAI's form", "application/json", "text/event-stream"),
)
async def respond(request: Request, caller: Writer, wanted: ResponseRequest) -> Response:
    """Answer a question from a document, as ``/v1/chat/completions`` does."""
    limits = server_of(request).settings.limits
    given = wanted.input
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else given
    asked = parse_messages(messages, wanted.model, wanted.metadata, limits)
    name, events = await ask_document(request, caller, asked)
    turn = await last_turn(events)
    answered = to_answered(turn, name, server_of(request).base_url(request))
    response = _response(wanted.model, answered, turn)
    if wanted.stream:
        return StreamingResponse(_events(response, answered), media_type="text/event-stream")
    return JSONResponse(response)


def _response(model: str, answered: Answered, turn: Turn) -> dict[str, Any]:
    prompt = turn.vlm.prompt_tokens if turn.vlm else 0
    completion = turn.vlm.completion_tokens if turn.vlm else 0
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": model,
        "output": [
            {
                "type": "message",
                "id": f"msg_{secrets.token_hex(12)}",
                "role": "assistant",
                "status": "completed",
                "content": [_part(answered)],
            }
        ],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": False,
        "tool_choice": "none",
        "tools": [],
        "usage": {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + completion,
        },
    }


def _part(answered: Answered) -> dict[str, Any]:
    annotations = [_annotation(answered, index) for index in range(len(answered.citations))]
    return {"type": "output_text", "text": answered.text, "annotations": annotations}


def _annotation(answered: Answered, index: int) -> dict[str, Any]:
    citation = answered.citations[index]
    return {
        "type": "url_citation",
        "start_index": citation.start,
        "end_index": citation.end,
        "title": citation.title,
        "url": citation.url,
    }


async def _events(response: Mapping[str, Any], answered: Answered) -> AsyncIterator[bytes]:
    message = response["output"][0]
    place = {"item_id": message["id"], "output_index": 0, "content_index": 0}
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    empty = {"type": "output_text", "text": "", "annotations": []}
    started = {**message, "status": "in_progress", "content": []}
    sent: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.output_item.added", {"output_index": 0, "item": started}),
        ("response.content_part.added", {**place, "part": empty}),
        ("response.output_text.delta", {**place, "delta": answered.text, "logprobs": []}),
    ]
    for index in range(len(answered.citations)):
        annotation = {"annotation_index": index, "annotation": _annotation(answered, index)}
        sent.append(("response.output_text.annotation.added", {**place, **annotation}))
    sent += [
        ("response.output_text.done", {**place, "text": answered.text, "logprobs": []}),
        ("response.content_part.done", {**place, "part": _part(answered)}),
        ("response.output_item.done", {"output_index": 0, "item": message}),
        ("response.completed", {"response": dict(response)}),
    ]
    for number, (kind, values) in enumerate(sent):
        data = json.dumps({"type": kind, "sequence_number": number, **values}, ensure_ascii=False)
        yield f"event: {kind}\ndata: {data}\n\n".encode()
