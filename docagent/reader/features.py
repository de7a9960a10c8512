"""Words and boxes as the arrays the reader's network takes; shared by training and serving.

A word is its WordPieces (see ``wordpiece``), which say nothing of capitals, and features that say
how it is written and where it stands. Positions are given twice: relative to the page, and in
units of the median word height, in which a layout looks the same at any scale and crop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox
from docagent.reader.matching import query_ids, word_ids
from docagent.reader.wordpiece import CLS, SEP, WordPiece

LOOKS = 14
"""Length of the vector ``word_looks`` gives."""
FREQUENCIES = 6
FEATURES = LOOKS + 4 * 2 * FREQUENCIES + 2
"""Length of a word's features: looks, sines and cosines of its box, its size."""
MAX_QUERY_TOKENS = 40

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_AMOUNT = re.compile(r"^\D{0,4}\d{1,3}(?:[.,' ]?\d{3})*[.,]\d{2}\D{0,4}$")
_DATE = re.compile(r"^\d{1,4}[./-](?:\d{1,2}|[A-Za-z]{3,9})[./-]\d{2,4}[,.]?$")
_CURRENCY = re.compile(r"[$€£¥₹]|^(?:rm|usd|eur|gbp|chf|inr|rs)\b", re.IGNORECASE)


@dataclass(frozen=True)
class PageFeatures:
    """A run of n words of one page in reading order, and their t pieces.

    tokens: (t,) ids of pieces. word_of: (t,) index of each piece's word. features: (n, FEATURES).
    layout: (n, 4) x0, y0, x1, y1 in median word heights. lines: (n,) line index. words: (n,)
    ids of words, see ``matching``.
    """

    tokens: Ints
    word_of: Ints
    features: Floats
    layout: Floats
    lines: Ints
    words: Ints

    def digest(self) -> bytes:
        """A hash by which equal windows are recognised."""
        made = hashlib.blake2b(digest_size=16)
        arrays = (self.tokens, self.word_of, self.features, self.layout, self.lines, self.words)
        for array in arrays:
            made.update(array.tobytes())
        return made.digest()

    def window(self, start: int, end: int) -> PageFeatures:
        """Words start to end (exclusive)."""
        inside = (self.word_of >= start) & (self.word_of < end)
        return PageFeatures(
            self.tokens[inside],
            self.word_of[inside] - start,
            self.features[start:end],
            self.layout[start:end],
            self.lines[start:end],
            self.words[start:end],
        )


@dataclass(frozen=True)
class QueryFeatures:
    """Pieces of a query (t,) between [CLS] and [SEP]; multiple: it may have many values; name and
    rest: ids of its words, see ``matching``."""

    tokens: Ints
    multiple: bool
    name: Ints
    rest: Ints


@lru_cache(maxsize=1 << 17)
def word_looks(text: str) -> tuple[float, ...]:
    """LOOKS numbers (0-1) about how a word is written."""
    n = max(1, len(text))
    digits = sum(c.isdigit() for c in text)
    letters = sum(c.isalpha() for c in text)
    return (
        min(n, 20) / 20,
        digits / n,
        letters / n,
        sum(c.isupper() for c in text) / n,
        float(text[:1].isupper()),
        float(text.endswith(":")),
        float(text.endswith((",", ";"))),
        float(text.endswith(".")),
        float("@" in text or "www" in text or "http" in text),
        float(_AMOUNT.match(text) is not None),
        float(_DATE.match(text) is not None),
        float(_CURRENCY.search(text) is not None),
        float(digits == n),
        float(digits > 0 and letters > 0),
    )


def page_to_features(
    texts: Sequence[str],
    boxes: Sequence[BBox],
    lines: Sequence[int],
    size: tuple[float, float],
    vocabulary: WordPiece,
) -> PageFeatures:
    """Words of one page in reading order; boxes page-relative; size: width and height of the
    page in units with square pixels."""
    width, height = size
    relative = np.clip(np.array(boxes, np.float32).reshape(len(texts), 4), -0.2, 1.2)
    pixels = relative * np.array([width, height, width, height], np.float32)
    unit = float(np.median(pixels[:, 3] - pixels[:, 1])) if len(texts) else 1.0
    layout = (pixels / max(unit, 1e-3 * max(width, height, 1.0))).astype(np.float32)
    pieces = [vocabulary.pieces(text) for text in texts]
    return PageFeatures(
        np.array([piece for word in pieces for piece in word], np.int64),
        np.repeat(np.arange(len(texts)), [len(word) for word in pieces]).astype(np.int64),
        _word_features(texts, relative, layout),
        layout,
        np.array(lines, np.int64),
        word_ids(texts),
    )


def _word_features(texts: Sequence[str], relative: Floats, layout: Floats) -> Floats:
    looks = np.array([word_looks(text) for text in texts], np.float32).reshape(len(texts), LOOKS)
    steps = np.float32(np.pi) * 2.0 ** np.arange(FREQUENCIES, dtype=np.float32)
    angles = (relative[:, :, None] * steps).reshape(len(texts), 4 * FREQUENCIES)
    size = np.log1p(np.clip(layout[:, 2:] - layout[:, :2], 0, None))[:, ::-1]
    return np.concatenate([looks, np.sin(angles), np.cos(angles), size], 1).astype(np.float32)


def query_to_features(text: str, multiple: bool, vocabulary: WordPiece) -> QueryFeatures:
    """A query's text as pieces: snake_case and camelCase taken apart, at most
    MAX_QUERY_TOKENS."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text).replace("_", " ")
    pieces = [piece for word in apart.split() for piece in vocabulary.pieces(word)]
    tokens = np.array([CLS, *pieces[: MAX_QUERY_TOKENS - 2], SEP], np.int64)
    return QueryFeatures(tokens, multiple, *query_ids(apart))


def stack_queries(queries: Sequence[QueryFeatures]) -> tuple[Ints, Ints]:
    """Queries padded to the longest: tokens (q, t), 0 at padding, and multiple (q,) 0 or 1."""
    longest = max(len(query.tokens) for query in queries)
    tokens = np.zeros((len(queries), longest), np.int64)
    for row, query in zip(tokens, queries, strict=True):
        row[: len(query.tokens)] = query.tokens
    return tokens, np.array([query.multiple for query in queries], np.int64)
