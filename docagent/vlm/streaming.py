"""One answer of any chat model, watched while it comes, and never waited for beyond a limit."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from docagent.errors import VlmError
from docagent.usage import Outcome
from docagent.vlm.faults import to_vlm_error
from docagent.vlm.repetition import LOOK_EVERY, is_repeating

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
BACKOFF = 0.5
"""Seconds before the first retry of a model of another make, doubled for each further one."""
LONGEST_WAIT = 10.0
"""Seconds waited at most before a retry, whatever is asked for."""
MOST_CALLS = 16
"""Tool calls of one answer; a model that wants more is cut off."""


@dataclass(frozen=True)
class ToolCall:
    """A tool that a model wants called. arguments: JSON as it wrote it, not yet checked."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class StreamedAnswer:
    """What was said until it ended, or was ended."""

    text: str
    outcome: Outcome
    message: str = ""
    status: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: tuple[ToolCall, ...] = ()


def stream_answer(
    model: ChatModel,
    messages: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    seconds: float,
    max_tokens: int,
    retries: int = 0,
    tracing: bool = False,
) -> StreamedAnswer:
    """Stream one answer; cuts it off when it repeats itself, gets too long or takes too long.

    Never raises for what a model does: the outcome says it, and the text is what came so far.
    retries: further tries, all within the seconds, after an exception that may pass (VlmError has
    been retried by the client that raises it), before anything was said. tracing: whether
    LangChain may send the call to the tracing service that its environment variables name.
    """
    listener = _AnswerBuilder(max_tokens * CHARS_PER_TOKEN)
    stopped = Event()
    queue: SimpleQueue[Any] = SimpleQueue()
    # A thread of its own, as a model of unknown make may block for ever; a daemon, so that
    # such a model does not keep the process alive.
    call = _Call(model, messages, options, queue, stopped, tracing)
    Thread(target=call.pump, args=(retries,), daemon=True).start()
    deadline = time.monotonic() + seconds
    try:
        while (left := deadline - time.monotonic()) > 0:
            try:
                item = queue.get(timeout=left)
            except Empty:
                break
            ended = listener.hear(item)
            if ended is not None:
                return ended
        return listener.spoken("timeout", f"no complete answer within {seconds:.3g} s")
    finally:
        stopped.set()


@dataclass(frozen=True)
class _Call:
    """A call made in a thread of its own: its chunks go into the queue, then None, or the error
    it ended with."""

    model: ChatModel
    messages: Sequence[Mapping[str, Any]]
    options: Mapping[str, Any]
    queue: SimpleQueue[Any]
    stopped: Event
    tracing: bool

    def pump(self, retries: int) -> None:
        """Run the call, with LangChain's tracing as the settings say and not as the environment
        says: LANGSMITH_TRACING=true would send the text and pictures of pages to a service."""
        from langsmith import tracing_context  # here: importing it takes a tenth of a second

        with tracing_context(enabled=self.tracing):
            self._pump(retries)

    def _pump(self, retries: int) -> None:
        for attempt in range(retries + 1):
            said = False
            try:
                for chunk in self._chunks():
                    said = True
                    self.queue.put(chunk)
                self.queue.put(None)
                return
            except VlmError as error:
                self.queue.put(error)
                return
            except Exception as error:  # a model of unknown make may raise anything
                known = to_vlm_error(error)
                if said or not known.retryable or attempt == retries:
                    self.queue.put(known)
                    return
            wait = max(known.retry_after, BACKOFF * 2**attempt)
            if self.stopped.wait(min(wait, LONGEST_WAIT)):
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
    """Puts chunks together and says when to stop."""

    def __init__(self, max_chars: int) -> None:
        self.max_chars = max_chars
        self.text = ""
        self.heard = ""
        self.calls: dict[int, list[str]] = {}
        self.finish = ""
        self.tokens = [0, 0]
        self.looked = 0

    def hear(self, item: Any) -> StreamedAnswer | None:
        """The answer if it has ended with this item."""
        if item is None:
            cut = self.finish in _LENGTH
            message = "the answer ran into the limit of its length" if cut else ""
            return self.spoken("truncated" if cut else "answered", message)
        if isinstance(item, VlmError):
            return self.spoken(item.fault, str(item), item.status)
        self._add(item)
        if len(self.heard) - self.looked >= LOOK_EVERY:
            self.looked = len(self.heard)
            if is_repeating(self.heard):
                return self.spoken("repeated", "the model went round in circles")
        if len(self.heard) > self.max_chars or len(self.calls) > MOST_CALLS:
            return self.spoken("truncated", f"cut off after {self.max_chars} characters")
        return None

    def spoken(self, outcome: Outcome, message: str = "", status: int = 0) -> StreamedAnswer:
        text = _storable(self.text)
        calls = tuple(ToolCall(*map(_storable, call)) for call in self.calls.values())
        return StreamedAnswer(text, outcome, message, status, self.tokens[0], self.tokens[1], calls)

    def _add(self, chunk: Any) -> None:
        content = chunk.content
        if isinstance(content, list):  # content blocks, as some makers send them
            blocks = [b if isinstance(b, str) else b.get("text", "") for b in content]
            content = "".join(blocks)
        self.text += content
        self.heard += content
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
            self.heard += piece.get("args") or ""


def _storable(text: str) -> str:
    """Half a surrogate pair, as a broken answer may have, could not be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")
