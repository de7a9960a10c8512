"""Looks at the streams of a PDF before any library does, with bounded memory.

A few kilobytes of Flate data can expand to gigabytes, and an image of a few bytes can claim
100,000 x 100,000 pixels. Streams are found by their keyword, not through the cross-reference
table, so a broken or lying table hides nothing. Encrypted streams cannot be looked into; the
memory and time limits of the process that parses PDFs hold for those (see ``process``).

The time taken grows with the size of the file: streams that lie in each other, each of which would
be expanded to the end of the file, are refused.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

MAX_STREAM_BYTES = 512 * 2**20
"""Most bytes one stream may expand to: a colour A4 page at 600 dpi is 105 MB."""
MAX_TOTAL_BYTES = 4 * 2**30
"""Most bytes all streams together may expand to."""
MAX_NESTING = 4
"""Flate inside Flate, at most this deep."""

MAX_OVERLAP, OVERLAP_BYTES = 4, 2**20
"""Bytes of compressed data that all streams together may take: so many times the file, and so many
more. The streams of an honest file lie one after the other, and take less than the file does."""

_STREAM = re.compile(rb"stream\r?\n")
_SIZE = re.compile(rb"/(Width|Height)\s+(\d{1,10})(?!\s+\d+\s+R)")
_CHUNK = 2**20
_FIRST_SLICE, _LARGEST_SLICE = 2**9, 2**16
"""Bytes of a stream that are expanded first, and at most at once. What is in a slice with damage is
lost, so the slices grow with what went well before."""


def pdf_danger(data: bytes, max_pixels: int) -> str | None:
    """Why a PDF must not be opened, or None.

    max_pixels: most pixels (width x height) of one embedded image.
    """
    total = taken = 0
    for match in _STREAM.finditer(data):
        if data[match.start() - 3 : match.start()] == b"end":
            continue
        reason = _image_danger(data[max(0, match.start() - 2000) : match.start()], max_pixels)
        if reason:
            return reason
        source = _Slices(data, match.end())
        expanded = _expanded_size(source)
        total += expanded
        taken += source.taken
        if taken > MAX_OVERLAP * len(data) + OVERLAP_BYTES:
            return (
                "compressed data inside overlaps, which makes it take very long to read; it is not "
                "opened. Open it in a viewer and save it again"
            )
        if expanded > MAX_STREAM_BYTES or total > MAX_TOTAL_BYTES:
            return (
                f"compressed data inside expands to more than {MAX_STREAM_BYTES >> 20} MB "
                "(a decompression bomb); it is not opened"
            )
    return None


def _image_danger(before: bytes, max_pixels: int) -> str | None:
    """Too many pixels claimed by the dictionary that ends right before a stream."""
    dictionary = before[before.rfind(b"obj") :] if b"obj" in before else before
    sizes = {key: int(value) for key, value in _SIZE.findall(dictionary)}
    width, height = sizes.get(b"Width", 0), sizes.get(b"Height", 0)
    if width * height <= max_pixels:
        return None
    return (
        f"an image inside is {width} x {height} pixels, more than the {max_pixels:,} allowed; "
        "scale it down or raise max_pixels"
    )


class _Slices:
    """The data of a file from ``start`` on, in slices that grow. taken: bytes of the slices that
    were given out, the most of any pass."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data, self._start = data, start
        self.taken = 0

    @property
    def head(self) -> bytes:
        """The first two bytes."""
        return self._data[self._start : self._start + 2]

    def __iter__(self) -> Iterator[bytes]:
        at, size = self._start, _FIRST_SLICE
        while at < len(self._data):
            yield self._data[at : at + size]
            at, size = at + size, min(2 * size, _LARGEST_SLICE)
            self.taken = max(self.taken, at - self._start)


def _expanded_size(source: _Slices) -> int:
    """Bytes that the zlib data of a stream expands to, at its largest layer.

    Counts no further than just past MAX_STREAM_BYTES. Data that is not zlib counts as nothing;
    zlib nested deeper than MAX_NESTING counts as too much, since nothing honest needs it.
    """
    largest = 0
    head = source.head
    for depth in range(1, MAX_NESTING + 2):
        if not _is_zlib(head):
            return largest
        layer = iter(source)
        for _ in range(depth):
            layer = _inflate(layer)
        head, size = b"", 0
        for chunk in layer:
            head = (head + chunk[:2])[:2]
            size += len(chunk)
            if size > MAX_STREAM_BYTES:
                return size
        largest = max(largest, size)
    return MAX_STREAM_BYTES + 1


def _is_zlib(head: bytes) -> bool:
    """RFC 1950: method 8 and a header that divides by 31."""
    return len(head) == 2 and head[0] & 0x0F == 8 and (head[0] * 256 + head[1]) % 31 == 0


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompressed pieces of at most _CHUNK bytes; ends quietly at damage or the end."""
    decoder = zlib.decompressobj()
    for chunk in chunks:
        pending = chunk
        while pending:
            try:
                piece = decoder.decompress(pending, _CHUNK)
            except zlib.error:
                return
            if piece:
                yield piece
            if decoder.eof:
                return
            pending = decoder.unconsumed_tail
