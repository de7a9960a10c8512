"""What a vision-language model was asked for a result, attempt by attempt, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docagent.document import Frozen
from docagent.errors import VlmFault

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
