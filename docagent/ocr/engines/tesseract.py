"""Tesseract through its command ``tesseract stdin stdout tsv``; nothing is linked or imported."""

from __future__ import annotations

import os
import shutil
import subprocess

import cv2
import numpy as np

from docagent.document import Page, Word
from docagent.errors import SettingsError, SourceError
from docagent.geometry import Polygon, polygon_to_bbox, scale_polygon
from docagent.ocr.detection.input_scaling import type_height
from docagent.ocr.engines.boxed_pages import boxed_words_to_page, crop_polygon
from docagent.ocr.engines.boxed_words import tsv_to_lines
from docagent.ocr.preprocess import rotate_right_angle
from docagent.ocr.types import Image
from docagent.settings import Settings
from docagent.sources.scan import ScanPage

COMMAND = "tesseract"
MAX_PAGE_SECONDS = 120.0
"""Time limit of one page; a page of noise can keep the command busy for hours."""

TARGET_TYPE_HEIGHT_PX = 34.0
"""Pixels from ascender to descender to which smaller type is enlarged."""

MAX_SCALE = 3.0
MAX_SIDE_PX = 4000
"""Largest enlargement factor, and longest side that a page is enlarged to."""

MIN_UPRIGHT_CONFIDENCE = 0.5
"""Mean word confidence below which other rotations of the page are tried."""

PAGE_MODE = 3
LINE_MODE = 7
"""Tesseract's page segmentation modes for a page of any layout and for a single line."""


class TesseractEngine:
    """Reads pages with an installed Tesseract (its default language).

    Small type is enlarged first. Raises SettingsError if there is no ``tesseract`` command.
    """

    name = "tesseract"

    def __init__(self, settings: Settings | None = None) -> None:
        command = shutil.which(COMMAND)
        if command is None:
            raise SettingsError(missing_tesseract(), "not_installed")
        self._command = command
        threads = (settings or Settings()).threads
        self._env = {**os.environ, **({"OMP_THREAD_LIMIT": str(threads)} if threads else {})}

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page's text layer if it is sound, else recognise its image at the best
        rotation.

        Raises SourceError, also when the command fails.
        """
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        first = self.read_rotated(scan_page, 0)
        if not first.lines or upright_confidence(first) >= MIN_UPRIGHT_CONFIDENCE:
            return first
        others = [self.read_rotated(scan_page, rotation) for rotation in (180, 90, 270)]
        return max([first, *others], key=upright_confidence)

    def read_rotated(self, scan_page: ScanPage, rotation: int) -> Page:
        """Read the page's image after rotating it by ``rotation`` degrees clockwise."""
        image = rotate_right_angle(scan_page.image(), rotation)
        scale = enlargement(image)
        words = self._run(_enlarge(image, scale), PAGE_MODE, scan_page.number)
        flat = [word for line in tsv_to_lines(words, 1 / scale) for word in line]
        return boxed_words_to_page(flat, image, scan_page.number, rotation, self.name)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Recognise one page-relative polygon as a single line; None if it shows no text."""
        if page.source == "text_layer":
            return None
        crop = crop_polygon(scan_page.image(), page, polygon)
        scale = min(MAX_SCALE, max(1.0, 1.5 * TARGET_TYPE_HEIGHT_PX / crop.shape[0]))
        lines = tsv_to_lines(self._run(_enlarge(crop, scale), LINE_MODE, page.number), 1.0)
        return " ".join(word.text for line in lines for word in line) or None

    def _run(self, image: Image, mode: int, number: int) -> str:
        """Run Tesseract on a grey image and return its TSV. Raises SourceError naming the page."""
        # PGM is uncompressed: the image is read once, so compressing it would only cost time.
        done, encoded = cv2.imencode(".pgm", image)
        if not done:
            raise SourceError(f"page {number}", "the image could not be encoded for tesseract")
        command = [self._command, "stdin", "stdout", "--psm", str(mode), "tsv"]
        try:
            ran = subprocess.run(
                command,
                input=encoded.tobytes(),
                capture_output=True,
                env=self._env,
                timeout=MAX_PAGE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            reason = f"tesseract took more than {MAX_PAGE_SECONDS:g} s; use engine 'docagent'"
            raise SourceError(f"page {number}", reason, "timeout") from None
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = f"tesseract failed ({said[-1] if said else ran.returncode})"
            raise SourceError(f"page {number}", reason)
        return ran.stdout.decode("utf-8", "replace")


def missing_tesseract() -> str:
    """Error message for a missing ``tesseract`` command."""
    return (
        "engine 'tesseract': there is no tesseract command on PATH; install it (Debian and "
        "Ubuntu: apt install tesseract-ocr; macOS: brew install tesseract), or use engine "
        "'docagent', which needs nothing else"
    )


def enlargement(image: Image) -> float:
    """Factor (at least 1) by which a grey page is enlarged so that its type reaches the target
    height."""
    height = type_height(image)
    wanted = TARGET_TYPE_HEIGHT_PX / height if height else 1.0
    return max(1.0, min(wanted, MAX_SCALE, MAX_SIDE_PX / float(max(image.shape))))


def upright_confidence(page: Page) -> float:
    """Mean confidence of a page's words, weighted by characters.

    Vertical words count 0: Tesseract may read them but does not put them in order.
    """
    words = [word for line in page.lines for word in line.words]
    total = sum(
        (word.confidence or 0.0) * len(word.text) for word in words if _is_horizontal(word, page)
    )
    return total / max(1, sum(len(word.text) for word in words))


def _is_horizontal(word: Word, page: Page) -> bool:
    x0, y0, x1, y1 = polygon_to_bbox(scale_polygon(word.polygon, page.width, page.height))
    return len(word.text) < 3 or x1 - x0 >= y1 - y0


def _enlarge(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    larger = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.uint8)
