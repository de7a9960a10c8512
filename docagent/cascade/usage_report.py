"""What the use of a model looked like, for the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from docagent.settings import VlmMode
from docagent.usage import VlmUse, sum_attempts
from docagent.vlm.calls import Asker


def to_use(
    mode: VlmMode, asker: Asker, asked: int, unanswered: int, notes: Sequence[str] = ()
) -> VlmUse:
    """The record of a cascade: how much was asked, and how much of it has no usable answer."""
    status: Literal["used", "not_needed", "partial", "failed"] = "used"
    if not asked:
        status = "not_needed"
    elif unanswered:
        status = "failed" if unanswered >= asked else "partial"
    troubles = dict.fromkeys(
        f"{attempt.template}: {attempt.message}"
        for attempt in asker.attempts
        if attempt.outcome != "answered"
    )
    said = (*asker.notes, *notes, *troubles, *asker.refusals)
    use = VlmUse(mode=mode, model=asker.name, status=status, unreached=asker.unreached, notes=said)
    return sum_attempts(use, asker.attempts)
