"""Measure the embedded reader on the true words of real documents; never used to train.

python -m finetune.reader measure --weights docagent/weights --data sroie-adapt --errors
python -m finetune.reader measure --data funsd
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from docagent.document import Document, Line, Page, Word
from docagent.geometry import BBox, bbox_to_polygon, clip_polygon, scale_polygon
from docagent.layout.reading_order import group_words_into_lines
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.types import Query, Reading
from docagent.schemas import load_schema
from eval.datasets import data_dir, load_documents
from eval.metrics import anls
from eval.metrics.fields import letters_and_digits
from eval.metrics.matching import segment_to_words
from eval.systems.engines import image_size

SROIE_FIELDS = ("company", "date", "address", "total")


def words_to_document(words: Sequence[tuple[str, BBox]], width: float, height: float) -> Document:
    """A one-page document of words (boxes in pixels), in the order serving would give them."""
    lines = []
    for members in group_words_into_lines([box for _, box in words]):
        line = []
        for i in members:
            polygon = scale_polygon(bbox_to_polygon(words[i][1]), 1 / width, 1 / height)
            line.append(Word(text=words[i][0], polygon=clip_polygon(polygon)))
        lines.append(Line(words=tuple(line)))
    page = Page(number=1, width=round(width), height=round(height), lines=tuple(lines))
    return Document(id="0" * 64, pages=(page,))


def best_text(document: Document, reading: Reading) -> str:
    """Text of the best span, or "" where the document is likelier not to have one."""
    if not reading.spans or reading.absent > 0.5:
        return ""
    span = reading.spans[0]
    return " ".join(w.word.text for w in document.words[span.start : span.end])


def same(field: str, found: str, true: str) -> bool:
    """Equal letters and digits; amounts also without their currency."""
    a, b = letters_and_digits(found), letters_and_digits(true)
    if field == "total":
        a, b = (t.lstrip("rm").rstrip("rm") for t in (a, b))
    if field == "date":
        return b in a and bool(b)
    return a == b


def measure_sroie(reader: EmbeddedReader, split: str, errors: bool) -> dict[str, float]:
    """Share of right fields by field name; ``errors`` prints the wrong ones."""
    queries = {
        leaf.path: Query(text=leaf.query)
        for leaf in load_schema("receipt").leaves
        if leaf.path in SROIE_FIELDS
    }
    right: dict[str, list[bool]] = defaultdict(list)
    seconds = 0.0
    for item in load_documents("sroie", split):
        words = [(w.text, w.box) for s in item.segments for w in segment_to_words(s)]
        document = words_to_document(words, *image_size(item.path))
        started = time.perf_counter()
        readings = reader.read(document, list(queries.values()))
        seconds += time.perf_counter() - started
        for field, reading in zip(queries, readings, strict=True):
            found = best_text(document, reading)
            for true in item.fields.get(field, ()):
                right[field].append(same(field, found, true))
                if errors and not right[field][-1]:
                    score = reading.spans[0].score if reading.spans else 0
                    print(
                        f"{item.name} {field} {score:.2f}/{reading.absent:.2f}: "
                        f"{found!r} for {true!r}"
                    )
    scores = {field: sum(r) / len(r) for field, r in right.items()}
    scores["ms_a_page"] = 1000 * seconds / max(1, len(right["date"]))
    return scores


def measure_funsd(reader: EmbeddedReader, errors: bool) -> dict[str, float]:
    """ANLS of linked answers, asked for by the text of their questions."""
    scores: list[float] = []
    for path in sorted((data_dir() / "funsd" / "dev" / "annotations").glob("*.json")):
        form = json.loads(path.read_text("utf-8"))["form"]
        entities = {e["id"]: e for e in form}
        answers = {e["id"] for e in form if e["label"] == "answer"}
        words = [
            (part, tuple(map(float, w["box"])))
            for e in form
            for w in e["words"]
            for part in w["text"].split()
        ]
        asked = [
            (
                e["text"],
                [entities[b]["text"] for a, b in e["linking"] if a == e["id"] and b in answers],
            )
            for e in form
            if e["label"] == "question" and any(c.isalpha() for c in e["text"])
        ]
        asked = [(q, a) for q, a in asked if any(t.strip() for t in a)]
        if not asked:
            continue
        image = path.parent.parent / "images" / f"{path.stem}.png"
        document = words_to_document(words, *image_size(image))
        readings = reader.read(document, [Query(text=q) for q, _ in asked])
        for (question, texts), reading in zip(asked, readings, strict=True):
            found = best_text(document, reading)
            scores.append(anls(found, [*texts, " ".join(texts)]))
            if errors and scores[-1] < 0.5:
                print(f"{path.stem} {question!r}: {found!r} for {texts}")
    return {"anls": sum(scores) / len(scores), "questions": len(scores)}


def main() -> None:
    measures: dict[str, Callable[[EmbeddedReader, bool], dict[str, float]]] = {
        "sroie-adapt": lambda reader, errors: measure_sroie(reader, "adapt", errors),
        "sroie-dev": lambda reader, errors: measure_sroie(reader, "dev", errors),
        "funsd": measure_funsd,
    }
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--data", choices=tuple(measures), action="append", required=True)
    parser.add_argument("--errors", action="store_true")
    args = parser.parse_args()
    reader = EmbeddedReader(args.weights, threads=1)
    for name in args.data:
        scores = measures[name](reader, args.errors)
        print(name, json.dumps({k: round(v, 3) for k, v in scores.items()}))
