"""Stages of reading and extraction, as a listener hears them, and the table made of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image

from docagent import DocAgent, Settings
from docagent.usage import StageRun, stage, traced
from eval.datasets import OcrPage
from eval.performance import stages
from eval.performance.stages import StageTotals
from tests.documents import document_of
from tests.test_ocr_engine import page


class Work:
    """Something with a stage inside of a stage; times are those of a pretended clock."""

    def __init__(self, now: list[float]) -> None:
        self.now = now

    @stage("outer", len)
    def outer(self, seconds: float) -> str:
        self.now[0] += 1.0
        self.inner(seconds)
        return "done"

    @stage("outer.inner")
    def inner(self, seconds: float) -> None:
        self.now[0] += seconds
        if seconds > 5:
            raise ValueError("too much")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    now = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    return Work(now)


def test_stages_add_up_and_outer_ones_include_inner_ones(work: Work) -> None:
    totals = StageTotals()
    with traced(totals):
        assert [work.outer(0.5), work.outer(2.0)] == ["done", "done"]
    work.outer(1.0)  # nobody listens any more
    assert dict(totals.seconds) == {"outer": 4.5, "outer.inner": 2.5}
    assert totals.counts["outer"] == 8
    assert [row["stage"] for row in totals.rows("outer", 2)] == ["outer", "outer.inner"]


def test_a_stage_that_fails_counts_and_still_fails(work: Work) -> None:
    heard: list[StageRun] = []
    with traced(heard.append), pytest.raises(ValueError, match="too much"):
        work.inner(6.0)
    assert [(run.stage, run.cpu_seconds, run.failed) for run in heard] == [("outer.inner", 6, True)]


def test_the_innermost_listener_hears(work: Work) -> None:
    outside: list[StageRun] = []
    inside: list[StageRun] = []
    with traced(outside.append):
        with traced(inside.append):
            work.inner(1.0)
        work.inner(2.0)
    assert [len(inside), len(outside)] == [1, 1]


def test_pages_read_side_by_side_are_heard(tmp_path: Path) -> None:
    """Threads that a verb starts tell the listener of the thread that called it."""
    small = Image.fromarray(page()[:200])
    small.save(tmp_path / "two.tif", save_all=True, append_images=[small])
    heard: list[StageRun] = []
    with traced(heard.append):
        DocAgent(Settings(threads=2)).read(tmp_path / "two.tif")
    names = [run.stage for run in heard]
    assert names.count("read_page") == 2
    assert {"preprocess", "detect", "recognise", "recognise.network", "build_lines"} <= set(names)


def test_an_extraction_tells_of_reader_rules_and_checks() -> None:
    heard: list[StageRun] = []
    with traced(heard.append):
        DocAgent(Settings(threads=1)).extract(document_of(["Total: 12.50"]), "receipt")
    counts = {run.stage: run.count for run in heard}
    assert {"reader", "rules.fields", "rules.tables", "checks"} <= set(counts)
    assert (counts["reader"] or 0) > 5


def test_stages_of_a_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No stage takes longer than the page, and the stages together no longer either."""
    path = tmp_path / "page.png"
    Image.fromarray(page()[:200]).save(path)
    monkeypatch.setattr(stages, "load_ocr_pages", lambda *_: [OcrPage("p", path, (), ())])
    rows = stages.measure("funsd", "dev", 1)
    shares = {row["stage"]: row["share"] for row in rows}
    assert shares[stages.WHOLE] == 1.0
    assert {"detect.network", "recognise.network", "crop"} <= set(shares)
    assert all(0 <= share <= 1.001 for share in shares.values())
    parts = [stage for stage in shares if stage != stages.WHOLE and "." not in stage]
    assert sum(shares[stage] for stage in parts) <= 1.01
