"""Text recognition: crops of lines in, characters with confidence and place out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from docagent.inference import open_session
from docagent.ocr.crops import CROP_HEIGHT, crop_to_input, stack_inputs
from docagent.ocr.ctc import AlignedChar, LanguageScore, decode_beam, decode_greedy
from docagent.ocr.types import CharReading, Image, LineReading, WordReading
from docagent.ocr.word_cuts import split_words

BATCH_COLUMNS = 6400
"""Columns of pixels recognised at once: more gains nothing on a CPU and costs memory."""

UNSURE = 0.95
"""Words whose weakest character is below this get n-best alternatives by beam search."""


class TextRecognizer:
    """Runs the recognizer's ONNX model. Raises ModelError if the weights cannot be used.

    decoding: "greedy", or "beam" to let a prefix beam search (with the language score, if
    any) choose the text of unsure words.
    """

    def __init__(
        self,
        weights: Path,
        threads: int = 1,
        decoding: Literal["greedy", "beam"] = "greedy",
        language: LanguageScore | None = None,
    ) -> None:
        self._session = open_session(weights, threads)
        self._name = self._session.get_inputs()[0].name
        self._decoding = decoding
        self._language = language

    def recognize(self, crops: Sequence[Image]) -> list[LineReading]:
        """Read crops (32, w) uint8, any widths, in the order given."""
        inputs = [crop_to_input(crop) for crop in crops]
        order = sorted(range(len(crops)), key=lambda i: inputs[i].shape[1])
        readings: dict[int, LineReading] = {}
        batch: list[int] = []
        for position, index in enumerate(order):
            batch.append(index)
            following = order[position + 1] if position + 1 < len(order) else None
            wide = following and inputs[following].shape[1] * (len(batch) + 1) > BATCH_COLUMNS
            if following is None or wide:
                scores = self._scores([inputs[i] for i in batch])
                for i, row in zip(batch, scores, strict=True):
                    readings[i] = self._read(inputs[i], row)
                batch = []
        return [readings[i] for i in range(len(crops))]

    def _scores(self, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        stacked = stack_inputs(inputs)
        assert stacked.shape[2] == CROP_HEIGHT
        output = self._session.run(None, {self._name: stacked})[0]
        return [row[: -(-x.shape[1] // 4)] for row, x in zip(output, inputs, strict=True)]

    def _read(self, crop: NDArray[np.float32], scores: NDArray[np.float32]) -> LineReading:
        chars = decode_greedy(scores)
        words = tuple(
            self._word(group, scores, left, right)
            for group, left, right in split_words(chars, crop, len(scores))
        )
        inked = [c.confidence for word in words for c in word.chars]
        mean = math.exp(sum(math.log(max(c, 1e-6)) for c in inked) / len(inked)) if inked else 0.0
        return LineReading(words, mean)

    def _word(
        self, chars: list[AlignedChar], scores: NDArray[np.float32], left: float, right: float
    ) -> WordReading:
        alternatives: tuple[tuple[str, float], ...] = ()
        if min(c.confidence for c in chars) < UNSURE:
            frames = scores[chars[0].start : chars[-1].end]
            language = self._language if self._decoding == "beam" else None
            best = decode_beam(frames, language=language)
            best = [(text.strip(), p) for text, p in best if text.strip() and " " not in text]
            alternatives = tuple(best)
            if self._decoding == "beam" and best and len(best[0][0]) == len(chars):
                letters = zip(chars, best[0][0], strict=True)
                chars = [_replaced(char, letter, best[0][1]) for char, letter in letters]
        return WordReading(_place_chars(chars, left, right), alternatives)


def _replaced(char: AlignedChar, letter: str, confidence: float) -> AlignedChar:
    """The character at its place, with the letter beam search chose for it."""
    return char if char.text == letter else AlignedChar(letter, confidence, char.start, char.end)


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
