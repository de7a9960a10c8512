"""Follow-up questions as questions that stand alone, from what was asked before.

"How much is the net?", "and the tax?" is read as "How much is the tax?"; "Who signed it?",
"when?" as "when signed it?"; "the rent of Oslo?", "and of Rome?" as "the rent of Rome?". That is
all that is done, and the turn says how a question was read.
"""

from __future__ import annotations

import re

from docagent.text.tokens import QUESTION_WORDS, content_words, tokens

_ASKING = "|".join(sorted(QUESTION_WORDS))
_VERB = r"is|are|was|were|do|does|did|has|have|had|will|would|can"
_FRAME = re.compile(
    rf"^\W*((?:{_ASKING})(?:\s+(?:much|many|long|old|often))?(?:\s+(?:{_VERB}))?)\s+", re.I
)
"""How a question asks: "How much is", "Who"."""
_MORE = re.compile(r"^\W*(?:(?:and|but|or|also)\s+)?(?:what|how)\s+about\s+|^\W*and\s+", re.I)
"""How a question goes on from the one before."""
_PLACE = re.compile(r"(?:of|for|in|on|at|from|to|with|by)\s", re.I)
FEW_WORDS = 4
"""Words of a question that does not say how it asks ("the tax?") and so goes on."""


def stand_alone(question: str, before: str | None) -> str:
    """The question with what it leaves out taken from the one before, itself as it stood alone.

    A question that names something and says how it asks is returned as it is.
    """
    text = " ".join(question.split())
    if not before:
        return text
    rest = _MORE.sub("", text)
    if not content_words(rest):
        return _asked_otherwise(rest, before) if _asks(rest) else text
    goes_on = rest != text or (text.endswith("?") and len(text.split()) <= FEW_WORDS)
    if _asks(rest) or not goes_on:
        return rest
    if _PLACE.match(rest):
        return _elsewhere(rest, before)
    frame = _FRAME.match(before)
    return f"{frame[1]} {rest}" if frame else rest


def _asks(text: str) -> bool:
    return bool(QUESTION_WORDS & set(tokens(text)))


def _elsewhere(place: str, before: str) -> str:
    """The question before with another end: "the rent of Oslo" and "of Rome"."""
    start = before.rstrip(" ?")
    head, found, _ = start.casefold().rpartition(f" {place.split()[0].casefold()} ")
    return f"{start[: len(head)] if found else start} {place}"


def _asked_otherwise(asking: str, before: str) -> str:
    """The question before with another way of asking: "who signed it" and "when"."""
    named = _FRAME.sub("", before.rstrip(" ?"), count=1)
    return f"{asking.rstrip(' ?')} {named}?"
