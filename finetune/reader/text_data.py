"""Real texts the reader trains on, as clean pages with queries: contracts, stories, articles.

Sets and licences (each named in the model card): CUAD v1 (CC BY 4.0), FairytaleQA and COVID-QA
(Apache-2.0). Texts are set in lines. A contract or story is in one split only.
"""

from __future__ import annotations

import json
import lzma
import random
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.geometry import BBox
from eval.datasets import data_dir
from finetune.reader.contract_queries import (
    CLAUSE_TEMPLATES,
    CONTRACT_QUERIES,
    NAME_TEMPLATES,
    NOTICE_QUERIES,
    STATE_QUERIES,
    TERM_QUERIES,
)
from finetune.reader.noise import CleanPage, CleanQuery

VALIDATION_SHARE = 10
"""One group (contract, company, station, story) in so many is for validation."""
WINDOW_WORDS = (60, 260)
"""Words of a cut from a long text: fewest and most."""
SHORT_FIELDS = frozenset({"Document Name", "Parties", "Agreement Date", "Effective Date"})
"""Fields of CUAD that are values rather than clauses."""
HEAD_SHARE = 0.3
"""Share of draws around a value of SHORT_FIELDS, which stand where a contract begins: among all
fields they would come up in a tenth, and they are what people ask of any contract."""
DURATIONS = {
    "Expiration Date": TERM_QUERIES,
    "Notice Period To Terminate Renewal": NOTICE_QUERIES,
}
DURATION = re.compile(
    r"\b(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|eighteen|twenty|thirty|"
    r"forty|sixty|ninety)(?:[ -]five)?[ -]*(?:\(\s*\d+\s*\))?|\d+)[ -]*(?:calendar |business )?"
    r"(?:years?|months?|days?)\b",
    re.IGNORECASE,
)

Answers = tuple[tuple[int, ...], ...]
Pages = Callable[[random.Random], CleanPage]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Rows of a ``.jsonl.xz`` file."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def is_validation(group: str) -> bool:
    """Whether a group belongs to validation: by its name, so that every run agrees."""
    return zlib.crc32(group.strip().casefold().encode()) % VALIDATION_SHARE == 0


@dataclass(frozen=True)
class TextWords:
    """A text as words: their texts, start offsets, and the index of the printed line."""

    texts: tuple[str, ...]
    starts: tuple[int, ...]
    paragraphs: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> TextWords:
        """Words between white space; an empty line or a line break ends a paragraph."""
        found = list(re.finditer(r"\S+", text))
        marks = [m.start() for m in re.finditer(r"\n", text)]
        paragraphs, at = [], 0
        for word in found:
            while at < len(marks) and marks[at] < word.start():
                at += 1
            paragraphs.append(at)
        return cls(
            tuple(w.group() for w in found), tuple(w.start() for w in found), tuple(paragraphs)
        )

    def span(self, start: int, length: int) -> tuple[int, int]:
        """Indices of the words that overlap characters start to start + length, end exclusive."""
        first = max(0, _after(self.starts, start) - 1)
        if self.starts[first] + len(self.texts[first]) <= start:
            first += 1
        return first, max(first + 1, _after(self.starts, start + length - 1))


def _after(starts: Sequence[int], offset: int) -> int:
    """How many words start at or before an offset."""
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        if starts[middle] <= offset:
            low = middle + 1
        else:
            high = middle
    return low


@dataclass(frozen=True)
class Asked:
    """A query and its answers as word ranges of a text, ends exclusive."""

    text: str
    multiple: bool
    ranges: tuple[tuple[int, int], ...]


def set_text(
    words: TextWords, first: int, last: int, asked: Sequence[Asked], rng: random.Random
) -> CleanPage:
    """Words first to last (exclusive) set in lines on a page, as a typewriter would."""
    size, measure = 20.0, rng.choice((45, 60, 75, 90, 110))
    ragged = rng.random() < 0.5
    texts, boxes = words.texts[first:last], []
    x, y = 0, 0
    paragraph = words.paragraphs[first]
    for index, text in enumerate(texts):
        here = words.paragraphs[first + index]
        breaks = here > paragraph + 1 or (here > paragraph and not ragged)
        if x and (x + len(text) > measure or breaks):
            y += 2 if here > paragraph + 1 else 1
            x = 0
        paragraph = here
        boxes.append(place_word(x, y, len(text), size))
        x += len(text) + 1
    width = (measure + 12) * size * 0.5
    height = max(y + 8, measure * 0.4) * size * 1.3
    kept = []
    for query in asked:
        inside = [(max(s, first), min(e, last)) for s, e in query.ranges if s < last and e > first]
        whole = [r for r in inside if r in query.ranges]
        if len(whole) < len(inside):
            continue  # an answer that the cut goes through is neither there nor absent
        answers = tuple(tuple(range(s - first, e - first)) for s, e in whole)
        kept.append(CleanQuery(query.text, query.multiple, "", answers))
    return CleanPage("text", width, height, texts, tuple(boxes), tuple(kept))


def place_word(x: int, y: int, length: int, size: float) -> BBox:
    """Box in pixels of a word in column x (characters) of line y, in type of a size."""
    left, top = (x + 6) * size * 0.5, (y + 3) * size * 1.3
    return (left, top, left + length * size * 0.5, top + size)


def _cut(total: int, around: tuple[int, int] | None, rng: random.Random) -> tuple[int, int]:
    """A random stretch of a text, around a range of words where one is given."""
    length = min(total, rng.randint(*WINDOW_WORDS))
    if around is None:
        first = rng.randint(0, total - length)
    else:
        length = max(length, min(total, around[1] - around[0] + 20))
        lowest = max(0, around[1] - length + 3)
        first = rng.randint(min(lowest, max(0, around[0] - 3)), max(0, around[0] - 3))
        first = min(first, total - length)
    return first, first + length


class TextSource:
    """Long texts with queries: a draw is a stretch of one with some of its queries."""

    def __init__(
        self,
        texts: Sequence[tuple[TextWords, Sequence[Sequence[Asked]]]],
        heads: frozenset[str] = frozenset(),
    ) -> None:
        """texts: words and, per thing to ask for, its wordings; heads: first wordings of what a
        text begins with, drawn more often."""
        self.heads = heads
        self.texts = [(words, fields) for words, fields in texts if len(words.texts) > 20]
        self.others = [
            wordings[0] for _, fields in self.texts for wordings in fields if len(fields) < 10
        ]

    def draw(self, rng: random.Random) -> CleanPage:
        """Mostly around an answer, with what else is asked of the text, answered there or not,
        and now and then a question about another text."""
        words, fields = rng.choice(self.texts)
        present = [f for f in fields if f[0].ranges]
        heads = [f for f in present if f[0].text in self.heads]
        among = heads if heads and rng.random() < HEAD_SHARE else present
        target = rng.choice(among) if among and rng.random() < 0.85 else None
        around = rng.choice(target[0].ranges) if target else None
        first, last = _cut(len(words.texts), around, rng)
        chosen = [target] if target else []
        inside = [
            f
            for f in present
            if f is not target and any(s < last and e > first for s, e in f[0].ranges)
        ]
        chosen += rng.sample(inside, min(len(inside), 4))
        rest = [f for f in fields if f is not target and f not in inside]
        chosen += rng.sample(rest, min(len(rest), 3 if len(fields) > 10 else 1))
        asked = [rng.choice(wordings) for wordings in chosen]
        if self.others and rng.random() < 0.7:
            other = rng.choice(self.others)
            if not any(other.text == f.text for wordings in fields for f in wordings):
                asked.append(Asked(other.text, other.multiple, ()))
        return set_text(words, first, last, asked, rng)


def contracts(validation: bool) -> TextSource:
    """CUAD's training contracts with their 41 fields, asked in several wordings."""
    texts = []
    for row in rows_of(data_dir() / "cuad" / "train.jsonl.xz"):
        if is_validation(row["id"]) != validation:
            continue
        words = TextWords.of(row["text"])
        fields = []
        for field in row["fields"]:
            wordings = contract_wordings(field["field"])
            answers = [a for a in field["answers"] if _is_whole(row["text"], a)]
            if field["field"] == "Parties":
                answers = named_parties(answers, field.get("value") or "")
            ranges = tuple(
                sorted({words.span(a["start"], len(a["text"].rstrip())) for a in answers})
            )
            if field["answers"] and not ranges:
                continue
            multiple = field["field"] == "Parties"
            fields.append([Asked(text, multiple, ranges) for text in wordings])
            if field["field"] == "Governing Law" and (field.get("value") or not answers):
                fields.append(_state(words, row["text"], answers, field.get("value") or ""))
            if field["field"] in DURATIONS:
                fields.append(_duration(words, row["text"], answers, DURATIONS[field["field"]]))
        texts.append((words, [f for f in fields if f]))
    return TextSource(texts, frozenset(contract_wordings(field)[0] for field in SHORT_FIELDS))


def _is_whole(text: str, answer: dict[str, Any]) -> bool:
    """Whether an answer is more than a mark and does not begin or end inside a word."""
    start, end = answer["start"], answer["start"] + len(answer["text"].rstrip())
    inside = text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()
    return len(answer["text"].strip()) > 3 and not inside


def named_parties(answers: Sequence[dict[str, Any]], value: str) -> list[dict[str, Any]]:
    """Answers that are full names of parties; "the Company" in brackets is a short form."""
    names = " ".join(re.sub(r"\([^)]*\)", " ", value).split()).casefold()
    kept = [a for a in answers if " ".join(a["text"].split()).casefold() in names]
    return [a for a in kept if len(a["text"]) > 5]


def _state(words: TextWords, text: str, answers: Sequence[Any], value: str) -> list[Asked]:
    ranges = []
    for answer in answers:
        inside = text[answer["start"] : answer["start"] + len(answer["text"])]
        at = inside.lower().find(value.lower())
        if at >= 0:
            ranges.append(words.span(answer["start"] + at, len(value)))
    if answers and not ranges:
        return []
    return [Asked(q, False, tuple(sorted(set(ranges)))) for q in STATE_QUERIES]


def contract_wordings(field: str) -> tuple[str, ...]:
    """Ways to ask for a field of CUAD: its own, and those that any field has."""
    name = field.replace("/", " or ").replace("Ip ", "intellectual property ").lower()
    clause, named = CLAUSE_TEMPLATES, NAME_TEMPLATES
    if field in SHORT_FIELDS:
        clause = ()
    if field in SHORT_FIELDS or field == "Governing Law":
        named = ()
    made = (template.format(n=name) for template in (*clause, *named))
    return (*CONTRACT_QUERIES[field], *made)


def _duration(
    words: TextWords, text: str, answers: Sequence[Any], queries: Sequence[str]
) -> list[Asked]:
    """Queries for the one duration in a clause; none where there are several, or no number."""
    found = [
        (match.start(), len(match.group()))
        for answer in answers
        for match in DURATION.finditer(text, answer["start"], answer["start"] + len(answer["text"]))
    ]
    if answers and len(found) != 1:
        return []
    ranges = tuple(words.span(start, length) for start, length in found)
    return [Asked(query, False, ranges) for query in queries]


def stories(validation: bool) -> TextSource:
    """FairytaleQA: short texts with one question each."""
    by_text: dict[str, list[list[Asked]]] = {}
    known: dict[str, TextWords] = {}
    for row in rows_of(data_dir() / "questions" / "fairytale.jsonl.xz"):
        if is_validation(re.sub(r"-\d+$", "", row["id"])) != validation:
            continue
        words = known.setdefault(row["text"], TextWords.of(row["text"]))
        ranges = tuple(sorted({words.span(a["start"], len(a["text"])) for a in row["answers"]}))
        by_text.setdefault(row["text"], []).append([Asked(row["question"], False, ranges)])
    return TextSource([(known[text], fields) for text, fields in by_text.items()])


def articles(validation: bool) -> TextSource:
    """COVID-QA: long articles, many questions each."""
    texts = []
    for row in rows_of(data_dir() / "questions" / "covid.jsonl.xz"):
        if is_validation(row["text"][:80]) != validation:
            continue
        words = TextWords.of(row["text"])
        fields = [
            [
                Asked(
                    q["question"],
                    False,
                    tuple(sorted({words.span(a["start"], len(a["text"])) for a in q["answers"]})),
                )
            ]
            for q in row["questions"]
        ]
        texts.append((words, fields))
    return TextSource(texts)
