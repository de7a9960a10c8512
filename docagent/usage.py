"""The cost of work: a hook that reports stages, and the record of calls to a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from docagent.document import Frozen
from docagent.errors import VlmFault

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class StageRun:
    """A stage that has ended.

    stage: name; a dot marks a part of another stage (``recognise.network``). seconds: wall time.
    cpu_seconds: processor time of all threads of the process. count: number of results (lines,
    readings, fields); None for stages that do not count any. failed: whether the stage raised.
    """

    stage: str
    seconds: float
    cpu_seconds: float
    count: int | None = None
    failed: bool = False


StageListener = Callable[[StageRun], None]

_LISTENER: ContextVar[StageListener | None] = ContextVar("stage_listener", default=None)


@contextmanager
def traced(listener: StageListener) -> Iterator[None]:
    """Call ``listener`` for every stage that ends inside the block.

    This includes stages in threads that other stages start. The listener is called in the thread
    of the stage and must not raise.

        with traced(lambda run: print(run.stage, run.seconds)):
            agent.extract("invoice.png", "invoice")
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def stage(
    name: str, count: Callable[[Any], int] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator that reports each call of a function as a stage to ``traced``.

    Without a listener it costs one look-up. count: returns the number of items in a result.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def run(*args: P.args, **options: P.kwargs) -> T:
            listener = _LISTENER.get()
            if listener is None:
                return function(*args, **options)
            wall, cpu = time.perf_counter(), time.process_time()
            items, failed = None, True
            try:
                result = function(*args, **options)
                failed = False
                items = None if count is None else count(result)
                return result
            finally:
                seconds = time.perf_counter() - wall, time.process_time() - cpu
                listener(StageRun(name, *seconds, items, failed))

        return run

    return decorate


Outcome = Literal["answered", "invalid", "repeated", "truncated"] | VlmFault
"""How a call ended. answered: the answer is usable. invalid: the answer does not have the form that
was asked for. repeated: the answer repeated itself and was cut off. truncated: the answer reached
the token limit."""

MAX_STORED_ANSWER_CHARS = 4000
"""Longer answers are cut in the record."""


class Attempt(Frozen):
    """One call. Failed calls and rejected answers are recorded too.

    template, template_hash: the prompt template (``prompts/<template>.jinja``) and the SHA-256 of
    its file (first 16 hex digits). prompt_hash: the same hash of the messages as sent, images
    included. asked: paths, line ids or the question. message: why the answer was not used. answer:
    the model's text, cut to MAX_STORED_ANSWER_CHARS characters. temperature: the value sent; None
    if none was sent. images: number of images sent. prompt_tokens, completion_tokens: 0 if the
    server does not report them. seconds: duration of the call.
    """

    template: str
    template_hash: str
    prompt_hash: str
    asked: tuple[str, ...]
    outcome: Outcome
    message: str = ""
    answer: str = ""
    temperature: float | None = None
    images: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class VlmUse(Frozen):
    """Use of a vision-language model for one result.

    status: ``used``; ``not_needed`` (the embedded result was sure); ``partial`` (some questions
    have no usable answer, and the embedded result is kept for those); ``failed`` (the embedded
    result is kept for all). unreached: whether the server was down, busy or too slow for some
    calls, so that another run may give more. calls, prompt_tokens, completion_tokens, seconds: sums
    over ``attempts``. notes: remarks for the reader of the result, one sentence each.
    """

    mode: Literal["always", "unsure", "never"]
    model: str
    status: Literal["used", "not_needed", "partial", "failed"]
    unreached: bool = False
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()


def sum_attempts(use: VlmUse, attempts: Sequence[Attempt]) -> VlmUse:
    """A copy of ``use`` with the attempts and their sums."""
    return use.replace(
        attempts=tuple(attempts),
        calls=len(attempts),
        prompt_tokens=sum(a.prompt_tokens for a in attempts),
        completion_tokens=sum(a.completion_tokens for a in attempts),
        seconds=round(sum(a.seconds for a in attempts), 3),
    )
