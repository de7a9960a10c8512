"""Ways to ask for a field: names, descriptions, questions, and what is not on the page."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from docagent.schemas.fields import query_text
from finetune.synthesis.phrases import BANK, DOCUMENT_NAMES
from finetune.synthesis.row_queries import row_queries
from finetune.synthesis.truth import Draft, QueryTruth

SCHEMAS = Path(__file__).resolve().parents[2] / "extraction_schemas"
ABSENT_SHARE = (0.15, 0.3)

NAME_QUESTIONS = (
    "What is the {n}?",
    "What is the {n} on this {d}?",
    "what's the {n}",
    "{n}?",
    "Find the {n}.",
    "Extract the {n}",
    "Give me the {n}",
    "Which {n} is shown?",
    "Please tell me the {n}.",
    "What {n} is printed on the {d}?",
    "Read the {n}",
    "What does the {d} say is the {n}?",
    "the {n}",
    "{n} of the {d}",
    "Can you see the {n}?",
    "Tell me the {n} of this {d}",
    "I need the {n}",
    "Locate {n}",
    "What is the value of {n}?",
    "value of the field {n}",
    "{d} {n}",
)
EXPANSIONS = (
    (r"\bp\.?o\.?\s?#", "purchase order number"),
    (r"\bno\b\.?|#", "number"),
    (r"\bqty\b\.?", "quantity"),
    (r"\btel\b\.?", "telephone"),
    (r"\bref\b\.?", "reference"),
    (r"\bd\.o\.b\.|\bdob\b", "date of birth"),
    (r"\bid\b", "identifier"),
    (r"\brec'd\b", "received"),
    (r"\breg\b\.?", "registration"),
    (r"\bacct\b\.?", "account"),
    (r"\battn\b\.?", "attention"),
    (r"\bamt\b\.?", "amount"),
    (r"\binv\b\.?", "invoice"),
    (r"\bdept\b\.?", "department"),
    (r"\baddr\b\.?", "address"),
    (r"\bdesc\b\.?", "description"),
)


@dataclass(frozen=True)
class Phrases:
    """Names, descriptions and questions of one field; labels printed beside it; exact: the
    query the extraction sends for the field of the shipped schema."""

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    questions: tuple[str, ...]
    labels: tuple[str, ...] = ()
    exact: str = ""


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


@lru_cache(maxsize=64)
def phrases(kind: str) -> dict[str, Phrases]:
    """The bank of a kind with the descriptions of its shipped schema, by path pattern."""
    bank = {
        path: Phrases(_split(names), _split(descriptions), _split(questions))
        for path, (names, descriptions, questions) in BANK.get(kind, {}).items()
    }
    for path, leaf in schema_leaves(kind).items():
        old = bank.get(path, Phrases((), (), ()))
        description = leaf.get("description", "")
        bank[path] = Phrases(
            (*old.names, re.split(r"[.\[]", path.removesuffix("[*]"))[-1].replace("_", " ")),
            old.descriptions + ((description,) if description else ()),
            old.questions,
            tuple(leaf.get("x-labels", ())),
            query_text(path.replace("[*]", "[]"), description),
        )
    return bank


def schema_leaves(kind: str) -> dict[str, dict[str, Any]]:
    """Leaves of the shipped schema of a kind by path pattern; empty where there is none."""
    for file in SCHEMAS.rglob(f"{kind}.json"):
        return dict(_leaves(json.loads(file.read_text(encoding="utf-8")), ""))
    return {}


def _leaves(schema: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    if "items" in schema:
        described = {"description": schema.get("description", "")} | schema["items"]
        return _leaves(described, f"{path}[*]")
    out: list[tuple[str, dict[str, Any]]] = []
    for name, child in schema.get("properties", {}).items():
        out += _leaves(child, f"{path}.{name}" if path else name)
    return out or [(path, schema)]


def spell(rng: random.Random, name: str, path: str) -> str:
    """One of the spellings of a name: words, snake_case, camelCase, capitals, with its path."""
    parts = re.findall(r"[^\W_]+", name.replace("'", "")) or [name]
    draw = rng.random()
    if draw < 0.35:
        return name.replace("_", " ")
    if draw < 0.6:
        return "_".join(parts).lower()
    if draw < 0.68:
        return parts[0].lower() + "".join(p.capitalize() for p in parts[1:])
    if draw < 0.76:
        return " ".join(parts).title()
    if draw < 0.82:
        return " ".join(parts).upper()
    if draw < 0.9 and "." in path:
        return path.replace("[*]", rng.choice(("", "[]", "[0]"))).replace(
            ".", rng.choice((".", " ", "/"))
        )
    return " ".join(parts).lower()


def _document_name(rng: random.Random, kind: str) -> str:
    return rng.choice(DOCUMENT_NAMES.get(kind, ("document", "page", "form")))


def _vary(rng: random.Random, text: str) -> str:
    draw = rng.random()
    if draw < 0.12:
        return text.lower()
    if draw < 0.2:
        return text.rstrip("?.!")
    if draw < 0.23:
        return text.upper()
    return text


def ask(rng: random.Random, kind: str, path: str, known: Phrases, label: str | None = None) -> str:
    """One way to ask for a field."""
    leaf = re.split(r"[.\[]", path.removesuffix("[*]"))[-1]
    name = rng.choice(known.names or (leaf.replace("_", " "),))
    spelled = spell(rng, leaf if rng.random() < 0.4 else name, path)
    draw = rng.random()
    if label and draw < 0.06:
        return _vary(rng, label)
    if known.labels and draw < 0.1:
        return _vary(rng, rng.choice(known.labels))
    if known.exact and draw < 0.28:
        return known.exact
    if known.descriptions and draw < 0.5:
        text = rng.choice(known.descriptions)
        if rng.random() < 0.7:
            text = f"{spelled}{rng.choice((': ', ': ', ' - ', '. ', ', '))}{text}"
        return _vary(rng, text)
    if draw < 0.66:
        return spelled
    if known.questions and draw < 0.85:
        return _vary(rng, rng.choice(known.questions))
    question = rng.choice(NAME_QUESTIONS).format(
        n=name.replace("_", " "), d=_document_name(rng, kind)
    )
    return _vary(rng, question)


def ask_label(rng: random.Random, label: str, value_kind: str = "text") -> str:
    """One way to ask for the value of a printed label never seen before ("Batch No")."""
    plain = label.strip(" :.?*")
    long = expand(plain) if rng.random() < 0.5 else plain
    long = long.lower() if rng.random() < 0.7 else long
    draw = rng.random()
    if draw < 0.25:
        return plain if rng.random() < 0.6 else long
    if draw < 0.5:
        return spell(rng, long, plain)
    if draw < 0.6:
        return f"{spell(rng, long, plain)}: {_describe(rng, long, value_kind)}"
    questions = _typed_questions(value_kind) + NAME_QUESTIONS[:8]
    return _vary(
        rng,
        rng.choice(questions).format(n=long, d=rng.choice(("form", "document", "page", "record"))),
    )


def _describe(rng: random.Random, name: str, value_kind: str) -> str:
    kinds = {
        "date": ("The date given as {n}", "{n}, a date"),
        "amount": ("The amount of the {n}", "{n} in money"),
        "name": ("Name of the person given as {n}", "Person named under {n}"),
        "code": ("Identifier given as {n}", "The {n}"),
        "quantity": ("Number stated for the {n}", "How much the {n} is"),
    }
    general = (
        "The {n} stated on the form",
        "Value of the {n} entry",
        "What is filled in for {n}",
        "The {n}.",
    )
    return rng.choice(kinds.get(value_kind, ()) + general).format(n=name)


def _typed_questions(value_kind: str) -> tuple[str, ...]:
    return {
        "name": (
            "Who is the {n}?",
            "Who is given as {n}?",
            "Whose name is under {n}?",
            "What name is given for {n}?",
        ),
        "date": (
            "When is the {n}?",
            "What date is the {n}?",
            "On which date is the {n}?",
            "What day is given as {n}?",
        ),
        "amount": ("How much is the {n}?", "What amount is the {n}?", "How high is the {n}?"),
        "quantity": (
            "How much is the {n}?",
            "How many is the {n}?",
            "What figure is given for {n}?",
        ),
        "place": ("Where is the {n}?", "Which place is the {n}?"),
        "company": ("Which company is the {n}?", "Who is the {n}?"),
        "phone": ("What number is the {n}?", "How to call the {n}?"),
    }.get(
        value_kind,
        (
            "What is filled in as {n}?",
            "What is written under {n}?",
            "What is written next to {n}?",
            "Which {n} is given?",
        ),
    )


def expand(label: str) -> str:
    """Write abbreviations of a label in full ("Inv. No." -> "invoice number")."""
    text = label.lower()
    for pattern, long in EXPANSIONS:
        text = re.sub(pattern, f" {long} " if "#" in pattern else long, text)
    return " ".join(text.replace(".", " ").split())


def pattern_of(path: str) -> str:
    """The path with every index replaced by ``[*]``."""
    return re.sub(r"\[\d+\]", "[*]", path)


def make_queries(draft: Draft, printed: Sequence[str], most: int = 16) -> tuple[QueryTruth, ...]:
    """Queries of a document of a kind with a bank: most of its printed fields, and a share of
    fields it does not have. ``printed``: paths that are on the pages."""
    rng, known = draft.rng, phrases(draft.kind)
    there = list(dict.fromkeys(pattern_of(path) for path in printed))
    labels = {pattern_of(path): label for path, label in draft.labels.items()}
    asked = [p for p in there if p in known]
    rng.shuffle(asked)
    out = [
        QueryTruth(ask(rng, draft.kind, p, known[p], labels.get(p)), "[*]" in p, p)
        for p in asked[:most]
    ]
    out += [
        QueryTruth(ask_label(rng, label), False, path)
        for path, label in draft.labels.items()
        if path in printed and "[" not in path and rng.random() < 0.12
    ]
    out += draft.queries + row_queries(draft, set(printed))
    absent = [p for p in known if p not in there and p not in draft.unasked]
    rng.shuffle(absent)
    count = round(len(out) * rng.uniform(*ABSENT_SHARE))
    out += [QueryTruth(ask(rng, draft.kind, p, known[p]), "[*]" in p, p) for p in absent[:count]]
    out += _foreign(draft, there, count - len(absent[:count]))
    rng.shuffle(out)
    return tuple(out)


def _foreign(draft: Draft, there: Sequence[str], count: int) -> list[QueryTruth]:
    """Fields of other kinds that cannot be on this page."""
    out: list[QueryTruth] = []
    for _ in range(max(0, count)):
        kind = draft.rng.choice(FOREIGN.get(draft.kind, ("lab_report", "nda")))
        bank = phrases(kind)
        path = draft.rng.choice(list(bank))
        query = ask(draft.rng, kind, path, bank[path])
        out.append(QueryTruth(query, "[*]" in path, f"absent.{path}"))
    return out


# Kinds with no field in common, for queries that a page of the kind cannot answer.
FOREIGN = {
    "receipt": ("lab_report", "nda", "court_judgment", "discharge_summary"),
    "invoice": ("lab_report", "court_judgment", "discharge_summary", "prescription"),
    "bank_statement": ("lab_report", "prescription", "court_judgment", "discharge_summary"),
    "nda": ("lab_report", "prescription", "bank_statement"),
    "contract": ("lab_report", "prescription", "bank_statement"),
    "court_judgment": ("lab_report", "prescription", "bank_statement"),
    "lab_report": ("nda", "bank_statement", "court_judgment"),
    "prescription": ("nda", "bank_statement", "court_judgment"),
    "discharge_summary": ("nda", "bank_statement"),
}
