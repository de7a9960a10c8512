"""``/v1/chat/completions``: questions about a document in the protocol that chat clients speak."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from docagent.api.access import Caller, Writer, library_of, server_of
from docagent.api.conversations import open_chat, stream_answer, turns_of
from docagent.api.openai.answered import Answered, to_answered
from docagent.api.openai.asked import MODEL, Asked, find_document, parse_messages
from docagent.api.openapi import PROBLEMS, answers
from docagent.results import ChatEvent, Turn

router = APIRouter(tags=["OpenAI"], responses=PROBLEMS)


class CompletionRequest(BaseModel):
    """A conversation in OpenAI's form. model: ``docagent``, or ``docagent:DOCUMENT_ID``. metadata:
    ``document_ids`` names documents too. What a language model would need besides is ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(default=MODEL, max_length=200)
    messages: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=500,
        examples=[[{"role": "user", "content": "What is the total?"}]],
    )
    stream: StrictBool = False
    metadata: dict[str, Any] | None = None
    stream_options: dict[str, Any] | None = None


@router.post(
    "/v1/chat/completions",
    response_model=None,
    responses=answers("The answer, in OpenAI's form", "application/json", "text/event-stream"),
)
async def complete(request: Request, caller: Writer, wanted: CompletionRequest) -> Response:
    """Answer the last question from a document: one sent along as a file part, one named by the
    model or by metadata.document_ids, or else the one of the library that fits the question.
    Citations are url_citation annotations that open the highlighted place."""
    limits = server_of(request).settings.limits
    asked = parse_messages(wanted.messages, wanted.model, wanted.metadata, limits)
    name, events = await ask_document(request, caller, asked)
    base = server_of(request).base_url(request)
    head = {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "created": int(time.time()),
        "model": wanted.model,
    }
    if wanted.stream:
        first = await anext(events)  # so that a wrong question is a problem, not half an answer
        has_usage = bool((wanted.stream_options or {}).get("include_usage"))
        chunks = _chunks(head, _chain(first, events), (name, base), has_usage)
        return StreamingResponse(chunks, media_type="text/event-stream")
    turn = await last_turn(events)
    answered = to_answered(turn, name, base)
    message = {
        "role": "assistant",
        "content": answered.text,
        "refusal": None,
        "annotations": to_annotations(answered),
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    content = {**head, "object": "chat.completion", "choices": [choice], "usage": to_usage(turn)}
    return JSONResponse(content)


async def ask_document(
    request: Request, caller: Caller, asked: Asked
) -> tuple[str, AsyncIterator[ChatEvent]]:
    """The name of the document that is asked about, and the events of the answer."""
    library = library_of(request, caller)
    document_id = await asyncio.to_thread(find_document, library, asked)
    turns = list(turns_of(asked.earlier, document_id))
    chat = await open_chat(request, caller, document_id, turns)
    return chat.document.name, stream_answer(request, chat, asked.question, lambda turn: None)


async def last_turn(events: AsyncIterator[ChatEvent]) -> Turn:
    """The turn at the end of the events."""
    turn = [event.turn async for event in events][-1]
    assert turn is not None
    return turn


def to_annotations(answered: Answered) -> list[dict[str, Any]]:
    """Citations as chat completions have them."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": citation.start,
                "end_index": citation.end,
                "title": citation.title,
                "url": citation.url,
            },
        }
        for citation in answered.citations
    ]


def to_usage(turn: Turn) -> dict[str, int]:
    """Tokens of the vision-language model, if one was asked."""
    prompt = turn.vlm.prompt_tokens if turn.vlm else 0
    completion = turn.vlm.completion_tokens if turn.vlm else 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


async def _chunks(
    head: Mapping[str, Any],
    events: AsyncIterator[ChatEvent],
    place: tuple[str, str],
    has_usage: bool,
) -> AsyncIterator[bytes]:
    """place: name of the document and address of the server."""

    def chunk(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return _line({**head, "object": "chat.completion.chunk", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    turn: Turn | None = None
    async for event in events:
        turn = event.turn or turn
    assert turn is not None
    answered = to_answered(turn, *place)
    # The text comes when it has been found on the page, whole; the list of places follows.
    cut = len(turn.text or "")
    for piece in filter(None, (answered.text[:cut], answered.text[cut:])):
        yield chunk({"content": piece})
    if answered.citations:
        yield chunk({"annotations": to_annotations(answered)})
    yield chunk({}, "stop")
    if has_usage:
        usage = {"choices": [], "usage": to_usage(turn)}
        yield _line({**head, "object": "chat.completion.chunk", **usage})
    yield b"data: [DONE]\n\n"


def _line(value: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


async def _chain(first: ChatEvent, rest: AsyncIterator[ChatEvent]) -> AsyncIterator[ChatEvent]:
    yield first
    async for event in rest:
        yield event
