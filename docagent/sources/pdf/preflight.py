"""Check of the streams of a PDF before any library parses it, with bounded memory.

A few kilobytes of Flate data can expand to gigabytes, and an image of a few bytes can declare
100,000 x 100,000 pixels. The check finds streams by their keyword, not through the cross-reference
table, so that a broken or false table hides nothing. It cannot expand encrypted streams; for those
the memory and time limits of the parser process apply (see ``process``).

The time is proportional to the size of the file: a file with overlapping streams, each of which
would be expanded to the end of the file, is refused.
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
"""Most layers of Flate compression inside each other."""

MAX_OVERLAP_RATIO, MAX_OVERLAP_BYTES = 4, 2**20
"""Most bytes of compressed data of all streams together: the ratio times the size of the file, plus
the bytes. Streams of a normal file do not overlap, and so are smaller than the file."""

_STREAM = re.compile(rb"stream\r?\n")
_SIZE = re.compile(rb"/(Width|Height)\s+(\d{1,10})(?!\s+\d+\s+R)")
_CHUNK = 2**20
_FIRST_SLICE, _LARGEST_SLICE = 2**9, 2**16
"""Bytes of the first slice of a stream that is expanded, and of the largest. Data in a slice with
damage is lost, so that slices start small and double while expansion succeeds."""


def pdf_danger(data: bytes, max_pixels: int) -> str | None:
    """Why a PDF must not be opened; None if it may be.

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
        if taken > MAX_OVERLAP_RATIO * len(data) + MAX_OVERLAP_BYTES:
            return (
                "compressed data inside overlaps, so that reading it would take very long; it is "
                "not opened. Open it in a viewer and save it again"
            )
        if expanded > MAX_STREAM_BYTES or total > MAX_TOTAL_BYTES:
            return (
                f"compressed data inside expands to more than {MAX_STREAM_BYTES >> 20} MB "
                "(a decompression bomb); it is not opened"
            )
    return None


def _image_danger(before: bytes, max_pixels: int) -> str | None:
    """Why an image is refused, if the dictionary before its stream declares too many pixels."""
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
    """The data of a file from ``start`` on, in slices of growing size.

    taken: bytes of the slices yielded so far, in the longest pass.
    """

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
    """Bytes that the zlib data of a stream expands to, in its largest layer.

    Counting stops just past MAX_STREAM_BYTES. Data that is not zlib counts as 0; zlib nested
    deeper than MAX_NESTING counts as MAX_STREAM_BYTES + 1, as normal files do not need it.
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
    """Whether two bytes are a zlib header: method 8, and divisible by 31 (RFC 1950)."""
    return len(head) == 2 and head[0] & 0x0F == 8 and (head[0] * 256 + head[1]) % 31 == 0


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompressed pieces of at most _CHUNK bytes, up to the end of the data or to damage."""
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
