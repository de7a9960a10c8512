"""Two readings of one field, weighed: agreement raises confidence, disagreement lowers it.

Both are taken as independent witnesses (Bayes): the embedded reader is right with its calibrated
confidence, the model with what it is trusted (``Settings.vlm.trust``) and holding it to the page
left of that.
"""

from __future__ import annotations

from typing import Any

from docagent.cascade.verification import Held
from docagent.results import Field

SAME_MISTAKE = 0.1
"""How often two wrong readings give the same value."""
NO_ANSWER = "the model gave no usable answer; this is the embedded reader's"


def agreed(a: float, b: float) -> float:
    """Probability (0-1) of what two readings with probabilities a and b both say."""
    a, b = _open(a), _open(b)
    right = a * b
    wrong = (1 - a) * (1 - b) * SAME_MISTAKE
    return right / (right + wrong)


def disputed(a: float, b: float) -> float:
    """Probability (0-1) of the first of two readings that say different things."""
    a, b = _open(a), _open(b)
    return a * (1 - b) / (a * (1 - b) + b * (1 - a) + (1 - a) * (1 - b))


def _open(probability: float) -> float:
    """Never quite 0 or 1, which no second witness could move."""
    return min(0.98, max(0.02, probability))


def same_value(a: Any, b: Any) -> bool:
    """Whether two values are the same, case of text aside."""
    if isinstance(a, str) and isinstance(b, str):
        return "".join(a.casefold().split()) == "".join(b.casefold().split())
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def says_the_same(a: Any, b: Any) -> bool:
    """Whether two values do not contradict each other: the same, or a text that is part of the
    other, as a name is without its legal form."""
    if isinstance(a, str) and isinstance(b, str):
        words, others = (f" {' '.join(text.casefold().split())} " for text in (a, b))
        return words in others or others in words
    return same_value(a, b)


def weigh(fast: Field, held: Held | None, trust: float) -> tuple[Field, Field | None]:
    """The field that two readings give together, and the other one if they differ.

    fast: the embedded reader's. held: the model's; None if it gave no usable answer.
    trust: how often the model is right (0-1).
    """
    if held is None:
        return fast.noted(NO_ANSWER), None
    model = held.field
    if held.how == "absent":
        return _absent(fast, trust), None
    if model is None or (model.value is None and model.status != "ungrounded"):
        return fast.noted(held.complaint or NO_ANSWER), None
    if model.status == "ungrounded":
        return _beside_derived(fast, model), None
    if fast.value is None:
        return _beside_nothing(fast, model)
    if same_value(fast.value, model.value):
        return _confirmed(fast, model), None
    if _is_beginning(model, fast):
        return fast.noted(f"the model reads only {model.raw_text!r}"), None
    return _contested(fast, model)


def _is_beginning(part: Field, whole: Field) -> bool:
    """Whether a text is the first words of another at the same place: where it begins is agreed,
    and small models stop early."""
    if not (isinstance(part.value, str) and part.evidence and whole.evidence):
        return False
    first, around = part.evidence[0], whole.evidence[0]
    same_start = (first.page, first.span.start) == (around.page, around.span.start)
    return same_start and first.span.end < whole.evidence[-1].span.end


def _confirmed(fast: Field, model: Field) -> Field:
    confidence = agreed(fast.confidence or 0.0, model.confidence or 0.0)
    return fast.replace(confidence=confidence, status="found", message="", how=model.how)


def _absent(fast: Field, trust: float) -> Field:
    if fast.status == "not_present":
        return fast.replace(absence=agreed(fast.absence or 0.0, trust), how="absent")
    if fast.value is None:
        return fast.noted("the model says that it is absent").replace(how="absent")
    confidence = disputed(fast.confidence or 0.0, trust)
    noted = fast.noted("the model says that it is absent")
    return noted.replace(confidence=confidence, how="absent")


def _beside_derived(fast: Field, model: Field) -> Field:
    """What the model concluded stands only where nothing else does, and stays ungrounded."""
    if fast.status != "not_present" or model.value is None:
        return fast.noted(model.message).replace(how="derived")
    return model


def _beside_nothing(fast: Field, model: Field) -> tuple[Field, Field | None]:
    """A value of the model where the embedded reader has none."""
    if fast.status != "not_present":  # illegible, invalid: it does not deny that there is one
        return model, None
    confidence = disputed(model.confidence or 0.0, fast.absence or 0.0)
    absence = disputed(fast.absence or 0.0, model.confidence or 0.0)
    if confidence > absence:
        return model.replace(confidence=confidence), None
    noted = fast.noted(f"the model reads {model.raw_text!r}")
    return noted.replace(absence=absence), model


def _contested(fast: Field, model: Field) -> tuple[Field, Field | None]:
    a, b = fast.confidence or 0.0, model.confidence or 0.0
    first, second = disputed(a, b), disputed(b, a)
    winner, loser = (fast, model) if first >= second else (model, fast)
    confidence = max(first, second)
    who = "the model" if loser is model else "the embedded reader"
    noted = winner.noted(f"{who} reads {loser.raw_text!r}").replace(how=model.how)
    return _doubted(noted, confidence), loser.replace(confidence=min(first, second))


def contradict(
    fast: Field, merged: Field, other: Field, rival: Field | None
) -> tuple[Field, Field]:
    """The field that two readings give together, when the model says something else of another
    part of the document, and the strongest other reading.

    fast: the embedded reader's. rival: the reading that lost already. A model that says two
    things confirms neither, so the embedded confidence stands, and is disputed.
    """
    believed = merged.certainty or 0.0
    if fast.value is not None and same_value(fast.value, merged.value):
        believed = min(believed, fast.confidence or 0.0)
    confidence = disputed(believed, other.confidence or 0.0)
    noted = merged.noted(f"of another part the model reads {other.raw_text!r}")
    strongest = max(filter(None, (rival, other)), key=lambda f: f.confidence or 0.0)
    return _doubted(noted, confidence), strongest


def _doubted(field: Field, left: float) -> Field:
    """The field with the certainty another reading leaves it; conflicting if that is little."""
    status = "conflicting" if left < 0.5 else field.status
    if field.abstained == "not_present":
        return field.replace(absence=left, status=status)
    return field.replace(confidence=left, status=status)
