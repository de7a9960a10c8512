"""Pictures of pages for a viewer, as WebP: upright, so that polygons lie on them."""

from __future__ import annotations

import io
from collections import OrderedDict
from threading import Lock

from PIL import Image

from docagent.document import Page
from docagent.export.annotated_pages import page_picture
from docagent.sources.scan import Scan

MIN_WIDTH, MAX_WIDTH = 64, 3000
MAX_HEIGHT = 16383
"""Pixels of the longest side that WebP has."""
WEBP_QUALITY = 80
WEBP_EFFORT = 2
"""0 (fast) to 6 (small); 2 takes a third of the time of the default and a tenth more bytes."""
CACHE_BYTES = 64 * 2**20


class PictureCache:
    """The pictures asked for last, up to CACHE_BYTES. May be used by several threads."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, tag: str) -> bytes | None:
        """The picture with this tag."""
        with self._lock:
            if tag in self._pictures:
                self._pictures.move_to_end(tag)
            return self._pictures.get(tag)

    def put(self, tag: str, picture: bytes) -> None:
        """Remember a picture, and forget those that were not asked for longest."""
        with self._lock:
            self._bytes += len(picture) - len(self._pictures.pop(tag, b""))
            self._pictures[tag] = picture
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._pictures.popitem(last=False)[1])

    def forget(self, prefix: str) -> None:
        """Forget the pictures whose tags start with ``prefix``, such as a deleted document's."""
        with self._lock:
            for tag in [tag for tag in self._pictures if tag.startswith(prefix)]:
                self._bytes -= len(self._pictures.pop(tag))


def render_page(scan: Scan, page: Page, width: int) -> bytes:
    """A page as WebP, at most ``width`` pixels wide and never enlarged. Raises SourceError."""
    scan_page = scan.pages[page.number - 1]
    picture = page_picture(scan_page.image(color=True), page)
    # A long receipt is scaled down further, as WebP has a largest side.
    width = min(width, picture.width * MAX_HEIGHT // picture.height)
    if width < picture.width:
        width = max(1, width)
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    return encoded.getvalue()
