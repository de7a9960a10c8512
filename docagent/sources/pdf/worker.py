"""The process that parses PDFs: ``python -m docagent.sources.pdf.worker <bytes of memory>``.

Hostile files can make PDF libraries crash, hang or exhaust the memory. The libraries therefore run
in this process, which the caller kills if it takes too long (see ``process``). The process reads
requests from stdin and writes answers to stdout, as messages of ``wire``. It exits at the end of
stdin, which is the end of the caller, even during a request.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from docagent.errors import SourceFault
from docagent.sources.pdf.page import open_page, page_dpi, pixel_size, read_text_layer, render_page
from docagent.sources.pdf.worker_messages import Message, read_message, write_message

MAX_OPEN_FILES = 2
"""Most PDFs that are kept open."""
MAX_PROBED_PAGES = 20
"""A file is damaged if none of this many first pages can be loaded."""
GRACE_SECONDS = 5.0
"""The process exits by itself this long after the time limit of a request."""


class Documents:
    """The PDFs opened last, by content hash."""

    def __init__(self) -> None:
        self._open: dict[str, pdfium.PdfDocument] = {}

    def answer(self, request: dict[str, Any], payload: bytes) -> Message:
        """Carry out one request. Exceptions of the PDF libraries are passed on."""
        if request["op"] == "open":
            return self._load(request, payload), b""
        pdf = self._open.get(request["id"])
        if pdf is None:
            return {"missing": True}, b""
        if request["op"] == "text":
            return _text(pdf, request), b""
        return _render(pdf, request)

    def _load(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        password = request.get("password", "")
        while len(self._open) >= MAX_OPEN_FILES:
            self._open.pop(next(iter(self._open))).close()
        # pdfium sets no error for a file without pages, and would report that of an earlier file.
        # Opening an empty file first sets a known error.
        pdfium_c.FPDF_LoadDocument(b"", None)
        try:
            pdf = pdfium.PdfDocument(data, password or None)
        except pdfium.PdfiumError as error:
            fault, reason = _open_problem(error, bool(password))
            return {"error": reason, "fault": fault}
        if pdf.get_formtype() != pdfium_c.FORMTYPE_NONE:
            pdf.init_forms()
        if len(pdf) and not any(_loads(pdf, i) for i in range(min(len(pdf), MAX_PROBED_PAGES))):
            reason = "none of its pages can be read; the file is damaged or cut short"
            return {"error": reason, "fault": "damaged"}
        self._open[request["id"]] = pdf
        return {"pages": len(pdf)}


def _loads(pdf: pdfium.PdfDocument, index: int) -> bool:
    try:
        pdf[index].close()
    except pdfium.PdfiumError:
        return False
    return True


def _open_problem(error: pdfium.PdfiumError, has_password: bool) -> tuple[SourceFault, str]:
    if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
        if has_password:
            return "encrypted", "it is encrypted with another password than the one given"
        reason = "it is encrypted with a password; give the password, or save a copy without one"
        return "encrypted", reason
    if error.err_code == pdfium_c.FPDF_ERR_SECURITY:
        reason = "it uses an encryption that is not supported; save a copy without it"
        return "encrypted", reason
    if error.err_code in (pdfium_c.FPDF_ERR_SUCCESS, pdfium_c.FPDF_ERR_FILE):
        return "empty", "it has no pages"
    reason = "this PDF file is damaged or cut short; open it in a viewer and save it again"
    return "damaged", reason


def _text(pdf: pdfium.PdfDocument, request: dict[str, Any]) -> dict[str, Any]:
    index = request["page"]
    page = open_page(pdf, index)
    dpi = page_dpi(page, request["dpi"], request["max_pixels"])
    page.close()
    layer, problem = read_text_layer(pdf, index, dpi)
    return {"page": layer.model_dump(mode="json") if layer else None, "problem": problem}


def _render(pdf: pdfium.PdfDocument, request: dict[str, Any]) -> Message:
    page = open_page(pdf, request["page"])
    try:
        dpi = page_dpi(page, request["dpi"], request["max_pixels"])
        if request["op"] == "size":
            return {"shape": pixel_size(page, dpi), "dpi": dpi}, b""
        pixels = render_page(page, dpi, request["color"])
        return {"shape": pixels.shape, "dpi": dpi}, pixels.tobytes()
    finally:
        page.close()


def listen(requests: IO[bytes], waiting: SimpleQueue[Message]) -> None:
    """Put requests into a queue, and exit the process at the end of their stream.

    This runs in a thread of its own, as the caller may be killed while a page is parsed.
    """
    try:
        while (message := read_message(requests)) is not None:
            waiting.put(message)
    finally:
        os._exit(0)


def serve(waiting: SimpleQueue[Message], answers: IO[bytes]) -> None:
    """Answer requests in an endless loop."""
    documents = Documents()
    while True:
        message = waiting.get()
        _exit_after(message[0]["seconds"] + GRACE_SECONDS)
        try:
            header, payload = documents.answer(*message)
        # This is the boundary to two parsers of hostile files: pdfminer alone raises its own
        # errors, struct.error, KeyError, TypeError, RecursionError and more. Each fails one page.
        except Exception as error:
            fault, reason = _problem(error)
            header, payload = {"error": reason, "fault": fault}, b""
        write_message(answers, header, payload)
        _exit_after(0)


def _exit_after(seconds: float) -> None:
    """Set a timer of the system that ends this process; 0 cancels it.

    The caller normally kills the process earlier. ``listen`` notices the end of the caller, but not
    while C code holds the interpreter lock; the timer covers that case. Windows has no such timer.
    """
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _problem(error: Exception) -> tuple[SourceFault, str]:
    if isinstance(error, MemoryError):
        return "too_large", "it needs more memory than allowed"
    text = str(error) or type(error).__name__
    return "damaged", f"it is damaged ({text[:200]})"


def _limit_memory(size: int) -> None:
    """Limit the address space (bytes), where the system can: Windows cannot, macOS ignores it."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    except (ValueError, OSError):
        return


def main() -> None:
    """Serve requests until stdin ends."""
    # Answers go to a copy of stdout, and stdout to stderr, so that nothing a library prints can
    # break the stream of messages.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    _limit_memory(int(sys.argv[1]))
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the caller may ignore it
    waiting: SimpleQueue[Message] = SimpleQueue()
    Thread(target=listen, args=(sys.stdin.buffer, waiting), daemon=True).start()
    serve(waiting, answers)


if __name__ == "__main__":
    main()
