"""What work costs: stages of reading and extraction as they end, and every call of a model."""

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

    stage: its name, with a dot for a part of another stage (``recognise.network``). seconds,
    cpu_seconds: wall time, and processor time of all threads of the process. count: items that it
    gave (lines, readings, fields), None where that says nothing. failed: whether it raised.
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
    """Call ``listener`` for every stage that ends inside of the block, in this thread and in
    those that the stages start. It is called in their threads and must not raise.

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
    """A decorator: calls of the function are a stage of that name for ``traced``. Without a
    listener it costs one look-up. count: items in what the function returns."""

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
"""How a call ended. answered: with a usable answer. invalid: not what was asked for.
repeated: going round in circles, cut off. truncated: it ran into the limit of its length."""


class Attempt(Frozen):
    """One call. Nothing is left out: calls that failed and answers not used are here too.

    task, template, template_hash: the prompt template (``prompts/<template>.jinja``) and the
    SHA-256 of its file (first 16 hex digits). prompt_hash: the same of the messages as sent,
    images included. asked: paths, line ids or the question. images: number sent. answer: what
    the model said, as far as ANSWER_KEPT characters. temperature: as it was sent; None where none
    was. Tokens are 0 where the server is silent.
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


ANSWER_KEPT = 4000


class VlmUse(Frozen):
    """Use of a vision-language model for one result.

    status: used; not_needed (the embedded result was sure); partial (some of what was asked
    has no usable answer, so the embedded result stands there); failed (it stands everywhere).
    unreached: whether the server was gone, busy or too slow for some of it, so that doing it
    again may give more. calls, prompt_tokens, completion_tokens, seconds: sums over ``attempts``.
    notes: what a reader of the result should know, one sentence each.
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
    """The use with the attempts and their sums in it."""
    return use.replace(
        attempts=tuple(attempts),
        calls=len(attempts),
        prompt_tokens=sum(a.prompt_tokens for a in attempts),
        completion_tokens=sum(a.completion_tokens for a in attempts),
        seconds=round(sum(a.seconds for a in attempts), 3),
    )
