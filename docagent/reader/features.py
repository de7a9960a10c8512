"""Words and boxes as the arrays the reader's network takes; shared by training and serving.

A word is a bag of hashed character n-grams (after fastText, Bojanowski et al. 2017), so the
vocabulary is open and a misread character changes only a few of them. Positions are given
twice: relative to the page, and in units of the median word height, in which a layout looks
the same at any scale and crop.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox

BUCKETS = 12288
"""Rows of the n-gram table; row 0 is padding."""
MAX_GRAMS = 48
LOOKS = 14
"""Length of the vector ``word_looks`` gives."""
MAX_QUERY_WORDS = 40

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

_TOKEN = re.compile(r"[^\s_/:,;()\[\]{}\"?!]+|[/:?]")
_AMOUNT = re.compile(r"^\D{0,4}\d{1,3}(?:[.,' ]?\d{3})*[.,]\d{2}\D{0,4}$")
_DATE = re.compile(r"^\d{1,4}[./-](?:\d{1,2}|[A-Za-z]{3,9})[./-]\d{2,4}[,.]?$")
_CURRENCY = re.compile(r"[$€£¥₹]|^(?:rm|usd|eur|gbp|chf|inr|rs)\b", re.IGNORECASE)


def _bucket(gram: str) -> int:
    return 1 + zlib.crc32(gram.encode()) % (BUCKETS - 1)


def word_shape(text: str) -> str:
    """Characters by class (X upper, x lower, 9 digit, others as they are), runs shortened."""
    classes = (
        "9" if c.isdigit() else "X" if c.isupper() else "x" if c.isalpha() else c for c in text
    )
    return re.sub(r"(.)\1\1+", r"\1\1+", "".join(classes))


@lru_cache(maxsize=1 << 17)
def word_grams(text: str) -> tuple[int, ...]:
    """Table rows (1 to BUCKETS - 1) of a word: 2- to 4-grams of the lower-cased word with
    digits made alike, the whole word, its bare letters and digits, its shape. At most MAX_GRAMS."""
    lower = text.casefold()
    bare = "".join(c for c in lower if c.isalnum())
    alike = "<" + re.sub(r"\d", "0", lower) + ">"
    if len(alike) > 16:
        alike = alike[:9] + "~" + alike[-6:]
    grams = [
        "w:" + lower,
        "b:" + bare,
        "s:" + word_shape(text),
        f"f:{lower[:1]}",
        f"l:{lower[-1:]}",
    ]
    grams += [alike[i : i + n] for n in (2, 3, 4) for i in range(len(alike) - n + 1)]
    return tuple(_bucket(g) for g in dict.fromkeys(grams))[:MAX_GRAMS]


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


def query_words(text: str) -> list[str]:
    """Words of a query: split at spaces, underscores and punctuation, camelCase taken apart,
    at most MAX_QUERY_WORDS."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
    return _TOKEN.findall(apart)[:MAX_QUERY_WORDS] or ["?"]


@dataclass(frozen=True)
class PageFeatures:
    """A run of n words of one page in reading order.

    grams: (n, MAX_GRAMS) table rows, 0 padding. looks: (n, LOOKS). boxes: (n, 4) x0, y0, x1,
    y1 page-relative. layout: (n, 4) the same in median word heights. lines: (n,) line index.
    """

    grams: Ints
    looks: Floats
    boxes: Floats
    layout: Floats
    lines: Ints

    def window(self, start: int, end: int) -> PageFeatures:
        """Words start to end (exclusive)."""
        part = slice(start, end)
        return PageFeatures(
            self.grams[part],
            self.looks[part],
            self.boxes[part],
            self.layout[part],
            self.lines[part],
        )


@dataclass(frozen=True)
class QueryFeatures:
    """Words of a query: grams (t, MAX_GRAMS), looks (t, LOOKS); multiple: many values."""

    grams: Ints
    looks: Floats
    multiple: bool


def texts_to_grams(texts: Sequence[str]) -> Ints:
    """Shape (len(texts), MAX_GRAMS), padded with 0."""
    rows = np.zeros((len(texts), MAX_GRAMS), np.int64)
    for row, text in zip(rows, texts, strict=True):
        grams = word_grams(text)
        row[: len(grams)] = grams
    return rows


def texts_to_looks(texts: Sequence[str]) -> Floats:
    """Shape (len(texts), LOOKS)."""
    return np.array([word_looks(t) for t in texts], np.float32).reshape(len(texts), LOOKS)


def page_to_features(
    texts: Sequence[str], boxes: Sequence[BBox], lines: Sequence[int], width: float, height: float
) -> PageFeatures:
    """Words of one page in reading order; boxes page-relative; width, height: of the page in
    units with square pixels."""
    relative = np.clip(np.array(boxes, np.float32).reshape(len(texts), 4), -0.2, 1.2)
    pixels = relative * np.array([width, height, width, height], np.float32)
    unit = float(np.median(pixels[:, 3] - pixels[:, 1])) if len(texts) else 1.0
    return PageFeatures(
        texts_to_grams(texts),
        texts_to_looks(texts),
        relative,
        (pixels / max(unit, 1e-3 * max(width, height, 1.0))).astype(np.float32),
        np.array(lines, np.int64),
    )


def query_to_features(text: str, multiple: bool) -> QueryFeatures:
    """A query's text as arrays; an empty text counts as one unknown word."""
    words = query_words(text)
    return QueryFeatures(texts_to_grams(words), texts_to_looks(words), multiple)


def stack_queries(queries: Sequence[QueryFeatures]) -> dict[str, NDArray[np.generic]]:
    """Queries padded to the longest: query_grams (q, t, MAX_GRAMS), query_looks (q, t, LOOKS),
    query_mask (q, t) 1 for words, multiple (q,) 0 or 1."""
    longest = max(len(q.grams) for q in queries)
    count = len(queries)
    grams = np.zeros((count, longest, MAX_GRAMS), np.int64)
    looks = np.zeros((count, longest, LOOKS), np.float32)
    mask = np.zeros((count, longest), np.float32)
    for i, query in enumerate(queries):
        n = len(query.grams)
        grams[i, :n], looks[i, :n], mask[i, :n] = query.grams, query.looks, 1.0
    multiple = np.array([q.multiple for q in queries], np.int64)
    return {"query_grams": grams, "query_looks": looks, "query_mask": mask, "multiple": multiple}
