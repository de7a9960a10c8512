"""What the embedded reader is given: pieces of words, matches, windows."""

from __future__ import annotations

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.document import Document
from docagent.errors import ModelError
from docagent.reader.embedded import (
    WINDOW_TOKENS,
    document_to_windows,
    load_reader,
    window_bounds,
)
from docagent.reader.features import (
    FEATURES,
    LOOKS,
    MAX_QUERY_TOKENS,
    page_to_features,
    query_to_features,
    stack_queries,
    word_looks,
)
from docagent.reader.matching import match_features, query_ids, word_ids
from docagent.reader.window_choice import (
    MIN_WINDOWS,
    chosen_windows,
    likenesses,
    units,
    window_count,
)
from docagent.reader.wordpiece import CLS, MAX_PIECES, SEP, UNKNOWN, WordPiece, split_punctuation
from docagent.settings import Settings
from tests.documents import documents
from tests.pretrained_vocabulary import write_vocabulary

NONE = [0.0] * 4


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> WordPiece:
    path = tmp_path_factory.mktemp("vocabulary") / "reader_vocabulary.txt"
    write_vocabulary(path)
    return WordPiece(path)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("TOTAL:", ["total", ":"]),
        ("\u00e9t\u00e9", ["ete"]),
        ("$12.50", ["$", "12", ".", "50"]),
        ("\u20ac3", ["\u20ac3"]),
        ("\u4e2d\u6587", ["\u4e2d", "\u6587"]),
        ("a\u200bb", ["a", "b"]),
        ("", []),
    ],
)
def test_words_are_split_as_for_the_pretrained_encoder(word: str, parts: list[str]) -> None:
    assert split_punctuation(word) == parts


def test_the_longest_piece_comes_first(vocabulary: WordPiece) -> None:
    total, other = vocabulary.pieces("Total"), vocabulary.pieces("Tota")
    assert len(total) == 1 and len(other) == 4
    assert vocabulary.pieces("\u65e5") == (UNKNOWN,)
    assert vocabulary.pieces("") == (UNKNOWN,)


@given(st.text(max_size=200))
def test_every_word_has_some_pieces_and_looks(vocabulary: WordPiece, text: str) -> None:
    assert 1 <= len(vocabulary.pieces(text)) <= MAX_PIECES
    assert len(word_looks(text)) == LOOKS
    assert all(0 <= v <= 1 for v in word_looks(text))


def test_names_of_queries_are_taken_apart(vocabulary: WordPiece) -> None:
    plain = query_to_features("invoice date", False, vocabulary).tokens.tolist()
    assert (plain[0], plain[-1]) == (CLS, SEP)
    for text in ("invoice_date", "invoiceDate", "Invoice Date"):
        assert query_to_features(text, False, vocabulary).tokens.tolist() == plain
    assert len(query_to_features("word " * 500, False, vocabulary).tokens) == MAX_QUERY_TOKENS


def test_queries_are_padded_to_the_longest(vocabulary: WordPiece) -> None:
    asked = [query_to_features(t, m, vocabulary) for t, m in (("total", False), ("due", True))]
    tokens, multiple = stack_queries(asked)
    assert tokens.shape == (2, 5)
    assert (tokens[0, 3:] == 0).all() and (tokens[1] > 0).all()
    assert multiple.tolist() == [0, 1]


def test_layout_does_not_depend_on_scale(vocabulary: WordPiece) -> None:
    boxes = [(0.1, 0.1, 0.3, 0.12), (0.5, 0.1, 0.6, 0.12)]
    small, large = (
        page_to_features(["a", "b"], boxes, [0, 0], (w, 2 * w), vocabulary) for w in (300, 3000)
    )
    np.testing.assert_allclose(small.layout, large.layout, rtol=1e-5)
    assert small.features.shape == (2, FEATURES)


def test_windows_are_recognised_by_all_of_their_content(vocabulary: WordPiece) -> None:
    def digest(text: str, left: float) -> bytes:
        box = (left, 0.1, left + 0.1, 0.12)
        return page_to_features([text], [box], [0], (300, 400), vocabulary).digest()

    assert digest("total", 0.1) == digest("total", 0.1)
    # The same pieces, but other capitals or another place.
    assert len({digest("total", 0.1), digest("TOTAL", 0.1), digest("total", 0.2)}) == 3


@given(st.lists(st.integers(1, MAX_PIECES), min_size=1, max_size=1500))
def test_windows_cover_every_word_and_fit(pieces: list[int]) -> None:
    bounds = window_bounds(np.array(pieces))
    assert bounds[0][0] == 0
    assert bounds[-1][1] == len(pieces)
    for start, end in bounds:
        assert start < end
        assert sum(pieces[start:end]) <= WINDOW_TOKENS
    for (a, b), (c, _) in pairwise(bounds):
        assert a < c <= b


@given(documents)
def test_windows_count_words_as_the_document_does(
    vocabulary: WordPiece, document: Document
) -> None:
    seen: dict[int, list[int]] = {}
    for first, page in document_to_windows(document, vocabulary):
        for word in range(len(page.lines)):
            seen[first + word] = page.tokens[page.word_of == word].tolist()
    assert seen == {n: list(vocabulary.pieces(w.word.text)) for n, w in enumerate(document.words)}


def test_a_vocabulary_can_be_pickled(vocabulary: WordPiece) -> None:
    assert pickle.loads(pickle.dumps(vocabulary)).pieces("Total") == vocabulary.pieces("Total")


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (
            '{"format": 7, "span_temperature": 1, "tag_temperature": 1}',
            "format 7 is not known; allowed is 3",
        ),
        (
            '{"format": 3, "features": 3, "span_temperature": 1, "tag_temperature": 1}',
            "made for 3 features",
        ),
        (
            '{"format": 3, "features": 68, "span_temperature": 1, "tag_temperature": 1}',
            "vocabulary",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, config: str, named: str) -> None:
    (tmp_path / "reader.json").write_text(config)
    with pytest.raises(ModelError, match=named):
        load_reader(Settings(weights_dir=tmp_path))


@pytest.mark.parametrize(
    ("query", "line", "features"),
    [
        # In the name, its share of the name; in the rest, its share of the whole query.
        ("invoice number: Number of the invoice", "Invoice No. 12", [[1, 0.5, 0, 0.5], NONE, NONE]),
        ("due date", "DUE DATE: today", [[1, 1, 0, 1], [1, 1, 0, 1], NONE]),
        ("date of birth", "Date of Birth 1970", [[1, 1, 0, 1], NONE, [1, 1, 0, 1], NONE]),
        ("total: Amount to pay", "pay total", [[0, 0, 1, 2 / 3], [1, 1, 0, 2 / 3]]),
        ("What is the?", "the what", [[1, 2 / 3, 0, 2 / 3], [1, 2 / 3, 0, 2 / 3]]),
        ("total", "-- :", [NONE, NONE]),
    ],
)
def test_words_of_a_query_are_found_on_the_page(
    query: str, line: str, features: list[list[float]]
) -> None:
    found = match_features(word_ids(line.split()), *query_ids(query))
    np.testing.assert_allclose(found, features, rtol=1e-6)


def test_every_window_is_pointed_at_unless_there_are_many_queries_and_windows() -> None:
    assert window_count(97, [False] * 41 + [True] * 9) == 97
    assert window_count(97, [False] * 100) == 50
    assert window_count(97, [False] * 369) == MIN_WINDOWS
    assert window_count(20, [False] * 369) == 20
    assert window_count(97, [True] * 369) == 97


def test_queries_are_pointed_at_in_the_windows_that_are_most_like_them() -> None:
    likenesses = np.array([[0.1, 0.9, 0.5], [0.8, 0.2, 0.5], [0.7, 0.3, 0.5]], np.float32)
    assert chosen_windows(likenesses, [False, False, True], 1) == [[1, 2], [0, 2], [2]]
    assert chosen_windows(likenesses, [False, False, False], 2) == [[1, 2], [0, 2], [0, 1]]


def test_a_window_is_like_a_query_by_its_words_and_by_what_is_printed() -> None:
    words = np.eye(4, 8, dtype=np.float32)
    asked = units(np.concatenate([np.ones((1, 8)), 3 * words[:2], np.ones((1, 8))]))
    assert np.allclose(asked, words[:2])
    other, bare = words[2:], np.zeros(2, np.float32)
    assert np.allclose(likenesses(words[:3], [asked, other], bare), [1.0, 0.5])
    printed = np.array([0.0, 2.0], np.float32)
    assert np.allclose(likenesses(words[:3], [asked, other], printed), [1.0, 0.7])
    assert units(np.ones((2, 8), np.float32)).shape == (2, 8)
