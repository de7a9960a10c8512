"""Two readings of one field, weighed: agreement raises confidence, disagreement lowers it.

Both are taken as independent witnesses (Bayes): the embedded reader is right with its calibrated
confidence, the model with its trust (``Settings.vlm.trust``) times the factors of verification.
"""

from __future__ import annotations

from typing import Any

from docagent.cascade.verification import Verified
from docagent.results import Field

SAME_MISTAKE_RATIO = 0.1
"""How often two wrong readings give the same value."""
NO_ANSWER = "the model gave no usable answer; this is the embedded reader's"


def agreed(a: float, b: float) -> float:
    """Probability (0-1) of a value that two readings with probabilities a and b share."""
    a, b = _open(a), _open(b)
    right = a * b
    wrong = (1 - a) * (1 - b) * SAME_MISTAKE_RATIO
    return right / (right + wrong)


def disputed(a: float, b: float) -> float:
    """Probability (0-1) of the first of two readings with different values."""
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


def weigh(embedded: Field, verified: Verified | None, trust: float) -> tuple[Field, Field | None]:
    """The field that two readings give together, and the other one if they differ.

    embedded: the embedded reader's. verified: the model's; None if it gave no usable answer.
    trust: how often the model is right (0-1).
    """
    if verified is None:
        return embedded.noted(NO_ANSWER), None
    model = verified.field
    if verified.how == "absent":
        return _absent(embedded, trust), None
    if model is None or (model.value is None and model.status != "ungrounded"):
        return embedded.noted(verified.complaint or NO_ANSWER), None
    if model.status == "ungrounded":
        return _beside_derived(embedded, model), None
    if embedded.value is None:
        return _beside_nothing(embedded, model)
    if same_value(embedded.value, model.value):
        return _confirmed(embedded, model), None
    if _is_beginning(model, embedded):
        return embedded.noted(f"the model reads only {model.raw_text!r}"), None
    return _contested(embedded, model)


def _is_beginning(part: Field, whole: Field) -> bool:
    """Whether a text is the first words of another at the same place: where it begins is agreed,
    and small models stop early."""
    if not (isinstance(part.value, str) and part.evidence and whole.evidence):
        return False
    first, around = part.evidence[0], whole.evidence[0]
    same_start = (first.page, first.span.start) == (around.page, around.span.start)
    return same_start and first.span.end < whole.evidence[-1].span.end


def _confirmed(embedded: Field, model: Field) -> Field:
    confidence = agreed(embedded.confidence or 0.0, model.confidence or 0.0)
    return embedded.replace(confidence=confidence, status="found", message="", how=model.how)


def _absent(embedded: Field, trust: float) -> Field:
    if embedded.status == "not_present":
        return embedded.replace(absence=agreed(embedded.absence or 0.0, trust), how="absent")
    if embedded.value is None:
        return embedded.noted("the model says that it is absent").replace(how="absent")
    confidence = disputed(embedded.confidence or 0.0, trust)
    noted = embedded.noted("the model says that it is absent")
    return noted.replace(confidence=confidence, how="absent")


def _beside_derived(embedded: Field, model: Field) -> Field:
    """A value that the model concludes counts only where there is no other; it stays ungrounded."""
    if embedded.status != "not_present" or model.value is None:
        return embedded.noted(model.message).replace(how="derived")
    return model


def _beside_nothing(embedded: Field, model: Field) -> tuple[Field, Field | None]:
    """A value of the model where the embedded reader has none."""
    if embedded.status != "not_present":  # illegible, invalid: it does not deny that there is one
        return model, None
    confidence = disputed(model.confidence or 0.0, embedded.absence or 0.0)
    absence = disputed(embedded.absence or 0.0, model.confidence or 0.0)
    if confidence > absence:
        return model.replace(confidence=confidence), None
    noted = embedded.noted(f"the model reads {model.raw_text!r}")
    return noted.replace(absence=absence), model


def _contested(embedded: Field, model: Field) -> tuple[Field, Field | None]:
    a, b = embedded.confidence or 0.0, model.confidence or 0.0
    first, second = disputed(a, b), disputed(b, a)
    winner, loser = (embedded, model) if first >= second else (model, embedded)
    confidence = max(first, second)
    who = "the model" if loser is model else "the embedded reader"
    noted = winner.noted(f"{who} reads {loser.raw_text!r}").replace(how=model.how)
    return _doubted(noted, confidence), loser.replace(confidence=min(first, second))


def contradict(
    embedded: Field, merged: Field, other: Field, rival: Field | None
) -> tuple[Field, Field]:
    """The field that two readings give together, where the model reads another value in another
    part of the document, and the strongest other reading.

    embedded: the embedded reader's. rival: the reading that lost already. A model with two values
    confirms neither, so the embedded confidence stands, and is disputed.
    """
    believed = merged.certainty or 0.0
    if embedded.value is not None and same_value(embedded.value, merged.value):
        believed = min(believed, embedded.confidence or 0.0)
    confidence = disputed(believed, other.confidence or 0.0)
    noted = merged.noted(f"of another part the model reads {other.raw_text!r}")
    strongest = max(filter(None, (rival, other)), key=lambda f: f.confidence or 0.0)
    return _doubted(noted, confidence), strongest


def _doubted(field: Field, left: float) -> Field:
    """The field with the certainty that another reading leaves it; conflicting below a half."""
    status = "conflicting" if left < 0.5 else field.status
    if field.abstained == "not_present":
        return field.replace(absence=left, status=status)
    return field.replace(confidence=left, status=status)
