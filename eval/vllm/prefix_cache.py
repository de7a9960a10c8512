"""How much of the prompts of ten questions on one document the server need not work out anew."""

from __future__ import annotations

import re

import httpx

from docagent.agent import DocAgent
from eval.vllm.documents import DrawnPage
from eval.vllm.figures import Figure

QUESTIONS = (
    "What is the total due?",
    "Who sent the invoice?",
    "What is the number of the invoice?",
    "When was it issued?",
    "Who has to pay?",
    "How much is the tax?",
    "What is the subtotal?",
    "Within how many days is it to be paid?",
    "Which account is it paid to?",
    "What does the first item cost?",
)
BAR = 0.8
_COUNTERS = ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total")


def read_counters(metrics: str) -> tuple[float, float]:
    """Prompt tokens looked up in the cache and tokens found there, of a page of metrics in the
    text format of Prometheus. Raises ValueError if they are not in it."""
    sums = []
    for name in _COUNTERS:
        values = re.findall(rf"^{re.escape(name)}(?:{{.*}})? (\S+)$", metrics, re.MULTILINE)
        if not values:
            raise ValueError(f"the server's metrics lack {name}; is it vLLM 0.32?")
        sums.append(sum(map(float, values)))
    return sums[0], sums[1]


def counters(url: str) -> tuple[float, float]:
    """The counters of a running server; url: its base, with ``/v1``."""
    answer = httpx.get(url.removesuffix("/v1") + "/metrics", timeout=30, trust_env=False)
    answer.raise_for_status()
    return read_counters(answer.text)


def measure_prefix_cache(url: str, agent: DocAgent, page: DrawnPage) -> list[Figure]:
    """Ask the questions, and count from the second one on. The agent's mode must be ``always``."""
    agent.ask(page.png, QUESTIONS[0])
    before = counters(url)
    answers = [agent.ask(page.png, question) for question in QUESTIONS[1:]]
    after = counters(url)
    asked, found = after[0] - before[0], after[1] - before[1]
    calls = sum(answer.vlm.calls for answer in answers if answer.vlm)
    rate = found / asked if asked else 0.0
    value = f"{rate:.3f} of {asked:.0f} prompt tokens in {calls} calls"
    return [Figure("prefix cache, ten questions, after the first", value, rate > BAR)]
