"""A small server that speaks OpenAI's protocol, and misbehaves as told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Act:
    """What the server does with one request: the answer, and what goes wrong."""

    answer: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    finish: str = "stop"
    break_after: int | None = None
    """Pieces after which the connection is cut."""
    plain: bool = False
    """Answer as one JSON object, although a stream was asked for."""
    raw: str | None = None
    """Lines sent instead of a stream."""
    body: Any = None
    """A whole body sent as JSON instead of a stream."""


@dataclass
class Server:
    url: str
    requests: list[dict[str, Any]]
    headers: list[dict[str, str]]
    busy: list[int]
    """Requests in progress: now, and at most."""
    stop: Callable[[], None]
    listed: list[str]
    """Paths of requests for the list of models."""


Script = Sequence[Act] | Callable[[dict[str, Any]], Act]


@contextmanager
def serving(
    script: Script, models: Sequence[str] = ("first", "second"), max_model_len: int | None = None
) -> Iterator[Server]:
    """Serve acts in turn (the last one again and again), or what a function says. models: those
    listed, with the tokens they take."""
    length = {} if max_model_len is None else {"max_model_len": max_model_len}
    requests: list[dict[str, Any]] = []
    headers: list[dict[str, str]] = []
    listed: list[str] = []
    busy = [0, 0]
    lock = threading.Lock()
    leave = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listed.append(self.path)
            self._json(200, {"data": [{"id": name, **length} for name in models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                count = len(requests)
                requests.append(body)
                headers.append(dict(self.headers))
                busy[0] += 1
                busy[1] = max(busy)
            act = script(body) if callable(script) else script[min(count, len(script) - 1)]
            leave.wait(act.delay)
            try:
                self._act(act)
            except (BrokenPipeError, ConnectionResetError):
                pass
            finally:
                with lock:
                    busy[0] -= 1

        def _act(self, act: Act) -> None:
            text = act.answer if isinstance(act.answer, str) else json.dumps(act.answer)
            if act.body is not None:
                self._json(200, act.body)
            elif act.status != 200:
                self._json(act.status, {"error": {"message": text or "no"}}, act.headers)
            elif act.plain:
                choice = {"message": {"content": text}, "finish_reason": act.finish}
                self._json(200, {"choices": [choice], "usage": USAGE})
            else:
                self._stream(act, text)

        def _stream(self, act: Act, text: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            if act.raw is not None:
                self.wfile.write(act.raw.encode())
                return
            for number, start in enumerate(range(0, len(text), 50)):
                if number == act.break_after:
                    return
                self._event({"choices": [{"delta": {"content": text[start : start + 50]}}]})
            self._event({"choices": [{"delta": {}, "finish_reason": act.finish}]})
            self._event({"choices": [], "usage": USAGE})
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, event: Any) -> None:
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()

        def _json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()

    def stop() -> None:
        leave.set()
        server.shutdown()
        server.server_close()
        thread.join()

    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield Server(url, requests, headers, busy, stop, listed)
    finally:
        if thread.is_alive():
            stop()


USAGE = {"prompt_tokens": 70, "completion_tokens": 7}
