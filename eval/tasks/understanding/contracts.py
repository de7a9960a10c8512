"""CUAD's contracts: fields as a schema, and questions made mechanically from fields."""

from __future__ import annotations

import json
import lzma
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docagent import DocAgent
from docagent.results import Extraction, Field
from eval.datasets.folders import set_dir, spread
from eval.tasks.understanding.judged import Judged, token_f1

SEVEN = {
    "Parties": "Persons and companies that are parties to the agreement",
    "Agreement Date": "Date the agreement was made",
    "Effective Date": "Date the agreement takes effect",
    "Expiration Date": "When the initial term of the agreement ends",
    "Governing Law": "Which state's or country's law governs the agreement",
    "Renewal Term": "How the agreement is renewed after its initial term",
    "Notice Period To Terminate Renewal": "Notice required to terminate renewal",
}
"""Fields of the first figure, and how a user would describe them."""
MANY = ("Parties",)
WORDINGS = ("What is the {n}?", "{n}", "What does the contract say about {n}?")
"""Three ways to ask for a field, by its name alone."""
FULL = {
    "Expiration Date": "When does the contract end?",
    "Governing Law": "Which law governs the contract?",
    "Parties": "Who are the parties to the contract?",
    "Agreement Date": "When was the contract made?",
    "Effective Date": "When does the contract take effect?",
    "Document Name": "What kind of contract is it?",
    "Anti-Assignment": "Can the contract be assigned to somebody else?",
    "Audit Rights": "May the books be audited?",
    "Cap On Liability": "Is liability limited?",
    "Insurance": "What insurance has to be kept?",
    "Termination For Convenience": "Can the contract be terminated without cause?",
    "Non-Compete": "Are the parties free to compete?",
    "Renewal Term": "Is the contract renewed automatically?",
    "Warranty Duration": "How long does the warranty last?",
    "License Grant": "What licence is granted?",
}
"""Fields that are asked for in a whole question instead of the last wording."""
RANDOM_SEED = 41


@dataclass(frozen=True)
class Contract:
    """A contract with a PDF; answers: texts of each field, none where it is not there; values:
    what the set says in short, such as the state whose law governs."""

    path: Path
    answers: dict[str, tuple[str, ...]]
    values: dict[str, str]


def load_contracts(limit: int | None) -> list[Contract]:
    """The contracts of CUAD's development part that have a PDF."""
    folder = set_dir("cuad")
    with lzma.open(folder / "dev.jsonl.xz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    kept = [row for row in rows if row.get("pdf")]
    return [
        Contract(
            folder / "pdf" / Path(row["pdf"]).name,
            {f["field"]: tuple(a["text"] for a in f["answers"]) for f in row["fields"]},
            {f["field"]: f["value"] for f in row["fields"] if f.get("value") and f["answers"]},
        )
        for row in spread(kept, limit)
    ]


def schema_of(fields: dict[str, str], many: Sequence[str] = MANY) -> dict[str, Any]:
    """A schema of text fields; those of ``many`` may have several values."""
    properties: dict[str, Any] = {}
    for name, description in fields.items():
        leaf = {"type": ["string", "null"], "description": description}
        if name in many:
            leaf = {"type": "array", "items": {"type": "string"}, "description": description}
        properties[key_of(name)] = leaf
    return {"type": "object", "title": "agreement", "properties": properties}


def key_of(name: str) -> str:
    """A field's name as a key: ``governing_law``."""
    return "_".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def judge_fields(
    agent: DocAgent, contracts: Sequence[Contract], names: dict[str, str]
) -> Iterator[Judged]:
    """Every field of every contract by token F1 of its best value; what is rightly not given
    scores 1. ``in_short``: where the set's short value counts as true as well."""
    schema = schema_of(names)
    for contract in contracts:
        extraction = agent.extract(contract.path, schema)
        for name in names:
            fields, truths = values_of(extraction, key_of(name)), contract.answers.get(name, ())
            judged = judge_texts(name, fields, truths)
            short = contract.values.get(name, "")
            best = max((token_f1(f.raw_text or "", short) for f in fields if short), default=0.0)
            yield replace(judged, in_short=max(judged.score, best))


def values_of(extraction: Extraction, key: str) -> list[Field]:
    """Fields with a value under a key, those of an array together."""
    own = [f for f in extraction.fields if f.path == key or f.path.startswith(f"{key}[")]
    return [f for f in own if f.value is not None and f.raw_text]


def judge_texts(name: str, fields: Sequence[Field], truths: Sequence[str]) -> Judged:
    """One value against the best true one; several against all true ones together."""
    if not fields:
        return Judged(name, float(not truths), bool(truths), None)
    texts = [field.raw_text or "" for field in fields]
    confidence = max(field.confidence or 0.0 for field in fields)
    if not truths:
        return Judged(name, 0.0, False, confidence)
    score = max(token_f1(text, truth) for text in texts for truth in truths)
    if len(texts) > 1 or name in MANY:
        named = [t for t in truths if len(t.split()) > 1] or truths
        score = max(score if len(texts) == 1 else 0.0, token_f1(" ".join(texts), " ".join(named)))
    return Judged(name, score, True, confidence)


def judge_questions(agent: DocAgent, contracts: Sequence[Contract]) -> Iterator[Judged]:
    """Three wordings of fields that are there, and half as many of fields that are not. The set's
    short value ("Delaware") is as right as the clause it comes from."""
    rng = random.Random(RANDOM_SEED)
    for contract in contracts:
        present = [name for name, answers in contract.answers.items() if answers]
        absent = [name for name, answers in contract.answers.items() if not answers]
        chosen = rng.sample(present, min(4, len(present))) + rng.sample(absent, min(2, len(absent)))
        document = agent.read(contract.path)
        for name in chosen:
            truths = contract.answers[name]
            for wording in wordings_of(name):
                answer = agent.ask(document, wording)
                if answer.text is None:
                    yield Judged("question", float(not truths), bool(truths), None)
                    continue
                best = max((answer_score(answer.text, truth) for truth in truths), default=0.0)
                short = token_f1(answer.text, contract.values.get(name, ""))
                score = max(best, short if truths else 0.0)
                yield Judged("question", score, bool(truths), answer.confidence or 0.0)


def answer_score(text: str, truth: str) -> float:
    """Token F1, or 1 for an answer that stands inside the true clause and says a good part."""
    inside = " ".join(text.casefold().split()) in " ".join(truth.casefold().split())
    return 1.0 if inside and len(text.split()) >= 2 else token_f1(text, truth)


def wordings_of(name: str) -> list[str]:
    """The three questions about a field."""
    spoken = name.replace("/", " or ").replace("Ip ", "intellectual property ").lower()
    made = [wording.format(n=spoken) for wording in WORDINGS]
    return [*made[:2], FULL.get(name, made[2])]
