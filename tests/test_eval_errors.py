"""Classes of OCR errors on pages small enough to work out by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eval.analysis.character_errors import (
    CHARACTERS,
    DIGITS,
    character_kind,
    character_pairs,
    character_rows,
)
from eval.analysis.crop_quality import CropQuality, crop_quality
from eval.analysis.error_picture import save_error_picture, worst_crops
from eval.analysis.ocr_errors import ReadPage, summarise, tables_text
from eval.analysis.word_errors import (
    BOX_OFF,
    CLASSES,
    EXTRA,
    KINDS,
    MISREAD,
    MISSED,
    RIGHT,
    SPLIT,
    PageErrors,
    align,
    bucket,
    confusions,
    edit_blocks,
    f1_gains,
    find_errors,
    mended,
    split_causes,
    text_kind,
    touching,
)
from eval.datasets import OcrPage
from eval.metrics import Counts
from eval.metrics.matching import TextBox, word_counts


def box(text: str, x: float, width: float, y: float = 0, height: float = 10) -> TextBox:
    return TextBox(text, (x, y, x + width, y + height))


def kinds(read: list[TextBox], truth: list[TextBox], case: bool = True) -> list[tuple[str, str]]:
    return [(fate.kind, fate.read) for fate in find_errors(read, truth, case).fates]


TOTAL, COLON, AMOUNT = box("Total", 0, 50), box(":", 50, 5), box("12.50", 70, 50)

CASES = {
    "right": ([box("Total", 1, 50)], [TOTAL], [(RIGHT, "Total")]),
    "missed": ([], [TOTAL], [(MISSED, "")]),
    "something else far away": ([box("x", 500, 9)], [TOTAL], [(MISSED, "")]),
    "misread": ([box("Tota1", 0, 50)], [TOTAL], [(MISREAD, "Tota1")]),
    "case": ([box("TOTAL", 0, 50)], [TOTAL], [(MISREAD, "TOTAL")]),
    "nothing in common": ([box("#", 0, 50)], [TOTAL], [(MISREAD, "#")]),
    "box off": ([box("Total", 0, 20)], [TOTAL], [(BOX_OFF, "Total")]),
    "joined": ([box("Total:", 0, 55)], [TOTAL, COLON], [(SPLIT, "Total"), (SPLIT, ":")]),
    "cut": ([box("12", 70, 20), box(".50", 90, 30)], [AMOUNT], [(SPLIT, "12.50")]),
    "cut elsewhere": (
        [box("Tot", 0, 30), box("al:", 30, 25)],
        [TOTAL, COLON],
        [(SPLIT, "Total"), (SPLIT, ":")],
    ),
    "joined and one misread": (
        [box("Total:12.S0", 0, 120)],
        [TOTAL, COLON, AMOUNT],
        [(SPLIT, "Total"), (SPLIT, ":"), (MISREAD, "12.S0")],
    ),
    "neighbour's box over an unread word": (
        [box("Total", 0, 120)],
        [TOTAL, box("RM", 70, 20)],
        [(BOX_OFF, "Total"), (MISSED, "")],
    ),
    "a character of its own dropped": ([box("Total", 0, 55)], [box("Total:", 0, 55)], [
        (MISREAD, "Total"),
    ]),
    "two rows": (
        [box("ab", 0, 40, y=0), box("cd", 0, 40, y=20)],
        [box("a", 0, 15), box("b", 20, 15), box("c", 0, 15, y=20), box("d", 20, 15, y=20)],
        [(SPLIT, "a"), (SPLIT, "b"), (SPLIT, "c"), (SPLIT, "d")],
    ),
    "look-alikes are equal": ([box("“a”", 0, 30)], [box('"a"', 0, 30)], [(RIGHT, "“a”")]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_class_of_every_word(name: str) -> None:
    read, truth, expected = CASES[name]
    assert kinds(read, truth) == expected


def test_case_is_ignored_where_asked() -> None:
    assert kinds([box("total", 0, 50)], [TOTAL], case=False) == [(RIGHT, "total")]
    assert kinds([box("total:", 0, 55)], [TOTAL, COLON], case=False)[0] == (SPLIT, "total")


def test_extra_words_are_those_without_a_true_one() -> None:
    read = [box("Toal", 0, 50), box("~", 20, 4), box("stamp", 300, 40)]
    page = find_errors(read, [TOTAL], case=True)
    assert [word.text for word in page.extra] == ["~", "stamp"]
    assert page.owners == (frozenset({0}), frozenset(), frozenset())


def test_touching_needs_a_quarter_of_both_sides() -> None:
    assert touching((0, 0, 10, 10), (7, 0, 17, 10))
    assert not touching((0, 0, 10, 10), (8, 0, 18, 10))
    assert not touching((0, 0, 10, 10), (0, 8, 10, 18))
    assert not touching((0, 0, 10, 10), (10, 0, 20, 10))


def test_alignment() -> None:
    assert align("abc", "abc") == [0, 1, 2]
    assert align("abc", "axc") == [0, 1, 2]
    assert align("abc", "ac") == [0, None, 1]
    assert align("abc", "") == [None, None, None]


@pytest.mark.parametrize(
    ("truth", "read", "blocks"),
    [
        ("1.50", "1,50", [(".", ",")]),
        ("rn", "m", [("rn", "m")]),
        ("burn", "bum", [("rn", "m")]),
        ("a.", "a", [(".", "")]),
        ("a", "a.", [("", ".")]),
        ("08", "OB", [("0", "O"), ("8", "B")]),
        ("same", "same", []),
    ],
)
def test_edit_blocks(truth: str, read: str, blocks: list[tuple[str, str]]) -> None:
    assert edit_blocks(truth, read) == blocks


def test_confusions_leave_garbled_words_out() -> None:
    pairs = [("1.50", "1,50"), ("2.00", "2,00"), ("Total", "xyz"), ("IO", "lO")]
    assert confusions(pairs) == Counter({(".", ","): 2, ("I", "l"): 1})
    assert confusions([("Ab", "aB")], case=False) == Counter()


def test_what_mending_is_worth() -> None:
    # Right, misread, two joined, one missed, one extra: 1 right of 4 read and 5 true.
    truth = [box("a1", 0, 20), box("b1", 100, 20), box("c1", 200, 20), box("d1", 221, 20)]
    truth.append(box("e1", 300, 20))
    read = [box("a1", 0, 20), box("bl", 100, 20), box("c1d1", 200, 41), box("~", 500, 9)]
    page = find_errors(read, truth, case=True)
    assert page.counts == Counts(1, 4, 5) == word_counts(read, truth)
    assert mended(page, MISREAD) == Counts(2, 4, 5)
    assert mended(page, SPLIT) == Counts(3, 5, 5)  # one word read becomes two
    assert mended(page, MISSED) == Counts(2, 5, 5)
    assert mended(page, EXTRA) == Counts(1, 3, 5)
    assert mended(page, BOX_OFF) == Counts(1, 4, 5)
    gains = f1_gains([page])
    assert gains[SPLIT] == pytest.approx(6 / 10 - 2 / 9)
    assert gains[EXTRA] == pytest.approx(2 / 8 - 2 / 9)


def test_how_words_are_split() -> None:
    truth = [box("9/", 0, 20), box("92", 21, 20), box("of", 50, 20), box("all", 75, 30)]
    truth.append(box("Total", 200, 50))
    read = [box("9/92", 0, 41), box("ofall", 50, 55), box("To", 200, 20), box("tal", 222, 28)]
    page = find_errors(read, truth, case=True)
    assert split_causes(page) == Counter({"joined at a mark": 2, "joined": 2, "cut": 1})
    assert split_causes(find_errors([], [], case=True)) == Counter()


WORDS = st.lists(
    st.builds(
        box,
        st.sampled_from(["a", "b", "ab", "a.b", "A"]),
        st.integers(0, 40),
        st.integers(1, 20),
        st.integers(0, 20),
        st.integers(1, 10),
    ),
    max_size=7,
)


@given(WORDS, WORDS)
def test_classes_share_the_words_out(read: list[TextBox], truth: list[TextBox]) -> None:
    page = find_errors(read, truth, case=True)
    assert [fate.truth for fate in page.fates] == truth
    assert all(fate.kind in CLASSES for fate in page.fates)
    assert page.counts == word_counts(read, truth)
    linked = {j for owner in page.owners for j in owner}
    wrong = {j for j, fate in enumerate(page.fates) if fate.kind not in (RIGHT, MISSED)}
    assert linked == wrong
    for kind in (*CLASSES[1:], EXTRA):
        assert mended(page, kind).right <= len(truth)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("12.50", "digits"),
        ("$1,000", "digits"),
        ("7", "digits"),
        ("a", "letter"),
        ("I.", "letter"),
        (":", "punctuation"),
        ("--", "punctuation"),
        ("TOTAL:", "upper"),
        ("total", "lower"),
        ("Total", "title"),
        ("(Total", "title"),
        ("McKay", "mixed case"),
        ("pH", "mixed case"),
        ("A4", "letters and digits"),
        ("TW0", "letters and digits"),
    ],
)
def test_kind_of_a_word(text: str, kind: str) -> None:
    assert text_kind(text) == kind
    assert kind in KINDS


def test_digits_that_were_read_as_something_else() -> None:
    truth = [box("12.50", 0, 50), box("Net5", 60, 40), box("900", 200, 30)]
    read = [box("1Z.5O", 0, 50), box("Net5", 60, 40)]  # 900 is missed
    fates = find_errors(read, truth, case=True).fates
    kinds = {row["group"]: row for row in character_rows(fates, True, character_kind, CHARACTERS)}
    assert kinds["digit"]["characters"] == 5
    assert kinds["digit"]["wrong"] == pytest.approx(2 / 5)
    assert kinds["digit"]["read_as"] == "Z 1x, O 1x"
    assert [kinds[name]["wrong"] for name in ("capital", "small letter", "sign")] == [0, 0, 0]
    digits = {row["group"]: row["wrong"] for row in character_rows(fates, True, str, DIGITS)}
    assert digits == {"0": 1.0, "1": 0.0, "2": 1.0, "5": 0.0}


def test_left_out_characters_and_case() -> None:
    fates = find_errors([box("TOTL", 0, 50)], [box("Total", 0, 50)], case=True).fates
    assert ("a", "") in character_pairs(fates, case=False)
    (row,) = character_rows(fates, False, lambda char: "any", ("any",))
    assert (row["characters"], row["wrong"], row["read_as"]) == (5, 1 / 5, "(nothing) 1x")


def test_buckets() -> None:
    assert [bucket(v, (8, 10, 12)) for v in (7.9, 8, 10, 11.9, 12)] == [
        "< 8",
        "8-10",
        "10-12",
        "10-12",
        ">= 12",
    ]


def test_contrast_and_grain() -> None:
    page = np.full((40, 60), 220, np.uint8)
    page[10:30, 10:40] = 20
    assert crop_quality(page, (5, 5, 45, 35)) == CropQuality(200.0, 0.0)
    page[::2, ::2] -= 10
    assert crop_quality(page, (0, 0, 60, 40)).grain == pytest.approx(4.3, abs=0.4)
    assert crop_quality(page, (90, 0, 99, 9)) == CropQuality(0.0, 0.0)


@pytest.fixture
def read_page(tmp_path) -> ReadPage:
    path = tmp_path / "page.png"
    Image.new("L", (200, 60), 255).save(path)
    truth = (TOTAL, AMOUNT, box("Date", 130, 40))
    words = (box("Total", 0, 50), box("12,50", 70, 50))
    page = OcrPage("page", path, truth, truth)
    quality = (CropQuality(200, 0), CropQuality(30, 5), CropQuality(100, 1))
    return ReadPage(page, words, find_errors(words, truth, case=True), quality)


def test_tables(read_page: ReadPage) -> None:
    result = summarise([read_page], case=True)
    assert result["word_f1"] == pytest.approx(2 / 5)
    assert [(row["class"], row["words"]) for row in result["classes"]] == [
        (RIGHT, 1),
        (MISSED, 1),
        (SPLIT, 0),
        (BOX_OFF, 0),
        (MISREAD, 1),
        (EXTRA, 0),
    ]
    assert result["confusions"] == [{"printed": ".", "read": ",", "count": 1}]
    contrast = {row["group"]: row[MISREAD] for row in result["by"]["contrast"]}
    assert contrast == {"< 40": 1.0, "80-120": 0.0, ">= 200": 0.0}
    assert "(nothing)" not in tables_text(result)


def test_picture(read_page: ReadPage, tmp_path) -> None:
    found: list[tuple[OcrPage, tuple[TextBox, ...], PageErrors]] = [
        (read_page.page, read_page.words, read_page.errors)
    ]
    save_error_picture(found, tmp_path / "out" / "errors.png", case=True)
    with Image.open(tmp_path / "out" / "errors.png") as picture:
        assert min(picture.size) > 500


def test_worst_crops_take_turns() -> None:
    truth = [box("abcd", 0, 40), box("efgh", 50, 40)]
    first = find_errors([box("abcx", 0, 40), box("xxxx", 50, 40)], truth, case=True)
    second = find_errors([box("abxx", 0, 40)], truth, case=True)
    chosen = worst_crops([first, second], MISREAD, 3)
    assert [(index, fate.read) for index, fate in chosen] == [(0, "xxxx"), (1, "abxx"), (0, "abcx")]
