"""What stands at the printed label that a question asks for: "What is the LABEL?"."""

from __future__ import annotations

import re
from functools import cache

from docagent.document import Document
from docagent.evidence.label_phrases import label_phrases
from docagent.layout.remembered import remembered
from docagent.rules.label_places import LabelPlaces, Placed
from docagent.rules.page_cells import PageCells
from docagent.schemas import list_schemas

MAX_PHRASE_WORDS = 14
MIN_BLANK_LIKENESS = 0.85
"""Likeness of a label from which it counts as printed where nothing stands beside it."""
MAX_BARE_VALUE = 6
"""Words of a value behind a label that nothing marks, at most."""
_ASKED = (
    re.compile(
        r"^(?:what|which|who|when|where|how much|how many)(?:'s| is| are| was| were)"
        r"(?: the| an?| this| your| my)? (?P<phrase>.+)$",
        re.I,
    ),
    re.compile(
        r"^(?:what|which) (?P<phrase>.+?) (?:is|are|was) (?:it|shown|given|stated|printed|listed"
        r"|named|entered|written|noted|on (?:the|this) \w+)"
        r"(?: (?:here|for it|on (?:the|this) \w+))?$",
        re.I,
    ),
    re.compile(
        r"^(?:give|tell|show|find|state)(?: me)?(?: the| an?)? (?P<phrase>.+)$",
        re.I,
    ),
)
_QUESTION_WORD = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|may|"
    r"must|shall|should|will|would|has|have|had|list|name)\b",
    re.I,
)


def asked_phrase(question: str) -> str:
    """The noun phrase that a question asks for, empty for a question of another form.

    "What is the due date?" and "Due date?" ask for "due date".
    """
    text = question.strip().rstrip("?.! ").strip()
    for form in _ASKED:
        match = form.match(text)
        if match:
            text = match["phrase"]
            break
    else:
        if _QUESTION_WORD.match(text):
            return ""
    return text if 0 < len(text.split()) <= MAX_PHRASE_WORDS else ""


def question_label(document: Document, question: str) -> Placed | None:
    """The printed label that a question names, with its value or as a blank; None if none is
    printed as a label is."""
    phrase = asked_phrase(question)
    places = remembered(document, _label_places) if phrase else None
    placed = places.best(phrase) if places else None
    if placed is None:
        return None
    label = placed.label
    is_label = label.is_whole or label.is_marked
    if placed.place == "blank":
        return placed if is_label and label.likeness >= MIN_BLANK_LIKENESS else None
    return placed if is_label or _is_form_label(placed) else None


def _label_places(document: Document) -> LabelPlaces:
    return LabelPlaces(remembered(document, PageCells), shipped_labels())


@cache
def shipped_labels() -> frozenset[str]:
    """Labels of the fields of all shipped schemas: words that are no value of another label."""
    return frozenset(
        phrase
        for schema in list_schemas()
        for leaf in schema.leaves
        for phrase in label_phrases(leaf)
    )


def _is_form_label(placed: Placed) -> bool:
    """Whether a label without a mark stands before a short value rather than in a sentence."""
    return placed.label.begins and len(placed.words) <= MAX_BARE_VALUE
