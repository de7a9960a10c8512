"""One answer of any chat model, checked while it streams, within limits of time and length."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from docagent.errors import VlmError
from docagent.usage import Outcome
from docagent.vlm.faults import to_vlm_error
from docagent.vlm.repetition import CHECK_EVERY_CHARS, is_repeating

if TYPE_CHECKING:
    from langchain_core.language_models.base import LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

    ChatModel = Runnable[LanguageModelInput, AIMessage]
    """A chat model, or one with tools bound to it."""

_LENGTH = ("length", "max_tokens", "MAX_TOKENS")
"""Finish reasons of several makers for an answer that ran into its limit."""
CHARS_PER_TOKEN = 8
"""Longest token that is expected on average; an answer beyond it is cut off."""
BACKOFF_SECONDS = 0.5
"""Wait before the first retry of a model of another make, doubled for each further one."""
MAX_WAIT_SECONDS = 10.0
"""Longest wait before a retry, whatever is asked for."""
MAX_TOOL_CALLS = 16
"""Of one answer; a model that wants more is cut off."""


@dataclass(frozen=True)
class ToolCall:
    """A tool that a model calls. arguments: JSON as the model wrote it, not yet checked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class StreamedAnswer:
    """An answer until it ended or was cut off. status: the HTTP status of an error, else 0."""

    text: str
    outcome: Outcome
    message: str = ""
    status: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: tuple[ToolCall, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class CallLimits:
    """Limits of one answer.

    seconds: for the whole of it, retries included. max_tokens: an answer that is much longer is
    cut off. retries: further tries after an exception that may pass, before any text has come;
    a VlmError has been retried by the client that raises it. tracing: whether LangChain may send
    the call to the tracing service that its environment variables name.
    """

    seconds: float
    max_tokens: int
    retries: int = 0
    tracing: bool = False


def stream_answer(
    model: ChatModel,
    messages: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    limits: CallLimits,
) -> StreamedAnswer:
    """Stream one answer; cuts it off when it repeats itself, gets too long or takes too long.

    Never raises for what a model does: the outcome tells, and the text is what came so far.
    """
    start = time.monotonic()
    builder = _AnswerBuilder(limits.max_tokens * CHARS_PER_TOKEN)
    stopped = Event()
    queue: SimpleQueue[Any] = SimpleQueue()
    # A thread of its own, as a model of unknown make may block for ever; a daemon, so that
    # such a model does not keep the process alive.
    call = _Call(model, messages, options, queue, stopped, limits)
    Thread(target=call.pump, daemon=True).start()
    try:
        answer = _collect(queue, builder, start + limits.seconds)
    finally:
        stopped.set()
    if answer is None:
        answer = builder.end("timeout", f"no complete answer within {limits.seconds:.3g} s")
    return replace(answer, seconds=time.monotonic() - start)


def _collect(
    queue: SimpleQueue[Any], builder: _AnswerBuilder, deadline: float
) -> StreamedAnswer | None:
    """The answer that the items of a queue make; None if it has not ended by the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            item = queue.get(timeout=left)
        except Empty:
            return None
        answer = builder.add(item)
        if answer is not None:
            return answer
    return None


@dataclass(frozen=True)
class _Call:
    """A call made in a thread of its own: its chunks go into the queue, then None, or the error
    it ended with."""

    model: ChatModel
    messages: Sequence[Mapping[str, Any]]
    options: Mapping[str, Any]
    queue: SimpleQueue[Any]
    stopped: Event
    limits: CallLimits

    def pump(self) -> None:
        """Run the call. The settings decide on LangChain's tracing, not the environment:
        LANGSMITH_TRACING=true would send the text and pictures of pages to a service."""
        from langsmith import tracing_context  # here: importing it takes a tenth of a second

        with tracing_context(enabled=self.limits.tracing):
            self._run()

    def _run(self) -> None:
        retries = self.limits.retries
        for attempt in range(retries + 1):
            has_begun = False
            try:
                for chunk in self._chunks():
                    has_begun = True
                    self.queue.put(chunk)
                self.queue.put(None)
                return
            except VlmError as error:
                self.queue.put(error)
                return
            except Exception as error:  # a model of unknown make may raise anything
                known = to_vlm_error(error)
                if has_begun or not known.retryable or attempt == retries:
                    self.queue.put(known)
                    return
            wait = max(known.retry_after, BACKOFF_SECONDS * 2**attempt)
            if self.stopped.wait(min(wait, MAX_WAIT_SECONDS)):
                return

    def _chunks(self) -> Iterator[Any]:
        chunks: Iterator[Any] = self.model.stream(list(self.messages), **self.options)  # type: ignore[arg-type]
        for chunk in chunks:
            yield chunk
            if self.stopped.is_set():
                close = getattr(chunks, "close", None)
                if close:  # lets go of the connection, so that the server stops too
                    close()
                return


class _AnswerBuilder:
    """Joins the chunks of an answer and decides when to stop. received: all that has come, text and
    arguments of tools. checked: characters of it that have been checked for repetition."""

    def __init__(self, max_chars: int) -> None:
        self.max_chars = max_chars
        self.text = ""
        self.received = ""
        self.calls: dict[int, list[str]] = {}
        self.finish = ""
        self.tokens = [0, 0]
        self.checked = 0

    def add(self, item: Any) -> StreamedAnswer | None:
        """Add a chunk, None (the end) or an error; the answer if it ends with it."""
        if item is None:
            cut = self.finish in _LENGTH
            message = "the answer ran into the limit of its length" if cut else ""
            return self.end("truncated" if cut else "answered", message)
        if isinstance(item, VlmError):
            return self.end(item.fault, str(item), item.status)
        self._add_chunk(item)
        if len(self.received) - self.checked >= CHECK_EVERY_CHARS:
            self.checked = len(self.received)
            if is_repeating(self.received):
                return self.end("repeated", "the model went round in circles")
        if len(self.received) > self.max_chars or len(self.calls) > MAX_TOOL_CALLS:
            return self.end("truncated", f"cut off after {self.max_chars} characters")
        return None

    def end(self, outcome: Outcome, message: str = "", status: int = 0) -> StreamedAnswer:
        """The answer as far as it has come."""
        text = _storable(self.text)
        calls = tuple(ToolCall(*map(_storable, call)) for call in self.calls.values())
        return StreamedAnswer(text, outcome, message, status, self.tokens[0], self.tokens[1], calls)

    def _add_chunk(self, chunk: Any) -> None:
        content = chunk.content
        if isinstance(content, list):  # content blocks, as some makers send them
            blocks = [b if isinstance(b, str) else b.get("text", "") for b in content]
            content = "".join(blocks)
        self.text += content
        self.received += content
        self._add_calls(chunk)
        self.finish = chunk.response_metadata.get("finish_reason") or self.finish
        self.finish = chunk.response_metadata.get("stop_reason") or self.finish
        usage = chunk.usage_metadata
        if usage:
            self.tokens[0] += usage.get("input_tokens", 0)
            self.tokens[1] += usage.get("output_tokens", 0)

    def _add_calls(self, chunk: Any) -> None:
        """Pieces of tool calls, by the index that the model gives them."""
        for piece in getattr(chunk, "tool_call_chunks", ()):
            place = piece.get("index")
            call = self.calls.setdefault(
                place if isinstance(place, int) else len(self.calls), ["", "", ""]
            )
            call[0] = call[0] or piece.get("id") or ""
            call[1] += piece.get("name") or ""
            call[2] += piece.get("args") or ""
            self.received += piece.get("args") or ""


def _storable(text: str) -> str:
    """Half a surrogate pair, as a broken answer may have, could not be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")
