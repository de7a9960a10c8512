"""Text recognition: from crops of lines to characters with confidences and extents."""

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
from docagent.models import Network, map_side_by_side
from docagent.ocr.recognition.crops import CROP_HEIGHT_PX, crop_to_input, stack_inputs
from docagent.ocr.recognition.ctc import (
    AlignedChar,
    align,
    cap_by_missed_characters,
    decode_beam,
    decode_greedy,
)
from docagent.ocr.recognition.postprocess import MIN_TEXT_CONFIDENCE
from docagent.ocr.recognition.word_segmentation import split_words
from docagent.ocr.types import CharReading, Image, LineReading, WordReading
from docagent.text.accents import strip_accents
from docagent.usage import stage

MAX_BATCH_COLUMNS = 1600
"""Columns of pixels recognised in one batch. More do not fit the caches of a CPU: 6400 take a tenth
longer."""

MAX_PADDING_COLUMNS = 40
"""Columns of padding that one more crop may add to a batch. One call of the network costs as much
as 14 columns."""

MIN_SURE_CONFIDENCE = 0.95
"""Least character confidence below which a word gets n-best alternatives by beam search."""

MAX_CODE_LETTERS = 4
"""Letters up to which a word is as often a code or an abbreviation as a word."""

MIN_SURE_UNKNOWN_CONFIDENCE = 0.98
"""The same bound for longer words that are not in the lexicon of the language model."""

MIN_RIVAL_RATIO = 0.05
MIN_NAME_RIVAL_RATIO = 0.25
"""Probability of another text, relative to the best path's, from which the language model may
choose it; the second bound is for short words that may be names ("Holc" must not become "Hole").
On forms, a dozen of 22,000 words stay wrong because of these bounds."""

_LETTERS = re.compile(r"[^\W\d_]+")

LANGUAGE_WEIGHT = 0.25
"""Weight of the language model relative to the recognizer, in log space."""


class WordModel(Protocol):
    """Lexicon of printed words with probabilities."""

    def __contains__(self, text: str, /) -> bool:
        """Whether a word is in the lexicon; punctuation at its edges is ignored."""
        ...

    def log_probability(self, text: str, previous: str | None = None) -> float:
        """Log-probability of a printed word, given the word before it on the line (or None)."""
        ...


class TextRecognizer:
    """Runs the recognizer's ONNX model.

    weights: the ONNX file. threads: of one inference. language: a word n-gram model that chooses
    among the beam search's texts for unsure words; without one the best path stands. Raises
    ModelError if the weights cannot be used.
    """

    def __init__(
        self,
        weights: Path,
        threads: int = 1,
        language: WordModel | None = None,
    ) -> None:
        # One thread each: the scale that the network quantizes the steps of its LSTM by is that of
        # the crops that one thread gets, so more threads would read other text.
        self._network = Network(weights, threads=1)
        self._threads = threads
        self._language = language

    @stage("recognise", len)
    def recognize(self, crops: Sequence[Image]) -> list[LineReading]:
        """Recognise crops (32, w) uint8 of any widths; returns readings in the order given."""
        inputs = [crop_to_input(crop) for crop in crops]
        readings: dict[int, LineReading] = {}
        batches = group_into_batches([x.shape[1] for x in inputs])
        stacks = [[inputs[i] for i in batch] for batch in batches]
        scores = map_side_by_side(self._scores, stacks, self._threads)
        for batch, rows in zip(batches, scores, strict=True):
            for i, row in zip(batch, rows, strict=True):
                readings[i] = self._read(inputs[i], row)
        return [readings[i] for i in range(len(crops))]

    @stage("recognise.network")
    def _scores(self, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        stacked = stack_inputs(inputs)
        assert stacked.shape[2] == CROP_HEIGHT_PX
        output = self._network.run({"crops": stacked})[0]
        return [row[: -(-x.shape[1] // 4)] for row, x in zip(output, inputs, strict=True)]

    def _read(self, crop: NDArray[np.float32], scores: NDArray[np.float32]) -> LineReading:
        chars = cap_by_missed_characters(decode_greedy(scores), scores)
        starts = [char.start for char in chars]
        # From the best path: characters the language model chooses have low confidences.
        sure = geometric_mean(char.confidence for char in chars if char.text != " ")
        words: list[WordReading] = []
        for group, left, right in split_words(chars, crop, len(scores)):
            first, last = bisect_left(starts, group[0].start), bisect_left(starts, group[-1].start)
            # A missed letter may stand before the first character or after the last.
            begin = chars[first - 1].end if first else 0
            end = starts[last + 1] if last + 1 < len(chars) else len(scores)
            before = words[-1] if words else None
            if sure < MIN_TEXT_CONFIDENCE:  # Dropped later, so alternatives are not needed.
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
        known = self._language is None or len(text) <= MAX_CODE_LETTERS or text in self._language
        if min(c.confidence for c in chars) >= (
            MIN_SURE_CONFIDENCE if known else MIN_SURE_UNKNOWN_CONFIDENCE
        ):
            return WordReading(_place_chars(chars, *extent))
        first, end = steps
        frames = scores[first:end]
        options = _single_words(decode_beam(frames))
        language_probability = 0.0
        if self._language is not None:
            before = previous.text if previous else None
            chosen, share = rescore(text, options, self._language, before)
            placed = align(frames, chosen) if chosen != text else []
            if placed:
                chars = [replace(c, start=c.start + first, end=c.end + first) for c in placed]
                language_probability = share
        return WordReading(_place_chars(chars, *extent), options, language_probability)


def group_into_batches(widths: Sequence[int]) -> list[list[int]]:
    """Group crops of these widths (pixels) into batches; returns lists of indices."""
    made: list[list[int]] = []
    batch: list[int] = []
    for index in sorted(range(len(widths)), key=widths.__getitem__):
        width = widths[index]
        padding = len(batch) * (width - widths[batch[-1]]) if batch else 0
        if (
            not batch
            or padding > MAX_PADDING_COLUMNS
            or width * (len(batch) + 1) > MAX_BATCH_COLUMNS
        ):
            batch = []
            made.append(batch)
        batch.append(index)
    return made


def _single_words(found: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Texts of one word without the spaces around them; equal ones are added up."""
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
    """Choose the text that recognizer and language model together score highest.

    Returns the text and its probability (0-1) among the texts that may be chosen. options: texts
    with their probabilities (0-1).

    Only words of the lexicon may replace ``text``, so that names are not bent. Only letters may
    change, and none in a word with digits, because the model knows nothing of numbers, codes and
    signs. Accents are never removed, as a lexicon of one language lacks them. Single letters, usual
    capitals, parts of units ("mg/dL") and short names that the recognizer is rather sure of stay as
    they are.
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
            and _is_plausible_change(text, t)
            and known[t]
            >= (MIN_NAME_RIVAL_RATIO if _may_be_name(text) else MIN_RIVAL_RATIO) * known[text]
        )
    ]

    def score(reading: str) -> float:
        probability = math.log(max(known[reading], 1e-9))
        return probability + weight * language.log_probability(reading, previous)

    scores = {reading: score(reading) for reading in rivals}
    best = max(scores, key=scores.__getitem__)
    return best, 1 / sum(math.exp(other - scores[best]) for other in scores.values())


def _is_plausible_change(text: str, other: str) -> bool:
    """Whether the language model can judge the change from one text to the other; both have the
    same non-letters."""
    parts, others = _LETTERS.findall(text), _LETTERS.findall(other)
    if len(parts) != len(others):
        return False
    shortest = 2 if len(parts) == 1 else 3
    for part, new in zip(parts, others, strict=True):
        only_case = part.casefold() == new.casefold()
        usual = part in (part.lower(), part.upper(), part.capitalize())
        code = len(part) <= MAX_CODE_LETTERS and (len(new) < len(part) or not (usual or only_case))
        if part != new and (len(part) < shortest or code or (only_case and usual)):
            return False
    return True


def _may_be_name(text: str) -> bool:
    """Whether a word is short and capitalised, as names outside any lexicon are."""
    letters = "".join(_LETTERS.findall(text))
    return len(letters) <= MAX_CODE_LETTERS and letters.istitle()


def _signs(text: str) -> str:
    """The characters that are not letters."""
    return "".join(char for char in text if not char.isalpha())


def _place_chars(chars: list[AlignedChar], left: float, right: float) -> tuple[CharReading, ...]:
    """Horizontal extents as fractions of the crop: edges halfway between neighbours' centres."""
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
