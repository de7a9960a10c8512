"""Correction by the cascade: a model reads the lines with unsure words.

Only words the recognizer is unsure of can change. Other differences are never applied, but
reported: words the model adds, and sure words it drops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from docagent.cascade.answer_format import is_object, lines_schema, members, problem
from docagent.cascade.document_view import DocumentView
from docagent.cascade.part_splitting import halve_part
from docagent.cascade.request_loop import CascadeTask, Inquiry, run_cascade
from docagent.cascade.usage_report import Tally
from docagent.layout.lines_with_ids import UNSURE_MARK, NumberedLine
from docagent.results import Correction, Coverage
from docagent.tasks.correction.differences import Differences, compare_line, is_slot
from docagent.tasks.correction.model_edit_rules import EditJudge, merge_edits
from docagent.text.language_model import LanguageModel, load_language_model
from docagent.vlm.calls import Asker, Reply, Request

MAX_LINES = 24
"""Lines asked for in one call."""
MAX_LINE_CHARS = 400


@dataclass(eq=False, kw_only=True)
class LineInquiry(Inquiry):
    """Lines of a part of the document that are still to be read, by id."""

    open: dict[str, NumberedLine]

    @property
    def is_open(self) -> bool:
        return bool(self.open)


@dataclass
class CorrectionTask(CascadeTask[LineInquiry, Correction]):
    """The lines with unsure words. model: which words there are; the shipped one by default.
    differences: between the lines and the replies so far."""

    view: DocumentView
    embedded: Correction
    model: LanguageModel | None = None
    differences: Differences = field(default_factory=Differences)

    def inquiries(self) -> list[LineInquiry]:
        """Lines with a word that is unsure and not settled by an accepted edit; in the mode
        ``always`` with any unsure word."""
        settled = {edit.span.start for edit in self.embedded.accepted}
        always = self.view.settings.vlm.effective_mode == "always"
        words = self.view.document.words

        def is_unsure(line: NumberedLine) -> bool:
            slots = [word for word in words[line.start : line.end] if is_slot(word)]
            return any(always or word.span.start not in settled for word in slots)

        found = []
        for part in self.view.parts:
            lines = [line for line in part if is_unsure(line)]
            for at in range(0, len(lines), MAX_LINES):
                some = {line.id: line for line in lines[at : at + MAX_LINES]}
                found.append(LineInquiry(part=part, open=some))
        return found

    def request(self, inquiry: LineInquiry) -> Request:
        wanted = list(inquiry.open)
        words = self.view.document.words
        inside = (w for line in inquiry.open.values() for w in words[line.start : line.end])
        return self.view.request(
            "correct",
            {"wanted": ", ".join(wanted), "complaints": list(inquiry.complaints)},
            inquiry.part,
            wanted,
            json_schema=lines_schema(wanted, MAX_LINE_CHARS),
            is_usable=is_object,
            places=[(word.page, word.word.polygon) for word in inside if is_slot(word)],
        )

    def apply(self, inquiry: LineInquiry, reply: Reply) -> Sequence[LineInquiry]:
        found = members(reply.text)
        schema = lines_schema(list(inquiry.open), MAX_LINE_CHARS)
        complaints = []
        for key, line in list(inquiry.open.items()):
            wrong = problem(schema, key, found[key]) if key in found else "it is missing"
            if wrong:
                complaints.append(f"{key}: {wrong}")
                continue
            texts = found[key].replace(UNSURE_MARK, " ").split()
            compare_line(self.view.document, line, texts, self.differences)
            del inquiry.open[key]
        inquiry.complaints = tuple(complaints)
        if not reply.ok:
            inquiry.asks_left = 0
        return ()

    def halve(self, inquiry: LineInquiry) -> Sequence[LineInquiry]:
        """The open lines asked of the half of the part that they are in."""
        halves = []
        for half in halve_part(self.view, inquiry.part):
            wanted = {line.id: line for line in half if line.id in inquiry.open}
            if wanted:
                halves.append(replace(inquiry, part=half, open=wanted))
        return halves

    def weigh(self, inquiries: Sequence[LineInquiry]) -> tuple[Correction, Tally]:
        judge = EditJudge(self.view, self.embedded, self.model or load_language_model())
        proposed = [judge.edit(i, text) for i, text in self.differences.proposed.items()]
        edits = merge_edits(self.embedded, proposed)
        originals = {word.span.start: word.word for word in self.view.document.words}
        result = self.embedded.replace(
            edits=edits,
            originals=tuple(originals[edit.span.start] for edit in edits if edit.accepted),
            coverage=self.differences.coverage,
        )
        # Inquiries lose the lines that are read, so what was asked is counted afresh.
        asked = sum(len(inquiry.open) for inquiry in self.inquiries())
        return result, Tally(asked, sum(len(inquiry.open) for inquiry in inquiries))


def correct_unsure(
    view: DocumentView, embedded: Correction, asker: Asker, model: LanguageModel | None = None
) -> Correction:
    """The embedded correction with edits of a model added, each accepted or rejected with its
    reason. Never raises for what the model does; ``vlm`` of the result tells."""
    covered = embedded.replace(coverage=Coverage())
    return run_cascade(CorrectionTask(view, covered, model), asker)
