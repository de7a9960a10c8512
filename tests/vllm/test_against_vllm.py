"""The measurements of ``eval.vllm``, smaller: each has to pass its bar here too."""

from __future__ import annotations

import pytest

from tests.vllm.conftest import IDLE

pytestmark = pytest.mark.vllm
RESULTS = 12


def passed(figures):
    assert figures
    told = [f"{figure.name}: {figure.value}" for figure in figures]
    print("\n".join(told))
    return [line for figure, line in zip(figures, told, strict=True) if not figure.passed] == []


def test_vllm_and_transformers_say_the_same_tokens(bench):
    from eval.vllm.tokens import measure_tokens

    adapters = {name: path for name, path in bench.adapters.items() if name != IDLE}
    assert passed(measure_tokens(bench.url, "docagent", bench.checkpoint, adapters, 6))


def test_no_harm_from_whatever_the_model_says(bench):
    from eval.vllm.hostile_documents import measure_harm

    assert passed(measure_harm(bench.harm_run(), RESULTS))


def test_every_fault_of_a_server_leaves_whole_and_flagged_results(bench, settings):
    from eval.vllm.faults import measure_faults

    assert passed(measure_faults(bench.url, "docagent", settings))


def test_ten_questions_on_a_document_share_its_prefix(bench, settings):
    from docagent.agent import DocAgent
    from eval.vllm.documents import draw_page
    from eval.vllm.prefix_cache import measure_prefix_cache

    assert passed(measure_prefix_cache(bench.url, DocAgent(settings), draw_page(3, 14)))
