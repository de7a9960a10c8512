"""Proposing corrections: only where the recognizer is unsure, and with a record of each edit.

A word below the slot threshold is a slot. Its candidates are the other readings from CTC
decoding and, at characters the recognizer doubts, exchanges of shapes that look alike. A
candidate wins by its recognition confidence and the language model together (a noisy channel).
Words with a digit change only when a second read of the crop gives the same text. All other
words stay byte for byte, and so does a native text layer, which has no confidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from docagent.confidence import DOUBTED_CHARACTER, THRESHOLDS, Thresholds
from docagent.document import Document, Word, WordLocation
from docagent.ocr.types import SecondRead
from docagent.results import Correction, Edit
from docagent.text.accents import strip_accents
from docagent.text.language_model import LanguageModel, letter_case, load_language_model

LANGUAGE_WEIGHT = 0.5
"""Share of the language model against the recognizer in log space."""
CONFUSION_PRIOR = 0.2
"""How often a doubted character is the look-alike that is offered, before looking."""
SHORTEST_MIXED = 5
"""Characters of a text with letters and digits below which an exchange of one for the other is not
made: TW0 may be a code, T0TAL is hardly one."""
KNOWN_BONUS = 6.0
"""Added (nats) to a word that the same document prints clearly elsewhere."""

CONFUSIONS: dict[str, tuple[str, ...]] = {
    "rn": ("m",),
    "m": ("rn",),
    "cl": ("d",),
    "d": ("cl",),
    "vv": ("w",),
    "w": ("vv",),
    "li": ("h",),
    "h": ("b", "li"),
    "b": ("h",),
    "e": ("c", "o"),
    "c": ("e", "o"),
    "o": ("e", "c"),
    "l": ("I", "i", "1", "t"),
    "I": ("l", "1", "T"),
    "i": ("l", "j"),
    "t": ("l", "f"),
    "f": ("t",),
    "1": ("l", "I"),
    "0": ("O", "o"),
    "O": ("0", "Q", "D"),
    "5": ("S", "s"),
    "S": ("5",),
    "8": ("B",),
    "B": ("8", "E"),
    "E": ("B", "F"),
    "F": ("E", "P"),
    "D": ("O",),
    "6": ("G",),
    "G": ("6", "C"),
    "2": ("Z",),
    "Z": ("2",),
    "u": ("n",),
    "n": ("u",),
    "a": ("o",),
    "g": ("q",),
    "q": ("g",),
    "y": ("v",),
    "v": ("y",),
    "H": ("N",),
    "N": ("H",),
    "U": ("V",),
    "V": ("U",),
    "C": ("G",),
    "P": ("F", "R"),
    "R": ("P",),
    "T": ("I",),
}


_AMOUNT = re.compile(r"[A-Z]{0,3}[$€£¥]?\d[\d.,]*\d[.,]?")
LEAST = 0.05
"""Probability of an alternative beside that of the text as read below which language does not
count: "Whitaker" for "Whittaker"."""

ABBREVIATION = 4
"""Characters up to which a word may be an abbreviation that no lexicon has."""


@dataclass(frozen=True)
class Candidate:
    """Another text for a word: recognition probability 0-1, and where it comes from."""

    text: str
    probability: float
    source: str


def correct(
    document: Document,
    *,
    second_read: SecondRead | None = None,
    language_model: LanguageModel | None = None,
    thresholds: Thresholds = THRESHOLDS,
) -> Correction:
    """Edits for the words the recognizer is unsure of, accepted or rejected with the reason.

    Words for which nothing beats the text that was read have no edit. Without ``second_read``
    every edit of a word with digits is rejected.
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


def candidates(word: Word) -> list[Candidate]:
    """Other readings of a word, without repetitions, each without spaces and not empty."""
    found: dict[str, Candidate] = {}
    for option in word.alternatives:
        found[option.text] = Candidate(option.text, option.confidence, "recognizer")
    for text, probability in look_alikes(word):
        if text not in found or probability > found[text].probability:
            found.setdefault(text, Candidate(text, probability, "look-alike"))
    usable = (c for c in found.values() if c.text != word.text and c.text.split() == [c.text])
    return list(usable)


def look_alikes(word: Word) -> Iterator[tuple[str, float]]:
    """The word with one doubted character, or pair, replaced by a shape like it."""
    text, confidences = word.text, word.char_confidences
    if len(confidences) != len(text):
        return
    for i in range(len(text)):
        for length in (1, 2):
            doubt = 1 - min(confidences[i : i + length])
            if doubt < 1 - DOUBTED_CHARACTER or i + length > len(text):
                continue
            for shape in CONFUSIONS.get(text[i : i + length], ()):
                yield text[:i] + shape + text[i + length :], doubt * CONFUSION_PRIOR


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
        self.printed = {
            location.word.text
            for location in document.words
            if (location.word.confidence or 0) >= thresholds.slot and len(location.word.text) > 2
        }

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

    def _verdict(self, location: WordLocation, option: Candidate, share: float) -> tuple[str, bool]:
        """Why the edit is made or not, and whether it is."""
        before, after = location.word.text, option.text
        # Of two that the document has, as "mg/dL" and "mg/L", one is not the other misread.
        other = after in self.printed and len(after) >= len(before)
        if not other and _may_be_abbreviation(before, after):
            return "may be an abbreviation, which no lexicon has", False
        if _has_digit(before) or _has_digit(after):
            return self._second_verdict(location, after)
        # The surer the recognizer is of its text, the surer an edit must be.
        doubt = 1 - (location.word.confidence or 0.0)
        if share < 1 - (1 - self.thresholds.edit) * doubt:
            return f"only {share:.0%} sure that it is better", False
        likely = {a.text: a.confidence for a in location.word.alternatives}.get(before, 0.0)
        if option.source == "recognizer" and option.probability < LEAST * likely:
            return "the recognizer thinks it far less likely than the text as read", False
        if _inner_signs(after) != _inner_signs(before) and after not in self.printed:
            return "would change a sign inside the word, of which a lexicon knows nothing", False
        if letter_case(after) == "mixed" and letter_case(before) != "mixed":
            return "would mix upper and lower case", False
        if after == strip_accents(before) and after not in self.printed:
            return "would take accents away, which the lexicon has few of", False
        known = after in self.printed or after in self.model
        if not known:
            return "neither the lexicon nor the document knows the word", False
        if before in self.model and option.source == "look-alike":
            return "the text as read is a word too", False
        where = "printed elsewhere in the document" if after in self.printed else "in the lexicon"
        return f"{where}; {share:.0%} sure", True

    def _second_verdict(self, location: WordLocation, after: str) -> tuple[str, bool]:
        if self.second_read is None:
            return "touches a word with digits, and there is no second read", False
        if len(after) != len(location.word.text):
            return "would add or drop a character of a number or code", False
        if _AMOUNT.fullmatch(location.word.text) and not _AMOUNT.fullmatch(after):
            return "would make no amount of an amount", False
        if len(after) < SHORTEST_MIXED and any(c.isalpha() for c in after):
            return "too short to tell a word from a code", False
        if not _look_alike_digits(location.word.text, after):
            return "would make a digit of a letter that looks like none", False
        if (location.word.confidence or 0.0) >= self.thresholds.digits:
            return "touches a word with digits that the first read is rather sure of", False
        second = self.second_read(location.page, location.word.polygon)
        if second is not None and second.strip() == after:
            return "touches a word with digits; the second read agrees", True
        return f"touches a word with digits; the second read gives {second!r}", False


def _may_be_abbreviation(before: str, after: str) -> bool:
    """Whether a short word has letters and dots or capitals as words have not, or is shortened."""
    letters = sum(char.isalpha() for char in before)
    if not letters or letters > ABBREVIATION or _has_digit(before):
        return False
    usual = letters > 1 and "." not in before[:-1] and letter_case(before) != "mixed"
    return len(after) < len(before) or not usual


def _look_alike_digits(before: str, after: str) -> bool:
    """Whether letters that become digits, and digits that become letters, look like them. Two reads
    of one network may make the same mistake: "32U740" is no number."""
    return all(
        b in CONFUSIONS.get(a, ()) or a in CONFUSIONS.get(b, ())
        for a, b in zip(before, after, strict=True)
        if a.isalnum() and b.isalnum() and a.isalpha() != b.isalpha()
    )


def _inner_signs(text: str) -> str:
    """What is no letter between the first and the last one: the apostrophe of "O'Brien"."""
    letters = [place for place, char in enumerate(text) if char.isalpha()]
    inner = text[letters[0] : letters[-1]] if letters else ""
    return "".join(char for char in inner if not char.isalpha())


def _is_slot(location: WordLocation, thresholds: Thresholds) -> bool:
    confidence = location.word.confidence
    return confidence is not None and confidence < thresholds.slot


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)
