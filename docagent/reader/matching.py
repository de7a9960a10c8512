"""Where the words of a query are printed on a page: features of each word, for the reader.

A label such as "Invoice No." is the surest sign of where its value stands. Whether words are
equal is told to the network rather than left to it to find out from pieces.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from docagent.text.tokens import letters_and_digits

MATCHES = 4
"""Length of a word's features: in the name, share of the name that its run of words has, in the
rest of the query, share of the whole query that its run has."""
COMMON = frozenset(
    """a an and are as at by can do does for from has have how in is it its many much may must of on
    or that the there this to under was what when where which who whom whose why will
    with""".split()
)
"""Words of questions and descriptions that say nothing of what is wanted."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@lru_cache(maxsize=1 << 16)
def word_id(text: str) -> int:
    """A number that equal words share, whatever their case and marks; 0 without letters and
    digits."""
    bare = letters_and_digits(text)
    return zlib.crc32(bare.encode()) + 1 if bare else 0


def word_ids(texts: Sequence[str]) -> Ints:
    """(n,) one for each word."""
    return np.array([word_id(text) for text in texts], np.int64)


def query_ids(text: str) -> tuple[Ints, Ints]:
    """Ids of the words that matter in a query: of its name (before a colon, or all of it), and of
    the rest."""
    name, _, rest = text.partition(":")
    named = _content(name) or _ids(name)
    return _array(named), _array(_content(rest) - named)


def _content(text: str) -> set[int]:
    words = [w for w in re.findall(r"\w+", text) if w.casefold() not in COMMON]
    return _ids(" ".join(words))


def _ids(text: str) -> set[int]:
    return {word_id(word) for word in re.findall(r"\w+", text)} - {0}


def _array(ids: set[int]) -> Ints:
    return np.array(sorted(ids), np.int64)


def match_features(words: Ints, name: Ints, rest: Ints) -> Floats:
    """(n,) ids of a page's words in reading order, ids of a query -> (n, MATCHES)."""
    out = np.zeros((len(words), MATCHES), np.float32)
    in_name = np.isin(words, name)
    in_rest = np.isin(words, rest)
    out[:, 0], out[:, 2] = in_name, in_rest
    if name.size:
        _add_shares(out[:, 1], words, in_name, len(name))
    if name.size + rest.size:
        _add_shares(out[:, 3], words, in_name | in_rest, name.size + rest.size)
    return out


def _add_shares(out: Floats, words: Ints, matched: NDArray[np.bool_], count: int) -> None:
    """Each run of matched words gets the share of the ``count`` words that it has. Small words
    and marks between two matched ones ("Date of Birth") do not end a run."""
    places = np.flatnonzero(matched)
    if not places.size:
        return
    for run in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1):
        out[run] = len(set(words[run].tolist())) / count
