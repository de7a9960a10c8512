"""Correction by the cascade: a model reads the lines with unsure words, and does no harm.

Only words the recognizer is unsure of can change. What else the model says differently is
never applied: it is reported, as words it adds and as sure words it drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import product

from docagent.cascade.answer_format import is_object, lines_schema, members, problem
from docagent.cascade.document_view import Look, Part
from docagent.cascade.request_loop import ask_in_halves, halves
from docagent.cascade.usage_report import to_use
from docagent.cascade.verification import may_replace, second_read_agrees
from docagent.confidence import THRESHOLDS
from docagent.document import WordLocation
from docagent.evidence.grounding import edit_distance
from docagent.geometry import Polygon, join_polygons
from docagent.layout.numbered_lines import UNSURE_MARK, NumberedLine
from docagent.results import Correction, Coverage, CoverageWord, Edit
from docagent.text.language_model import LanguageModel, letter_case, load_language_model
from docagent.vlm.calls import Asker, Reply, Request

MOST_LINES = 24
"""Lines asked for in one call."""
LONGEST_LINE = 400
LARGEST_BLOCK = 100
"""Pairs of words compared to align what differs; in a larger block nothing is aligned."""
GAP = 0.375
"""Cost of a word that one side has not; a pair of words that share less than a quarter of their
letters costs more than two."""
REPAIRS = 1
SOURCE = "vlm"


@dataclass(eq=False)
class _Job:
    """Lines of a part of the document that are still to be read."""

    part: Part
    open: dict[str, NumberedLine]
    complaints: list[str] = field(default_factory=list)
    failed: bool = False


@dataclass
class _Reading:
    """What the model's lines differ in from those of the page."""

    proposed: dict[int, str] = field(default_factory=dict)
    """Other text for an unsure word, by its index."""
    added: list[CoverageWord] = field(default_factory=list)
    dropped: list[CoverageWord] = field(default_factory=list)


def correct_unsure(
    look: Look, fast: Correction, asker: Asker, model: LanguageModel | None = None
) -> Correction:
    """The embedded correction with edits of a model added, each accepted or rejected with its
    reason. Never raises for what the model does; ``vlm`` of the result tells."""
    mode = look.settings.vlm.effective_mode
    jobs = _jobs(look, fast)
    asked = sum(len(job.open) for job in jobs)
    reading = _Reading()
    for _ in range(REPAIRS + 1):
        waiting = [job for job in jobs if job.open and not job.failed]
        heard = ask_in_halves(
            asker, waiting, lambda job: _request(look, job), lambda job: _halved(look, job)
        )
        # Halves take the place of a job that was too long.
        jobs = [job for job in jobs if job not in waiting] + [job for job, _ in heard]
        for job, reply in heard:
            _hear(look, job, reply, reading)
    unanswered = sum(len(job.open) for job in jobs)
    judge = _Judge(look, fast, model or load_language_model())
    edits = _merged(look, fast, [judge.edit(i, text) for i, text in reading.proposed.items()])
    originals = {location.span.start: location.word for location in look.document.words}
    return Correction(
        document_id=fast.document_id,
        edits=edits,
        originals=tuple(originals[edit.span.start] for edit in edits if edit.accepted),
        vlm=to_use(mode, asker, asked, unanswered),
        coverage=Coverage(added=tuple(reading.added), dropped=tuple(reading.dropped)),
    )


def _jobs(look: Look, fast: Correction) -> list[_Job]:
    """Lines with a word that is unsure and not settled by an accepted edit; in the mode
    ``always`` with any unsure word."""
    settled = {edit.span.start for edit in fast.accepted}
    always = look.settings.vlm.effective_mode == "always"
    words = look.document.words

    def is_open(line: NumberedLine) -> bool:
        slots = [w for w in words[line.start : line.end] if _is_slot(w)]
        return any(always or w.span.start not in settled for w in slots)

    jobs = []
    for part in look.parts:
        lines = [line for line in part if is_open(line)]
        for at in range(0, len(lines), MOST_LINES):
            jobs.append(_Job(part, {line.id: line for line in lines[at : at + MOST_LINES]}))
    return jobs


def _halved(look: Look, job: _Job) -> list[_Job]:
    """The open lines asked of the half of the part that they are in."""
    jobs = []
    for half in halves(look, job.part):
        wanted = {line.id: line for line in half if line.id in job.open}
        if wanted:
            jobs.append(_Job(half, wanted, job.complaints))
    return jobs


def _request(look: Look, job: _Job) -> Request:
    values = {"wanted": ", ".join(job.open), "complaints": job.complaints}
    words = look.document.words
    unsure = [w for line in job.open.values() for w in words[line.start : line.end] if _is_slot(w)]
    return look.request(
        "correct",
        values,
        job.part,
        list(job.open),
        json_schema=lines_schema(list(job.open), LONGEST_LINE),
        is_usable=is_object,
        places=[(word.page, word.word.polygon) for word in unsure],
    )


def _hear(look: Look, job: _Job, reply: Reply, reading: _Reading) -> None:
    found = members(reply.text)
    schema = lines_schema(list(job.open), LONGEST_LINE)
    job.failed = not reply.ok
    job.complaints = []
    for key, line in list(job.open.items()):
        wrong = problem(schema, key, found[key]) if key in found else "it is missing"
        if wrong:
            job.complaints.append(f"{key}: {wrong}")
            continue
        _compare(look, line, found[key].replace(UNSURE_MARK, " ").split(), reading)
        del job.open[key]


def _compare(look: Look, line: NumberedLine, said: Sequence[str], reading: _Reading) -> None:
    """Align a line as the model gives it with the words that were read."""
    words = look.document.words[line.start : line.end]
    texts = [word.word.text for word in words]
    matcher = SequenceMatcher(None, texts, list(said), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        if b - a == d - c:
            pairs: list[tuple[int | None, str | None]] = list(
                zip(range(b - a), said[c:d], strict=True)
            )
        else:
            pairs = _pairs(texts[a:b], said[c:d])
        for at, other in pairs:
            index = None if at is None else line.start + a + at
            _differs(look, line, index, other, reading)


def _pairs(texts: Sequence[str], said: Sequence[str]) -> list[tuple[int | None, str | None]]:
    """Words (by index) and what the model has for them: None for one that the other side has
    not. Words are paired in order, so that their letters differ least."""
    if not texts or not said or len(texts) * len(said) > LARGEST_BLOCK:
        return [(i, None) for i in range(len(texts))] + [(None, text) for text in said]
    # best[i][j]: the least cost of the first i words and the first j of the model's.
    best = [[GAP * (i + j) for j in range(len(said) + 1)] for i in range(len(texts) + 1)]
    for i, j in product(range(1, len(texts) + 1), range(1, len(said) + 1)):
        paired = best[i - 1][j - 1] + _cost(texts[i - 1], said[j - 1])
        best[i][j] = min(paired, best[i - 1][j] + GAP, best[i][j - 1] + GAP)
    pairs: list[tuple[int | None, str | None]] = []
    i, j = len(texts), len(said)
    while i or j:
        if i and best[i][j] == best[i - 1][j] + GAP:
            i -= 1
            pairs.append((i, None))
        elif j and best[i][j] == best[i][j - 1] + GAP:
            j -= 1
            pairs.append((None, said[j]))
        else:
            i, j = i - 1, j - 1
            pairs.append((i, said[j]))
    return pairs[::-1]


def _cost(a: str, b: str) -> float:
    return edit_distance(a, b) / max(len(a), len(b), 1)


def _differs(
    look: Look, line: NumberedLine, index: int | None, text: str | None, reading: _Reading
) -> None:
    """Take down a word of a line, by its index, and what the model has for it; None for one that
    the other side has not."""
    location = None if index is None else look.document.words[index]
    if index is not None and location and text is not None and _is_slot(location):
        reading.proposed[index] = _safe(text)
        return
    if location and text == location.word.text:
        return
    if text is not None:
        polygon = location.word.polygon if location else _polygon(look, line)
        reading.added.append(_word(line, _safe(text), polygon))
    if location and not _is_slot(location):
        reading.dropped.append(_word(line, location.word.text, location.word.polygon))


def _word(line: NumberedLine, text: str, polygon: Polygon) -> CoverageWord:
    return CoverageWord(text=text, page=line.page, line=line.id, polygon=polygon)


def _polygon(look: Look, line: NumberedLine) -> Polygon:
    words = look.document.words[line.start : line.end]
    return join_polygons([location.word.polygon for location in words])


class _Judge:
    """Says of every word the model proposes whether it is let in, and why."""

    def __init__(self, look: Look, fast: Correction, model: LanguageModel) -> None:
        self.look = look
        self.model = model
        self.fast = {edit.span.start: edit for edit in fast.edits}
        self.printed = {
            w.word.text
            for w in look.document.words
            if not _is_slot(w) and w.word.confidence is not None and len(w.word.text) > 2
        }

    def edit(self, index: int, text: str) -> Edit:
        location = self.look.document.words[index]
        reason, accepted = self._verdict(index, location, text)
        return Edit(
            page=location.page,
            span=location.span,
            before=location.word.text,
            after=text,
            polygon=location.word.polygon,
            confidence=location.word.confidence,
            source=SOURCE,
            accepted=accepted,
            reason=reason,
        )

    def _verdict(self, index: int, location: WordLocation, text: str) -> tuple[str, bool]:
        before = location.word.text
        if self._is_code(before) or self._is_code(text):
            if second_read_agrees(self.look, location, text):
                return "a number or code; the second read agrees", True
            return "a number or code, and no second read agrees", False
        if not may_replace(self.look, index, text):
            return "too far from what was read", False
        if letter_case(text) == "mixed" and letter_case(before) != "mixed":
            return "would mix upper and lower case", False
        earlier = self.fast.get(location.span.start)
        if earlier is not None and earlier.after == text:
            return f"the embedded correction proposes it too ({earlier.reason})", True
        if any(option.text == text for option in location.word.alternatives):
            return "the recognizer's own second choice", True
        if second_read_agrees(self.look, location, text):
            return "the second read agrees", True
        if text in self.printed and before not in self.printed:
            return "printed elsewhere in the document", True
        if text in self.model and before not in self.model:
            return "in the lexicon, and the text as read is not", True
        return "only the model says so", False

    def _is_code(self, text: str) -> bool:
        """Numbers, ids, addresses of the net: what no language model knows, and where one
        character counts."""
        letters = [c for c in text if c.isalpha()]
        capitals = len(letters) > 1 and all(c.isupper() for c in letters)
        return (
            any(c.isnumeric() for c in text)
            or any(c in "@#/\\_=<>|" for c in text)
            or (capitals and text not in self.model and text not in self.printed)
        )


def _merged(look: Look, fast: Correction, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits of both in reading order, at most one accepted a word: the embedded one stays."""
    accepted = {edit.span.start for edit in fast.accepted}
    return tuple(sorted(_all(fast, edits, accepted), key=lambda edit: edit.span.start))


def _all(fast: Correction, edits: Iterable[Edit], accepted: set[int]) -> Iterator[Edit]:
    yield from fast.edits
    for edit in edits:
        if edit.accepted and edit.span.start in accepted:
            yield edit.replace(accepted=False, reason="the embedded correction stands")
        else:
            yield edit


def _is_slot(location: WordLocation) -> bool:
    confidence = location.word.confidence
    return confidence is not None and confidence < THRESHOLDS.slot


def _safe(text: str) -> str:
    """Without half surrogate pairs, which could not be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")
