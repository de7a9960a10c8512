"""Tesseract through its command: ``tesseract stdin stdout tsv``. Nothing is linked or imported."""

from __future__ import annotations

import os
import shutil
import subprocess

import cv2
import numpy as np

from docagent.document import Page, Word
from docagent.errors import SettingsError, SourceError
from docagent.geometry import Polygon, polygon_to_bbox, scale_polygon
from docagent.ocr.detection.view import type_height
from docagent.ocr.engines.boxed_pages import boxed_words_to_page, cut_place
from docagent.ocr.engines.boxed_words import tsv_to_lines
from docagent.ocr.preprocess import turn
from docagent.ocr.types import Image
from docagent.settings import Settings
from docagent.sources.scan import ScanPage

COMMAND = "tesseract"
SECONDS = 120.0
"""Longest one page may take; a page of noise can keep the command busy for hours."""

TYPE = 34.0
"""Pixels from ascender to descender to which smaller type is enlarged."""

LARGEST_SCALE = 3.0
LARGEST_SIDE = 4000
"""Longest side in pixels that a page is enlarged to."""

DOUBT = 0.5
"""Mean word confidence below which the page is tried in other directions."""

PAGE, ONE_LINE = 3, 7
"""Page segmentation modes: a page of any layout, a single line."""


class TesseractEngine:
    """Reads pages with an installed Tesseract (its default language).

    Small type is enlarged first. Raises SettingsError if there is no ``tesseract`` command.
    """

    name = "tesseract"

    def __init__(self, settings: Settings | None = None) -> None:
        command = shutil.which(COMMAND)
        if command is None:
            raise SettingsError(missing_tesseract())
        self._command = command
        threads = (settings or Settings()).threads
        self._env = {**os.environ, **({"OMP_THREAD_LIMIT": str(threads)} if threads else {})}

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page's sound text layer, or what is read from its image, turned as it reads best.

        Raises SourceError, also when the command fails.
        """
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        first = self.read_turned(scan_page, 0)
        if not first.lines or upright_confidence(first) >= DOUBT:
            return first
        others = [self.read_turned(scan_page, quarter) for quarter in (180, 90, 270)]
        return max([first, *others], key=upright_confidence)

    def read_turned(self, scan_page: ScanPage, quarter: int) -> Page:
        """The page's image read as it is after ``quarter`` degrees clockwise."""
        image = turn(scan_page.image(), quarter)
        scale = enlargement(image)
        words = self._run(_resized(image, scale), PAGE, scan_page.number)
        flat = [word for line in tsv_to_lines(words, 1 / scale) for word in line]
        return boxed_words_to_page(flat, image, scan_page.number, quarter, self.name)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """One place (a page-relative polygon) read by itself as a line; None without text."""
        if page.source == "text_layer":
            return None
        crop = cut_place(scan_page.image(), page, polygon)
        scale = min(LARGEST_SCALE, max(1.0, 1.5 * TYPE / crop.shape[0]))
        lines = tsv_to_lines(self._run(_resized(crop, scale), ONE_LINE, page.number), 1.0)
        return " ".join(word.text for line in lines for word in line) or None

    def _run(self, image: Image, mode: int, number: int) -> str:
        """TSV for a grey image. Raises SourceError naming the page."""
        # PGM: no time goes into compressing what is read once.
        done, encoded = cv2.imencode(".pgm", image)
        if not done:
            raise SourceError(f"page {number}", "the image could not be handed to tesseract")
        command = [self._command, "stdin", "stdout", "--psm", str(mode), "tsv"]
        try:
            ran = subprocess.run(
                command,
                input=encoded.tobytes(),
                capture_output=True,
                env=self._env,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            reason = f"tesseract took more than {SECONDS:g} s; use engine 'docagent'"
            raise SourceError(f"page {number}", reason) from None
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = f"tesseract failed ({said[-1] if said else ran.returncode})"
            raise SourceError(f"page {number}", reason)
        return ran.stdout.decode("utf-8", "replace")


def missing_tesseract() -> str:
    """What to say where the command is not installed."""
    return (
        "engine 'tesseract': there is no tesseract command on PATH; install it (Debian and "
        "Ubuntu: apt install tesseract-ocr; macOS: brew install tesseract), or use engine "
        "'docagent', which needs nothing else"
    )


def enlargement(image: Image) -> float:
    """How far a grey page is enlarged so that its type is TYPE pixels high; at least 1."""
    height = type_height(image)
    wanted = TYPE / height if height else 1.0
    return max(1.0, min(wanted, LARGEST_SCALE, LARGEST_SIDE / float(max(image.shape))))


def upright_confidence(page: Page) -> float:
    """Mean confidence of a page's words, weighted by characters; 0 for words that stand, which
    Tesseract may read too but does not put in order."""
    words = [word for line in page.lines for word in line.words]
    total = sum((word.confidence or 0.0) * len(word.text) for word in words if _lies(word, page))
    return total / max(1, sum(len(word.text) for word in words))


def _lies(word: Word, page: Page) -> bool:
    x0, y0, x1, y1 = polygon_to_bbox(scale_polygon(word.polygon, page.width, page.height))
    return len(word.text) < 3 or x1 - x0 >= y1 - y0


def _resized(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    larger = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.uint8)
