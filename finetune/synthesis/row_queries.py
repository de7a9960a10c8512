"""Questions about one row of a table: the price of an item, the result of a test."""

from __future__ import annotations

import re

from finetune.synthesis import medical_texts, vocabulary
from finetune.synthesis.truth import Draft, QueryTruth

# Kind: (array, leaf that names the row, leaves that are asked for).
ROWS = {
    "receipt": ("line_items", "description", ("amount", "unit_price", "quantity")),
    "invoice": ("line_items", "description", ("amount", "unit_price", "quantity")),
    "lab_report": ("results", "test", ("value", "value", "unit", "reference_range")),
    "prescription": ("medications", "name", ("dose", "frequency", "duration", "quantity")),
    "discharge_summary": ("medications", "name", ("dose", "frequency")),
}
TEMPLATES = {
    "amount": (
        "How much is the {n}?",
        "amount of {n}",
        "What does {n} cost in total?",
        "{n} amount",
        "line total for {n}",
        "How much was charged for {n}?",
    ),
    "unit_price": (
        "What is the unit price of {n}?",
        "price of one {n}",
        "unit price {n}",
        "How much does one {n} cost?",
    ),
    "quantity": (
        "How many {n}?",
        "quantity of {n}",
        "How many units of {n} were bought?",
        "{n} quantity",
    ),
    "value": (
        "{n}",
        "What is the {n}?",
        "{n} result",
        "What is the result of the {n} test?",
        "value of {n}",
        "How high is the {n}?",
    ),
    "unit": ("What is the unit of {n}?", "{n} unit", "In which unit is {n} given?"),
    "reference_range": (
        "What is the normal range of {n}?",
        "reference range for {n}",
        "{n} normal range",
    ),
    "dose": (
        "What is the dose of {n}?",
        "{n} dose",
        "How strong is the {n}?",
        "How much {n} should be taken?",
    ),
    "frequency": (
        "How often should {n} be taken?",
        "{n} frequency",
        "directions for {n}",
        "How to take {n}?",
    ),
    "duration": ("For how long should {n} be taken?", "{n} duration"),
}


def row_queries(draft: Draft, printed: set[str]) -> list[QueryTruth]:
    """Up to two questions on rows there are, now and then one on a row there is not."""
    rng = draft.rng
    if draft.kind not in ROWS or rng.random() < 0.35:
        return []
    array, key, leaves = ROWS[draft.kind]
    names = {p: draft.texts[p] for p in printed if re.fullmatch(rf"{array}\[\d+\]\.{key}", p)}
    rows = sorted(p for p, name in names.items() if list(names.values()).count(name) == 1)
    out: list[QueryTruth] = []
    for path in rng.sample(rows, min(len(rows), rng.randint(1, 2))):
        leaf = rng.choice(leaves)
        wanted = path.removesuffix(key) + leaf
        if wanted in printed:
            out.append(QueryTruth(_text(draft, leaf, names[path]), False, wanted))
    if rng.random() < 0.3:
        other = rng.choice(_other_names(draft.kind))
        if other.lower() not in " ".join(names.values()).lower():
            out.append(QueryTruth(_text(draft, leaves[0], other), False, f"absent.{array}"))
    return out


def _text(draft: Draft, leaf: str, name: str) -> str:
    text = draft.rng.choice(TEMPLATES[leaf]).format(n=name)
    return text if draft.rng.random() < 0.7 else text.lower()


def _other_names(kind: str) -> tuple[str, ...]:
    if kind == "lab_report":
        return tuple(test[0] for panel in medical_texts.LAB_PANELS.values() for test in panel)
    if kind in ("receipt", "invoice"):
        return vocabulary.GOODS["grocery"][0] + vocabulary.GOODS["services"][0]
    return tuple(name for name, _, _ in medical_texts.MEDICINES)
