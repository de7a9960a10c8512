"""FUNSD's scanned forms, asked for what stands beside their printed labels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent import DocAgent
from eval.datasets.folders import split_dir, spread
from eval.metrics import anls
from eval.tasks.understanding.judged import Judged

MAX_QUESTIONS = 6
"""Of one form; evenly spaced over its labels."""


@dataclass(frozen=True)
class Label:
    """A printed label and what is written beside it, nothing for a blank."""

    text: str
    values: tuple[str, ...]


def labels_of(form: list[dict[str, Any]]) -> list[Label]:
    """Labels of letters with one answer, or with none, each label once."""
    entities = {entity["id"]: entity for entity in form}
    found: dict[str, Label | None] = {}
    for entity in form:
        text = entity["text"].strip(" :.;-_")
        if entity["label"] != "question" or len(re.findall(r"[A-Za-z]", text)) < 3:
            continue
        linked = [b for a, b in entity["linking"] if a == entity["id"]]
        answers = [entities[b] for b in linked if entities[b]["label"] == "answer"]
        values = tuple(a["text"].strip() for a in answers if a["text"].strip())
        usable = len(values) == 1 or not linked
        found[text] = Label(text, values) if usable and text not in found else None
    return [label for label in found.values() if label is not None]


def judge_forms(agent: DocAgent, limit: int | None) -> Iterator[Judged]:
    """ "What is the LABEL?" of every form; scores are ANLS without spaces, and of a blank
    label 1 where nothing is answered."""
    folder = split_dir("funsd", "dev")
    for path in spread(sorted((folder / "annotations").glob("*.json")), limit):
        form = json.loads(path.read_text("utf-8"))["form"]
        labels = labels_of(form)
        document = agent.read(image_of(folder, path.stem))
        for label in spread(labels, min(MAX_QUESTIONS, len(labels)) or None):
            answer = agent.ask(document, f"What is the {label.text}?")
            name = "label" if label.values else "blank"
            if answer.text is None:
                yield Judged(name, float(not label.values), bool(label.values), None)
                continue
            score = (
                anls(answer.text.replace(" ", ""), [v.replace(" ", "") for v in label.values])
                if label.values
                else 0.0
            )
            yield Judged(name, score, bool(label.values), answer.confidence or 0.0)


def image_of(folder: Path, stem: str) -> Path:
    """The image of a form."""
    return next(path for path in (folder / "images").glob(f"{stem}.*"))
