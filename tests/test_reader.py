"""The embedded reader: decoding of network outputs, and the shipped weights."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.document import Document, Page
from docagent.errors import ModelError
from docagent.reader.decoding import LEAST_CHANCE, MAX_SPAN, Temperatures, WindowOutput, decode
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.features import FEATURES
from docagent.reader.matching import MATCHES
from docagent.reader.types import Query
from tests.documents import document_of

ONE = Query(text="total")
MANY = Query(text="amounts", multiple=True)
NO = -12.0

RECEIPT = [
    "GOLDEN LOTUS HARDWARE SDN BHD",
    "12, Jalan Besar, Taman Daya,",
    "81100 Johor Bahru, Johor",
    "Tel: 07-355 1234",
    "Invoice No: INV-20417      Date: 25/12/2018",
    "Wood Glue 250ml        2  x  4.50        9.00",
    "Paint Brush 2in        1  x  6.30        6.30",
    "Subtotal                                15.30",
    "GST 6%                                   0.92",
    "Total                                   16.22",
    "Cash                                    20.00",
    "Change                                   3.78",
]


def window(
    n: int, spans: dict[tuple[int, int], float], first: int = 0, absent: float = 0.0
) -> WindowOutput:
    """Output that scores each span (start, inclusive end) with a logit, tags it, and no other."""
    points = np.full((n, 5), NO, np.float32)
    points[:, 2] = 5.0
    for (start, end), logit in spans.items():
        points[start, 0] = points[end, 1] = logit / 2
        points[start : end + 1, 2] = -5.0
        points[start, 3] = 5.0
        points[start + 1 : end + 1, 4] = 5.0
    return WindowOutput(first, points, absent)


def test_no_window_means_absent() -> None:
    reading = decode(ONE, [], Temperatures())
    assert (reading.spans, reading.absent) == ((), 1.0)


def test_best_span_first_and_probabilities_add_up() -> None:
    reading = decode(ONE, [window(9, {(2, 4): 6.0})], Temperatures())
    assert (reading.spans[0].start, reading.spans[0].end) == (2, 5)
    assert sum(s.score for s in reading.spans) + reading.absent <= 1.0 + 1e-6
    assert reading.spans[0].score > 0.9


def test_a_value_in_one_window_outvotes_empty_windows() -> None:
    windows = [window(9, {}, 0), window(9, {(1, 1): 6.0}, 9), window(9, {}, 18)]
    reading = decode(ONE, windows, Temperatures())
    assert reading.spans[0].start == 10
    assert reading.absent < 0.05


def test_candidates_do_not_repeat_one_another() -> None:
    reading = decode(ONE, [window(30, {(2, 5): 7.0, (10, 10): 5.0, (20, 22): 4.0})], Temperatures())
    starts = [s.start for s in reading.spans[:3]]
    assert starts == [2, 10, 20]
    for i, a in enumerate(reading.spans):
        for b in reading.spans[:i]:
            shared = min(a.end, b.end) - max(a.start, b.start)
            assert shared <= 0.5 * min(a.end - a.start, b.end - b.start)


def test_a_value_printed_twice_beats_one_printed_once() -> None:
    output = window(9, {(2, 2): 5.8, (4, 4): 6.0, (7, 7): 5.7})
    texts = ["a", "b", "16.22", "c", "20.00", "d", "e", "16.22", "f"]
    plain = decode(ONE, [output], Temperatures())
    by_value = decode(ONE, [output], Temperatures(), texts)
    assert plain.spans[0].start == 4
    assert by_value.spans[0].start == 2
    assert by_value.spans[0].score == pytest.approx(plain.spans[1].score + plain.spans[2].score)
    assert [s.start for s in by_value.spans[:2]] == [2, 4]


def test_many_values_come_in_reading_order_once_for_overlapping_windows() -> None:
    windows = [window(9, {(6, 7): 3.0, (1, 1): 3.0}), window(9, {(1, 2): 3.0}, 5)]
    reading = decode(MANY, windows, Temperatures())
    assert [(s.start, s.end) for s in reading.spans] == [(1, 2), (6, 8)]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("OBIIO", [(1, 4)]),
        ("BBIB", [(0, 1), (1, 3), (3, 4)]),
        ("OOO", []),
        ("OIIO", [(1, 3)]),  # a beginning that was missed
    ],
)
def test_tags_become_spans(tags: str, spans: list[tuple[int, int]]) -> None:
    points = np.zeros((len(tags), 5), np.float32)
    points[np.arange(len(tags)), [2 + "OBI".index(tag) for tag in tags]] = 5.0
    reading = decode(MANY, [WindowOutput(0, points, 0.0)], Temperatures())
    assert [(s.start, s.end) for s in reading.spans] == spans


@given(st.integers(1, 90), st.integers(0, 2**32 - 1), st.floats(1, 60))
def test_absence_is_what_all_spans_leave(n: int, seed: int, spread: float) -> None:
    points = np.random.default_rng(seed).normal(0, spread, (n, 5)).astype(np.float32)
    odds = [
        float(points[i, 0]) + float(points[j, 1])
        for i in range(n)
        for j in range(i, min(n, i + MAX_SPAN))
    ]
    reading = decode(ONE, [WindowOutput(0, points, 0.5)], Temperatures())
    total = np.logaddexp.reduce([0.0, *(o - 0.5 for o in odds)])
    assert reading.absent == pytest.approx(np.exp(-total), rel=1e-6, abs=1e-12)
    best = float(np.exp(max(odds) - 0.5 - total))
    assert best < LEAST_CHANCE or reading.spans[0].score == pytest.approx(best, rel=1e-6)


def test_temperature_softens() -> None:
    sharp, soft = (decode(ONE, [window(9, {(2, 2): 6.0})], Temperatures(t)) for t in (1.0, 3.0))
    assert soft.spans[0].score < sharp.spans[0].score
    assert soft.absent > sharp.absent


@given(st.data())
def test_decoded_spans_lie_in_their_window(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 80))
    first = data.draw(st.integers(0, 50))
    seed = data.draw(st.integers(0, 1000))
    points = np.random.default_rng(seed).normal(0, 4, (n, 5)).astype(np.float32)
    output = WindowOutput(first, points, data.draw(st.floats(-9, 9)))
    for query in (ONE, MANY):
        reading = decode(query, [output], Temperatures())
        assert 0 <= reading.absent <= 1
        for span in reading.spans:
            assert first <= span.start < span.end <= first + n
            assert span.end - span.start <= MAX_SPAN
            assert 0 <= span.score <= 1


@pytest.mark.parametrize("broken", ["none", "json", "onnx", "other"])
def test_unusable_weights_are_named(tmp_path: Path, broken: str) -> None:
    if broken != "none":
        config = '{"format": 3, "features": 7, "span_temperature": 1, "tag_temperature": 1}'
        good = config.replace("7", str(FEATURES + MATCHES))
        text = {"json": "{", "onnx": good, "other": config}[broken]
        (tmp_path / "reader.json").write_text(text)
        shipped = Path(str(files("docagent"))) / "weights" / "reader_vocabulary.txt"
        (tmp_path / shipped.name).write_bytes(shipped.read_bytes())
        (tmp_path / "reader_layout.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"reader(_layout)?\.(json|onnx)"):
        EmbeddedReader(tmp_path)


@pytest.fixture(scope="module")
def reader() -> EmbeddedReader:
    return EmbeddedReader(threads=1)


def pointed(document: Document, reader: EmbeddedReader, text: str) -> str:
    (reading,) = reader.read(document, [Query(text=text)])
    if reading.absent > reading.spans[0].score:
        return ""
    best = reading.spans[0]
    return " ".join(w.word.text for w in document.words[best.start : best.end])


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("total: Total amount to pay for the purchase", "16.22"),
        ("What is the date?", "25/12/2018"),
        ("company: Name of the shop or company that issued the receipt", RECEIPT[0]),
        ("change", "3.78"),
        ("invoice_number", "INV-20417"),
    ],
)
def test_shipped_weights_read_a_receipt(reader: EmbeddedReader, query: str, value: str) -> None:
    assert pointed(document_of(RECEIPT), reader, query) == value


def test_shipped_weights_find_a_column(reader: EmbeddedReader) -> None:
    table = [
        "Description         Qty      Price      Amount",
        "Wood Glue 250ml     2        4.50       9.00",
        "Paint Brush 2in     1        6.30       6.30",
    ]
    document = document_of(RECEIPT[:5] + table + RECEIPT[7:])
    (reading,) = reader.read(document, [Query(text="amount of each line item", multiple=True)])
    best = sorted(reading.spans, key=lambda span: -span.score)[:2]
    assert [document.words[s.start].word.text for s in best] == ["9.00", "6.30"]
    assert all(span.score > 0.8 for span in best)


def test_what_is_not_there_is_absent(reader: EmbeddedReader) -> None:
    (reading,) = reader.read(document_of(RECEIPT), [Query(text="What is the patient's diagnosis?")])
    assert reading.absent > 0.5


def test_no_words_or_no_queries(reader: EmbeddedReader) -> None:
    empty = Document(id="0" * 64, pages=(Page(number=1, width=10, height=10),))
    readings = reader.read(empty, [ONE, MANY])
    assert [r.absent for r in readings] == [1.0, 1.0]
    assert [r.spans for r in readings] == [(), ()]
    assert reader.read(document_of(RECEIPT), []) == []


def test_many_queries_give_the_same_as_one_by_one(reader: EmbeddedReader) -> None:
    document = document_of(RECEIPT)
    queries = [Query(text=f"{name} of the receipt") for name in ("total", "date", "address") * 10]
    together = reader.read(document, queries)
    (alone,) = reader.read(document, [queries[27]])
    assert [r.query for r in together] == queries
    assert together[27] == alone
