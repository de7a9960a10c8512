"""One PDF page through pdfium: what it draws, at which resolution, and what text it shows.

Runs in the process that parses PDFs (see ``pdf_worker``), never in the caller's.
"""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pdfplumber
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from docagent.document import Page, Word
from docagent.geometry import BBox, bbox_area, polygon_to_bbox
from docagent.sources.pdf.text_layer import (
    Char,
    Turn,
    chars_to_words,
    main_turn,
    split_hidden,
    text_layer_problem,
    turn_bbox,
    turned_size,
    words_to_lines,
)

CHECK_DPI = 100
"""Resolution of the two renders that tell shown from hidden text."""
CHECK_PIXELS = 4_000_000
MIN_CONTRAST = 24
"""Grey levels (of 255) by which a word must change the page to be seen."""
SCAN_DPI = (100.0, 300.0)
"""A page that is one image is rendered near that image's own resolution, within these."""
SCAN_COVER = 0.8
MAX_DEPTH = 8

Matrix = tuple[float, float, float, float, float, float]
_INVISIBLE = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)


@dataclass(frozen=True)
class PageObject:
    """A text or image object: its box as a fraction of the shown page, and image pixels."""

    kind: int
    bbox: BBox
    invisible: bool = False
    pixel_width: int = 0
    pixel_height: int = 0


def open_page(pdf: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """Page ``index`` with form fields and annotations merged into its content, so that what
    is drawn and what is text are the same thing. Raises pdfium.PdfiumError."""
    page = pdf[index]
    if pdfium_c.FPDFPage_GetAnnotCount(page) > 0:
        # Not PdfPage.flatten, which insists on a form even where there are only annotations.
        flattened = pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)
        if flattened == pdfium_c.FLATTEN_SUCCESS:
            page.close()
            page = pdf[index]
    return page


def render_page(page: pdfium.PdfPage, dpi: float, color: bool) -> NDArray[np.uint8]:
    """(H, W) grey or (H, W, 3) BGR on white."""
    bitmap = page.render(scale=dpi / 72, grayscale=not color)
    try:
        pixels: NDArray[np.uint8] = bitmap.to_numpy().copy()
    finally:
        bitmap.close()
    return pixels[:, :, 0] if pixels.ndim == 3 and not color else pixels


def page_dpi(page: pdfium.PdfPage, default: float, max_pixels: int) -> float:
    """Resolution to render at: near a full-page image's own, otherwise ``default``; less
    where the page would have more than ``max_pixels``."""
    width, height = page.get_size()
    dpi = default
    images = [o for o in page_objects(page) if o.kind == pdfium_c.FPDF_PAGEOBJ_IMAGE]
    largest = max(images, key=lambda o: bbox_area(o.bbox), default=None)
    if largest and _image_cover(images) >= SCAN_COVER:
        inches = (largest.bbox[2] - largest.bbox[0]) * width / 72
        tall = (largest.bbox[3] - largest.bbox[1]) * height / 72
        # The image may lie sideways under a turned page: the larger side is the larger side.
        own = max(largest.pixel_width, largest.pixel_height) / max(inches, tall)
        dpi = min(max(own, SCAN_DPI[0]), SCAN_DPI[1])
    return min(dpi, 72 * math.sqrt(max_pixels / max(width * height, 1e-9)) * 0.999)


def pixel_size(page: pdfium.PdfPage, dpi: float) -> tuple[int, int]:
    """Width and height of ``render_page``."""
    width, height = page.get_size()
    return math.ceil(width * dpi / 72), math.ceil(height * dpi / 72)


def page_objects(page: pdfium.PdfPage) -> list[PageObject]:
    """Text and image objects, those inside forms included, in drawing order."""
    return [
        _describe(page, raw, matrix)
        for raw, matrix in _walk(page)
        if pdfium_c.FPDFPageObj_GetType(raw)
        in (pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_IMAGE)
    ]


def read_text_layer(
    pdf: pdfium.PdfDocument, index: int, dpi: float
) -> tuple[Page | None, str | None]:
    """(page with its lines and hidden words, None), or (None, why its text is not used).

    dpi: the resolution that ``width`` and ``height`` of the page are given at.
    """
    page = open_page(pdf, index)
    width, height = page.get_size()
    objects = page_objects(page)
    problem = _scan_problem(objects)
    if problem:
        return None, problem
    chars = _page_chars(pdf, index, page)
    check = min(CHECK_DPI, 72 * math.sqrt(CHECK_PIXELS / (width * height)))
    shown = render_page(page, check, color=False)
    without = _render_without_text(page, check)
    difference = np.abs(shown.astype(np.int16) - without)
    turn = main_turn(chars)
    upright = turned_size(width, height, turn)

    def shows(word: Word) -> bool:
        bbox = turn_bbox(polygon_to_bbox(word.polygon), _back(turn), 1.0, 1.0)
        return _has_contrast(difference, bbox) and not _is_invisible(objects, bbox)

    words = chars_to_words(chars, width, height, turn)
    visible, hidden = split_hidden(words, upright[1], shows)
    raw = "".join(char["text"] for char in chars)
    has_ink = bool((np.abs(without.astype(np.int16) - np.median(without)) > 48).mean() > 5e-4)
    problem = text_layer_problem(raw, visible, hidden, _image_cover(objects), has_ink)
    if problem:
        return None, problem
    pixels = turned_size(*pixel_size(page, dpi), turn)
    layer = Page(
        number=index + 1,
        width=int(pixels[0]),
        height=int(pixels[1]),
        lines=words_to_lines(visible, upright[0] / upright[1]),
        rotation=turn,
        source="text_layer",
        hidden_words=tuple(hidden),
    )
    return layer, None


def _image_cover(objects: list[PageObject]) -> float:
    """Share (0-1) of the page under images, those on each other counted twice."""
    images = [o for o in objects if o.kind == pdfium_c.FPDF_PAGEOBJ_IMAGE]
    return min(1.0, sum(bbox_area(o.bbox) for o in images))


def _scan_problem(objects: list[PageObject]) -> str | None:
    """Tells a plain scan from its objects alone, without drawing or parsing its text."""
    texts = [o for o in objects if o.kind == pdfium_c.FPDF_PAGEOBJ_TEXT]
    if _image_cover(objects) < SCAN_COVER or not all(o.invisible for o in texts):
        return None
    if texts:
        return "the text layer is an invisible OCR layer over a scan"
    return "the page is an image without a text layer"


def _back(turn: Turn) -> Turn:
    return cast(Turn, (360 - turn) % 360)


def _page_chars(pdf: pdfium.PdfDocument, index: int, page: pdfium.PdfPage) -> list[Char]:
    """Characters with boxes in points of the shown page, from pdfplumber.

    The page goes through pdfium into a file of its own: pdfminer then sees a sound
    cross-reference table, no encryption and the flattened form fields.
    """
    single = pdfium.PdfDocument.new()
    buffer = io.BytesIO()
    try:
        single.import_pages(pdf, [index])
        single.save(buffer)
    finally:
        single.close()
    left, top = _crop_offset(page)
    with pdfplumber.open(buffer) as document:
        plumbed = document.pages[0]
        x_origin, y_origin = plumbed.mediabox[0], plumbed.mediabox[1]
        moves = (-x_origin - left, -y_origin - top)
        return [
            {
                "text": char["text"],
                "matrix": char["matrix"],
                "x0": char["x0"] + moves[0],
                "x1": char["x1"] + moves[0],
                "top": char["top"] + moves[1],
                "bottom": char["bottom"] + moves[1],
            }
            for char in plumbed.chars
            if all(math.isfinite(char[key]) for key in ("x0", "x1", "top", "bottom"))
        ]


def _crop_offset(page: pdfium.PdfPage) -> tuple[float, float]:
    """Points cut off from the left and the top of the media box, as the page is shown."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, bottom = max(0.0, crop[0] - media[0]), max(0.0, crop[1] - media[1])
    right, top = max(0.0, media[2] - crop[2]), max(0.0, media[3] - crop[3])
    # Turning the page clockwise brings the bottom edge to the left and the left edge to the top.
    sides = {0: (left, top), 90: (bottom, left), 180: (right, bottom), 270: (top, right)}
    return sides[page.get_rotation() % 360]


def _render_without_text(page: pdfium.PdfPage, dpi: float) -> NDArray[np.uint8]:
    """The page as it would be without its text objects; the open page keeps them off."""
    for raw, _ in _walk(page):
        if pdfium_c.FPDFPageObj_GetType(raw) == pdfium_c.FPDF_PAGEOBJ_TEXT:
            pdfium_c.FPDFPageObj_SetIsActive(raw, 0)
    return render_page(page, dpi, color=False)


def _has_contrast(difference: NDArray[np.int16], bbox: BBox) -> bool:
    """Whether taking the text away changes pixels inside the box (fractions of the page)."""
    height, width = difference.shape
    x0, x1 = max(0, int(bbox[0] * width)), min(width, math.ceil(bbox[2] * width))
    y0, y1 = max(0, int(bbox[1] * height)), min(height, math.ceil(bbox[3] * height))
    part = difference[y0:y1, x0:x1]
    return bool(part.size and part.max() >= MIN_CONTRAST)


def _is_invisible(objects: list[PageObject], bbox: BBox) -> bool:
    """Whether only text objects that draw nothing lie at the centre of the box."""
    x, y = (bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2
    here = [
        o.invisible
        for o in objects
        if o.kind == pdfium_c.FPDF_PAGEOBJ_TEXT
        and o.bbox[0] <= x <= o.bbox[2]
        and o.bbox[1] <= y <= o.bbox[3]
    ]
    return bool(here) and all(here)


def _walk(page: pdfium.PdfPage) -> Iterator[tuple[ctypes.c_void_p, Matrix]]:
    """(object, matrix from its space to the page's) of every object, forms opened."""
    count = pdfium_c.FPDFPage_CountObjects(page)
    for i in range(count):
        yield from _walk_object(pdfium_c.FPDFPage_GetObject(page, i), (1, 0, 0, 1, 0, 0), 0)


def _walk_object(
    raw: ctypes.c_void_p, matrix: Matrix, depth: int
) -> Iterator[tuple[ctypes.c_void_p, Matrix]]:
    yield raw, matrix
    if pdfium_c.FPDFPageObj_GetType(raw) != pdfium_c.FPDF_PAGEOBJ_FORM or depth >= MAX_DEPTH:
        return
    inner = _multiply(_object_matrix(raw), matrix)
    for i in range(pdfium_c.FPDFFormObj_CountObjects(raw)):
        yield from _walk_object(pdfium_c.FPDFFormObj_GetObject(raw, i), inner, depth + 1)


def _object_matrix(raw: ctypes.c_void_p) -> Matrix:
    found = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(raw, found)
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _multiply(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies ``first``, then ``then`` (row vectors, PDF 32000-1, 8.3.4)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def _describe(page: pdfium.PdfPage, raw: ctypes.c_void_p, matrix: Matrix) -> PageObject:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium_c.FPDFPageObj_GetBounds(raw, left, bottom, right, top)
    a, b, c, d, e, f = matrix
    corners = [
        _to_shown(page, a * x + c * y + e, b * x + d * y + f)
        for x in (left.value, right.value)
        for y in (bottom.value, top.value)
    ]
    x0, y0, x1, y1 = polygon_to_bbox(corners)
    bbox = (min(max(x0, 0), 1), min(max(y0, 0), 1), min(max(x1, 0), 1), min(max(y1, 0), 1))
    kind = pdfium_c.FPDFPageObj_GetType(raw)
    if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(raw)
        return PageObject(kind, bbox, invisible=mode in _INVISIBLE)
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(raw, width, height)
    return PageObject(kind, bbox, pixel_width=width.value, pixel_height=height.value)


def _to_shown(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the page's own space as fractions of the shown page."""
    grid = 100_000
    px, py = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDF_PageToDevice(page, 0, 0, grid, grid, 0, x, y, px, py)
    return px.value / grid, py.value / grid
