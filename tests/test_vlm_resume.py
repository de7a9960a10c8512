"""A batch whose server was away: what it missed is done when it is run again, nothing else is."""

from __future__ import annotations

import json

import pytest

from docagent.cli import main
from eval.vllm.documents import draw_page
from tests.vlm_server import Act, serving

DEAD = "http://127.0.0.1:9/v1"


@pytest.fixture
def batch(tmp_path, monkeypatch):
    """Runs the command over two pages and gives what is stored for each."""
    monkeypatch.setenv("DOCAGENT_VLM_RETRIES", "0")
    for seed in range(2):
        (tmp_path / f"page{seed}.png").write_bytes(draw_page(seed).png)
    out = tmp_path / "out"

    def run(*arguments):
        command = ["ask", str(tmp_path), "What is the total due?", "--output", str(out), "--json"]
        assert main([*command, "--quiet", *arguments]) == 0
        files = sorted(out.rglob("*.json"))
        return [(json.loads(f.read_text("utf-8")), f.stat().st_mtime_ns) for f in files]

    return run


def test_only_what_the_server_was_away_for_is_done_again(batch):
    away = batch("--vlm", "always", "--vlm-url", DEAD)
    assert [result["vlm"]["unreached"] for result, _ in away] == [True, True]
    assert batch("--vlm", "never") == away  # without a model there is nothing to make up for
    with serving([Act({"answers": []})]) as server:
        back = batch("--vlm", "always", "--vlm-url", server.url)
        asked = len(server.requests)
        assert batch("--vlm", "always", "--vlm-url", server.url) == back
        assert len(server.requests) == asked > 0
    assert [result["vlm"]["unreached"] for result, _ in back] == [False, False]


def test_a_result_that_was_cut_short_is_done_again(batch, tmp_path):
    batch("--vlm", "always", "--vlm-url", DEAD)
    broken = next((tmp_path / "out").rglob("page0*.json"))
    broken.write_text('{"text": ')
    again = batch("--vlm", "always", "--vlm-url", DEAD)
    assert again[0][0]["question"] == "What is the total due?"
