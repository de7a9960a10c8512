"""Correction of OCR errors without a vision-language model, as a list of edits.

Only words with a confidence below the slot threshold are considered. Their candidates are the
alternatives from CTC decoding and, at characters that the recognizer is unsure of, exchanges of
similar shapes. Recognition confidence and language model together rank the candidates (a noisy
channel). A word with a digit changes only if a second read of the crop gives the same text. All
other words stay byte for byte, and so does a native text layer, which has no confidences.
"""

from __future__ import annotations

import math

from docagent.confidence import THRESHOLDS, Thresholds
from docagent.document import Document, WordLocation
from docagent.ocr.types import SecondRead
from docagent.results import Correction, Edit
from docagent.tasks.correction.candidates import Candidate, candidates
from docagent.tasks.correction.embedded_edit_rules import Proposal, find_rejection
from docagent.text.language_model import LanguageModel, load_language_model

LANGUAGE_WEIGHT = 0.5
"""Weight of the language model relative to the recognizer, in log space."""
KNOWN_BONUS = 6.0
"""Bonus (nats) for a word that the recognizer read surely elsewhere in the document."""


def correct(
    document: Document,
    *,
    second_read: SecondRead | None = None,
    language_model: LanguageModel | None = None,
    thresholds: Thresholds = THRESHOLDS,
) -> Correction:
    """Propose edits for the words that the recognizer is unsure of, accepted or rejected.

    A word has no edit if no candidate ranks above the text as read. Without ``second_read`` every
    edit of a word with digits is rejected. language_model: by default the shipped one.
    """
    model = language_model or load_language_model()
    corrector = _Corrector(document, model, second_read, thresholds)
    slots = [i for i, location in enumerate(document.words) if _is_slot(location, thresholds)]
    proposed = [(i, edit) for i in slots if (edit := corrector.edit(i))]
    return Correction(
        document_id=document.id,
        edits=tuple(edit for _, edit in proposed),
        originals=tuple(document.words[i].word for i, edit in proposed if edit.accepted),
    )


class _Corrector:
    def __init__(
        self,
        document: Document,
        model: LanguageModel,
        second_read: SecondRead | None,
        thresholds: Thresholds,
    ) -> None:
        self.words = document.words
        self.model = model
        self.second_read = second_read
        self.thresholds = thresholds
        self.printed = frozenset(
            location.word.text
            for location in document.words
            if (location.word.confidence or 0) >= thresholds.slot and len(location.word.text) > 2
        )

    def edit(self, index: int) -> Edit | None:
        """The best candidate of a slot as an edit; None if the text as read is better."""
        location = self.words[index]
        word = location.word
        previous = self.words[index - 1].word.text if index else None
        kept = self._score(word.text, word.confidence or 0.0, previous)
        options = candidates(word)
        if not options:
            return None
        scores = [self._score(c.text, c.probability, previous) for c in options]
        best = max(range(len(options)), key=scores.__getitem__)
        if scores[best] <= kept:
            return None
        total = sum(math.exp(min(60.0, score - kept)) for score in scores) + 1
        share = math.exp(min(60.0, scores[best] - kept)) / total
        reason, accepted = self._verdict(location, options[best], share)
        return Edit(
            page=location.page,
            span=location.span,
            before=word.text,
            after=options[best].text,
            polygon=word.polygon,
            confidence=word.confidence,
            source=options[best].source,
            accepted=accepted,
            reason=reason,
        )

    def _score(self, text: str, probability: float, previous: str | None) -> float:
        language = self.model.log_probability(text, previous)
        bonus = KNOWN_BONUS if text in self.printed else 0.0
        return math.log(max(probability, 1e-6)) + LANGUAGE_WEIGHT * (language + bonus)

    def _verdict(
        self, location: WordLocation, candidate: Candidate, share: float
    ) -> tuple[str, bool]:
        """Why the edit is made or not, and whether it is."""
        proposal = Proposal(
            word=location.word,
            candidate=candidate,
            share=share,
            printed=self.printed,
            model=self.model,
            thresholds=self.thresholds,
            has_second_read=self.second_read is not None,
        )
        rejection = find_rejection(proposal)
        if rejection:
            return rejection, False
        if self.second_read is None or not proposal.has_digit:
            where = "printed elsewhere in the document" if proposal.is_printed else "in the lexicon"
            return f"{where}; {share:.0%} sure", True
        second = self.second_read(location.page, location.word.polygon)
        if second is not None and second.strip() == candidate.text:
            return "touches a word with digits; the second read agrees", True
        return f"touches a word with digits; the second read gives {second!r}", False


def _is_slot(location: WordLocation, thresholds: Thresholds) -> bool:
    confidence = location.word.confidence
    return confidence is not None and confidence < thresholds.slot
