"""One PDF page through pdfium: its image, the resolution to render at, and its visible text.

This module runs in the parser process (see ``worker``), never in the caller's process.
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
from docagent.sources.pdf.rulings import drawn_edges, merge_rulings
from docagent.sources.pdf.text_layer import (
    Char,
    Rotation,
    chars_to_words,
    main_rotation,
    rotate_bbox,
    rotated_size,
    split_hidden,
    text_layer_problem,
    words_to_lines,
)

MAX_CHECK_DPI = 100
"""Resolution of the two renders, with and without text, whose difference shows visible words."""
MAX_CHECK_PIXELS = 4_000_000
"""Most pixels of each of the two renders."""
MIN_CONTRAST = 24
"""A word is visible if it changes the page by at least so many grey levels (of 255)."""
MIN_INK_LEVELS, MIN_INK_RATIO = 48, 5e-4
"""A page has ink beside its text if more than this share of pixels differs from the median by more
than so many grey levels."""
MIN_SCAN_DPI, MAX_SCAN_DPI = 100.0, 300.0
"""A scanned page is rendered at the resolution of its image, within these bounds."""
MIN_SCAN_COVER = 0.8
"""A page is a scan if images cover at least this share of it."""
MAX_DEPTH = 8
"""Forms inside forms are walked to this depth."""

Matrix = tuple[float, float, float, float, float, float]
_INVISIBLE = (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)


@dataclass(frozen=True)
class PageObject:
    """A text or image object of a page.

    kind: type constant of pdfium. bbox: page-relative (0-1), on the page as shown. invisible:
    whether a text object draws nothing. pixel_width, pixel_height: size of an image object.
    """

    kind: int
    bbox: BBox
    invisible: bool = False
    pixel_width: int = 0
    pixel_height: int = 0


def open_page(pdf: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """Open page ``index`` (from 0) and merge form fields and annotations into its content, so that
    rendering and text extraction see the same objects. Raises pdfium.PdfiumError."""
    page = pdf[index]
    if pdfium_c.FPDFPage_GetAnnotCount(page) > 0:
        # PdfPage.flatten cannot be used: it requires a form even if there are only annotations.
        flattened = pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)
        if flattened == pdfium_c.FLATTEN_SUCCESS:
            page.close()
            page = pdf[index]
    return page


def render_page(page: pdfium.PdfPage, dpi: float, color: bool) -> NDArray[np.uint8]:
    """Render a page on white as uint8: (H, W) grey, or (H, W, 3) BGR with ``color``."""
    bitmap = page.render(scale=dpi / 72, grayscale=not color)
    try:
        pixels: NDArray[np.uint8] = bitmap.to_numpy().copy()
    finally:
        bitmap.close()
    return pixels[:, :, 0] if pixels.ndim == 3 and not color else pixels


def page_dpi(page: pdfium.PdfPage, default: float, max_pixels: int) -> float:
    """Dots per inch to render a page at: those of its image for a scan, else ``default``; fewer if
    the page would have more than ``max_pixels``."""
    width, height = page.get_size()
    dpi = default
    images = [o for o in page_objects(page) if o.kind == pdfium_c.FPDF_PAGEOBJ_IMAGE]
    largest = max(images, key=lambda o: bbox_area(o.bbox), default=None)
    if largest and _image_cover(images) >= MIN_SCAN_COVER:
        inches_wide = (largest.bbox[2] - largest.bbox[0]) * width / 72
        inches_tall = (largest.bbox[3] - largest.bbox[1]) * height / 72
        # On a rotated page the image lies sideways, so that the longer sides are compared.
        own = max(largest.pixel_width, largest.pixel_height) / max(inches_wide, inches_tall)
        dpi = min(max(own, MIN_SCAN_DPI), MAX_SCAN_DPI)
    return min(dpi, 72 * math.sqrt(max_pixels / max(width * height, 1e-9)) * 0.999)


def pixel_size(page: pdfium.PdfPage, dpi: float) -> tuple[int, int]:
    """Width and height in pixels of the image that ``render_page`` returns."""
    width, height = page.get_size()
    return math.ceil(width * dpi / 72), math.ceil(height * dpi / 72)


def page_objects(page: pdfium.PdfPage) -> list[PageObject]:
    """Text and image objects in drawing order, including those inside forms."""
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

    index: from 0. dpi: the resolution for ``width`` and ``height`` of the page.
    """
    page = open_page(pdf, index)
    width, height = page.get_size()
    objects = page_objects(page)
    problem = _scan_problem(objects)
    if problem:
        return None, problem
    chars, drawn = _page_chars(pdf, index, page)
    check_dpi = min(MAX_CHECK_DPI, 72 * math.sqrt(MAX_CHECK_PIXELS / (width * height)))
    shown = render_page(page, check_dpi, color=False)
    without_text = _render_without_text(page, check_dpi)
    difference = np.abs(shown.astype(np.int16) - without_text)
    rotation = main_rotation(chars)
    upright = rotated_size(width, height, rotation)

    def shows(word: Word) -> bool:
        bbox = rotate_bbox(polygon_to_bbox(word.polygon), _inverse(rotation), 1.0, 1.0)
        return _has_contrast(difference, bbox) and not _is_invisible(objects, bbox)

    words = chars_to_words(chars, width, height, rotation)
    visible, hidden = split_hidden(words, upright[1], shows)
    raw = "".join(char["text"] for char in chars)
    has_ink = _has_ink(without_text)
    problem = text_layer_problem(raw, visible, hidden, _image_cover(objects), has_ink)
    if problem:
        return None, problem
    pixels = rotated_size(*pixel_size(page, dpi), rotation)
    layer = Page(
        number=index + 1,
        width=int(pixels[0]),
        height=int(pixels[1]),
        lines=words_to_lines(visible, upright[0] / upright[1]),
        rotation=rotation,
        source="text_layer",
        hidden_words=tuple(hidden),
        rulings=merge_rulings(drawn, width, height, rotation),
    )
    return layer, None


def _has_ink(image: NDArray[np.uint8]) -> bool:
    """Whether a grey image shows more than a plain background."""
    contrast = np.abs(image.astype(np.int16) - np.median(image))
    return bool((contrast > MIN_INK_LEVELS).mean() > MIN_INK_RATIO)


def _image_cover(objects: list[PageObject]) -> float:
    """Share (0-1) of the page under images; overlapping parts count twice."""
    images = [o for o in objects if o.kind == pdfium_c.FPDF_PAGEOBJ_IMAGE]
    return min(1.0, sum(bbox_area(o.bbox) for o in images))


def _scan_problem(objects: list[PageObject]) -> str | None:
    """Why the text of a plain scan is not used; decided without rendering or parsing text."""
    texts = [o for o in objects if o.kind == pdfium_c.FPDF_PAGEOBJ_TEXT]
    if _image_cover(objects) < MIN_SCAN_COVER or not all(o.invisible for o in texts):
        return None
    if texts:
        return "the text layer is an invisible OCR layer over a scan"
    return "the page is an image without a text layer"


def _inverse(rotation: Rotation) -> Rotation:
    return cast(Rotation, (360 - rotation) % 360)


def _page_chars(
    pdf: pdfium.PdfDocument, index: int, page: pdfium.PdfPage
) -> tuple[list[Char], list[BBox]]:
    """Characters, and edges of lines and rectangles, with boxes in points of the page as shown,
    from pdfplumber.

    pdfium first copies the page into a new file, so that pdfminer gets a sound cross-reference
    table, no encryption and flattened form fields.
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
        edges = drawn_edges([*plumbed.lines, *plumbed.rects], *moves)
        chars = [
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
        return chars, edges


def _crop_offset(page: pdfium.PdfPage) -> tuple[float, float]:
    """Points that cropping removes at the left and the top of the page as shown."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, bottom = max(0.0, crop[0] - media[0]), max(0.0, crop[1] - media[1])
    right, top = max(0.0, media[2] - crop[2]), max(0.0, media[3] - crop[3])
    # Rotation by 90 degrees clockwise moves the bottom edge to the left and the left edge to the
    # top.
    sides = {0: (left, top), 90: (bottom, left), 180: (right, bottom), 270: (top, right)}
    return sides[page.get_rotation() % 360]


def _render_without_text(page: pdfium.PdfPage, dpi: float) -> NDArray[np.uint8]:
    """Render the page without its text objects. They stay inactive in the open page."""
    for raw, _ in _walk(page):
        if pdfium_c.FPDFPageObj_GetType(raw) == pdfium_c.FPDF_PAGEOBJ_TEXT:
            pdfium_c.FPDFPageObj_SetIsActive(raw, 0)
    return render_page(page, dpi, color=False)


def _has_contrast(difference: NDArray[np.int16], bbox: BBox) -> bool:
    """Whether removing the text changes pixels inside a page-relative box."""
    height, width = difference.shape
    x0, x1 = max(0, int(bbox[0] * width)), min(width, math.ceil(bbox[2] * width))
    y0, y1 = max(0, int(bbox[1] * height)), min(height, math.ceil(bbox[3] * height))
    part = difference[y0:y1, x0:x1]
    return bool(part.size and part.max() >= MIN_CONTRAST)


def _is_invisible(objects: list[PageObject], bbox: BBox) -> bool:
    """Whether all text objects at the centre of the box draw nothing; False if there are none."""
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
    """Every object, including those inside forms, with the matrix from its space to the page's."""
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
    """Convert a point of the PDF page space to fractions (0-1) of the page as shown."""
    grid = 100_000
    px, py = ctypes.c_int(), ctypes.c_int()
    pdfium_c.FPDF_PageToDevice(page, 0, 0, grid, grid, 0, x, y, px, py)
    return px.value / grid, py.value / grid
