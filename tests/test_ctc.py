"""CTC decoding against texts whose best path and probability are known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from docagent.ocr.recognition.charset import CHARSET, fold_text
from docagent.ocr.recognition.ctc import align, cap_by_missed_characters, decode_beam, decode_greedy

CLASSES = len(CHARSET) + 1


def path_scores(path: str, sure: float = 0.98) -> NDArray[np.float32]:
    """Log-probabilities of a path in which '_' is the blank."""
    rest = (1 - sure) / (CLASSES - 1)
    scores = np.full((len(path), CLASSES), math.log(rest), np.float32)
    for step, char in enumerate(path):
        scores[step, 0 if char == "_" else CHARSET.index(char) + 1] = math.log(sure)
    return scores


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aab", "ab"),
        ("a_ab", "aab"),
        ("__", ""),
        ("_T_o_t_a_l_", "Total"),
        ("1_1_1", "111"),
        ("11_ _2", "1 2"),
        ("é€", "é€"),
    ],
)
def test_best_path_and_beam_agree_on_clear_text(path: str, text: str) -> None:
    assert "".join(c.text for c in decode_greedy(path_scores(path))) == text
    assert decode_beam(path_scores(path))[0][0] == text


@given(st.text(alphabet="abc12 ", min_size=1, max_size=12))
def test_greedy_reads_back_any_text_with_blanks_between(text: str) -> None:
    chars = decode_greedy(path_scores("_".join(text)))
    assert "".join(c.text for c in chars) == text
    assert all(a.end <= b.start for a, b in itertools.pairwise(chars))
    assert all(0.97 < c.confidence <= 1 for c in chars)


def test_beam_sums_the_paths_that_greedy_cannot_see() -> None:
    # Two steps: best path is blank, blank (0.36) but "a" collects 0.24 + 0.24 + 0.16 = 0.64.
    scores = np.full((2, CLASSES), -30.0, np.float32)
    scores[:, 0], scores[:, CHARSET.index("a") + 1] = math.log(0.6), math.log(0.4)
    assert decode_greedy(scores) == []
    best = decode_beam(scores)
    assert best[0][0] == "a"
    assert best[0][1] == pytest.approx(0.64, abs=1e-3)


def test_a_tie_is_left_to_whoever_chooses_among_the_readings() -> None:
    scores = path_scores("c_r_")
    o, zero = CHARSET.index("o") + 1, CHARSET.index("0") + 1
    tie = np.full((1, CLASSES), -30.0, np.float32)
    tie[0, o] = tie[0, zero] = math.log(0.5)
    scores = np.concatenate([scores[:2], tie, path_scores("_"), scores[2:]])
    readings = dict(decode_beam(scores))
    assert readings["cor"] == pytest.approx(readings["c0r"], rel=1e-3)
    assert readings["cor"] + readings["c0r"] > 0.9


@pytest.mark.parametrize("bad", [{"width": 0}, {"count": 0}])
def test_beam_refuses_useless_sizes(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        decode_beam(path_scores("a"), **bad)  # type: ignore[arg-type]


def test_charset_has_no_doubles_and_fold_is_stable() -> None:
    assert len(set(CHARSET)) == len(CHARSET)
    folded = fold_text("“Ünï” – it’s €5…\u00a0漢")
    assert folded == '"Ünï" - it\'s €5... '
    assert fold_text(folded) == folded


@given(text=st.text(alphabet="abc ", min_size=1, max_size=8).filter(lambda t: t.strip() == t))
def test_alignment_of_the_best_path_is_the_best_path(text):
    scores = path_scores("".join(char + "_" for char in text))
    assert align(scores, text) == decode_greedy(scores)


@pytest.mark.parametrize("text", ["", "\u4e2d", "abcdefgh"])
def test_text_that_cannot_be_aligned_gives_nothing(text):
    assert align(path_scores("ab_"), text) == []


def test_alignment_places_a_character_the_best_path_left_out():
    scores = path_scores("a_c")
    scores[1, CHARSET.index("b") + 1] = np.log(0.1)
    assert [(c.text, c.start) for c in align(scores, "abc")] == [("a", 0), ("b", 1), ("c", 2)]


def missing(path: str, step: int, char: str, chance: float) -> NDArray[np.float32]:
    """Scores of a path at one step of which another character has ``chance``."""
    scores = path_scores(path)
    top = int(scores[step].argmax())
    scores[step, top] = math.log(0.98 - chance)
    scores[step, CHARSET.index(char) + 1] = math.log(chance)
    return scores


@pytest.mark.parametrize(
    ("path", "step", "char", "doubted"),
    [
        ("p_p_i_c", 3, "l", 1),  # left out between two letters
        ("_i_m_i_t", 0, "l", 0),  # before the first
        ("V_o_l_u_m_", 9, "e", 4),  # after the last
        ("p_ppi_c", 3, "l", 1),  # under another letter's steps
    ],
)
def test_a_letter_that_may_be_missing_lowers_confidence(
    path: str, step: int, char: str, doubted: int
) -> None:
    scores = missing(path, step, char, 0.4)
    plain = decode_greedy(scores)
    lowered = cap_by_missed_characters(plain, scores)
    assert lowered[doubted].confidence == pytest.approx(0.6, abs=0.01)
    others = [i for i in range(len(plain)) if i != doubted]
    assert [lowered[i] for i in others] == [plain[i] for i in others]


@pytest.mark.parametrize(("step", "char"), [(1, "a"), (1, "b"), (1, " "), (3, " ")])
def test_neighbours_that_spread_and_spaces_are_no_missing_letters(step: int, char: str) -> None:
    scores = missing("a_b_c", step, char, 0.4)
    assert cap_by_missed_characters(decode_greedy(scores), scores) == decode_greedy(scores)


def test_nothing_read_has_nothing_to_doubt() -> None:
    assert cap_by_missed_characters([], path_scores("___")) == []
