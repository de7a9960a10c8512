"""Several readings of one page become one: words by their boxes, texts by vote."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.confidence import Calibration
from docagent.document import Line, Page, Word
from docagent.geometry import BBox, bbox_to_polygon, polygon_to_bbox
from docagent.ocr.engines.alignment import align_texts, group_boxes
from docagent.ocr.engines.page_fusion import MIN_LONE_WORD_PROBABILITY, fuse_pages
from tests.documents import lines, page_of

AS_IS: dict[str, Calibration] = {}


def read(engine: str, texts: Sequence[str], confidence: float = 0.9) -> Page:
    return page_of(texts, confidence=confidence).replace(engine=engine)


def placed(engine: str, words: Sequence[tuple[str, BBox, float]]) -> Page:
    """A page with each word on a line of its own."""
    made = [
        Line(words=(Word(text=text, polygon=bbox_to_polygon(box), confidence=confidence),))
        for text, box, confidence in words
    ]
    return Page(number=1, width=1000, height=1000, lines=tuple(made), engine=engine)


def words_of(page: Page) -> list[Word]:
    return [word for line in page.lines for word in line.words]


def test_the_surer_engine_wins_and_the_result_says_who_read() -> None:
    fused = fuse_pages(
        [read("one", ["Total l2.50"], 0.5), read("two", ["Total 12.50"], 0.95)], AS_IS
    )
    assert fused.text == "Total 12.50"
    assert fused.engine == "one+two"


def test_two_that_agree_outvote_one_that_is_surer() -> None:
    pages = [read("a", ["Tota1"], 0.9), read("b", ["Total"], 0.8), read("c", ["Total"], 0.8)]
    fused = fuse_pages(pages, AS_IS)
    assert fused.text == "Total"
    assert [option.text for option in words_of(fused)[0].alternatives] == ["Tota1"]


def test_agreement_makes_surer() -> None:
    fused = fuse_pages([read("a", ["Total"], 0.8), read("b", ["Total"], 0.8)], AS_IS)
    (word,) = words_of(fused)
    assert word.confidence is not None and word.confidence > 0.95


def test_a_calibration_takes_back_what_an_engine_claims() -> None:
    boastful = Calibration(kind="piecewise", scores=(0.0, 1.0), probabilities=(0.1, 0.4))
    pages = [read("modest", ["Total"], 0.7), read("boastful", ["Tatal"], 1.0)]
    assert fuse_pages(pages, AS_IS).text == "Tatal"
    assert fuse_pages(pages, {"boastful": boastful}).text == "Total"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_joined_words_are_cut_as_most_engines_cut_them(order: tuple[int, ...]) -> None:
    row = (0.1, 0.1, 0.4, 0.12)
    pages = [
        placed("a", [("TotalDue", row, 0.9)]),
        placed("b", [("Total", (0.1, 0.1, 0.27, 0.12), 0.9), ("Due", (0.3, 0.1, 0.4, 0.12), 0.9)]),
        placed("c", [("Total", (0.1, 0.1, 0.28, 0.12), 0.9), ("Due", (0.3, 0.1, 0.4, 0.12), 0.9)]),
    ]
    assert fuse_pages([pages[i] for i in order], AS_IS).text == "Total Due"


def test_a_word_only_one_engine_saw_is_kept_if_it_is_sure() -> None:
    base = read("base", ["Invoice"])
    for confidence, kept in (
        (MIN_LONE_WORD_PROBABILITY + 0.05, True),
        (MIN_LONE_WORD_PROBABILITY - 0.05, False),
    ):
        other = placed("other", [("Paid", (0.5, 0.5, 0.6, 0.52), confidence)])
        assert ("Paid" in fuse_pages([base, other], AS_IS).text) is kept


def test_unsure_letters_are_voted_on_one_by_one() -> None:
    """No engine has the whole word, and each letter has two that do."""
    texts = ["nvoice", "Invoce", "Involce"]
    fused = fuse_pages([read(t, [t], 0.4) for t in texts], AS_IS)
    assert fused.text == "Invoice"


def test_what_another_engine_read_is_not_unreadable() -> None:
    unread = (bbox_to_polygon((0.5, 0.5, 0.7, 0.53)), bbox_to_polygon((0.5, 0.8, 0.7, 0.83)))
    base = read("base", ["Invoice"]).replace(unreadable=unread)
    other = placed("other", [("Paid", (0.52, 0.5, 0.6, 0.52), 0.95)])
    assert fuse_pages([base, other], AS_IS).unreadable == unread[1:]


@given(st.lists(st.text("0123456789.", min_size=1, max_size=6), min_size=2, max_size=4))
def test_a_number_that_no_engine_read_is_never_made(texts: list[str]) -> None:
    box = (0.1, 0.1, 0.2, 0.12)
    fused = fuse_pages([placed(str(i), [(t, box, 0.3)]) for i, t in enumerate(texts)], AS_IS)
    assert fused.text in texts


def test_one_engine_that_runs_two_lines_together_does_not_mix_them() -> None:
    lines_apart = [("Upper", (0.1, 0.10, 0.3, 0.12), 0.9), ("Lower", (0.1, 0.125, 0.3, 0.145), 0.9)]
    block = placed("block", [("Up", (0.1, 0.10, 0.3, 0.145), 0.6)])
    assert fuse_pages([placed("lines", lines_apart), block], AS_IS).text == "Upper\nLower"


@given(st.lists(lines, max_size=6))
def test_a_page_fused_with_itself_is_itself(texts: list[str]) -> None:
    page = page_of([text for text in texts if text])
    # Fusing with an empty page groups the words into lines by the rules used on every page.
    page = fuse_pages([page, page_of([])], AS_IS)
    again = fuse_pages([page, page], AS_IS)
    assert again.text == page.text
    assert [w.polygon for w in words_of(again)] == [w.polygon for w in words_of(page)]


boxes = st.tuples(
    st.floats(0, 0.8), st.floats(0, 0.9), st.floats(0.01, 0.2), st.floats(0.01, 0.05)
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
reads = st.lists(st.tuples(st.text("abc1", min_size=1, max_size=4), boxes, st.floats(0, 1)))


@given(st.lists(reads, min_size=1, max_size=3))
def test_words_stand_where_some_engine_saw_them(readings: list[list[tuple[str, BBox, float]]]):
    pages = [placed(str(i), words) for i, words in enumerate(readings)]
    seen = {word.polygon for page in pages for word in words_of(page)}
    fused = fuse_pages(pages, AS_IS)
    assert {word.polygon for word in words_of(fused)} <= seen
    assert all(0 <= (word.confidence or 0) <= 1 and word.text for word in words_of(fused))


@given(st.lists(st.lists(st.text("abc", min_size=1, max_size=5), min_size=1), max_size=5))
def test_order_is_kept(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    fused = fuse_pages([read("sure", texts), read("same", texts, 0.7)], AS_IS)
    assert fused.text.split() == " ".join(texts).split()
    for line in fused.lines:
        lefts = [polygon_to_bbox(word.polygon)[0] for word in line.words]
        assert lefts == sorted(lefts)


@given(st.lists(reads.map(lambda words: [box for _, box, _ in words]), max_size=3))
def test_each_word_is_in_one_group(pages: list[list[BBox]]) -> None:
    found = sorted(item for group in group_boxes(pages) for item in group)
    assert found == [(page, i) for page, boxes in enumerate(pages) for i in range(len(boxes))]


@given(st.lists(st.text("abcd", max_size=8), max_size=4))
def test_aligned_texts_read_down_the_columns(texts: list[str]) -> None:
    columns = align_texts(texts)
    assert ["".join(column[i] for column in columns) for i in range(len(texts))] == texts


def test_no_page_and_pages_turned_apart_are_refused() -> None:
    page = page_of(["Total"])
    assert fuse_pages([page]) is page
    with pytest.raises(ValueError, match="at least one"):
        fuse_pages([])
    with pytest.raises(ValueError, match=r"\[0, 90\] degrees"):
        fuse_pages([page, page.replace(rotation=90)])
