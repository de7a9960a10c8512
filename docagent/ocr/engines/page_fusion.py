"""Fusion of several engines' pages: words are aligned by their boxes, and engines vote.

Where the texts differ, each engine's vote is weighted with the probability that it is right. All
functions are pure. The first page is the base: its size, rotation and skew are kept, and its boxes
and spaces are preferred where the texts agree.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from docagent.confidence import IDENTITY, Calibration
from docagent.document import Alternative, Line, Page, Word
from docagent.geometry import BBox, polygon_to_bbox, rotate_points, scale_polygon
from docagent.layout.reading_order import group_words_into_lines
from docagent.ocr.engines.alignment import align_texts, group_boxes, on_one_row

WRONG_TEXT_COUNT = 4.0
"""Number of equally likely wrong texts for a misread word. The larger it is, the more agreement
between engines counts. Engines fail on the same bad print, so it is far below the number of
possible texts."""

MIN_SURE_PROBABILITY = 0.6
"""Probability of the best text below which engines vote on single characters."""

MIN_LONE_WORD_PROBABILITY = 0.85
"""Probability from which a word that only one engine found is kept. 0.3 / 0.5 / 0.7 / 0.85 gave
page character error rates of 0.048 / 0.040 / 0.037 / 0.036 on 12 receipts of SROIE adapt."""

_SCORES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
_TESSERACT = (0.09, 0.25, 0.347, 0.477, 0.506, 0.637, 0.843, 0.973, 0.987, 0.987)
_RAPIDOCR = (0.167, 0.167, 0.334, 0.555, 0.613, 0.698, 0.807, 0.858, 0.869, 0.959)

CALIBRATIONS: Mapping[str, Calibration] = {
    "tesseract": Calibration(kind="piecewise", scores=_SCORES, probabilities=_TESSERACT),
    "rapidocr": Calibration(kind="piecewise", scores=_SCORES, probabilities=_RAPIDOCR),
}
"""Calibration of each engine's word confidence to the share of its words that are right, fitted on
12 receipts (``eval.engine_calibration``). docagent's own confidences are calibrated when they are
made."""


@dataclass(frozen=True)
class EngineReading:
    """One engine's words at a place, ordered from the left.

    probability: that all words are right, 0-1. characters: probability of each character of
    ``text``.
    """

    words: tuple[Word, ...]
    probability: float
    characters: tuple[float, ...]

    @property
    def text(self) -> str:
        """The words without spaces between them."""
        return "".join(word.text for word in self.words)


def fuse_pages(
    pages: Sequence[Page], calibrations: Mapping[str, Calibration] = CALIBRATIONS
) -> Page:
    """Fuse different engines' pages of one image into one page; the base is first.

    calibrations: by ``Page.engine``; an engine without one is taken as calibrated. Word confidences
    of the result are probabilities. Every word has the polygon of a word that was read, and no
    number is made that no engine read. A place that the base could not read stays ``unreadable``
    unless another engine read it. A single page is returned unchanged. Raises ValueError for no
    page, or for pages of different rotations.
    """
    if not pages:
        raise ValueError("no pages to fuse; give at least one")
    base = pages[0]
    if len(pages) == 1:
        return base
    rotations = {page.rotation for page in pages}
    if len(rotations) > 1:
        raise ValueError(
            f"pages rotated by {sorted(rotations)} degrees; rotate all by the same angle first"
        )
    words = [[word for line in page.lines for word in line.words] for page in pages]
    boxes = [[_straight_box(word, base) for word in read] for read in words]
    tables = [calibrations.get(page.engine, IDENTITY) for page in pages]
    fused: list[Word] = []
    for group in group_boxes(boxes):
        readings = []
        for source in sorted({page for page, _ in group}):
            members = sorted((i for p, i in group if p == source), key=lambda i: boxes[source][i])
            row = [boxes[source][i] for i in members]
            reading = _reading([words[source][i] for i in members], tables[source])
            readings.append((reading, on_one_row(row)))
        fused += _fuse_group(readings)
    return _page(base, fused, "+".join(dict.fromkeys(page.engine for page in pages)))


def _fuse_group(readings: Sequence[tuple[EngineReading, bool]]) -> tuple[Word, ...]:
    """The words of one place.

    readings: each with whether its words stand on one row.
    """
    alone = [reading for reading, _ in readings]
    if not all(row for _, row in readings):
        # One engine merged several lines into one, so characters cannot be aligned.
        return max(alone, key=lambda reading: reading.probability).words
    if len(alone) == 1:
        (only,) = alone
        return only.words if only.probability >= MIN_LONE_WORD_PROBABILITY else ()
    return vote(alone)


def vote(readings: Sequence[EngineReading]) -> tuple[Word, ...]:
    """Words that the readings of one place give together; the base's reading is first.

    The probability of a text is that of the engines that gave it being right and the others wrong
    (naive Bayes). If no text is probable, engines vote on its characters, but never on digits.
    """
    chances = text_probabilities(readings)
    text = max(chances, key=chances.__getitem__)
    rivals = {t: p for t, p in chances.items() if t != text}
    if (
        chances[text] < MIN_SURE_PROBABILITY
        and rivals
        and not any(map(str.isdigit, "".join(chances)))
    ):
        backbone = next(r for r in readings if r.text == text)
        mixed = vote_characters([backbone, *(r for r in readings if r is not backbone)])
        if mixed is not None:
            return mixed
    return _place_text(text, readings, chances[text], rivals)


def text_probabilities(readings: Sequence[EngineReading]) -> dict[str, float]:
    """Probability of each text that was read. They sum to less than 1, because all may be wrong."""
    scores = {
        text: sum(
            math.log(r.probability if r.text == text else (1 - r.probability) / WRONG_TEXT_COUNT)
            for r in readings
        )
        for text in dict.fromkeys(r.text for r in readings)
    }
    neither = sum(math.log((1 - r.probability) / WRONG_TEXT_COUNT) for r in readings) + math.log(
        WRONG_TEXT_COUNT
    )
    total = sum(math.exp(score) for score in scores.values()) + math.exp(neither)
    return {text: math.exp(score) / total for text, score in scores.items()}


def vote_characters(readings: Sequence[EngineReading]) -> tuple[Word, ...] | None:
    """Words of the first reading, each character replaced by the one with the most weight.

    None if a word would have no characters left.
    """
    places = [iter(r.characters) for r in readings]
    owners = [i for i, word in enumerate(readings[0].words) for _ in word.text]
    letters: list[list[tuple[str, float]]] = [[] for _ in readings[0].words]
    seen = 0
    for column in align_texts([r.text for r in readings]):
        weights: dict[str, float] = dict.fromkeys(column, 0.0)
        for char, reading, characters in zip(column, readings, places, strict=True):
            weights[char] += next(characters) if char else reading.probability
        best = max(weights, key=weights.__getitem__)  # in a tie the first reading's
        if best:
            letters[owners[min(seen, len(owners) - 1)]].append(
                (best, weights[best] / sum(weights.values()))
            )
        seen += bool(column[0])
    if not all(letters):
        return None
    return tuple(
        Word(
            text="".join(char for char, _ in chars),
            polygon=word.polygon,
            confidence=round(min(share for _, share in chars), 4),
            alternatives=_alternatives(word, {r.text: r.probability for r in readings})
            if len(letters) == 1
            else (),
        )
        for word, chars in zip(readings[0].words, letters, strict=True)
    )


def _place_text(
    text: str, readings: Sequence[EngineReading], chance: float, rivals: Mapping[str, float]
) -> tuple[Word, ...]:
    """Words of a chosen text, split as most readings of equal length split theirs.

    In a tie the first reading decides. An engine that misreads a letter may still find the spaces.
    """
    alike = [r for r in readings if len(r.text) == len(text)]
    cuts = Counter(tuple(len(word.text) for word in r.words) for r in alike)
    cut, _ = max(cuts.items(), key=lambda item: item[1])
    ends = list(accumulate(cut))
    texts = [text[end - length : end] for length, end in zip(cut, ends, strict=True)]
    places = next(r for r in alike if tuple(len(word.text) for word in r.words) == cut).words
    # Engines draw boxes differently; the base's keep the page uniform.
    if len(readings[0].words) == len(cut):
        places = readings[0].words
    known = {word.text: word for r in reversed(readings) for word in r.words}
    return tuple(
        _word(text, place, known.get(text), chance, rivals if len(cut) == 1 else {})
        for text, place in zip(texts, places, strict=True)
    )


def _word(
    text: str, place: Word, read: Word | None, chance: float, rivals: Mapping[str, float]
) -> Word:
    """The word of a text at a place. read: the word as an engine read it with that text, if one
    did."""
    return Word(
        text=text,
        polygon=place.polygon,
        confidence=round(chance, 4),
        char_confidences=read.char_confidences if read else (),
        alternatives=_alternatives(read, rivals),
    )


def _alternatives(word: Word | None, rivals: Mapping[str, float]) -> tuple[Alternative, ...]:
    """The word's own alternatives followed by the texts of other engines."""
    own = word.alternatives if word else ()
    known = {option.text for option in own}
    others = (
        Alternative(text=text, confidence=round(chance, 4))
        for text, chance in rivals.items()
        if text not in known
    )
    return (*own, *others)


def _reading(words: Sequence[Word], table: Calibration) -> EngineReading:
    chances = [_probability(word.confidence, table) for word in words]
    characters = [
        _probability(value, table)
        for word, chance in zip(words, chances, strict=True)
        for value in (word.char_confidences or (word.confidence,) * len(word.text))
    ]
    return EngineReading(tuple(words), math.prod(chances), tuple(characters))


def _probability(confidence: float | None, table: Calibration) -> float:
    # No engine is certain, and the logarithms need probabilities strictly between 0 and 1.
    return min(0.995, max(0.01, table.apply(1.0 if confidence is None else confidence)))


def _straight_box(word: Word, base: Page) -> BBox:
    """The word's box in pixels of the base page with its skew taken out."""
    points = scale_polygon(word.polygon, base.width, base.height)
    return polygon_to_bbox(rotate_points(points, -base.skew))


def _page(base: Page, words: Sequence[Word], engine: str) -> Page:
    lines = group_words_into_lines([_straight_box(word, base) for word in words])
    made = tuple(Line(words=tuple(words[i] for i in line)) for line in lines)
    places = [polygon_to_bbox(word.polygon) for word in words]
    unread = tuple(p for p in base.unreadable if not _is_read(polygon_to_bbox(p), places))
    return base.replace(lines=made, engine=engine, unreadable=unread)


def _is_read(place: BBox, words: Sequence[BBox]) -> bool:
    """Whether the centre of any word lies inside a place."""
    middles = (((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in words)
    return any(place[0] <= x <= place[2] and place[1] <= y <= place[3] for x, y in middles)
