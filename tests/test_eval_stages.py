"""The clock that tells where time goes."""

from __future__ import annotations

import time

import pytest

from eval.performance import stages
from eval.performance.stages import StageClock


class Work:
    """Something with a stage inside a stage; times are those of a pretended clock."""

    def __init__(self, now: list[float]) -> None:
        self.now = now

    def outer(self, factor: float) -> str:
        self.now[0] += 1.0
        self.inner(factor)
        return "done"

    def inner(self, factor: float) -> None:
        self.now[0] += factor
        if factor > 5:
            raise ValueError("too much")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    now = [0.0]
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    return Work(now)


def test_stages_add_up_and_outer_ones_include_inner_ones(work: Work) -> None:
    clock = StageClock()
    clock.put_around(work, "outer", "all of it")
    clock.put_around(work, "inner", "a part")
    assert [work.outer(0.5), work.outer(2.0)] == ["done", "done"]
    assert dict(clock.seconds) == {"all of it": 4.5, "a part": 2.5}


def test_a_stage_that_fails_counts_and_still_fails(work: Work) -> None:
    clock = StageClock()
    clock.put_around(work, "inner", "a part")
    with pytest.raises(ValueError, match="too much"):
        work.inner(6.0)
    assert clock.seconds["a part"] == 6.0


def test_stages_of_a_page(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """The names that clocks are put around exist, and no stage takes longer than the page."""
    from PIL import Image

    from eval.datasets import OcrPage
    from tests.test_ocr_engine import page

    path = tmp_path / "page.png"
    Image.fromarray(page()[:200]).save(path)
    monkeypatch.setattr(stages, "load_ocr_pages", lambda *_: [OcrPage("p", path, (), ())])
    for owner, name in ((stages.ocr, "_preprocessed"), (stages.ocr, "split_stacked_lines")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # put back afterwards
    monkeypatch.setattr(stages.ocr, "_crop", stages.ocr._crop)
    monkeypatch.setattr(stages.recognition, "decode_beam", stages.recognition.decode_beam)
    rows = stages.measure("funsd", "dev", 1)
    assert rows[0]["stage"] == "whole page" and rows[0]["share"] == 1.0
    shares = {row["stage"]: row["share"] for row in rows}
    assert {"detect: network", "recognise: network", "cut crops"} <= set(shares)
    assert all(0 <= share <= 1 for share in shares.values())
    parts = [stage for stage in shares if stage != "whole page" and ":" not in stage]
    assert sum(shares[stage] for stage in parts) <= 1.01
