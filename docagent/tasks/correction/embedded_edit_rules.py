"""Why an embedded edit is rejected: two tables of rules, of which the first that fits counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docagent.confidence import Thresholds
from docagent.document import Word
from docagent.tasks.correction.candidates import Candidate, are_look_alike_digits
from docagent.text.accents import strip_accents
from docagent.text.language_model import LanguageModel, letter_case

MIN_MIXED_CHARS = 5
"""Characters of a text with letters and digits below which an exchange of one for the other is not
made: TW0 may be a code, T0TAL is hardly one."""
MIN_LIKELIHOOD_RATIO = 0.05
"""Probability of an alternative beside that of the text as read below which language does not
count: "Whitaker" for "Whittaker"."""
MAX_ABBREVIATION_CHARS = 4
"""Characters up to which a word may be an abbreviation that no lexicon has."""
_AMOUNT = re.compile(r"[A-Z]{0,3}[$€£¥]?\d[\d.,]*\d[.,]?")


@dataclass(frozen=True)
class Proposal:
    """A candidate for a word. share: its probability (0-1) beside all candidates and the text as
    read. printed: words that the document prints clearly. has_second_read: whether the OCR can
    read the place again."""

    word: Word
    candidate: Candidate
    share: float
    printed: frozenset[str]
    model: LanguageModel
    thresholds: Thresholds
    has_second_read: bool

    @property
    def before(self) -> str:
        """The text as read."""
        return self.word.text

    @property
    def after(self) -> str:
        """The text of the candidate."""
        return self.candidate.text

    @property
    def confidence(self) -> float:
        """Of the word as read, 0-1."""
        return self.word.confidence or 0.0

    @property
    def has_digit(self) -> bool:
        """Whether either text has a digit."""
        return _has_digit(self.before) or _has_digit(self.after)

    @property
    def is_printed(self) -> bool:
        """Whether the document prints the candidate clearly."""
        return self.after in self.printed


Rule = tuple[Callable[[Proposal], bool], str]
"""A case in which an edit is rejected, and the reason, with ``{share}`` for that of a proposal."""


def find_rejection(proposal: Proposal) -> str:
    """Why an edit is rejected; empty if no rule forbids it. Edits of words with a digit have
    rules of their own, and need a second read besides."""
    rules = (_ABBREVIATION_RULE, *(_DIGIT_RULES if proposal.has_digit else _WORD_RULES))
    return _first_reason(rules, proposal)


def _first_reason(rules: Sequence[Rule], proposal: Proposal) -> str:
    reasons = (reason for fits, reason in rules if fits(proposal))
    return next(reasons, "").format(share=f"{proposal.share:.0%}")


def _may_shorten(p: Proposal) -> bool:
    # Of two that the document has, as "mg/dL" and "mg/L", one is not the other misread.
    is_other = p.is_printed and len(p.after) >= len(p.before)
    return not is_other and _may_be_abbreviation(p.before, p.after)


def _is_unsure(p: Proposal) -> bool:
    # The surer the recognizer is of its text, the surer an edit must be.
    return p.share < 1 - (1 - p.thresholds.edit) * (1 - p.confidence)


def _is_unlikely(p: Proposal) -> bool:
    likely = {a.text: a.confidence for a in p.word.alternatives}.get(p.before, 0.0)
    is_read = p.candidate.source == "recognizer"
    return is_read and p.candidate.probability < MIN_LIKELIHOOD_RATIO * likely


def _changes_inner_sign(p: Proposal) -> bool:
    return _inner_signs(p.after) != _inner_signs(p.before) and not p.is_printed


def _mixes_case(p: Proposal) -> bool:
    return letter_case(p.after) == "mixed" and letter_case(p.before) != "mixed"


def _drops_accents(p: Proposal) -> bool:
    return p.after == strip_accents(p.before) and not p.is_printed


def _is_unknown(p: Proposal) -> bool:
    return not p.is_printed and p.after not in p.model


def _replaces_word(p: Proposal) -> bool:
    return p.before in p.model and p.candidate.source == "look-alike"


def _lacks_second_read(p: Proposal) -> bool:
    return not p.has_second_read


def _changes_length(p: Proposal) -> bool:
    return len(p.after) != len(p.before)


def _breaks_amount(p: Proposal) -> bool:
    return bool(_AMOUNT.fullmatch(p.before)) and not _AMOUNT.fullmatch(p.after)


def _is_short_code(p: Proposal) -> bool:
    return len(p.after) < MIN_MIXED_CHARS and any(c.isalpha() for c in p.after)


def _has_unlike_digits(p: Proposal) -> bool:
    return not are_look_alike_digits(p.before, p.after)


def _is_sure_digit(p: Proposal) -> bool:
    return p.confidence >= p.thresholds.digits


def _may_be_abbreviation(before: str, after: str) -> bool:
    """Whether a short word has letters and dots or capitals as words have not, or is shortened."""
    letters = sum(char.isalpha() for char in before)
    if not letters or letters > MAX_ABBREVIATION_CHARS or _has_digit(before):
        return False
    usual = letters > 1 and "." not in before[:-1] and letter_case(before) != "mixed"
    return len(after) < len(before) or not usual


def _inner_signs(text: str) -> str:
    """The characters between the first and the last letter that are not letters: the apostrophe of
    "O'Brien"."""
    letters = [place for place, char in enumerate(text) if char.isalpha()]
    inner = text[letters[0] : letters[-1]] if letters else ""
    return "".join(char for char in inner if not char.isalpha())


def _has_digit(text: str) -> bool:
    return any(c.isdigit() for c in text)


_ABBREVIATION_RULE: Rule = (_may_shorten, "may be an abbreviation, which no lexicon has")
_WORD_RULES: tuple[Rule, ...] = (
    (_is_unsure, "only {share} sure that it is better"),
    (_is_unlikely, "the recognizer thinks it far less likely than the text as read"),
    (_changes_inner_sign, "would change a sign inside the word, of which a lexicon knows nothing"),
    (_mixes_case, "would mix upper and lower case"),
    (_drops_accents, "would take accents away, which the lexicon has few of"),
    (_is_unknown, "neither the lexicon nor the document knows the word"),
    (_replaces_word, "the text as read is a word too"),
)
_DIGIT_RULES: tuple[Rule, ...] = (
    (_lacks_second_read, "touches a word with digits, and there is no second read"),
    (_changes_length, "would add or drop a character of a number or code"),
    (_breaks_amount, "would make no amount of an amount"),
    (_is_short_code, "too short to tell a word from a code"),
    (_has_unlike_digits, "would make a digit of a letter that looks like none"),
    (_is_sure_digit, "touches a word with digits that the first read is rather sure of"),
)
