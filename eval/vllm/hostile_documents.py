"""What a model that knows nothing does to results: extractions and corrections by the hundred.

An untrained model behind a real server says things of the right form that mean nothing, which is
the worst that constrained decoding lets through. Every result is held against its document.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.outputs import ChatGenerationChunk

from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.reader.types import Reader
from docagent.results import Correction, Extraction
from docagent.schemas import Schema, load_schema
from docagent.settings import Settings
from docagent.tasks.correction.cascade import correct_unsure
from docagent.tasks.correction.embedded import correct
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import extract
from docagent.usage import VlmUse
from docagent.vlm.calls import Asker
from docagent.vlm.client import VllmChat
from eval.vllm.documents import draw_page
from eval.vllm.figures import Figure

SMALL: dict[str, Any] = {
    "title": "Bill",
    "type": "object",
    "properties": {
        "seller": {"type": ["string", "null"], "description": "who sent the invoice"},
        "date": {"type": ["string", "null"], "format": "date", "description": "date of issue"},
        "total": {"type": ["number", "null"], "description": "total due"},
    },
}
"""So few fields that even a short answer about them is complete."""
SCHEMAS = (SMALL, "receipt", SMALL, "nda", SMALL, "prescription")
HURRY = {'"': 4.0, "]": 2.0}
"""What is added to the logits of tokens by how they begin: texts end soon, lists a little later,
as a value without lines is dropped."""
SLACK = 5.0
"""Seconds beyond ``vlm_seconds`` that a document may take: for all that is not the model."""


class HurriedChat(VllmChat):
    """A client that favours some tokens (id -> added to its logit), to make answers shorter."""

    favoured: dict[str, float]

    def _chunks(self, body: dict[str, Any]) -> Iterator[ChatGenerationChunk]:
        return super()._chunks({**body, "logit_bias": self.favoured})


def closing_tokens(checkpoint: Path) -> dict[str, float]:
    """Tokens that end a text or a list in JSON, and how much they are favoured. An untrained model
    would go on to every limit, and an answer that is not complete is hardly used."""
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text("utf-8"))
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    return {
        str(token): hurry
        for text, token in vocabulary.items()
        for start, hurry in HURRY.items()
        if text.startswith(start)
    }


@dataclass
class Tally:
    """What went wrong, and how the model was used, over many results."""

    seconds: list[float] = field(default_factory=list)
    status: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    """Values of the model that are on the page, and edits of it that were accepted."""

    def add(self, use: VlmUse | None, seconds: float, wrong: Sequence[str], kept: int) -> None:
        """One result. wrong: what is wrong with it, in the words of the checks here."""
        self.seconds.append(seconds)
        self.status[use.status if use else "none"] += 1
        self.outcomes.update(a.outcome for a in (use.attempts if use else ()))
        self.wrong.update(wrong)
        self.kept += kept


def unproven(document: Document, result: Extraction) -> list[str]:
    """Values shown as found whose words are not on the page, digit for digit."""
    bad = []
    for item in result.fields:
        if item.status == "ungrounded":
            if item.confidence is not None or item.evidence:
                bad.append(f"{item.path}: ungrounded, but with confidence or evidence")
            continue
        if item.value is None:
            continue
        quotes = [document.text[e.span.start : e.span.end] for e in item.evidence]
        printed = " ".join(quote.replace("\n", " ") for quote in quotes)
        if not quotes or printed != item.raw_text:
            bad.append(f"{item.path}: {item.value!r} is not what is printed, {printed!r}")
        elif quotes != [e.quote for e in item.evidence]:
            bad.append(f"{item.path}: its quotes are not those of the page")
    return bad


def extraction_faults(document: Document, schema: Schema, result: Extraction) -> list[str]:
    """Everything wrong with an extraction: unproven values, invalid and not flagged, or losing
    its shape."""
    faults = ["value without evidence"] * len(unproven(document, result))
    valid = not schema.validate(result.data)
    if result.valid != valid or not (valid or result.errors):
        faults.append("invalid and not flagged")
    use = result.vlm
    if use is None or (use.status in ("partial", "failed") and not use.notes):
        faults.append("trouble and not flagged")
    paths = {item.path for item in result.fields}
    if not {leaf.path for leaf in schema.leaves if leaf.array is None} <= paths:
        faults.append("fields missing")
    return faults


def correction_faults(document: Document, result: Correction) -> list[str]:
    """Everything wrong with a correction: digits or sure words changed, or not to be undone."""
    after = result.apply(document)
    faults = [] if result.revert(after) == document else ["cannot be undone"]
    for old, new in zip(document.words, after.words, strict=True):
        before, now = old.word.text, new.word.text
        if before == now:
            continue
        if [c for c in before if c.isdigit()] != [c for c in now if c.isdigit()]:
            faults.append("digit changed")
        if (old.word.confidence or 0.0) >= THRESHOLDS.slot:
            faults.append("sure word changed")
    return faults


@dataclass(frozen=True)
class HarmRun:
    """Runs many results through models that are asked in turn."""

    models: Sequence[BaseChatModel]
    settings: Settings
    reader: Reader
    workers: int = 4

    def extractions(self, count: int) -> Tally:
        """Extractions of drawn pages, with schemas of all domains."""
        return self._all(count, self._extraction)

    def corrections(self, count: int) -> Tally:
        """Corrections of drawn pages."""
        return self._all(count, self._correction)

    def _all(self, count: int, one: Callable[[int, Tally], None]) -> Tally:
        tally = Tally()
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(lambda seed: one(seed, tally), range(count)))
        return tally

    def _asker(self, seed: int) -> Asker:
        return Asker(self.models[seed % len(self.models)], self.settings)

    def _extraction(self, seed: int, tally: Tally) -> None:
        page = draw_page(seed)
        schema = load_schema(SCHEMAS[seed // len(self.models) % len(SCHEMAS)])
        embedded = extract(page.document, schema, self.reader)
        start = time.monotonic()
        view = page.view(self.settings)
        result = extract_unsure(view, schema, embedded, self._asker(seed))
        seconds = time.monotonic() - start
        kept = sum(f.source == "vlm" and f.status == "found" for f in result.fields)
        faults = extraction_faults(page.document, schema, result)
        tally.add(result.vlm, seconds, faults, kept)

    def _correction(self, seed: int, tally: Tally) -> None:
        page = draw_page(seed)
        embedded = correct(page.document)
        start = time.monotonic()
        result = correct_unsure(page.view(self.settings), embedded, self._asker(seed))
        seconds = time.monotonic() - start
        kept = sum(edit.source == "vlm" for edit in result.accepted)
        tally.add(result.vlm, seconds, correction_faults(page.document, result), kept)


def measure_harm(run: HarmRun, count: int) -> list[Figure]:
    """``count`` extractions and as many corrections. A document takes at most ``vlm_seconds``."""
    figures = []
    for name, tally in (
        ("extractions", run.extractions(count)),
        ("corrections", run.corrections(count)),
    ):
        wrong = ", ".join(f"{number} {what}" for what, number in tally.wrong.items())
        value = f"{wrong or 'nothing wrong'}; {tally.kept} of the model's readings kept"
        figures.append(Figure(f"{count} {name} with an untrained model", value, not tally.wrong))
        longest, limit = max(tally.seconds), run.settings.vlm.seconds + SLACK
        value = (
            f"{sum(tally.seconds) / count:.2f} s on average, {longest:.2f} s at most (of "
            f"{limit:g}); {_counted(tally.status)}; calls: {_counted(tally.outcomes)}"
        )
        used = tally.status.keys() - {"not_needed", "none"}
        figures.append(Figure(f"time of {name}", value, longest <= limit and bool(used)))
    return figures


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.most_common())
