"""Which words that a model proposes are accepted: two tables of rules, the first that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from docagent.cascade.document_view import DocumentView
from docagent.cascade.verification import may_replace, second_read_agrees
from docagent.document import WordLocation
from docagent.results import Correction, Edit
from docagent.tasks.correction.differences import is_slot
from docagent.text.language_model import LanguageModel, letter_case

SOURCE = "vlm"
_CODE_SIGNS = frozenset("@#/\\_=<>|")


@dataclass(frozen=True)
class _Proposal:
    """Another text for a word. index: of the word in the document. earlier: the embedded edit
    of it."""

    index: int
    location: WordLocation
    text: str
    earlier: Edit | None

    @property
    def before(self) -> str:
        return self.location.word.text


@dataclass(frozen=True)
class _Rule:
    """A case, whether the proposal is accepted in it, and the reason that the edit gives."""

    fits: Callable[[EditJudge, _Proposal], bool]
    accepted: bool
    reason: str


class EditJudge:
    """Accepts or rejects every word that the model proposes for one document."""

    def __init__(self, view: DocumentView, embedded: Correction, model: LanguageModel) -> None:
        self.view = view
        self.model = model
        self.embedded = {edit.span.start: edit for edit in embedded.edits}
        self.printed = {
            w.word.text
            for w in view.document.words
            if not is_slot(w) and w.word.confidence is not None and len(w.word.text) > 2
        }

    def edit(self, index: int, text: str) -> Edit:
        """The edit of a word, by its index in the document, to a text."""
        location = self.view.document.words[index]
        earlier = self.embedded.get(location.span.start)
        proposal = _Proposal(index, location, text, earlier)
        is_code = self._is_code(proposal.before) or self._is_code(text)
        rules = _CODE_RULES if is_code else _WORD_RULES
        rule = next(rule for rule in rules if rule.fits(self, proposal))
        return Edit(
            page=location.page,
            span=location.span,
            before=proposal.before,
            after=text,
            polygon=location.word.polygon,
            confidence=location.word.confidence,
            source=SOURCE,
            accepted=rule.accepted,
            reason=rule.reason.format(earlier=earlier.reason if earlier else ""),
        )

    def agrees_with_second_read(self, proposal: _Proposal) -> bool:
        return second_read_agrees(self.view, proposal.location, proposal.text)

    def is_too_far(self, proposal: _Proposal) -> bool:
        return not may_replace(self.view, proposal.index, proposal.text)

    def mixes_case(self, proposal: _Proposal) -> bool:
        return letter_case(proposal.text) == "mixed" and letter_case(proposal.before) != "mixed"

    def repeats_embedded(self, proposal: _Proposal) -> bool:
        return proposal.earlier is not None and proposal.earlier.after == proposal.text

    def is_second_choice(self, proposal: _Proposal) -> bool:
        return any(o.text == proposal.text for o in proposal.location.word.alternatives)

    def is_printed_elsewhere(self, proposal: _Proposal) -> bool:
        return proposal.text in self.printed and proposal.before not in self.printed

    def is_in_lexicon(self, proposal: _Proposal) -> bool:
        return proposal.text in self.model and proposal.before not in self.model

    def is_any(self, proposal: _Proposal) -> bool:
        return True

    def _is_code(self, text: str) -> bool:
        """Whether it is a number, an id or an address of the net: what no language model knows,
        and where one character counts."""
        letters = [c for c in text if c.isalpha()]
        is_capitals = len(letters) > 1 and all(c.isupper() for c in letters)
        return any(c.isnumeric() or c in _CODE_SIGNS for c in text) or (
            is_capitals and text not in self.model and text not in self.printed
        )


_CODE_RULES = (
    _Rule(EditJudge.agrees_with_second_read, True, "a number or code; the second read agrees"),
    _Rule(EditJudge.is_any, False, "a number or code, and no second read agrees"),
)
_WORD_RULES = (
    _Rule(EditJudge.is_too_far, False, "too far from what was read"),
    _Rule(EditJudge.mixes_case, False, "would mix upper and lower case"),
    _Rule(EditJudge.repeats_embedded, True, "the embedded correction proposes it too ({earlier})"),
    _Rule(EditJudge.is_second_choice, True, "the recognizer's own second choice"),
    _Rule(EditJudge.agrees_with_second_read, True, "the second read agrees"),
    _Rule(EditJudge.is_printed_elsewhere, True, "printed elsewhere in the document"),
    _Rule(EditJudge.is_in_lexicon, True, "in the lexicon, and the text as read is not"),
    _Rule(EditJudge.is_any, False, "only the model says so"),
)


def merge_edits(embedded: Correction, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits of both in reading order, at most one accepted a word: the embedded one stays."""
    accepted = {edit.span.start for edit in embedded.accepted}
    merged = list(embedded.edits)
    for edit in edits:
        if edit.accepted and edit.span.start in accepted:
            edit = edit.replace(accepted=False, reason="the embedded correction stands")
        merged.append(edit)
    return tuple(sorted(merged, key=lambda edit: edit.span.start))
