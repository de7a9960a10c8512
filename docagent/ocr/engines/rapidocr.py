"""RapidOCR through its Python package (extra ``rapidocr``), which carries its own models."""

from __future__ import annotations

from copy import copy
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docagent.document import Page
from docagent.errors import MissingExtraError, SourceError
from docagent.forking import renew_in_children
from docagent.geometry import Polygon
from docagent.models import MODELS
from docagent.ocr.engines.boxed_pages import boxed_words_to_page, crop_polygon
from docagent.ocr.engines.boxed_words import BoxedWord, line_to_words
from docagent.settings import Settings
from docagent.sources.scan import ScanPage

PACKAGE = "rapidocr"


class RapidOcrEngine:
    """Reads pages with RapidOCR and its own word boxes.

    Its angle classifier rotates lines that are upside down. A page on its side is read, but its
    lines are not put in order. Raises MissingExtraError if the package is not installed.
    """

    name = "rapidocr"

    def __init__(self, settings: Settings | None = None) -> None:
        if find_spec(PACKAGE) is None:
            raise MissingExtraError("engine 'rapidocr'", "rapidocr")
        self._threads = (settings or Settings()).threads or -1
        self._engine: Any = MODELS.get(_load_rapidocr, self._threads)
        renew_in_children(self)

    def after_fork(self) -> None:
        """Lets the package's sessions be opened anew in a forked child, when they are needed."""
        self._engine = None

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page's text layer if it is sound, else recognise its image.

        Raises SourceError, also when the package fails.
        """
        return scan_page.text_layer or self._read(scan_page, 0, classify=True)

    def read_rotated(self, scan_page: ScanPage, rotation: int) -> Page:
        """Read the page's image after rotating it by ``rotation`` degrees clockwise.

        The page is known to be upright then, so the angle classifier is skipped.
        """
        return self._read(scan_page, rotation, classify=False)

    def _read(self, scan_page: ScanPage, rotation: int, *, classify: bool) -> Page:
        image = np.ascontiguousarray(np.rot90(scan_page.image(color=True), -(rotation // 90) % 4))
        result = self._run(image, scan_page.number, detect=True, classify=classify)
        words = [word for line in result_to_lines(result) for word in line]
        return boxed_words_to_page(words, image, scan_page.number, rotation, self.name)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Recognise one page-relative polygon without detection; None if it shows no text."""
        if page.source == "text_layer":
            return None
        crop = crop_polygon(scan_page.image(), page, polygon)
        image = np.ascontiguousarray(np.repeat(crop[..., None], 3, axis=2))
        result = self._run(image, page.number, detect=False, classify=False)
        return " ".join(" ".join(result.txts or ()).split()) or None

    def _run(self, image: NDArray[np.uint8], number: int, *, detect: bool, classify: bool) -> Any:
        if self._engine is None:
            self._engine = MODELS.get(_load_rapidocr, self._threads)
        try:
            # A copy, which shares the networks: the package keeps in itself what a call was told,
            # and other threads tell it other things.
            return copy(self._engine)(
                image, use_det=detect, use_cls=classify, return_word_box=detect
            )
        # The package's errors derive from Exception directly, with no common base class.
        except Exception as error:
            raise SourceError(f"page {number}", f"rapidocr failed ({error})") from error


def _load_rapidocr(threads: int) -> Any:
    """RapidOCR with its networks. threads: of one inference, -1 for all cores."""
    import rapidocr

    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": threads,
        }
    )


def result_to_lines(result: Any) -> list[list[BoxedWord]]:
    """Lines of words of RapidOCR's result; none for a page without text."""
    if result.txts is None or result.boxes is None:
        return []
    pieces = result.word_results or ()
    aligned = len(pieces) == len(result.txts)
    lines = [
        line_to_words(text, score, box, pieces[i] if aligned else ())
        for i, (text, score, box) in enumerate(
            zip(result.txts, result.scores, result.boxes, strict=True)
        )
    ]
    return [line for line in lines if line]
