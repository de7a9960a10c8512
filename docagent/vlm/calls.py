"""Calls of a chat model for a task: retries, a budget, and a record of every call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from docagent.forking import ForkLock
from docagent.settings import Settings
from docagent.usage import MAX_STORED_ANSWER_CHARS, Attempt, Outcome
from docagent.vlm.connection import model_name
from docagent.vlm.message_content import (
    Message,
    count_images,
    hash_messages,
    keep_images,
    mostly_pictures,
)
from docagent.vlm.streaming import CallLimits, StreamedAnswer, ToolCall, stream_answer

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

RETRY_OPTIONS: tuple[Mapping[str, Any], ...] = (
    {"temperature": 0.0},
    {"temperature": 0.3, "frequency_penalty": 0.1},
    {"temperature": 0.8, "frequency_penalty": 0.2},
)
"""Options of the first try and of the next ones, after an answer that repeats itself, breaks
off or is not what was asked for. Other ways of decoding get out of most loops. The penalty is one
that every server of OpenAI's protocol knows and that counts the answer alone:
``repetition_penalty`` counts the prompt too, whose words are what is to be copied."""
MAX_TIMEOUTS_PER_ANSWER = 2
"""An answer, with the client's own retries, may take this many times ``vlm.timeout``."""
MAX_SERVER_ERRORS = 2
"""Errors of a server in a row, after the client's own retries, until it is asked no more: one
alone may be about the request."""
_RETRIED = ("repeated", "truncated", "invalid")
_GONE = ("connection", "timeout", "busy")
_TOO_LARGE = (400, 413, 422)
"""Statuses of a request that is too large: too many images, or too long."""
_UNKNOWN_MODEL = 404
BASE_ASKED = "the base model is asked instead"


@dataclass(frozen=True)
class Request:
    """One thing to ask. messages: OpenAI-style, images in them as data URLs. json_schema: what
    the answer must follow, or None for free text. is_usable: whether a complete answer is what
    was asked for. asked: what it is about, for the record. tools: what the model may call, as
    OpenAI-style functions; an answer that calls any is usable. is_begun: whether there is
    something to go on from in an answer that ran into its limit; then it is for the caller to ask
    for less, as asking the same again would run into it again."""

    template: str
    template_hash: str
    messages: tuple[Message, ...]
    asked: tuple[str, ...]
    divisible: bool = False
    """Whether the same can be asked in smaller parts, should it be too long for the model."""
    json_schema: Mapping[str, Any] | None = None
    is_usable: Callable[[str], bool] = bool
    tools: tuple[Mapping[str, Any], ...] = ()
    is_begun: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Reply:
    """The last answer, or the longest broken one; complete only if outcome is ``answered``."""

    text: str
    outcome: Outcome
    message: str = ""
    calls: tuple[ToolCall, ...] = ()

    @property
    def ok(self) -> bool:
        return self.outcome == "answered"


class Breaker:
    """Remembers, from one document to the next, that a server is gone, so that not every
    document waits for it; after ``pause`` seconds it is tried again."""

    def __init__(self, pause: float = 60.0) -> None:
        self.pause = pause
        self._until = 0.0
        self._reply: Reply | None = None

    def trip(self, reply: Reply) -> None:
        """The server did not answer."""
        self._until = time.monotonic() + self.pause
        self._reply = reply

    @property
    def reply(self) -> Reply | None:
        """What stands for an answer while the server is not asked; None if it may be."""
        return self._reply if time.monotonic() < self._until else None


class Asker:
    """Asks a model within the budget of one document. Never raises for what a model does."""

    def __init__(
        self,
        model: BaseChatModel,
        settings: Settings,
        breaker: Breaker | None = None,
        *,
        fallback: BaseChatModel | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """breaker: shared by the documents of one agent. fallback: asked from then on if the
        server knows no model of the first one's name. notes: on the choice of the model, for the
        result."""
        self._chat = model
        self._fallback = fallback
        self._notes = list(notes)
        self._settings = settings
        self._breaker = breaker or Breaker()
        self._deadline = time.monotonic() + settings.vlm.seconds
        self._lock = ForkLock()
        self._calls = 0
        self._gone: Reply | None = None
        self._unreached = False
        self._server_errors = 0
        self._attempts: list[Attempt] = []
        self._refusals: list[str] = []

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every call so far."""
        return tuple(self._attempts)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why calls were not made, each reason once."""
        return tuple(dict.fromkeys(self._refusals))

    @property
    def can_call_tools(self) -> bool:
        """Whether tools can be bound to the model; its server may still refuse them."""
        try:
            self._chat.bind_tools([])
        except (NotImplementedError, TypeError, ValueError):
            return False
        return True

    @property
    def calls_left(self) -> int:
        """Calls that may still be made."""
        return self._settings.vlm.calls - self._calls

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of the result should know of the choice of the model."""
        return tuple(self._notes)

    @property
    def unreached(self) -> bool:
        """Whether the server was gone, busy or too slow for some of what was asked."""
        return self._unreached

    @property
    def name(self) -> str:
        """The model's name."""
        return model_name(self._chat)

    def ask(self, request: Request) -> Reply:
        """The answer, after up to ``len(RETRY_OPTIONS)`` calls; what is left of
        it if none is usable."""
        best = Reply("", "invalid", "it was never asked")
        for options in RETRY_OPTIONS:
            reply, following = self._call(request, options)
            if reply.ok or len(reply.text) >= len(best.text):
                best = reply
            is_begun = request.is_begun if reply.outcome == "truncated" else None
            if following is None or (is_begun and is_begun(reply.text)):
                break
            request = following
        return best

    def ask_all(self, requests: Iterable[Request]) -> list[Reply]:
        """Replies in the order of the requests, asked side by side as far as is allowed."""
        waiting = list(requests)
        workers = min(self._settings.vlm.concurrency, len(waiting))
        if workers < 2:
            return [self.ask(request) for request in waiting]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(self.ask, waiting))

    def _call(self, request: Request, decoding: Mapping[str, Any]) -> tuple[Reply, Request | None]:
        """One call: the reply, and the request of a next call; None if there is to be none."""
        refused = self._refused()
        if refused:
            return refused, None
        model, options = self._chat, self._options(request, decoding)
        answer = self._stream(model, request, options)
        reply = _to_reply(request, answer)
        self._record(request, options, answer, reply)
        self._notice(Reply("", reply.outcome, reply.message))
        if answer.status == _UNKNOWN_MODEL and self._falls_back(model):
            return self._call(request, decoding)
        return reply, _following(request, reply, answer.status)

    def _stream(
        self, model: BaseChatModel, request: Request, options: Mapping[str, Any]
    ) -> StreamedAnswer:
        vlm = self._settings.vlm
        chat = model.bind_tools(list(map(dict, request.tools))) if request.tools else model
        left = self._deadline - time.monotonic()
        seconds = max(0.0, min(MAX_TIMEOUTS_PER_ANSWER * vlm.timeout, left))
        limits = CallLimits(seconds, vlm.max_tokens, vlm.retries, vlm.tracing)
        return stream_answer(chat, request.messages, options, limits)

    def _notice(self, end: Reply) -> None:
        """Take note of how a call ended: whether the server is still to be asked."""
        with self._lock:
            self._server_errors = self._server_errors + 1 if end.outcome == "server" else 0
            self._unreached = self._unreached or end.outcome in (*_GONE, "server")
            if end.outcome in _GONE or self._server_errors >= MAX_SERVER_ERRORS:
                self._gone = end
        if end.outcome in ("connection", "timeout"):
            self._breaker.trip(end)

    def _falls_back(self, failed: BaseChatModel) -> bool:
        """Whether there is a model left to ask in place of one that the server does not know."""
        with self._lock:
            if self._chat is failed and self._fallback is not None:
                self._notes.append(f"{model_name(failed)!r} is not served; {BASE_ASKED}")
                self._chat, self._fallback = self._fallback, None
            return self._chat is not failed

    def _refused(self) -> Reply | None:
        """Why no further call is made, if none is."""
        with self._lock:
            gone = self._gone or self._breaker.reply
            if gone is not None:
                self._unreached = True
                self._refusals.append(f"not asked: {gone.message}")
                return gone
            if self._calls >= self._settings.vlm.calls:
                return self._limit("refused", f"{self._calls} calls are allowed a document")
            if time.monotonic() >= self._deadline:
                seconds = self._settings.vlm.seconds
                self._unreached = True
                return self._limit("timeout", f"{seconds:g} s are allowed a document")
            self._calls += 1
            return None

    def _limit(self, outcome: Outcome, message: str) -> Reply:
        self._refusals.append(f"not asked: {message}")
        return Reply("", outcome, message)

    def _options(self, request: Request, rung: Mapping[str, Any]) -> dict[str, Any]:
        # A model of another make gets no options that it may not know; the prompt says it all.
        if not getattr(self._chat, "takes_options", False):
            return {}
        options = {"max_tokens": self._settings.vlm.max_tokens, **rung}
        if request.json_schema is not None:
            schema = {"name": request.template, "strict": True, "schema": request.json_schema}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        return options

    def _record(
        self,
        request: Request,
        options: Mapping[str, Any],
        answer: StreamedAnswer,
        reply: Reply,
    ) -> None:
        attempt = Attempt(
            template=request.template,
            template_hash=request.template_hash,
            prompt_hash=hash_messages(request.messages),
            asked=request.asked,
            outcome=reply.outcome,
            message=reply.message,
            answer=_text_and_calls(reply)[:MAX_STORED_ANSWER_CHARS],
            temperature=options.get("temperature"),
            images=count_images(request.messages),
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            seconds=round(answer.seconds, 3),
        )
        with self._lock:
            self._attempts.append(attempt)


def _to_reply(request: Request, answer: StreamedAnswer) -> Reply:
    """A complete answer is a reply if it calls tools that were offered or is usable."""
    calls = answer.calls if request.tools else ()
    outcome, message = answer.outcome, answer.message
    if outcome == "answered" and not calls and not request.is_usable(answer.text):
        outcome, message = "invalid", "the answer is not what was asked for"
    return Reply(answer.text, outcome, message, calls)


def _following(request: Request, reply: Reply, status: int) -> Request | None:
    """The request to send after a reply, None if none is. status: HTTP status of an error."""
    is_too_long = reply.outcome == "length"
    if is_too_long and request.divisible and not mostly_pictures(request.messages):
        return None  # the caller asks about smaller parts
    # A server without tools refuses them with a status of the same kind; images do not matter.
    lacks_tools = request.tools and "tool" in reply.message.lower() and not is_too_long
    is_too_large = (is_too_long or status in _TOO_LARGE) and not lacks_tools
    if is_too_large and count_images(request.messages):
        return _with_fewer_images(request)
    return request if reply.outcome in _RETRIED else None


def _text_and_calls(reply: Reply) -> str:
    """The text of a reply and the tools that it calls, for the record."""
    calls = (f"{call.name}({call.arguments})" for call in reply.calls)
    return "\n".join(filter(None, (reply.text, *calls)))


def _with_fewer_images(request: Request) -> Request:
    """The request with one image, or with none if it had one: a server may allow fewer, and a
    request that is too long gets shorter."""
    most = 1 if count_images(request.messages) > 1 else 0
    return replace(request, messages=keep_images(request.messages, most))
