"""The server is killed in the middle of a batch. After all other tests, as it has to come back."""

from __future__ import annotations

import pytest

from tests.vllm.test_against_vllm import passed

pytestmark = pytest.mark.vllm


def test_a_batch_survives_the_server(bench):
    from eval.vllm.outage import measure_outage

    assert passed(measure_outage(bench.url, "docagent", bench.server.kill, bench.restart))
