"""Questions about a document, answered by the library's ``Chat``, whichever door they came by."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from fastapi import Request

from docagent.api.access import Caller, library_of, server_of
from docagent.api.finding import find_documents
from docagent.api.problems import RequestError
from docagent.api.running import reading_of
from docagent.chat.conversation import Chat
from docagent.errors import DocAgentError, SourceError
from docagent.results import ChatEvent, Turn

WAIT_SECONDS = 30.0
MAX_ASKED = 3
"""Documents that a question about several is asked of; each takes as long as one alone."""


async def open_chat(
    request: Request, caller: Caller, document_id: str, turns: Sequence[Turn]
) -> Chat:
    """A conversation about a document with its earlier turns. The document is read if need be."""
    document = await reading_of(request, caller, document_id)
    server, library = server_of(request), library_of(request, caller)

    def start() -> Chat:
        scan = server.scans.get(library, document_id)
        server.agent.remember(scan, document)
        chat = server.agent.chat(scan)
        chat.restore(turns)
        return chat

    return await asyncio.to_thread(start)


async def stream_answer(
    request: Request, chat: Chat, question: str, keep: Callable[[Turn], object]
) -> AsyncIterator[ChatEvent]:
    """The events of an answer. keep: called with the turn before it is sent, in a thread, also if
    the client is gone by then. Raises RequestError if too many questions are being answered."""
    slots = server_of(request).conversations
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await slots.acquire()
    except TimeoutError:
        raise RequestError(
            429, "limit.conversations", "too many questions are being answered", retry_after=5.0
        ) from None
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[ChatEvent | Exception | None] = asyncio.Queue()

    def put(item: ChatEvent | Exception | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, item)

    def answer() -> None:
        try:
            for event in chat.stream(question):
                if event.turn is not None:
                    keep(event.turn)
                put(event)
            put(None)
        except Exception as error:  # raised again in the request
            put(error)
        finally:
            loop.call_soon_threadsafe(slots.release)

    threading.Thread(target=answer, name="conversation", daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, Exception):
            raise item
        yield item


async def stream_best_answer(
    request: Request,
    caller: Caller,
    document_ids: Sequence[str],
    turns: Sequence[Turn],
    question: str,
) -> AsyncIterator[ChatEvent]:
    """The events of the surest answer that some of these documents give, with its turn last;
    confidence counts as much as the document fits the question.

    turns: earlier ones. The question is asked of MAX_ASKED documents: those whose pages have most
    of its words, and the one that the last answer is from. A document that cannot be read is left
    out. Raises what the last of them raises if none can, and as ``stream_answer``.
    """
    library = library_of(request, caller)
    found = await asyncio.to_thread(find_documents, library, question, frozenset(document_ids))
    last = [turns[-1].document_id] if turns else []
    best = list(found)[: MAX_ASKED - 1]
    chosen = list(dict.fromkeys((*best, *last, *found, *document_ids)))
    answers: list[tuple[float, list[ChatEvent]]] = []
    failure: DocAgentError | None = None
    for document_id in chosen[:MAX_ASKED]:
        try:
            chat = await open_chat(request, caller, document_id, turns)
            events = stream_answer(request, chat, question, lambda turn: None)
            fit = found.get(document_id, 0.0) if found else 1.0
            answers.append((fit, [event async for event in events]))
        except (SourceError, RequestError) as error:
            failure = error
    if failure is not None and not answers:
        raise failure
    _, surest = max(answers, key=lambda answer: _sureness(answer[0], answer[1][-1].turn))
    for event in surest:
        yield event


def _sureness(fit: float, turn: Turn | None) -> tuple[bool, float]:
    """Orders answers: those with a text come first."""
    if turn is None:
        return False, 0.0
    return turn.text is not None, fit * (turn.confidence or 0.0)


def turns_of(questions: Sequence[tuple[str, str]], document_id: str) -> Iterator[Turn]:
    """Earlier questions and answers that a client sent along, as turns of a conversation."""
    for question, text in questions:
        yield Turn(document_id=document_id, question=question, read_as=question, text=text or None)
