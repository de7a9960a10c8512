"""Searchable PDF: the page image with invisible text (render mode 3) at the word boxes.

The text uses a font of one blank glyph built in code, with one code per distinct character of the
document and a ToUnicode map, so that any Unicode text can be searched, selected and copied.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from hashlib import sha256
from math import hypot
from typing import BinaryIO

from PIL import Image

from docagent.document import Document, Line, Page, Word
from docagent.export.pdf.glyphless import (
    ADVANCE,
    ASCENT,
    BLANK,
    DESCENT,
    UNITS_PER_EM,
    glyphless_font,
)
from docagent.export.pdf.objects import PdfObjects

DEFAULT_DPI = 300.0
JPEG_QUALITY = 80
POINTS_PER_INCH = 72.0

CharIds = dict[str, int]


def document_to_pdf(document: Document, images: Iterable[Image.Image], stream: BinaryIO) -> None:
    """Write a searchable PDF to ``stream``.

    images: the upright page images, one per page in order; consumed one at a time. Their
    ``info["dpi"]`` sets the paper size (``DEFAULT_DPI`` without it). Raises ValueError if the
    number of images differs from the number of pages.
    """
    pdf = PdfObjects(stream)
    root, pages, font, info = (pdf.reserve() for _ in range(4))
    chars = _char_ids(document)
    numbers = [
        _write_page(pdf, page, image, (pages, font), chars)
        for page, image in zip(document.pages, images, strict=True)
    ]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    pdf.write(root, f"<< /Type /Catalog /Pages {pages} 0 R >>")
    pdf.write(pages, f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>")
    _write_font(pdf, font, chars)
    title = document.name.encode("utf-16-be", "replace").hex()
    pdf.write(info, f"<< /Title <feff{title}> /Producer (docagent) >>")
    pdf.finish(root, info, sha256(document.id.encode()).hexdigest()[:32])


def _jpeg_mode(image: Image.Image) -> str:
    return "L" if image.mode in ("1", "L", "LA", "I", "I;16") else "RGB"


def _char_ids(document: Document) -> CharIds:
    """Character codes from 1 for each distinct character, including the space."""
    return {char: number for number, char in enumerate(sorted({" ", *document.text}), start=1)}


def _write_page(
    pdf: PdfObjects,
    page: Page,
    image: Image.Image,
    shared: tuple[int, int],
    chars: CharIds,
) -> int:
    pages, font = shared
    dpi = image.info.get("dpi", (DEFAULT_DPI,))[0]
    image = image.convert(_jpeg_mode(image))
    number, content, picture = (pdf.reserve() for _ in range(3))
    width = image.width * POINTS_PER_INCH / dpi
    height = image.height * POINTS_PER_INCH / dpi
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=JPEG_QUALITY)
    colours = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
    pdf.write_stream(
        picture,
        encoded.getvalue(),
        f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} "
        f"/ColorSpace {colours} /BitsPerComponent 8 /Filter /DCTDecode",
    )
    shown = f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /Page Do Q\n"
    hidden = "".join(_line_operators(line, (width, height), chars) for line in page.lines)
    pdf.write_stream(content, f"{shown}BT 3 Tr\n{hidden}ET".encode("ascii"))
    pdf.write(
        number,
        f"<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 {width:.3f} {height:.3f}] "
        f"/Contents {content} 0 R /Resources << /XObject << /Page {picture} 0 R >> "
        f"/Font << /Text {font} 0 R >> >> >>",
    )
    return number


def _line_operators(line: Line, size: tuple[float, float], chars: CharIds) -> str:
    """Text operators of a line's words, each followed by a space that fills the gap to the next."""
    operators: list[str] = []
    for index, word in enumerate(line.words):
        operators.append(_word_operators(word, size, chars))
        if index + 1 < len(line.words):
            operators.append(_space_operators(word, line.words[index + 1], size, chars))
    return "".join(operators)


def _word_operators(word: Word, size: tuple[float, float], chars: CharIds) -> str:
    width, height = size
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (
        (x * width, (1 - y) * height) for x, y in word.polygon
    )
    length = hypot(cx - dx, cy - dy)
    tall = (hypot(ax - dx, ay - dy) + hypot(bx - cx, by - cy)) / 2
    if not word.text or length <= 0 or tall <= 0:
        return ""
    cos, sin = (cx - dx) / length, (cy - dy) / length
    # The box reaches from ascent to descent, so the baseline lies above its bottom edge.
    lift = tall * -DESCENT / (ASCENT - DESCENT)
    x, y = dx - sin * lift, dy + cos * lift
    natural = len(word.text) * tall * ADVANCE / UNITS_PER_EM
    codes = "".join(f"{chars[char]:04x}" for char in word.text)
    return (
        f"/Text {tall:.3f} Tf {100 * length / natural:.3f} Tz "
        f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.3f} {y:.3f} Tm <{codes}> Tj\n"
    )


def _space_operators(word: Word, following: Word, size: tuple[float, float], chars: CharIds) -> str:
    """A space after a word; it is written even if boxes touch, so that words stay separate."""
    width, height = size
    gap = hypot(
        (following.polygon[3][0] - word.polygon[2][0]) * width,
        (following.polygon[3][1] - word.polygon[2][1]) * height,
    )
    tall = abs(word.polygon[3][1] - word.polygon[0][1]) * height
    ahead = following.polygon[3][0] > word.polygon[2][0]
    natural = tall * ADVANCE / UNITS_PER_EM
    scale = 100 * gap / natural if ahead and natural > 0 else 1.0
    return f"{max(1.0, scale):.3f} Tz <{chars[' ']:04x}> Tj\n"


def _write_font(pdf: PdfObjects, number: int, chars: CharIds) -> None:
    descendant, descriptor, program, glyphs, unicode_map = (pdf.reserve() for _ in range(5))
    name = "/DocagentGlyphless"
    pdf.write(
        number,
        f"<< /Type /Font /Subtype /Type0 /BaseFont {name} /Encoding /Identity-H "
        f"/DescendantFonts [{descendant} 0 R] /ToUnicode {unicode_map} 0 R >>",
    )
    pdf.write(
        descendant,
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont {name} /DW {ADVANCE} "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        f"/CIDToGIDMap {glyphs} 0 R /FontDescriptor {descriptor} 0 R >>",
    )
    pdf.write(
        descriptor,
        f"<< /Type /FontDescriptor /FontName {name} /Flags 5 /ItalicAngle 0 /StemV 80 "
        f"/Ascent {ASCENT} /Descent {DESCENT} /CapHeight {ASCENT} "
        f"/FontBBox [0 {DESCENT} {ADVANCE} {ASCENT}] /FontFile2 {program} 0 R >>",
    )
    font = glyphless_font()
    pdf.write_stream(program, font, f"/Length1 {len(font)}")
    pdf.write_stream(glyphs, BLANK.to_bytes(2, "big") * (len(chars) + 1))
    pdf.write_stream(unicode_map, _to_unicode(chars).encode("ascii"))


def _to_unicode(chars: CharIds) -> str:
    """A ToUnicode CMap (ISO 32000-1, 9.10.3); a section may hold at most 100 entries."""
    rows = [
        f"<{number:04x}> <{char.encode('utf-16-be', 'replace').hex()}>"
        for char, number in chars.items()
    ]
    sections = "".join(
        f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n"
        for part in (rows[i : i + 100] for i in range(0, len(rows), 100))
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{sections}endcmap\n"
        "CMapName currentdict /CMap defineresource pop\nend\nend\n"
    )
