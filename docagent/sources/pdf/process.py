"""Starts, asks and kills the process that parses PDFs.

One such process serves the whole program, one request at a time (pdfium allows no more). It
starts with the first PDF, is started again after it was killed, and ends with the program.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from docagent.errors import SourceFault
from docagent.sources.pdf.wire import Message, read_message, write_message


class PdfProcessError(Exception):
    """The process could not answer; the text says why."""

    def __init__(self, reason: str, fault: SourceFault = "damaged") -> None:
        super().__init__(reason)
        self.fault = fault


class PdfProcess:
    """A running parser process with a bound on its memory (bytes)."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.owner = os.getpid()
        package = str(Path(__file__).resolve().parents[3])
        inherited = os.environ.get("PYTHONPATH")
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join([package, inherited] if inherited else [package]),
            "PYTHONSAFEPATH": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "docagent.sources.pdf.worker", str(memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            reason = f"the PDF parser process could not start ({error})"
            raise PdfProcessError(reason, "unreadable") from error

    @property
    def alive(self) -> bool:
        """Whether it runs, and was started by this process rather than its parent."""
        return self.owner == os.getpid() and self._child.poll() is None

    def ask(self, header: dict[str, Any], payload: bytes, seconds: float) -> Message:
        """Sends a request and waits for the answer; kills the process after ``seconds``.

        Raises PdfProcessError when it took too long, crashed or ran out of memory.
        """
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._child.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        assert self._child.stdin and self._child.stdout
        try:
            write_message(self._child.stdin, header, payload)
            answer = read_message(self._child.stdout)
        except (OSError, EOFError):
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self.close()
            if late.is_set():
                reason = f"it took longer than {seconds:g} s (setting pdf_seconds)"
                raise PdfProcessError(reason, "timeout")
            raise PdfProcessError("the PDF parser crashed or ran out of memory on it")
        return answer

    def close(self) -> None:
        """Kills the process and lets go of its pipes."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._child.wait()


class _Shared:
    """The one process of this program."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: PdfProcess | None = None

    def running(self, memory: int) -> PdfProcess:
        current = self.process
        if current and current.alive and current.memory == memory:
            return current
        if current is None:
            atexit.register(self.stop)
        elif current.alive:
            current.close()
        self.process = PdfProcess(memory)
        return self.process

    def stop(self) -> None:
        if self.process and self.process.owner == os.getpid():
            self.process.close()


_shared = _Shared()


def ask_pdf_process(header: dict[str, Any], data: bytes, seconds: float, memory: int) -> Message:
    """The answer to a request about the PDF ``data``, which ``header["id"]`` identifies.

    The bytes are sent only when the process does not hold them. seconds: for each of sending
    and answering. memory: bound on the process, bytes. Raises PdfProcessError.
    """
    with _shared.lock:
        process = _shared.running(memory)
        if header["op"] == "open":
            return process.ask(header, data, seconds)
        answer = process.ask(header, b"", seconds)
        if not answer[0].get("missing"):
            return answer
        opened, _ = process.ask({"op": "open", "id": header["id"]}, data, seconds)
        if "error" in opened:
            return opened, b""
        return process.ask(header, b"", seconds)
