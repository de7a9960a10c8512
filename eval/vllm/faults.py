"""A server that refuses, is slow, or has too few tokens: every document still gets its result."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from docagent.agent import DocAgent
from docagent.reader.embedded import load_reader
from docagent.reader.types import Reader
from docagent.results import Answer, Correction, Extraction
from docagent.settings import Settings
from eval.vllm.documents import DrawnPage, draw_page
from eval.vllm.figures import Figure

SLOW = 0
"""Stands for a status: the request is passed on after ``DELAY`` seconds."""
DELAY = 20.0
PASSED = 200
STATUSES = (400, 404, 429, 500, 503, SLOW)
SECONDS = 6.0
"""What a document may take, with a server that answers late or not at all."""

Result = Extraction | Correction | Answer


@dataclass
class Fault:
    """What a proxy does with every request for an answer; may be changed while it runs."""

    status: int = PASSED


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: requests that are under way when the proxy ends are meant to break off."""


@contextmanager
def faulty_proxy(url: str, fault: Fault) -> Iterator[str]:
    """A proxy in front of a server, which answers with the status of ``fault`` instead of asking
    it; yields its own base URL. url: base of the real server, with ``/v1``."""
    leave = threading.Event()
    client = httpx.Client(timeout=60, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = client.get(url + self.path.removeprefix("/v1"))
            self._send(answer.status_code, answer.content)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if fault.status not in (PASSED, SLOW):
                message = {"error": {"message": f"made to fail with {fault.status}"}}
                self._send(fault.status, json.dumps(message).encode())
                return
            if fault.status == SLOW:
                leave.wait(DELAY)
            headers = {"Content-Type": "application/json"}
            answer = client.post(url + self.path.removeprefix("/v1"), content=body, headers=headers)
            self._send(answer.status_code, answer.content, answer.headers["content-type"])

        def _send(self, status: int, data: bytes, kind: str = "application/json") -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except OSError:
                pass  # whoever asked has given up, which is what is tested here

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what is done here is told by the results."""

    server = _QuietServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        leave.set()
        server.shutdown()
        server.server_close()
        client.close()


def shape(result: Result) -> Any:
    """The keys of a result as JSON, without those inside its lists."""
    return {key: type(value).__name__ for key, value in result.model_dump().items()}


def three_results(settings: Settings, page: DrawnPage, reader: Reader) -> list[Result]:
    """A correction, an extraction and an answer of one page by an agent of its own."""
    agent = DocAgent(settings, reader=reader)
    document = page.document
    extraction = agent.extract(document, "invoice")
    return [extraction, agent.correct(document), agent.ask(document, "What is the total due?")]


def is_flagged(result: Result) -> bool:
    """Whether the result says that the model was not, or not wholly, of use."""
    use = result.vlm
    return use is not None and use.status in ("failed", "partial") and bool(use.notes)


def is_answered(result: Result) -> bool:
    """Whether all that was asked has an answer in the end, so that there is nothing to flag: a
    call that failed may have been mended by the next."""
    attempts = result.vlm.attempts if result.vlm else ()
    asked = {(a.template, a.asked) for a in attempts}
    answered = {(a.template, a.asked) for a in attempts if a.outcome == "answered"}
    return bool(asked) and asked == answered


def measure_faults(url: str, model: str, settings: Settings) -> list[Figure]:
    """A figure for each way to fail. settings: for the server without faults."""
    reader = load_reader(settings)
    page = draw_page(7)
    plain = three_results(settings.replace(vlm="never"), page, reader)
    fault = Fault()
    figures = []
    with faulty_proxy(url, fault) as proxy:
        broken = settings.replace(
            vlm_url=proxy,
            vlm_timeout=1.0,
            vlm_seconds=SECONDS,
            vlm_model=model,
            vlm_adapters=(),
        )
        for status in STATUSES:
            fault.status = status
            name = "slow" if status == SLOW else f"HTTP {status}"
            figures.append(_figure(name, broken, page, reader, plain))
        fault.status = PASSED
        few = broken.replace(vlm_max_tokens=16, vlm_timeout=60.0, vlm_seconds=120.0)
        figures.append(_figure("out of tokens", few, page, reader, plain))
    return figures


def _figure(
    name: str,
    settings: Settings,
    page: DrawnPage,
    reader: Reader,
    plain: Sequence[Result],
) -> Figure:
    start = time.monotonic()
    results = three_results(settings, page, reader)
    seconds = time.monotonic() - start
    told = [r for r in results if is_flagged(r) or is_answered(r)]
    whole = sum(r in told and _same_shape(r, p) for r, p in zip(results, plain, strict=True))
    outcomes = sorted({a.outcome for r in results for a in (r.vlm.attempts if r.vlm else ())})
    value = (
        f"{whole} of {len(results)} whole and flagged in {seconds:.1f} s ({', '.join(outcomes)})"
    )
    # Beyond its budget a document takes what the embedded readers take.
    in_time = seconds < len(results) * (settings.vlm.seconds + 5.0)
    passed = whole == len(results) and in_time and any(map(is_flagged, results))
    return Figure(f"server fails: {name}", value, passed)


def _same_shape(result: Result, plain: Result) -> bool:
    """Whether a result has the keys, and an extraction the fields, of one without a model."""
    a: Mapping[str, Any] = shape(result)
    if a.keys() != shape(plain).keys():
        return False
    if isinstance(result, Extraction) and isinstance(plain, Extraction):
        single = {f.path for f in plain.fields if "[" not in f.path}
        return single <= {f.path for f in result.fields}
    return True
