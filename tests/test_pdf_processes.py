"""The processes that parse PDFs: how many, what they get, when they end, and what a fork does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from docagent.errors import SourceError
from docagent.settings import Settings
from docagent.sources.pdf import process
from docagent.sources.pdf.preflight import pdf_danger
from docagent.sources.pdf.process import PdfLimits, PdfPool, PdfProcess
from docagent.sources.scan import load
from tests.forked import holds_in_child
from tests.pdf_files import PdfPage, nested_forms_pdf, pdf_bytes, text_at

ROOT = Path(__file__).parents[1]
LIMITS = PdfLimits(seconds=20, memory=2**30, processes=2)
linux = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def a_pdf(number: int = 0) -> bytes:
    return pdf_bytes(PdfPage(text_at(60, 700, f"Please pay {number}.00 EUR")))


def text_of(data: bytes, settings: Settings | None = None) -> str:
    layer = load(data, settings).pages[0].text_layer
    assert layer is not None
    return layer.text


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int, seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not runs(pid)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[PdfPool]:
    """A pool with nothing in it, also for what loads PDFs."""
    made = PdfPool()
    monkeypatch.setattr("docagent.sources.pdf.document.PDF_POOL", made)
    yield made
    made.stop()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the processes started."""
    pids: list[int] = []
    start = PdfProcess.__init__

    def noted(self: PdfProcess, memory: int) -> None:
        start(self, memory)
        pids.append(self.pid)

    monkeypatch.setattr(PdfProcess, "__init__", noted)
    return pids


def test_a_file_that_takes_long_does_not_stall_the_others(pool: PdfPool) -> None:
    settings = Settings(pdf_seconds=600, pdf_processes=2)
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(load, nested_forms_pdf(depth=9, fan=10), settings)
        while not pool._busy or pool._busy[0] is None:
            time.sleep(0.01)
        hanging = pool._busy[0]
        for number in range(5):
            assert text_of(a_pdf(number), settings) == f"Please pay {number}.00 EUR"
        assert not slow.done()
        os.kill(hanging.pid, signal.SIGTERM)
        with pytest.raises(SourceError, match="crashed"):
            slow.result()


@pytest.mark.usefixtures("pool")
def test_there_are_no_more_processes_than_the_settings_say(started: list[int]) -> None:
    settings = Settings(pdf_processes=2)
    with ThreadPoolExecutor(6) as threads:
        texts = threads.map(lambda n: text_of(a_pdf(n), settings), range(12))
        assert list(texts) == [f"Please pay {n}.00 EUR" for n in range(12)]
    assert 1 <= len(started) <= 2
    # Another bound on memory needs another process, for which a free one makes place.
    assert text_of(a_pdf(), settings.replace(pdf_memory=2**29))
    assert len(started) <= 3 and sum(map(runs, started)) <= 2


@pytest.mark.usefixtures("pool")
def test_one_file_after_the_other_is_parsed_by_one_process(started: list[int]) -> None:
    for number in range(4):
        text_of(a_pdf(number))
    assert len(started) == 1


@linux
def test_a_process_gets_no_keys(pool: PdfPool, started: list[int], monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DOCAGENT_VLM_API_KEY", "secret")
    assert text_of(a_pdf())
    given = Path(f"/proc/{started[0]}/environ").read_bytes()
    assert b"secret" not in given
    names = {entry.partition(b"=")[0].decode() for entry in given.split(b"\0") if entry}
    assert names <= {*process._INHERITED, "PYTHONPATH", "PYTHONSAFEPATH"} | {
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
    }


KILLED = """
import os, sys, threading, time
from docagent.sources.pdf import process
from docagent.sources.scan import load
from docagent.settings import Settings
from tests.pdf_files import nested_forms_pdf
from tests.test_pdf_processes import a_pdf, text_of
text_of(a_pdf())
print(process.PDF_POOL._free[0].pid, flush=True)
if "child" in sys.argv:
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
if "busy" in sys.argv:
    slow = nested_forms_pdf(depth=9, fan=10)
    scan = threading.Thread(target=load, args=(slow, Settings(pdf_seconds=60)), daemon=True)
    scan.start()
    time.sleep(1)
print("ready", flush=True)
time.sleep(60)
"""


@linux
@pytest.mark.parametrize("doing", ["idle", "busy", "child"])
def test_a_process_ends_when_its_parent_is_killed(doing: str) -> None:
    """child: a forked child of the parent, with copies of all its pipes, lives on."""
    command = [sys.executable, "-W", "ignore", "-c", KILLED, doing]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        lines = iter(parent.stdout.readline, "")
        *pids, _ = [line.strip() for line in iter(lambda: next(lines), "ready\n")] + [""]
        worker, *children = map(int, pids)
        assert runs(worker)
        parent.kill()
        parent.wait()
        assert ends(worker)
        for child in children:
            assert runs(child)
            os.kill(child, signal.SIGKILL)


@linux
@forks
def test_a_forked_child_starts_its_own_process(pool: PdfPool) -> None:
    pool.ask({"op": "open", "id": "a"}, a_pdf(), LIMITS)
    own = pool._free[0].pid

    def starts_another() -> bool:
        answer, _ = pool.ask({"op": "open", "id": "a"}, a_pdf(), LIMITS)
        other = pool._free[0].pid
        pool.stop()
        return answer == {"pages": 1} and other != own

    assert holds_in_child(starts_another)
    assert pool.ask({"op": "open", "id": "b"}, a_pdf(), LIMITS)[0] == {"pages": 1}
    assert pool._free[0].pid == own


@pytest.mark.parametrize("junk", [b"", b"XXXX" * 40])
def test_streams_in_each_other_are_refused_in_no_time(junk: bytes) -> None:
    """Each stream holds all that follow as data, so that all are expanded to the end."""
    stream = b"stream\n\x78\x01\x00\x09\x00\xf6\xff"
    data = b"%PDF-1.7\n" + (stream * 4_000 + junk) * 125
    assert len(data) > 7_000_000
    start = time.process_time()
    assert "overlaps" in (pdf_danger(data, 100_000_000) or "")
    assert time.process_time() - start < 5
