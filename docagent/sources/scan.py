"""Opening of a source as a ``Scan``: its kind, its number of pages, and each page on demand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docagent.arguments import check_optional_text
from docagent.document import Page, page_numbered
from docagent.errors import SourceError
from docagent.forking import cached_property
from docagent.settings import Settings, check_settings
from docagent.sources.images import (
    ImageFile,
    Pixels,
    array_to_pixels,
    image_to_pixels,
    size_problem,
)
from docagent.sources.page_selection import PageChoice, PageRanges, parse_pages
from docagent.sources.pdf.document import PdfFile

T = TypeVar("T")

READABLE = "PDF, PNG, JPEG, TIFF, WebP and BMP files"

_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
)

_UNREADABLE: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF image; save it as PNG"),
    (b"PK\x03\x04", "a ZIP archive or an office file; unpack it or save it as PDF"),
    (b"\xd0\xcf\x11\xe0", "an old office file; save it as PDF"),
    (b"{\\rtf", "an RTF text; save it as PDF"),
    (b"%!PS", "a PostScript file; save it as PDF"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 image; save it as PNG"),
)


class PageSource(Protocol):
    """Supplier of page images: an image file, a PDF or an array. index: from 0."""

    page_count: int

    def image(self, index: int, color: bool) -> Pixels:
        """The upright page: (H, W) grey, or (H, W, 3) BGR with ``color``. Raises SourceError."""
        ...

    def dpi(self, index: int) -> float | None:
        """Dots per inch of the page image; None if unknown. Raises SourceError."""
        ...


class BinaryStream(Protocol):
    """A file that is open for reading in binary mode, or another stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, none at the end."""
        ...


Source = str | os.PathLike[str] | bytes | BinaryStream | NDArray[np.generic] | Image.Image


@dataclass(frozen=True)
class ScanPage:
    """One page of a scan. number: from 1. Images and text are decoded on demand."""

    number: int
    _source: PageSource = field(repr=False)
    _last: _LastImage = field(repr=False, compare=False)

    def image(self, color: bool = False) -> Pixels:
        """The upright page as uint8: (H, W) grey, read-only, or (H, W, 3) BGR with ``color``.

        Each call decodes or renders the page; the scan caches only the grey image returned last.
        Raises SourceError if this page cannot be read; other pages may still be readable.
        """
        if color:
            return self._source.image(self.number - 1, True)
        return self._last.get(self.number, lambda: self._source.image(self.number - 1, False))

    @cached_property
    def dpi(self) -> float | None:
        """Dots per inch of ``image``; None if unknown. Raises SourceError."""
        return self._source.dpi(self.number - 1)

    @property
    def text_layer(self) -> Page | None:
        """The page from the native text layer of a PDF, with hidden words kept apart.

        None if there is no sound text layer, so that the image must be read; then
        ``text_layer_problem`` gives the reason.
        """
        return self._layer[0]

    @property
    def text_layer_problem(self) -> str | None:
        """Why ``text_layer`` is None, in words; else None."""
        return self._layer[1]

    @property
    def error(self) -> SourceError | None:
        """The error of reading this page; None if it can be read. Decodes the page."""
        try:
            self.image()
        except SourceError as error:
            return error
        return None

    @cached_property
    def _layer(self) -> tuple[Page | None, str | None]:
        if isinstance(self._source, PdfFile):
            return self._source.text_layer(self.number - 1)
        return None, "an image has no text layer"


class _LastImage:
    """Cache of one page image, so that a page that is read in several steps is decoded once."""

    def __init__(self) -> None:
        self._held: tuple[int, Pixels] | None = None

    def get(self, number: int, make: Callable[[], Pixels]) -> Pixels:
        held = self._held
        if held is None or held[0] != number:
            # The old image is released first: two large images would double the peak memory.
            self._held = held = None
            held = (number, make())
            held[1].setflags(write=False)
            self._held = held
        return held[1]


@dataclass(frozen=True)
class Scan:
    """An opened source. id: SHA-256 (hex) of its bytes. name: for people, such as the file name."""

    id: str
    name: str
    pages: tuple[ScanPage, ...]

    def page(self, number: int) -> ScanPage:
        """The page with a number. Raises KeyError if it is not among the pages."""
        return page_numbered(self.pages, number)

    def select(self, choice: PageRanges) -> Scan:
        """The scan with the chosen pages alone; they keep their numbers. Raises SourceError if
        there is none for a part of the choice."""
        numbers = choice.numbers(max((page.number for page in self.pages), default=0), self.name)
        return replace(self, pages=tuple(page for page in self.pages if page.number in numbers))


def load(
    source: Source | Scan,
    settings: Settings | None = None,
    name: str | None = None,
    *,
    pages: PageChoice | None = None,
    password: str | None = None,
) -> Scan:
    """Open a source without reading its text.

    source: a path, the bytes of a file, a binary stream, which is read to its end, a Pillow image,
    an array ((H, W) grey or (H, W, 3) BGR), or a Scan. A file is a PDF, PNG, JPEG, TIFF, WebP or
    BMP, detected by content, not by extension. name: the name in errors and results; by default
    that of the file. pages: the pages to keep, ``"1-3,7-"`` or numbers from 1; by default all. They
    keep their numbers, and the others do not count for ``limits.max_pages``. password: of an
    encrypted PDF; by default that of the settings.

    Raises SourceError naming the source and the reason, and SettingsError for a wrong argument. A
    source of several pages opens if any page can be read; a broken page raises on access.
    """
    check_settings(settings)
    chosen = None if pages is None else parse_pages(pages)
    check_optional_text("password", password)
    if isinstance(source, Scan):
        return source if chosen is None else source.select(chosen)
    settings = settings or Settings()
    if password is not None:
        settings = settings.replace(pdf={"password": password})
    return _load(source, Opening(settings, chosen), name)


@dataclass(frozen=True)
class Opening:
    """How a source is opened: limits, password and choice of pages."""

    settings: Settings
    pages: PageRanges | None = None


def _load(source: Source, opening: Opening, name: str | None) -> Scan:
    if isinstance(source, np.ndarray):
        return _load_array(array_to_pixels, source, opening, name or "array")
    if isinstance(source, Image.Image):
        return _load_array(image_to_pixels, source, opening, name or "image")
    if isinstance(source, bytes | bytearray | memoryview):
        return _load_bytes(bytes(source), opening, name or "bytes", name or "bytes")
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        data = _read_file(path, opening.settings)
        return _load_bytes(data, opening, name or path.name, str(path))
    if callable(getattr(source, "read", None)):
        name = name or _stream_name(source)
        return _load_bytes(_read_stream(source, opening.settings, name), opening, name, name)
    raise SourceError(
        type(source).__name__,
        "not a source; give a path, bytes, a binary stream, a Pillow image, an array or a Scan",
        "not_a_file",
    )


def source_name(source: object) -> str:
    """What a source is called before it is opened: its path, its name, or its type."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) and name else type(source).__name__


def _stream_name(stream: object) -> str:
    """The file name of a stream, if it has one."""
    name = getattr(stream, "name", None)
    return Path(name).name if isinstance(name, str) and name else "stream"


def _read_stream(stream: BinaryStream, settings: Settings, name: str) -> bytes:
    """The rest of a stream, at most one byte more than the limit. Raises SourceError."""
    parts: list[bytes] = []
    left = settings.limits.max_bytes + 1
    try:
        while left > 0 and (part := stream.read(left)):
            if not isinstance(part, bytes):
                reason = "it is not a binary stream; open the file with the mode 'rb'"
                raise SourceError(name, reason, "not_a_file")
            parts.append(part)
            left -= len(part)
    except (OSError, ValueError) as error:  # ValueError: the stream is closed
        raise SourceError(name, f"it cannot be read ({error})", "no_access") from error
    return b"".join(parts)


def _read_file(path: Path, settings: Settings) -> bytes:
    """The bytes of a file, at most one more than the limit. Raises SourceError if it is not a
    readable regular file."""
    try:
        if path.is_dir():
            raise SourceError(str(path), "this is a folder; give a file in it", "not_a_file")
        if path.exists() and not path.is_file():
            raise SourceError(str(path), "this is not a regular file", "not_a_file")
        with path.open("rb") as file:
            data = file.read(settings.limits.max_bytes + 1)
    except FileNotFoundError:
        raise SourceError(str(path), "there is no such file", "missing") from None
    except PermissionError:
        raise SourceError(str(path), "no permission to read it", "no_access") from None
    except (OSError, ValueError) as error:
        raise SourceError(str(path), f"it cannot be read ({error})", "no_access") from error
    return data


def _load_bytes(data: bytes, opening: Opening, name: str, place: str) -> Scan:
    settings = opening.settings
    if len(data) > settings.limits.max_bytes:
        raise SourceError(
            place,
            f"it is larger than the {settings.limits.max_bytes / 2**20:g} MB allowed; "
            "split it or raise max_bytes",
            "too_large",
        )
    key = hashlib.sha256(data).hexdigest()
    kind = kind_of(data, place)
    pages: PageSource
    if kind == "pdf":
        pages = PdfFile(data, key, place, settings)
    else:
        pages = ImageFile(data, kind, place, settings)
    scan = _scan(key, name, pages, opening, place)
    if kind != "pdf":
        _require_a_page(scan)
    return scan


def _scan(key: str, name: str, source: PageSource, opening: Opening, place: str) -> Scan:
    """The scan of the pages chosen. place: the source in errors. Raises SourceError."""
    count, most = source.page_count, opening.settings.limits.max_pages
    numbers = opening.pages.numbers(count, place) if opening.pages else range(1, count + 1)
    if len(numbers) > most:
        raise SourceError(
            place,
            f"it has {len(numbers)} pages, more than the {most} allowed; "
            "choose some (pages), split it, or raise max_pages",
            "too_large",
        )
    last = _LastImage()
    return Scan(key, name, tuple(ScanPage(number, source, last) for number in numbers))


def _require_a_page(scan: Scan) -> None:
    """Decode the first page, which stays in the cache. Raises its SourceError if no page can be
    read."""
    errors = (page.error for page in scan.pages)
    first = next(errors)
    if first and all(errors):
        raise first


def kind_of(data: bytes, name: str) -> str:
    """Detect ``pdf``, ``png``, ``jpeg``, ``tiff``, ``webp`` or ``bmp`` by the first bytes.

    Raises SourceError for anything else, describing what it looks like.
    """
    if not data:
        raise SourceError(name, "the file is empty", "empty")
    for magic, kind in _KINDS:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    # Viewers accept up to 1,024 other bytes before the header of a PDF.
    if b"%PDF-" in data[:1024]:
        return "pdf"
    raise SourceError(
        name, f"this is {_looks_like(data)}; docagent reads {READABLE}", "unsupported"
    )


def _looks_like(data: bytes) -> str:
    for magic, description in _UNREADABLE:
        if data.startswith(magic):
            return description
    if data[4:8] == b"ftyp":
        return "a HEIC or AVIF photo or a video; save it as JPEG"
    head = data[:1024]
    if not head.strip(b"\x00"):
        return "a file of zeros"
    if head.lstrip()[:1] == b"<":
        return "HTML, XML or SVG text; print it to PDF"
    if all(byte >= 32 or byte in b"\t\n\r\f" for byte in head):
        return "plain text"
    return "a file of an unknown kind"


class _ArrayPages:
    """A single page in memory."""

    page_count = 1

    def __init__(self, make: Callable[[bool], Pixels]) -> None:
        self._make = make

    def image(self, index: int, color: bool) -> Pixels:
        return self._make(color)

    def dpi(self, index: int) -> float | None:
        return None


def _load_array(
    convert: Callable[[T, bool], Pixels], source: T, opening: Opening, name: str
) -> Scan:
    try:
        pixels = convert(source, True)
    except ValueError as error:
        raise SourceError(name, str(error), "unsupported") from error
    problem = size_problem(pixels.shape[1], pixels.shape[0], opening.settings)
    if problem:
        raise SourceError(name, problem.reason, problem.fault)
    key = hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()
    pages = _ArrayPages(lambda color: convert(source, color))
    return _scan(key, name, pages, opening, name)
