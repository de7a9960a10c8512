"""LoRA adapters: which one a document is read with, and whether it does anything at all.

A server may load an adapter whose weights it does not find a place for, and then answers as the
base model does without a word. So an adapter is probed before its first use: the probabilities
of how it begins its answer to a fixed text must differ from the base model's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from docagent.errors import VlmError
from docagent.forking import ForkLock
from docagent.vlm.calls import BASE_ASKED, Breaker, Reply

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

PROBE = (
    "You read values from one document. L1| INVOICE No 2041  L2| ACME Widgets Ltd  "
    "L3| Date 12 March 2021  L4| Total due 1,234.50 EUR  L5| The parties agree as follows. "
    "L6| Haemoglobin 13.5 g/dl. Give total, date and seller as one JSON object."
)
LEAST = 1e-4
"""Difference of log probabilities that rounding may give."""
NOISE = 3.0
"""An adapter must differ from the base model by more than this many times what the base model
differs from itself, which it may where other work shares the server."""

Effect = Literal["works", "no_effect", "not_served", "unknown"]


class Probed(Protocol):
    """What a client must be able to do for its adapters to be chosen and probed."""

    def models(self) -> tuple[str, ...]: ...

    def with_model(self, name: str) -> BaseChatModel: ...

    def first_logprobs(self, text: str) -> dict[str, float]: ...


@dataclass(frozen=True)
class AdapterState:
    """What is known of an adapter. difference: largest change of a log probability against the
    base model; None if it was not measured. message: what is wrong, empty if nothing."""

    name: str
    effect: Effect
    difference: float | None = None
    message: str = ""


@dataclass(frozen=True)
class Chosen:
    """The model for a document; the one to ask if the server knows that name no longer; and
    what the reader of the result should know of the choice."""

    model: BaseChatModel
    fallback: BaseChatModel | None = None
    notes: tuple[str, ...] = ()


def probe_adapter(client: BaseChatModel, name: str) -> AdapterState:
    """Whether an adapter is served, and answers otherwise than the base model of the client.

    Three short requests. Raises VlmError only if the server cannot be asked at all.
    """
    base = cast(Probed, client)
    served = base.models()
    if name not in served:
        message = f"adapter {name!r} is not served; there are {', '.join(served)}"
        return AdapterState(name, "not_served", None, message)
    other = cast(Probed, base.with_model(name))
    try:
        # Base, adapter, base: work that comes and goes between two calls shows as noise.
        first, adapted, again = (m.first_logprobs(PROBE) for m in (base, other, base))
    except VlmError as error:
        if error.fault in ("connection", "timeout", "busy"):
            raise
        return AdapterState(name, "unknown", None, f"adapter {name!r} was not checked: {error}")
    difference, noise = largest_difference(first, adapted), largest_difference(first, again)
    if difference is None or noise is None:
        message = f"adapter {name!r} was not checked: the server tells no logprobs"
        return AdapterState(name, "unknown", None, message)
    if difference <= max(LEAST, NOISE * noise):
        message = (
            f"adapter {name!r} has no effect: it answers exactly as the base model; its weights "
            "do not fit the names of the modules served, or were never trained"
        )
        return AdapterState(name, "no_effect", difference, message)
    return AdapterState(name, "works", difference)


def largest_difference(a: Mapping[str, float], b: Mapping[str, float]) -> float | None:
    """Largest absolute difference of the tokens in both; None if one has no tokens, infinite if
    they have none in common."""
    if not a or not b:
        return None
    return max((abs(a[token] - b[token]) for token in a.keys() & b.keys()), default=math.inf)


class AdapterRouter:
    """Chooses the adapter of a domain; each is probed once, when it is first wanted."""

    def __init__(self, client: BaseChatModel, names: Mapping[str, str]) -> None:
        self._client = client
        self._names = dict(names)
        self._states: dict[str, AdapterState] = {}
        self._lock = ForkLock()

    def choose(self, domain: str, breaker: Breaker) -> Chosen:
        """The adapter's model, or the base model with a note why: the adapter is not served, or
        without effect. Never raises for what the server does; the breaker is told if it is gone.
        """
        name = self._names.get(domain)
        if name is None:
            return Chosen(self._client)
        if not hasattr(self._client, "with_model"):
            kind = type(self._client).__name__
            return Chosen(self._client, notes=(f"adapter {name!r} is not used: {kind} takes none",))
        adapted = cast(Probed, self._client).with_model(name)
        if breaker.reply is not None:
            return Chosen(adapted, self._client)
        try:
            state = self._state(name)
        except VlmError as error:
            breaker.trip(Reply("", error.fault, str(error)))
            return Chosen(adapted, self._client, (f"adapter {name!r} was not checked: {error}",))
        notes = (state.message,) if state.message else ()
        if state.effect in ("works", "unknown"):
            return Chosen(adapted, self._client, notes)
        return Chosen(self._client, notes=(*notes, BASE_ASKED))

    def _state(self, name: str) -> AdapterState:
        with self._lock:
            if name not in self._states:
                self._states[name] = probe_adapter(self._client, name)
            return self._states[name]
