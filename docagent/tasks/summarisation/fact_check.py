"""Check of a sentence's facts: its numbers, dates and names must be on the lines it rests on.

Whether it relates them rightly cannot be checked so. Whether it shares words with its lines, and
has no denial that they lack, can.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from docagent.cascade.document_view import DocumentView
from docagent.cascade.verification import may_replace
from docagent.confidence import THRESHOLDS
from docagent.forking import cached_property
from docagent.layout.lines_with_ids import NumberedLine
from docagent.schemas import list_schemas
from docagent.text.normalise import normalise
from docagent.text.tokens import STOP_WORDS, content_words, tokens

MIN_SHARED_RATIO = 0.4
"""Share of a sentence's words that its lines have at least."""
STEM_CHARS = 4
"""Letters by which a word is the same in another form ("agreed", "agreement")."""
MAX_DATE_WORDS = 5

_EDGE = ".,;:!?\"'()[]{}<>*“”‘’„«»…–—-"
_NUMBER = re.compile(r"[^\w]*\d[\d.,'’]*[^\w]*")
_PLAIN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_COUNTS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand million billion dozen half double twice""".split()
)
_DENIALS = frozenset(
    """not no never none neither nor without cannot n't nicht kein keine ohne non pas jamais sans
    ne nunca sin mai senza""".split()
)


def find_unproven(
    view: DocumentView, sentence: str, lines: Sequence[NumberedLine]
) -> tuple[str, ...]:
    """The words of a sentence that are not on the lines it rests on, as it spells them, or one
    reason why it does not rest on them; empty if it holds."""
    printed = _Printed(view, lines)
    words = sentence.split()
    dated = _dated(words, printed)
    missing = [
        word
        for place, word in enumerate(words)
        if place not in dated and not _holds(word, _is_first(words, place), printed)
    ]
    missing += [mark for mark in _marks(sentence) if mark not in printed.marks]
    missing += [word for word in _denials(words) if not printed.denies]
    if missing:
        return tuple(dict.fromkeys(missing))
    return (
        ()
        if _shared(sentence, printed) >= MIN_SHARED_RATIO
        else ("it says little that is on its lines",)
    )


class _Printed:
    """What lines have on them, as far as it can be read."""

    def __init__(self, view: DocumentView, lines: Sequence[NumberedLine]) -> None:
        self.view = view
        self.indices = [i for line in lines for i in range(line.start, line.end)]
        self._rows = [[self._text(i) for i in range(n.start, n.end)] for n in lines]
        self.words = frozenset(_bare(word) for row in self._rows for word in row)
        self.text = " ".join(word for row in self._rows for word in row)
        self.marks = frozenset(_marks(self.text))
        self.denies = bool(_denials(self.text.split()))
        self.stems = frozenset(token[:STEM_CHARS] for token in tokens(self.text))

    @cached_property
    def numbers(self) -> frozenset[float]:
        values = (_number(word) for row in self._rows for word in row)
        return frozenset(value for value in values if value is not None)

    @cached_property
    def dates(self) -> frozenset[str]:
        return frozenset(date for row in self._rows for _, _, date in _dates(row))

    def may_read(self, word: str) -> bool:
        """Whether a word that the recognizer is unsure of may be this one."""
        return any(may_replace(self.view, index, word) for index in self.indices)

    def _text(self, index: int) -> str:
        word = self.view.document.words[index].word
        legible = word.confidence is None or word.confidence >= THRESHOLDS.illegible
        return word.text if legible else ""


def _holds(word: str, is_first: bool, printed: _Printed) -> bool:
    """Whether a word is on the lines, or is one that need not be."""
    bare = _bare(word)
    if not bare or bare in printed.words:
        return True
    if any(c.isdigit() for c in bare):
        return _number(word) in printed.numbers or printed.may_read(_stripped(word))
    if not _PLAIN.fullmatch(bare):
        parts = [part for part in re.split(r"[-/'’]", bare) if part]
        return len(parts) > 1 and all(part in printed.words for part in parts)
    if bare in _COUNTS:
        digits = str(normalise("integer", bare).value)
        return digits in printed.words
    if not any(c.isupper() for c in _stripped(word)):
        return True
    starts = is_first and not any(c.isupper() for c in _stripped(word)[1:])
    if starts and (bare in _common() or tokens(bare)[0][:STEM_CHARS] in printed.stems):
        return True
    return printed.may_read(_stripped(word))


def _shared(sentence: str, printed: _Printed) -> float:
    """Share of the words that name something that are on the lines in some form."""
    words = content_words(sentence)
    return sum(word[:STEM_CHARS] in printed.stems for word in words) / len(words) if words else 0.0


def _dated(words: Sequence[str], printed: _Printed) -> set[int]:
    """Places of words that are a date which the lines have, in whatever form."""
    found = _dates(words)
    return {i for start, end, date in found if date in printed.dates for i in range(start, end)}


def _dates(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Runs of words that are a date, the shortest there are, where the date is no guess."""
    taken: list[range] = []
    for length in range(1, MAX_DATE_WORDS + 1):
        for start in range(len(words) - length + 1):
            run = range(start, start + length)
            text = " ".join(words[start : start + length])
            if not any(c.isdigit() for c in text) or any(set(t) <= set(run) for t in taken):
                continue
            reading = normalise("date", text)
            if reading.ok:
                taken.append(run)
                if not reading.ambiguous:
                    yield start, start + length, str(reading.value)


def _number(word: str) -> float | None:
    """The value of a word that is a number, currency marks aside."""
    if not _NUMBER.fullmatch(word):
        return None
    reading = normalise("amount", word.rstrip(".,;:!?"))
    return float(reading.value) if reading.ok else None


def _marks(text: str) -> list[str]:
    """Marks of currencies and percent."""
    return [c for c in text if c == "%" or unicodedata.category(c) == "Sc"]


def _denials(words: Sequence[str]) -> list[str]:
    """Words that deny; "No. 7" does not."""
    following = [*words, ""][1:]
    return [
        word
        for word, after in zip(words, following, strict=True)
        if (_bare(word) in _DENIALS or _bare(word).endswith(("n't", "n’t")))
        and not (_bare(word) == "no" and (word.endswith((".", ":")) or after[:1].isdigit()))
    ]


def _is_first(words: Sequence[str], place: int) -> bool:
    return place == 0 or words[place - 1].endswith((".", "!", "?", ":"))


def _bare(word: str) -> str:
    return _stripped(word).casefold()


def _stripped(word: str) -> str:
    """Without punctuation at its edges and a possessive s."""
    plain = word.strip(_EDGE)
    return re.sub(r"['’]s$", "", plain)


@cache
def _common() -> frozenset[str]:
    """Words that may begin a sentence without being a name: those that name nothing, and what
    the shipped schemas call their fields."""
    named = (
        text
        for schema in list_schemas()
        for text in (
            schema.title,
            schema.description,
            *(leaf.description for leaf in schema.leaves),
        )
    )
    return STOP_WORDS | frozenset(token for text in named for token in tokens(text))
