"""Documents a second through docagent, beside the same requests sent by a bare client.

docagent's requests are recorded in a first round. Then both take turns on the same server, so that
other work on the machine is shared fairly: docagent with everything it does (the embedded reader,
prompts, pictures, holding answers to the page), the bare client with nothing but sending.
Documents have been read before, so that OCR is not what is timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from threading import Lock
from typing import Any

import httpx
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from docagent.agent import DocAgent
from docagent.vlm.client import VllmChat
from eval.vllm.documents import DrawnPage
from eval.vllm.figures import Figure

BAR = 0.9


class RecordingChat(VllmChat):
    """Keeps the body of every request while ``recording``."""

    recording: bool = False
    _bodies: list[dict[str, Any]] = PrivateAttr(default_factory=list)
    _keeping: Any = PrivateAttr(default_factory=Lock)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was sent."""
        return self._bodies

    def _chunks(self, body: dict[str, Any]) -> Iterator[ChatGenerationChunk]:
        if self.recording:
            with self._keeping:
                self._bodies.append(body)
        return super()._chunks(body)


@dataclass
class Rounds:
    """Seconds of each round, of docagent and of the bare client."""

    docagent: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Throughput of docagent over that of the bare client: the median over the rounds, each
        against the bare round that followed it."""
        return median(bare / own for own, bare in zip(self.docagent, self.bare, strict=True))


def send_all(client: httpx.Client, bodies: Sequence[dict[str, Any]], workers: int) -> None:
    """Send bodies, as many at a time as there are workers, and read every answer to its end."""

    def send(body: dict[str, Any]) -> None:
        with client.stream("POST", "chat/completions", json=body) as answer:
            answer.raise_for_status()
            for _ in answer.iter_raw():
                pass

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(send, bodies))


def measure_throughput(
    chat: RecordingChat,
    make_agent: Callable[[RecordingChat], DocAgent],
    pages: Sequence[DrawnPage],
    *,
    schema: str,
    workers: int,
    rounds: int,
) -> list[Figure]:
    """Extractions of pages by ``workers`` threads, against the requests they are made of."""
    agent = make_agent(chat)
    for page in pages:
        agent.read(page.png)

    def extract(page: DrawnPage) -> int:
        use = agent.extract(page.png, schema).vlm
        return use.calls if use else 0

    def extract_all() -> int:
        with ThreadPoolExecutor(workers) as pool:
            return sum(pool.map(extract, pages))

    chat.recording = True
    calls = extract_all()
    chat.recording = False
    timed = Rounds()
    bare = httpx.Client(
        base_url=chat.base_url + "/", timeout=300, trust_env=False, limits=httpx.Limits()
    )
    with bare:
        send_all(bare, chat.bodies, workers)
        for _ in range(rounds):
            timed.docagent.append(_seconds(extract_all))
            timed.bare.append(_seconds(lambda: send_all(bare, chat.bodies, workers)))
    own, other = median(timed.docagent), median(timed.bare)
    value = (
        f"{timed.ratio:.3f} ({rounds} rounds of {len(pages)} documents, {calls} requests, "
        f"{workers} documents at a time; medians {own:.1f} s and {other:.1f} s)"
    )
    fair = calls == len(chat.bodies)
    return [Figure("throughput against a bare client", value, fair and timed.ratio >= BAR)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
