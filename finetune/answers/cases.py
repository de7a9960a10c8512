"""Questions with their answers on documents that answers are fitted with.

    python -m finetune.answers cases --output runs/answers/cases.pkl

Synthetic documents, printed, scanned and read by the shipped OCR; receipts (ICDAR 2019 SROIE, CC BY
4.0); contracts (CUAD v1, CC BY 4.0) with questions in other wordings than those that trainings
know; stories and articles (FairytaleQA, COVID-QA, Apache-2.0). Of the real sets only what is held
out from the reader's training.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from docagent.document import Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon
from docagent.ocr.engine import OcrEngine
from docagent.settings import Settings
from docagent.text.language_model import load_language_model
from eval.datasets import data_dir
from finetune.answers.contract_texts import text_to_document
from finetune.answers.wordings import OTHER_WORDINGS
from finetune.calibration.fit import read_synthetic
from finetune.reader.noise import CleanPage
from finetune.reader.page_data import receipts
from finetune.reader.text_data import is_validation, rows_of
from finetune.synthesis.documents import generate

SYNTHETIC_KINDS = ("form", "form", "form", "form", "invoice", "receipt", "letter", "bank_statement")
MAX_SYNTHETIC_QUESTIONS = 12
PRESENT_FIELDS, ABSENT_FIELDS = 5, 3
"""Fields of a contract that are asked for, at most."""
STRANGE_QUESTIONS = 2
"""Questions of another story that are asked of a story; most of them it does not answer."""


@dataclass(frozen=True)
class Question:
    """A question; truths: every right answer, none if the document has no answer. is_blank:
    whether its label is printed with nothing at its place."""

    text: str
    truths: tuple[str, ...]
    is_blank: bool = False


@dataclass(frozen=True)
class Case:
    """A document of a set with questions. group: what it must be kept together with."""

    set: str
    group: str
    document: Document
    questions: tuple[Question, ...]


def synthetic_cases(count: int, seed: int = 5) -> Iterator[Case]:
    """Synthetic documents read end to end, with questions for what is there, blank or not there."""
    engine = OcrEngine(Settings(threads=1), load_language_model())
    for index in range(count):
        rng = random.Random(seed * 7919 + index)
        made = generate(SYNTHETIC_KINDS[index % len(SYNTHETIC_KINDS)], rng)
        asked = [q for q in made.queries if not q.multiple and ":" not in q.text]
        questions = []
        for query in rng.sample(asked, min(MAX_SYNTHETIC_QUESTIONS, len(asked))):
            truths = tuple({truth.text for truth in made.answers(query).values()})
            is_blank = not truths and not query.path_pattern.startswith("absent.")
            text = query.text if query.text.endswith("?") else f"What is the {query.text}?"
            questions.append(Question(text, truths, is_blank and made.kind == "form"))
        document = read_synthetic(made, engine, rng)
        yield Case(f"synthetic {made.kind}", str(index), document, tuple(questions))


def contract_cases(seed: int = 3) -> Iterator[Case]:
    """Contracts that are held out, asked for fields that they have and some that they lack."""
    rng = random.Random(seed)
    for row in rows_of(data_dir() / "cuad" / "train.jsonl.xz"):
        if not is_validation(row["id"]):
            continue
        truths = {f["field"]: tuple(a["text"] for a in f["answers"]) for f in row["fields"]}
        present = [name for name, found in truths.items() if found]
        absent = [name for name, found in truths.items() if not found]
        chosen = rng.sample(present, min(PRESENT_FIELDS, len(present)))
        chosen += rng.sample(absent, min(ABSENT_FIELDS, len(absent)))
        questions = tuple(
            Question(text, truths[name])
            for name in chosen
            for text in (rng.choice(mechanical_wordings(name)), *OTHER_WORDINGS[name])
        )
        yield Case("contracts", row["id"], text_to_document(row["text"]), questions)


def mechanical_wordings(name: str) -> tuple[str, ...]:
    """A field's name as somebody would ask for it who knows nothing but the name."""
    spoken = name.replace("/", " or ").replace("-", " ").lower()
    return (
        f"{spoken.capitalize()}?",
        f"Tell me the {spoken}.",
        f"Is there anything about {spoken}?",
        f"Which clause is about {spoken}?",
    )


def receipt_cases() -> Iterator[Case]:
    """Receipts of shops that are held out, by the true words of their lines."""
    for number, page in enumerate(receipts(validation=True).pages):
        by_path: dict[str, tuple[str, ...]] = {}
        for query in page.queries:
            spans = (" ".join(page.texts[i] for i in words) for words in query.answers)
            by_path[query.path] = tuple(dict.fromkeys(spans))
        asked = [q for q in page.queries if q.text.endswith("?")]
        questions = tuple(Question(q.text, by_path[q.path]) for q in asked)
        yield Case("receipts", str(number), page_to_document(page), questions)


def story_cases(most: int = 150, seed: int = 9) -> Iterator[Case]:
    """Stories and articles with their own questions and some of others."""
    rng = random.Random(seed)
    texts: dict[str, list[Question]] = {}
    for row in rows_of(data_dir() / "questions" / "fairytale.jsonl.xz"):
        if is_validation(row["id"].rpartition("-")[0] or row["id"]):
            truths = tuple(a["text"] for a in row["answers"])
            texts.setdefault(row["text"], []).append(Question(row["question"], truths))
    for row in rows_of(data_dir() / "questions" / "covid.jsonl.xz"):
        if is_validation(row["text"][:80]):
            texts[row["text"]] = [
                Question(q["question"], tuple(a["text"] for a in q["answers"]))
                for q in rng.sample(row["questions"], min(8, len(row["questions"])))
            ]
    everything = [question for questions in texts.values() for question in questions]
    for number, text in enumerate(rng.sample(list(texts), min(most, len(texts)))):
        strange = rng.sample(everything, STRANGE_QUESTIONS)
        absent = [Question(q.text, ()) for q in strange if q not in texts[text]]
        questions = (*texts[text], *absent)
        yield Case("stories", str(number), text_to_document(text), questions)


def page_to_document(page: CleanPage) -> Document:
    """A clean page as a document; words at one height stand on one line."""
    rows: dict[int, list[int]] = {}
    for index, box in enumerate(page.boxes):
        rows.setdefault(round((box[1] + box[3]) / 2), []).append(index)
    lines = []
    for _, indices in sorted(rows.items()):
        words = []
        for i in sorted(indices, key=lambda i: page.boxes[i][0]):
            x0, y0, x1, y1 = page.boxes[i]
            box = (x0 / page.width, y0 / page.height, x1 / page.width, y1 / page.height)
            words.append(Word(text=page.texts[i], polygon=bbox_to_polygon(box)))
        lines.append(Line(words=tuple(words)))
    size = {"width": round(page.width), "height": round(page.height)}
    return Document(
        id="0" * 64, name=page.kind, pages=(Page(number=1, lines=tuple(lines), **size),)
    )


SETS: dict[str, Callable[[], Iterator[Case]]] = {
    "contracts": contract_cases,
    "receipts": receipt_cases,
    "stories": story_cases,
}


def load_cases(path: Path) -> list[Case]:
    """What the command wrote."""
    cases: list[Case] = pickle.loads(path.read_bytes())
    return cases


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path("runs/answers/cases.pkl"))
    parser.add_argument("--synthetic", type=int, default=320, help="documents printed and scanned")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    cases = [case for load in SETS.values() for case in load()]
    for case in synthetic_cases(args.synthetic):
        cases.append(case)
        print(f"\r{len(cases)} documents", end="", file=sys.stderr)
    print(file=sys.stderr)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_bytes(pickle.dumps(cases))
    for name in dict.fromkeys(case.set for case in cases):
        found = [case for case in cases if case.set == name]
        print(f"{name}: {len(found)} documents, {sum(len(c.questions) for c in found)} questions")


if __name__ == "__main__":
    main()
