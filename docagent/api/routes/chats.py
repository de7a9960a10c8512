"""Chats: conversations about a document that are kept, with their citations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import Field

from docagent.api.access import Reader, Writer, library_of
from docagent.api.conversations import open_chat, stream_answer, stream_best_answer
from docagent.api.openapi import PROBLEMS
from docagent.api.problems import RequestError, problem_of
from docagent.api.routes.documents import After, Limit
from docagent.api.running import render
from docagent.document import Frozen
from docagent.errors import DocAgentError
from docagent.results import ChatEvent, Turn
from docagent.store.types import Chat, Message, Slice

router = APIRouter(prefix="/v1/chats", tags=["chats"], responses=PROBLEMS)

MAX_ABOUT = 1000
"""Most documents of one chat."""

ChatId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


class ChatRequest(Frozen):
    """document_id, document_ids: what the chat is about; without either, the newest MAX_ABOUT
    documents. title: for people."""

    document_id: str | None = Field(default=None, min_length=1, max_length=64)
    document_ids: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=MAX_ABOUT
    )
    title: str = Field(default="", max_length=200)


class Question(Frozen):
    """A question; it may refer to the one before."""

    question: str = Field(min_length=1, max_length=4000)


class ChatDetails(Frozen):
    """A chat with its messages."""

    chat: Chat
    messages: tuple[Message, ...]


@router.post("", status_code=201)
def add_chat(request: Request, response: Response, caller: Writer, wanted: ChatRequest) -> Chat:
    """Start a chat about a document, several, or all that are there. It is deleted with any of
    them, since its answers quote them."""
    library = library_of(request, caller)
    named = (*filter(None, [wanted.document_id]), *wanted.document_ids)
    about = named or [found.id for found in library.documents.list(MAX_ABOUT).items]
    if not about:
        message = "there is no document to ask about; upload one"
        raise RequestError(404, "chat.no_document", message)
    chat = library.chats.create(about, wanted.title)
    response.headers["Location"] = f"/v1/chats/{chat.id}"
    return chat


@router.get("")
def list_chats(
    request: Request, caller: Reader, limit: Limit = 100, after: After = None
) -> Slice[Chat]:
    """The chats of the caller, newest first."""
    return library_of(request, caller).chats.list(limit, after)


@router.get("/{chat_id}")
def get_chat(request: Request, caller: Reader, chat_id: ChatId) -> ChatDetails:
    """A chat with its messages."""
    chats = library_of(request, caller).chats
    return ChatDetails(chat=chats.get(chat_id), messages=chats.messages(chat_id))


@router.delete("/{chat_id}", status_code=204)
def delete_chat(request: Request, caller: Writer, chat_id: ChatId) -> None:
    """Delete a chat with its messages."""
    library_of(request, caller).chats.delete(chat_id)


@router.post(
    "/{chat_id}/messages",
    response_model=None,
    responses={
        200: {
            "model": Turn,
            "content": {"text/event-stream": {}},
            "description": "The answer; with Accept: text/event-stream, "
            "events named pages, model, tool, text and turn, each a ChatEvent",
        }
    },
)
async def ask(request: Request, caller: Writer, chat_id: ChatId, wanted: Question) -> Response:
    """Ask a question. The answer has citations, or says why there is none. In a chat about several
    documents it is the surest that those give which fit the question best; its ``document_id`` says
    which one the citations are of."""
    chats = library_of(request, caller).chats
    known = await asyncio.to_thread(chats.get, chat_id)
    messages = await asyncio.to_thread(chats.messages, chat_id)
    turns = [message.turn for message in messages if message.turn is not None]

    def keep(turn: Turn) -> None:
        chats.add(chat_id, "user", wanted.question)
        chats.add(chat_id, "assistant", turn.text or turn.message, turn)

    if len(known.document_ids) == 1:
        chat = await open_chat(request, caller, known.document_ids[0], turns)
        events = stream_answer(request, chat, wanted.question, keep)
    else:
        best = stream_best_answer(request, caller, known.document_ids, turns, wanted.question)
        events = _kept(best, keep)
    if "text/event-stream" in request.headers.get("accept", ""):
        # The first event is taken before the answer starts, so that a wrong question is a problem.
        first = await anext(events)
        return StreamingResponse(_to_sse(first, events), media_type="text/event-stream")
    turn = [event.turn async for event in events][-1]
    assert turn is not None
    return render(turn)


async def _kept(
    events: AsyncIterator[ChatEvent], keep: Callable[[Turn], object]
) -> AsyncIterator[ChatEvent]:
    """The same events; the turn is kept before it is passed on."""
    async for event in events:
        if event.turn is not None:
            await asyncio.to_thread(keep, event.turn)
        yield event


async def _to_sse(first: ChatEvent, rest: AsyncIterator[ChatEvent]) -> AsyncIterator[bytes]:
    yield _event(first)
    try:
        async for event in rest:
            yield _event(event)
    except DocAgentError as error:  # the answer has begun, so that its status cannot change
        problem, _ = problem_of(error)
        yield format_sse_event(data_str=problem.model_dump_json(), event="error")


def _event(event: ChatEvent) -> bytes:
    return format_sse_event(data_str=event.model_dump_json(by_alias=True), event=event.kind)
