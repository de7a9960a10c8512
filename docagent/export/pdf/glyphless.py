"""A TrueType font of one blank glyph, built in code, so that invisible PDF text needs no font file.

All characters use ``BLANK``; the PDF's ToUnicode map gives their meaning. Tables follow the
OpenType specification, "Font File" and the table chapters.
"""

from __future__ import annotations

import struct

UNITS_PER_EM = 1000
ADVANCE = 500
ASCENT = 800
DESCENT = -200
BLANK = 1
"""Index of the blank glyph; glyph 0 is .notdef, as in every font."""

_GLYPHS = 2


def glyphless_font() -> bytes:
    """A TrueType file with .notdef and a blank glyph, both ``ADVANCE`` wide."""
    glyph = _diagonal()
    tables = {
        b"glyf": glyph,
        b"head": _head(),
        b"hhea": _hhea(),
        b"hmtx": struct.pack(">Hhh", ADVANCE, 0, 0),
        # The short form stores half the offset; .notdef has no outline.
        b"loca": struct.pack(">HHH", 0, 0, len(glyph) // 2),
        b"maxp": _maxp(),
    }
    return _assemble(tables)


def _diagonal() -> bytes:
    """A contour of two points: it encloses no area, so nothing is drawn, but it has a bounding box.

    PDFium drops text whose box has no width, such as a word of one empty glyph.
    """
    contours, last_point, instructions, on_curve = 1, 1, 0, 1
    box = (0, DESCENT, ADVANCE, ASCENT)
    steps = (0, ADVANCE, DESCENT, ASCENT - DESCENT)
    flags = (on_curve, on_curve)
    return struct.pack(">h4hHHBB4h", contours, *box, last_point, instructions, *flags, *steps)


def _head() -> bytes:
    magic = 0x5F0F3CF5
    flags, created, modified = 0, 0, 0
    box = (0, DESCENT, ADVANCE, ASCENT)
    mac_style, smallest_size, direction, short_loca, glyph_format = 0, 8, 2, 0, 0
    return struct.pack(
        ">IIIIHHqq4hHHhhh",
        *(0x00010000, 0x00010000, 0, magic, flags, UNITS_PER_EM, created, modified),
        *box,
        *(mac_style, smallest_size, direction, short_loca, glyph_format),
    )


def _hhea() -> bytes:
    line_gap, left_bearing, right_bearing = 0, 0, 0
    caret = (1, 0, 0)
    reserved = (0, 0, 0, 0)
    metric_format, long_metrics = 0, 1
    return struct.pack(
        ">I3hH11hH",
        *(0x00010000, ASCENT, DESCENT, line_gap, ADVANCE),
        *(left_bearing, right_bearing, ADVANCE),
        *caret,
        *reserved,
        *(metric_format, long_metrics),
    )


def _maxp() -> bytes:
    points, contours, zones = 2, 1, 1
    limits = (points, contours, 0, 0, zones, 0, 0, 0, 0, 0, 0, 0, 0)
    return struct.pack(">IH13H", 0x00010000, _GLYPHS, *limits)


def _assemble(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    search = (power * 16, power.bit_length() - 1, (count - power) * 16)
    directory = struct.pack(">IHHHH", 0x00010000, count, *search)
    offset = len(directory) + 16 * count
    body = b""
    for tag, table in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, _checksum(table), offset + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    font = directory + body
    adjustment = (0xB1B0AFBA - _checksum(font)) & 0xFFFFFFFF
    head = font.index(struct.pack(">I", 0x5F0F3CF5)) - 4
    return font[:head] + struct.pack(">I", adjustment) + font[head + 4 :]


def _checksum(data: bytes) -> int:
    padded = data + bytes(-len(data) % 4)
    total: int = sum(struct.unpack(f">{len(padded) // 4}I", padded))
    return total & 0xFFFFFFFF
