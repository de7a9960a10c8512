"""A server with a checkpoint and its adapters, and the measurements that are made on it."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.agent import DocAgent
from docagent.reader.embedded import load_reader
from docagent.settings import Settings
from docagent.vlm.serving import ServeOptions, VllmServer, has_gpu
from eval.vllm.documents import draw_page
from eval.vllm.faults import measure_faults
from eval.vllm.figures import Figure
from eval.vllm.hostile_documents import HarmRun, HurriedChat, closing_tokens, measure_harm
from eval.vllm.outage import measure_outage
from eval.vllm.prefix_cache import measure_prefix_cache
from eval.vllm.throughput import RecordingChat, measure_throughput
from eval.vllm.tokens import measure_tokens

BASE = "docagent"
STARTING = 300.0
PROMPTS = 9
THROUGHPUT_PAGES, ROUNDS = 8, 5
HARM = {"vlm_max_tokens": 192, "vlm_calls": 2}
"""Limits of a document in ``harm``, which asks a thousand times."""
WHOLE_INVOICE = {"vlm_max_tokens": 256, "vlm_calls": 2}
"""Together about as many tokens as all fields of an invoice take."""
FULL_PAGE = 14
"""Goods on a bill that fills its page."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(
    checkpoint: Path, adapters: Mapping[str, Path], log: Path, port: int = 0
) -> VllmServer:
    """A server that is ready, in float32. log: a file that its output is added to. Raises
    VlmError if it does not get ready."""
    config = json.loads((checkpoint / "config.json").read_text("utf-8"))
    options = ServeOptions(
        model=str(checkpoint),
        name=BASE,
        adapters=tuple((name, str(folder)) for name, folder in adapters.items()),
        port=port or free_port(),
        cpu=not has_gpu(),
        dtype="float32",
        max_model_len=config["text_config"]["max_position_embeddings"],
        max_num_seqs=8,
        tools="hermes",
    )
    with log.open("ab") as file:
        server = VllmServer(options, file)
    try:
        server.wait_until_ready(STARTING)
    except BaseException:
        server.stop()
        raise
    return server


@dataclass
class Bench:
    """What the measurements need. count: extractions, and corrections, of ``harm``. workers:
    documents side by side."""

    server: VllmServer
    checkpoint: Path
    adapters: Mapping[str, Path]
    log: Path
    count: int
    workers: int

    @property
    def url(self) -> str:
        """Base of the server."""
        return self.server.options.url

    def settings(self, **update: Any) -> Settings:
        """Settings that fit a small checkpoint: short answers, one picture."""
        settings = Settings(
            vlm="always",
            vlm_url=self.url,
            vlm_model=BASE,
            vlm_images=1,
            vlm_chars=2500,
            vlm_max_tokens=160,
            vlm_calls=4,
            vlm_timeout=60.0,
            vlm_seconds=120.0,
            vlm_concurrency=max(4, self.workers),
            threads=1,
        )
        return settings.replace(**update)

    def chat(self, settings: Settings) -> RecordingChat:
        """A client of the server."""
        return RecordingChat(
            base_url=self.url,
            model=BASE,
            timeout=settings.vlm.timeout,
            concurrency=settings.vlm.concurrency,
        )

    def harm_run(self) -> HarmRun:
        """The base model and the adapters in turn, in a hurry."""
        settings = self.settings(**HARM)
        chat = HurriedChat(
            base_url=self.url,
            model=BASE,
            timeout=settings.vlm.timeout,
            concurrency=settings.vlm.concurrency,
            favoured=closing_tokens(self.checkpoint),
        )
        models = [chat, *(chat.with_model(name) for name in self.adapters)]
        return HarmRun(models, settings, load_reader(settings), self.workers)

    def restart(self) -> None:
        """Bring a killed server back, on the same port."""
        port = self.server.options.port
        again = start_server(self.checkpoint, self.adapters, self.log, port)
        self.server.options, self.server.process = again.options, again.process


def _tokens(bench: Bench) -> list[Figure]:
    return measure_tokens(bench.url, BASE, bench.checkpoint, bench.adapters, PROMPTS)


def _harm(bench: Bench) -> list[Figure]:
    return measure_harm(bench.harm_run(), bench.count)


def _faults(bench: Bench) -> list[Figure]:
    return measure_faults(bench.url, BASE, bench.settings())


def _outage(bench: Bench) -> list[Figure]:
    return measure_outage(bench.url, BASE, bench.server.kill, bench.restart)


def _throughput(bench: Bench) -> list[Figure]:
    settings = bench.settings(**WHOLE_INVOICE)
    return measure_throughput(
        bench.chat(settings),
        lambda chat: DocAgent(settings, vlm=chat),
        [draw_page(seed) for seed in range(THROUGHPUT_PAGES)],
        schema="invoice",
        workers=bench.workers,
        rounds=ROUNDS,
    )


def _prefix(bench: Bench) -> list[Figure]:
    return measure_prefix_cache(bench.url, DocAgent(bench.settings()), draw_page(3, FULL_PAGE))


MEASURES: Mapping[str, Callable[[Bench], list[Figure]]] = {
    "tokens": _tokens,
    "harm": _harm,
    "faults": _faults,
    "throughput": _throughput,
    "prefix": _prefix,
    "outage": _outage,
}
