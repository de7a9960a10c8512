"""Pages of a PDF: images rendered on demand, and native text layers where they are sound."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
from pydantic import ValidationError

from docagent.document import Page
from docagent.errors import SourceError, SourceFault
from docagent.settings import Settings
from docagent.sources.images import Pixels, size_problem
from docagent.sources.pdf.preflight import pdf_danger
from docagent.sources.pdf.process import PDF_POOL, PdfLimits, PdfProcessError
from docagent.sources.pdf.worker_messages import Message

MAX_RENDER_PIXELS = 36_000_000
"""Most pixels of a rendered page (an A4 page at 600 dpi has 35 million)."""


class PdfFile:
    """Pages of one PDF. No page is cached between calls."""

    def __init__(self, data: bytes, key: str, name: str, settings: Settings) -> None:
        """key: content hash. name: used in errors. Raises SourceError if the file is unusable."""
        self._data, self._key, self._name, self._settings = data, key, name, settings
        danger = pdf_danger(data, settings.limits.max_pixels)
        if danger:
            raise SourceError(name, danger, "too_large")
        self.page_count = int(self._ask({"op": "open"}, None)[0]["pages"])
        if self.page_count == 0:
            raise SourceError(name, "it has no pages", "empty")

    def image(self, index: int, color: bool) -> Pixels:
        """Render page ``index`` (from 0): (H, W) grey or (H, W, 3) BGR. Raises SourceError."""
        self._size(index)
        header, payload = self._ask({"op": "render", "page": index, "color": color}, index)
        return np.frombuffer(payload, np.uint8).reshape(header["shape"])

    def dpi(self, index: int) -> float | None:
        """Dots per inch of ``image``. Raises SourceError."""
        return float(self._size(index)["dpi"])

    def text_layer(self, index: int) -> tuple[Page | None, str | None]:
        """(page, None), or (None, why the text layer is not used).

        Does not raise: a text layer that cannot be parsed is not used.
        """
        try:
            header, _ = self._ask({"op": "text", "page": index}, index)
            if header["page"] is None:
                return None, str(header["problem"])
            return Page.model_validate(header["page"]), None
        except SourceError as error:
            return None, error.reason
        except ValidationError:
            return None, "the text layer is not valid"

    def _size(self, index: int) -> dict[str, Any]:
        header, _ = self._ask({"op": "size", "page": index}, index)
        problem = size_problem(header["shape"][0], header["shape"][1], self._settings)
        if problem:
            raise SourceError(self._name, f"page {index + 1}: {problem.reason}", problem.fault)
        return header

    def _ask(self, request: dict[str, Any], index: int | None) -> Message:
        """Send a request to a parser process. Raises SourceError with the reason it gives."""
        settings = self._settings
        password = settings.pdf.password.get_secret_value()
        options = {
            # Whoever does not have the password finds no copy that another opened with it.
            "id": sha256(f"{self._key} {password}".encode()).hexdigest(),
            "password": password,
            "dpi": settings.pdf.dpi,
            "max_pixels": min(settings.limits.max_pixels, MAX_RENDER_PIXELS),
        }
        try:
            pdf = settings.pdf
            limits = PdfLimits(pdf.seconds, pdf.memory, pdf.processes)
            answer = PDF_POOL.ask(request | options, self._data, limits)
        except PdfProcessError as error:
            raise self._failed(index, str(error), error.fault) from error
        if "error" in answer[0]:
            raise self._failed(index, answer[0]["error"], answer[0]["fault"])
        return answer

    def _failed(self, index: int | None, problem: str, fault: SourceFault) -> SourceError:
        place = "" if index is None else f"page {index + 1}: "
        return SourceError(self._name, f"{place}{problem}", fault)
