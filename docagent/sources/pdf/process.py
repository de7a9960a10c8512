"""The pool of processes that parse PDFs.

A few parser processes serve the whole program, each with one request at a time (pdfium is not
thread-safe). A file that takes long or crashes its process does not affect other files. A process
starts on demand, is replaced after it was killed, and ends with the program, however that ends.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.errors import SourceFault
from docagent.forking import never_freed, renew_in_children
from docagent.sources.pdf.worker_messages import Message, read_message, write_message

MIN_PROCESSES, MAX_PROCESSES = 2, 4
"""Bounds on the number of processes if ``pdf.processes`` is 0 (one per core). With one process, a
file that takes long stalls all others; each process may take ``pdf.memory``."""

_INHERITED = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    *("PYTHONHOME", "PYTHONUSERBASE", "HOME", "USERPROFILE", "APPDATA"),  # where packages are
    *("SYSTEMROOT", "TMPDIR", "TEMP", "TMP"),
)
"""Environment variables passed to a process. Others are withheld, so that a hostile file that takes
over the process finds no keys."""


class PdfProcessError(Exception):
    """A parser process could not answer; the message says why, and ``fault`` gives the class."""

    def __init__(self, reason: str, fault: SourceFault = "damaged") -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass(frozen=True)
class PdfLimits:
    """Limits of parser processes.

    seconds: time that a request and its answer may take. memory: most bytes of address space of a
    process. processes: most processes; 0 means one per core, between MIN_PROCESSES and
    MAX_PROCESSES.
    """

    seconds: float
    memory: int
    processes: int = 0

    @property
    def most(self) -> int:
        """The most processes, with 0 resolved."""
        return self.processes or max(MIN_PROCESSES, min(MAX_PROCESSES, os.cpu_count() or 1))


class PdfProcess:
    """A running parser process.

    memory: most bytes of address space. Raises PdfProcessError if it cannot be started.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.last_id = ""
        """Content hash of the PDF of the last request."""
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "docagent.sources.pdf.worker", str(memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            reason = f"the PDF parser process could not start ({error})"
            raise PdfProcessError(reason, "unreadable") from error

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def ask(self, header: dict[str, Any], payload: bytes, seconds: float) -> Message:
        """Send a request and wait for the answer; kill the process after ``seconds``.

        Raises PdfProcessError if the process took too long, crashed or ran out of memory.
        """
        watch = _Watchdog(self._child, seconds)
        assert self._child.stdin and self._child.stdout
        self.last_id = header["id"]
        try:
            write_message(self._child.stdin, header | {"seconds": seconds}, payload)
            answer = read_message(self._child.stdout)
        except (OSError, EOFError):
            answer = None
        finally:
            watch.stop()
        if answer is None:
            self.close()
            if watch.killed:
                reason = f"it took longer than {seconds:g} s (setting pdf.seconds)"
                raise PdfProcessError(reason, "timeout")
            raise PdfProcessError("the PDF parser crashed or ran out of memory on it")
        return answer

    def close(self) -> None:
        """Kill the process and close its pipes."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._child.wait()

    def forget(self) -> None:
        """In a forked child, drop the process without disturbing the parent's use of it.

        The child's copies of the pipes are closed: while one is open, the process would not notice
        the end of the parent.
        """
        never_freed(self._child)  # threads of the parent may hold the locks of its pipes
        null = os.open(os.devnull, os.O_RDWR)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe and not pipe.closed:
                os.dup2(null, pipe.fileno(), inheritable=False)
        os.close(null)


class _Watchdog:
    """Kills a process after some seconds, unless ``stop`` is called before."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float) -> None:
        self.killed = False
        self._child, self._stopped = child, False
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Cancel the watchdog; the process is not killed after this returns."""
        self._timer.cancel()
        with self._lock:
            self._stopped = True

    def _kill(self) -> None:
        with self._lock:
            if not self._stopped:
                self.killed = True
                self._child.kill()


def _environment() -> dict[str, str]:
    package = str(Path(__file__).resolve().parents[3])
    inherited = os.environ.get("PYTHONPATH")
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join([package, inherited] if inherited else [package]),
        "PYTHONSAFEPATH": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


class PdfPool:
    """A few parser processes. Each request goes to a free one. Safe in several threads."""

    def __init__(self) -> None:
        self._make_empty()
        renew_in_children(self)
        atexit.register(self.stop)

    def _make_empty(self) -> None:
        self._changed = threading.Condition()
        self._free: list[PdfProcess] = []
        self._busy: list[PdfProcess | None] = []

    def ask(self, header: dict[str, Any], data: bytes, limits: PdfLimits) -> Message:
        """The answer to a request about the PDF ``data``; ``header["id"]`` is its content hash.

        Waits for a free process, and sends it the bytes only if it does not have them. Raises
        PdfProcessError.
        """
        process = self._take(header["id"], limits)
        try:
            return _ask(process, header, data, limits.seconds)
        finally:
            self._give_back(process)

    def stop(self) -> None:
        """Kill the processes without a request; the others end with the program."""
        with self._changed:
            while self._free:
                self._free.pop().close()

    def after_fork(self) -> None:
        """In a forked child, drop the processes of the parent; the child starts its own."""
        for process in [*self._free, *filter(None, self._busy)]:
            process.forget()
        self._make_empty()

    def _take(self, key: str, limits: PdfLimits) -> PdfProcess:
        with self._changed:
            while True:
                found = self._choose(key, limits.memory)
                if found is not None:
                    self._busy.append(found)
                    return found
                if len(self._free) + len(self._busy) < limits.most:
                    break
                if self._free:  # the free processes have another memory limit
                    self._free.pop(0).close()
                    continue
                self._changed.wait()
            self._busy.append(None)
        started = None
        try:
            started = PdfProcess(limits.memory)
        finally:
            with self._changed:
                self._busy.remove(None)
                if started is not None:
                    self._busy.append(started)
                self._changed.notify()
        return started

    def _choose(self, key: str, memory: int) -> PdfProcess | None:
        """Take a free process: the one whose last request was about this PDF, else the one used
        last; None if there is none with this memory limit."""
        self._free = [process for process in self._free if process.alive]
        fit = [process for process in self._free if process.memory == memory]
        chosen = next((p for p in fit if p.last_id == key), fit[-1] if fit else None)
        if chosen is not None:
            self._free.remove(chosen)
        return chosen

    def _give_back(self, process: PdfProcess) -> None:
        with self._changed:
            self._busy.remove(process)
            if process.alive:
                self._free.append(process)
            self._changed.notify()


def _ask(process: PdfProcess, header: dict[str, Any], data: bytes, seconds: float) -> Message:
    """Ask a process; if it does not have the PDF open, send the bytes and ask again."""
    if header["op"] == "open":
        return process.ask(header, data, seconds)
    answer = process.ask(header, b"", seconds)
    if not answer[0].get("missing"):
        return answer
    opened, _ = process.ask(header | {"op": "open"}, data, seconds)
    if "error" in opened:
        return opened, b""
    return process.ask(header, b"", seconds)


PDF_POOL = PdfPool()
"""The pool of this program; the first process starts with the first PDF."""
