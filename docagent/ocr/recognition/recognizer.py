"""Text recognition: crops of lines in, characters with confidence and place out."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from docagent.confidence import geometric_mean
from docagent.models import open_session
from docagent.ocr.recognition.crops import CROP_HEIGHT, crop_to_input, stack_inputs
from docagent.ocr.recognition.ctc import (
    AlignedChar,
    align,
    decode_beam,
    decode_greedy,
    doubt_others,
)
from docagent.ocr.recognition.readings import HOPELESS
from docagent.ocr.recognition.word_cuts import split_words
from docagent.ocr.types import CharReading, Image, LineReading, WordReading
from docagent.text.accents import strip_accents

BATCH_COLUMNS = 1600
"""Columns of pixels recognised at once. More do not fit the caches of a CPU: 6400 take a tenth
longer."""

PADDING = 40
"""Columns of padding that one more crop may add to the others of its batch. A call of the network
takes as long as 14 columns."""

UNSURE = 0.95
"""Words whose weakest character is below this get n-best alternatives by beam search."""

UNSURE_OF_UNKNOWN, CODE = 0.98, 4
"""The same for words that the language model does not know and that have more than so many
letters: shorter ones are codes and abbreviations as often."""

LEAST, NAME = 0.05, 0.25
"""Probability of another reading beside that of the text, and of a short text that may be a name
("Holc" is no "Hole"), below which language does not count. A dozen of 22,000 words of forms stay
wrong by it."""

_LETTERS = re.compile(r"[^\W\d_]+")

LANGUAGE_WEIGHT = 0.25
"""Share of the language model against the recognizer, in log space."""


class WordModel(Protocol):
    """What is known of printed words: a lexicon with probabilities."""

    def __contains__(self, text: str, /) -> bool:
        """Whether a word, punctuation aside, is in the lexicon."""
        ...

    def log_probability(self, text: str, previous: str | None = None) -> float:
        """Of a printed word, given the word before it on the line (or None)."""
        ...


class TextRecognizer:
    """Runs the recognizer's ONNX model. Raises ModelError if the weights cannot be used.

    language: a word n-gram model that chooses between the beam search's readings of unsure
    words; without one the best path stands.
    """

    def __init__(
        self,
        weights: Path,
        threads: int = 1,
        language: WordModel | None = None,
    ) -> None:
        self._session = open_session(weights, threads)
        self._name = self._session.get_inputs()[0].name
        self._language = language

    def recognize(self, crops: Sequence[Image]) -> list[LineReading]:
        """Read crops (32, w) uint8, any widths, in the order given."""
        inputs = [crop_to_input(crop) for crop in crops]
        readings: dict[int, LineReading] = {}
        for batch in batches([x.shape[1] for x in inputs]):
            scores = self._scores([inputs[i] for i in batch])
            for i, row in zip(batch, scores, strict=True):
                readings[i] = self._read(inputs[i], row)
        return [readings[i] for i in range(len(crops))]

    def _scores(self, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        stacked = stack_inputs(inputs)
        assert stacked.shape[2] == CROP_HEIGHT
        output = self._session.run(None, {self._name: stacked})[0]
        return [row[: -(-x.shape[1] // 4)] for row, x in zip(output, inputs, strict=True)]

    def _read(self, crop: NDArray[np.float32], scores: NDArray[np.float32]) -> LineReading:
        chars = doubt_others(decode_greedy(scores), scores)
        starts = [char.start for char in chars]
        # Of the best path: language may choose characters that the recognizer thinks little of.
        sure = geometric_mean(char.confidence for char in chars if char.text != " ")
        words: list[WordReading] = []
        for group, left, right in split_words(chars, crop, len(scores)):
            first, last = bisect_left(starts, group[0].start), bisect_left(starts, group[-1].start)
            # A letter that was missed may stand before the first one or after the last.
            begin = chars[first - 1].end if first else 0
            end = starts[last + 1] if last + 1 < len(chars) else len(scores)
            before = words[-1] if words else None
            if sure < HOPELESS:  # Nobody will take its words; what else they may say is no use.
                words.append(WordReading(_place_chars(group, left, right)))
            else:
                words.append(self._word(group, scores, (begin, end), (left, right), before))
        return LineReading(tuple(words), sure if words else 0.0)

    def _word(
        self,
        chars: list[AlignedChar],
        scores: NDArray[np.float32],
        steps: tuple[int, int],
        extent: tuple[float, float],
        previous: WordReading | None,
    ) -> WordReading:
        text = "".join(char.text for char in chars)
        known = self._language is None or len(text) <= CODE or text in self._language
        if min(c.confidence for c in chars) >= (UNSURE if known else UNSURE_OF_UNKNOWN):
            return WordReading(_place_chars(chars, *extent))
        first, end = steps
        frames = scores[first:end]
        options = _single_words(decode_beam(frames))
        settled = 0.0
        if self._language is not None:
            before = previous.text if previous else None
            chosen, share = rescore(text, options, self._language, before)
            placed = align(frames, chosen) if chosen != text else []
            if placed:
                chars = [replace(c, start=c.start + first, end=c.end + first) for c in placed]
                settled = share
        return WordReading(_place_chars(chars, *extent), options, settled)


def batches(widths: Sequence[int]) -> list[list[int]]:
    """Indexes of crops with these widths in pixels, those that are recognised at once together."""
    made: list[list[int]] = []
    batch: list[int] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = widths[index]
        padding = len(batch) * (width - widths[batch[-1]]) if batch else 0
        if not batch or padding > PADDING or width * (len(batch) + 1) > BATCH_COLUMNS:
            batch = []
            made.append(batch)
        batch.append(index)
    return made


def _single_words(found: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Readings that are one word, without the spaces around it."""
    shares: dict[str, float] = {}
    for text, share in found:
        word = text.strip()
        if word and " " not in word:
            shares[word] = shares.get(word, 0.0) + share
    return tuple(shares.items())


def rescore(
    text: str,
    options: Sequence[tuple[str, float]],
    language: WordModel,
    previous: str | None = None,
    weight: float = LANGUAGE_WEIGHT,
) -> tuple[str, float]:
    """The reading that recognizer and language model together like best, or ``text`` itself, and
    its probability (0-1) among those that may be chosen.

    options: readings with their probabilities (0-1). Only words of the lexicon are chosen, or
    names would be bent; only letters change, and none in a word with digits: the model knows
    nothing of numbers, codes and signs. Nor may it take accents away, which a lexicon of one
    language lacks, or touch single letters, usual capitals and parts of units ("mg/dL"), nor a
    short name that the recognizer is rather sure of.
    """
    known = dict(options)
    if text not in known or any(char.isdigit() for char in text):
        return text, known.get(text, 0.0)
    signs = _signs(text)
    plain = strip_accents(text)
    rivals = [
        t
        for t in known
        if t == text
        or (
            _signs(t) == signs
            and t in language
            and strip_accents(t) != plain
            and _may_become(text, t)
            and known[t] >= (NAME if _may_be_name(text) else LEAST) * known[text]
        )
    ]

    def score(reading: str) -> float:
        probability = math.log(max(known[reading], 1e-9))
        return probability + weight * language.log_probability(reading, previous)

    scores = {reading: score(reading) for reading in rivals}
    best = max(scores, key=scores.__getitem__)
    return best, 1 / sum(math.exp(other - scores[best]) for other in scores.values())


def _may_become(text: str, other: str) -> bool:
    """Whether language can tell what changes from one reading to the other (with equal signs)."""
    parts, others = _LETTERS.findall(text), _LETTERS.findall(other)
    if len(parts) != len(others):
        return False
    shortest = 2 if len(parts) == 1 else 3
    for part, new in zip(parts, others, strict=True):
        only_case = part.casefold() == new.casefold()
        usual = part in (part.lower(), part.upper(), part.capitalize())
        code = len(part) <= CODE and (len(new) < len(part) or not (usual or only_case))
        if part != new and (len(part) < shortest or code or (only_case and usual)):
            return False
    return True


def _may_be_name(text: str) -> bool:
    """Whether a word is short and begins with a capital, as names do that no lexicon has."""
    letters = "".join(_LETTERS.findall(text))
    return len(letters) <= CODE and letters.istitle()


def _signs(text: str) -> str:
    return "".join(char for char in text if not char.isalpha())


def _place_chars(chars: list[AlignedChar], left: float, right: float) -> tuple[CharReading, ...]:
    """Extents as fractions of the crop: edges halfway between the middles of neighbours."""
    middles = [(c.start + c.end) / 2 for c in chars]
    inner = [(a + b) / 2 for a, b in pairwise(middles)]
    if not inner:
        edges = [left, right]
    else:
        span = max(middles[-1] - middles[0], 1e-6)
        pad = (right - left) / (2 * len(chars))
        scale = (right - left - 2 * pad) / span
        edges = [left, *(left + pad + (x - middles[0]) * scale for x in inner), right]
    return tuple(
        CharReading(c.text, c.confidence, a, b)
        for c, (a, b) in zip(chars, pairwise(edges), strict=True)
    )
