"""Smoke test of the reader's training: data, a few steps, checkpoint, export, serving."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finetune.reader.noise import CleanPage, CleanQuery, NoiseLevel, ReadPage, ReadWord, misread

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch")

from docagent.reader.embedded import EmbeddedReader  # noqa: E402
from docagent.reader.types import Query  # noqa: E402
from docagent.settings import Settings  # noqa: E402
from finetune.reader.checkpoint import load_average  # noqa: E402
from finetune.reader.data import batches, find_target, is_held_out, make_sample  # noqa: E402
from finetune.reader.export import export_onnx  # noqa: E402
from finetune.reader.losses import reader_loss, span_scores  # noqa: E402
from finetune.reader.model import Reader, ReaderConfig  # noqa: E402
from finetune.reader.tensors import Batch  # noqa: E402
from finetune.reader.train import make_plan, train  # noqa: E402
from finetune.training import Progress  # noqa: E402
from tests.documents import document_of  # noqa: E402

TINY = ReaderConfig(
    gram_width=16, width=32, heads=2, layers=1, query_layers=1, query_width=16, query_heads=2
)
QUIET = NoiseLevel(0, 0, 0, 0, 0, False, False)


def page_with_total(value: int) -> CleanPage:
    """Three rows of a label and an amount; asks for the total and for what is not there."""
    texts, boxes = [], []
    for row, label in enumerate(("Net", "Tax", "Total")):
        texts += [label, f"{value + row}.00"]
        top = 20.0 * row
        boxes += [(10.0, top, 60.0, top + 10), (70.0, top, 99.0, top + 10)]
    queries = (
        CleanQuery("total", False, "total", ((5,),)),
        CleanQuery("due date", False, "due_date", ()),
        CleanQuery("amounts", True, "rows[*]", ((1,), (3,), (5,))),
    )
    return CleanPage("receipt", 100, 60, tuple(texts), tuple(boxes), queries)


def read_as(*sources: tuple[int, ...]) -> ReadPage:
    words = tuple(ReadWord("x", (i, 0.0, i + 1.0, 1.0), s) for i, s in enumerate(sources))
    return ReadPage(words, (0,) * len(words), 10, 10)


@pytest.mark.parametrize(
    ("page", "spans"),
    [
        (read_as((0,), (1,), (2,), (3,)), ((1, 2),)),
        (read_as((0,), (1, 2), (3,)), ((1, 1),)),
        (read_as((0,), (1,), (1,), (2,)), ((1, 3),)),
        (read_as((0,), (3,)), ()),
        (read_as((1,), (0,), (2,)), None),
    ],
)
def test_targets_follow_split_joined_lost_and_torn_words(
    page: ReadPage, spans: tuple[tuple[int, int], ...] | None
) -> None:
    target = find_target(CleanQuery("q", False, "p", ((1, 2),)), page)
    assert (target.spans if target else None) == spans


def test_misreading_changes_little() -> None:
    rng = random.Random(3)
    for _ in range(200):
        assert abs(len(misread(rng, "Total")) - 5) <= 2


def test_samples_ask_nothing_held_out() -> None:
    page = page_with_total(10)
    kept = {q.text for q in page.queries if not is_held_out(q)}
    for seed in range(20):
        sample = make_sample(page, random.Random(seed))
        assert sample is None or {q.text for q in sample.asked} <= kept


def test_span_scores_stay_on_the_page() -> None:
    points, mask = torch.zeros(1, 1, 4, 5), torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    possible = (span_scores(points, mask) > -1).sum().item()
    assert possible == 6  # spans of three words


def test_loss_falls_when_the_right_span_scores_higher() -> None:
    points, absent, mask = torch.zeros(1, 1, 4, 5), torch.zeros(1, 1), torch.ones(1, 4)
    spans, tags = torch.tensor([[0, 0, 1, 2]]), torch.zeros(1, 1, 4, dtype=torch.long)
    before, _ = reader_loss(points, absent, mask, spans, tags)
    points[0, 0, 1, 0] = points[0, 0, 2, 1] = 5.0
    after, _ = reader_loss(points, absent, mask, spans, tags)
    assert after < before - 1


def test_train_resume_export_serve(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    pages = [page_with_total(v) for v in range(10, 90)]

    def data(progress: Progress) -> Iterator[Batch]:
        return batches(pages, random.Random(progress.step))

    plan = replace(make_plan(1, 5e-3), minutes=None, steps=12)
    done = train(Reader(TINY), plan, tmp_path, data)
    again = train(Reader(TINY), plan, tmp_path, data)
    assert again.steps == done.steps == 12

    model, steps, _ = load_average(tmp_path / "last.pt")
    assert steps == done.steps
    with torch.no_grad():
        export_onnx(model, tmp_path / "reader.onnx")
    (tmp_path / "reader.json").write_text(
        '{"buckets": 12288, "span_temperature": 1.0, "tag_temperature": 1.0}'
    )
    served = EmbeddedReader(Settings(weights_dir=tmp_path, threads=1))
    (reading,) = served.read(document_of(["Net 12.00", "Total 14.00"]), [Query(text="total")])
    assert reading.spans
    assert np.isfinite(reading.absent)
    assert isinstance(model, Reader)
