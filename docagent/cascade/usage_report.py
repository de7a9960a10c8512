"""The usage of a model by a task, as the result reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from docagent.settings import VlmMode
from docagent.usage import VlmUse, sum_attempts
from docagent.vlm.calls import Asker


@dataclass(frozen=True)
class Tally:
    """How much was asked of a model, and how much of it has no usable answer.

    is_partial: whether some answers are not whole. notes: what a reader of the result should
    know, one sentence each.
    """

    asked: int = 0
    unanswered: int = 0
    is_partial: bool = False
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["used", "not_needed", "partial", "failed"]:
        """As in ``VlmUse``."""
        if not self.asked:
            return "not_needed"
        if self.unanswered >= self.asked:
            return "failed"
        return "partial" if self.unanswered or self.is_partial else "used"


def report_usage(mode: VlmMode, asker: Asker, tally: Tally) -> VlmUse:
    """The record for the result: the tally, every call, and what went wrong."""
    troubles = dict.fromkeys(
        f"{attempt.template}: {attempt.message}"
        for attempt in asker.attempts
        if attempt.outcome != "answered"
    )
    usage = VlmUse(
        mode=mode,
        model=asker.name,
        status=tally.status,
        unreached=asker.unreached,
        notes=(*asker.notes, *tally.notes, *troubles, *asker.refusals),
    )
    return sum_attempts(usage, asker.attempts)
