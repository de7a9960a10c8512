from hypothesis import given
from hypothesis import strategies as st

from docagent.geometry import BBox
from docagent.layout.reading_order import group_words_into_lines, order_lines


def line(x: float, y: float, width: float, height: float = 10) -> BBox:
    return (x, y, x + width, y + height)


def column(x: float, y: float, widths: list[float], leading: float = 14) -> list[BBox]:
    return [line(x, y + i * leading, width) for i, width in enumerate(widths)]


PROSE = [200, 195, 200, 198, 190, 200, 196, 120]


def test_two_columns_of_prose_are_read_one_after_the_other():
    left, right = column(50, 100, PROSE), column(270, 100, PROSE)
    assert order_lines(left + right) == list(range(16))


def test_columns_whose_lines_are_not_level_are_still_columns():
    left, right = column(50, 100, PROSE), column(270, 105, PROSE)
    assert order_lines(left + right) == list(range(16))


def test_three_columns():
    boxes = column(0, 0, PROSE) + column(220, 0, PROSE) + column(440, 0, PROSE)
    assert order_lines(boxes) == list(range(24))


def test_title_and_footer_stand_before_and_after_the_columns():
    boxes = [line(100, 40, 300, 16)]
    boxes += column(50, 100, PROSE) + column(270, 100, PROSE)
    boxes += [line(200, 300, 100)]
    assert order_lines(boxes) == list(range(18))


def test_a_full_width_line_between_two_blocks_of_columns():
    boxes = column(50, 0, PROSE) + column(270, 0, PROSE) + [line(50, 130, 400)]
    boxes += column(50, 160, PROSE) + column(270, 160, PROSE)
    assert order_lines(boxes) == list(range(33))


def test_the_longer_column_stays_whole():
    boxes = column(50, 0, [200] * 12) + column(270, 0, PROSE)
    assert order_lines(boxes) == list(range(20))


def test_receipt_rows_are_read_row_by_row():
    rows = [(120, 30), (90, 35), (150, 30), (80, 40), (140, 30)]
    boxes = []
    for i, (label, amount) in enumerate(rows):
        boxes += [line(20, 20 * i, label), line(300 - amount, 20 * i, amount)]
    assert order_lines(boxes) == list(range(10))


def test_table_with_a_wide_description_is_read_row_by_row():
    boxes = []
    for i in range(8):
        y = 20 * i
        boxes += [line(0, y, 190), line(220, y, 15), line(280, y, 30), line(350, y, 40)]
    assert order_lines(boxes) == list(range(32))


def test_form_labels_stay_with_their_values():
    boxes = []
    for i, (label, value) in enumerate([(60, 120), (40, 50), (80, 90), (55, 150), (70, 30)]):
        boxes += [line(0, 20 * i, label), line(150, 20 * i, value)]
    assert order_lines(boxes) == list(range(10))


def test_a_slightly_lower_box_is_on_the_same_row():
    assert order_lines([line(200, 103, 50), line(0, 100, 80)]) == [1, 0]


def test_words_of_a_row_are_one_line_until_a_wide_gap():
    words = [line(0, 0, 30), line(34, 0, 30), line(68, 0, 20), line(200, 0, 40)]
    assert group_words_into_lines(words) == [[0, 1, 2], [3]]


def test_a_narrow_gutter_shared_by_many_rows_ends_lines():
    words = []
    for row in range(8):
        y = 14 * row
        words += [line(0, y, 96), line(100, y, 95), line(208, y, 92), line(304, y, 100)]
    grouped = group_words_into_lines(words)
    assert len(grouped) == 16
    assert grouped[:8] == [[4 * row, 4 * row + 1] for row in range(8)]


def test_a_single_wide_word_space_does_not_end_a_line():
    words = [line(0, 0, 30), line(42, 0, 30), line(0, 14, 50), line(54, 14, 30)]
    assert group_words_into_lines(words) == [[0, 1], [2, 3]]


def test_nothing_gives_nothing():
    assert order_lines([]) == []
    assert group_words_into_lines([]) == []


def boxes_strategy() -> st.SearchStrategy[list[BBox]]:
    number = st.floats(0, 500, allow_nan=False)
    size = st.floats(0, 200, allow_nan=False)
    box = st.tuples(number, number, size, size).map(
        lambda v: (v[0], v[1], v[0] + v[2], v[1] + v[3])
    )
    return st.lists(box, max_size=30)


@given(boxes_strategy())
def test_each_box_occurs_once(boxes):
    assert sorted(order_lines(boxes)) == list(range(len(boxes)))
    assert sorted(i for group in group_words_into_lines(boxes) for i in group) == list(
        range(len(boxes))
    )


@given(boxes_strategy().flatmap(lambda b: st.tuples(st.just(b), st.permutations(b))))
def test_the_order_does_not_depend_on_the_order_given(pair):
    boxes, shuffled = pair
    assert [boxes[i] for i in order_lines(boxes)] == [shuffled[i] for i in order_lines(shuffled)]


@given(boxes_strategy(), st.floats(0.01, 100))
def test_each_box_occurs_once_at_any_scale(boxes, scale):
    scaled = [(a * scale, b * scale, c * scale, d * scale) for a, b, c, d in boxes]
    assert sorted(order_lines(scaled)) == list(range(len(boxes)))
